//! Rules that change labels, as the file has them.

use component::Problem;
use formats::prometheus::names::Validation;
use formats::prometheus::relabel::{Rule, RuleConfig, full};
use serde::{Deserialize, Serialize};

use crate::prometheus::Text;

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

impl RelabelConfig {
    fn rule(&self, validation: Validation) -> Result<Rule, String> {
        Rule::new(RuleConfig {
            source_labels: self.source_labels.iter().map(|name| name.0.clone()).collect(),
            separator: Some(self.separator.0.clone()),
            regex: Some(self.regex.0.clone()),
            modulus: self.modulus,
            target_label: self.target_label.0.clone(),
            replacement: Some(self.replacement.0.clone()),
            action: self.action.parse()?,
            validation,
        })
    }
}

/// The rules of the section `key`, and what is wrong with them.
pub(super) fn rules(
    key: &str,
    configs: &[RelabelConfig],
    validation: Validation,
    problems: &mut Vec<Problem>,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    for (index, config) in configs.iter().enumerate() {
        let path = format!("{key}::{index}");
        if let Err(words) = full(&config.regex) {
            let words = format!("`{}` is not a regular expression: {words}", config.regex);
            problems.push(Problem::error(&format!("{path}::regex"), words));
            continue;
        }
        match config.rule(validation) {
            Ok(rule) => rules.push(rule),
            Err(words) => problems.push(Problem::error(&path, words)),
        }
    }
    rules
}
