//! Targets that stand in the configuration.

use std::collections::BTreeMap;

use component::Problem;
use formats::prometheus::Labels;
use serde::{Deserialize, Serialize};

use super::{ADDRESS, Group};
use crate::prometheus::Text;

/// One of `static_configs`, and of the groups in documents that list targets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StaticConfig {
    /// `host:port` of each.
    pub targets: Vec<Text>,
    /// Labels of all of them.
    pub labels: BTreeMap<String, Text>,
}

impl StaticConfig {
    pub(super) fn check(&self) -> Vec<Problem> {
        let nameless = self.labels.keys().filter(|name| name.is_empty());
        nameless.map(|_| Problem::error("labels", "a label needs a name")).collect()
    }

    /// The group it is, under that source.
    pub(super) fn group(&self, source: String) -> Group {
        let address = |target: &Text| Labels::from_iter([(ADDRESS, target.0.clone())]);
        Group {
            source,
            labels: self.labels.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect(),
            targets: self.targets.iter().map(address).collect(),
        }
    }
}

/// The groups of a list, by their places in it.
pub(super) fn groups(configs: &[StaticConfig]) -> Vec<Group> {
    configs.iter().enumerate().map(|(index, config)| config.group(index.to_string())).collect()
}
