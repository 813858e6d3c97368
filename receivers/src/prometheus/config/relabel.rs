//! Rules that change labels, as the file has them.

use serde::{Deserialize, Serialize};

use super::text::Text;

/// One rule of `relabel_configs` or `metric_relabel_configs`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RelabelConfig {
    pub(crate) source_labels: Vec<Text>,
    pub(crate) separator: Text,
    pub(crate) regex: Text,
    pub(crate) modulus: u64,
    pub(crate) target_label: Text,
    pub(crate) replacement: Text,
    pub(crate) action: Text,
}

impl Default for RelabelConfig {
    fn default() -> RelabelConfig {
        RelabelConfig {
            source_labels: Vec::new(),
            separator: Text::from(";"),
            regex: Text::from("(.*)"),
            modulus: 0,
            target_label: Text::default(),
            replacement: Text::from("$1"),
            action: Text::from("replace"),
        }
    }
}
