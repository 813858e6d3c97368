//! From actions as written to actions as carried out, with everything that can be wrong about them.

use component::Problem;
use otlp::Attribute;
use regex::Regex;

use super::config::ActionConfig;
use super::constant::Constant;
use super::{Actions, Conversion, OriginPart, Selection, Source, Step, When};
use config::pattern;

const KNOWN: &str = "`insert`, `update`, `upsert`, `delete`, `hash`, `extract` or `convert`";

impl Actions {
    /// Parses the list that stands under `field`. The problems' paths have each action's index.
    pub(crate) fn parse(configs: &[ActionConfig], field: &str) -> Result<Actions, Vec<Problem>> {
        if configs.is_empty() {
            return Err(vec![Problem::error(
                field,
                format!("missing required field `{field}`: name an action"),
            )]);
        }
        let mut problems = Vec::new();
        let mut steps = Vec::new();
        for (index, config) in configs.iter().enumerate() {
            let mut written = Written { config, problems: Vec::new() };
            steps.extend(written.step());
            problems.extend(
                written.problems.into_iter().map(|problem| problem.under(&format!("{field}::{index}"))),
            );
        }
        if problems.is_empty() { Ok(Actions { steps }) } else { Err(problems) }
    }
}

/// One action on its way to a step. A function that finds nothing to return has added a problem.
struct Written<'a> {
    config: &'a ActionConfig,
    problems: Vec<Problem>,
}

impl Written<'_> {
    fn step(&mut self) -> Option<Step> {
        let action = self.config.action.to_lowercase();
        match action.as_str() {
            "insert" => self.put(When::Absent),
            "update" => self.put(When::Present),
            "upsert" => self.put(When::Always),
            "delete" => self.selection().map(Step::Delete),
            "hash" => self.selection().map(Step::Hash),
            "extract" => self.extract(),
            "convert" => self.convert(),
            "" => self.wrong("action", format!("missing required field `action`, expected {KNOWN}")),
            other => self.wrong("action", format!("unknown action `{other}`, expected {KNOWN}")),
        }
    }

    fn put(&mut self, when: When) -> Option<Step> {
        self.forbid(&["pattern", "converted_type"]);
        let key = self.key();
        let source = self.source();
        Some(Step::Put { key: key?, when, source: source? })
    }

    fn source(&mut self) -> Option<Source> {
        let config = self.config;
        let constant = |value: &Constant| Attribute::new(&config.key, value.0.clone());
        let default = config.default_value.as_ref().map(constant);
        match (&config.value, config.from_attribute.as_str(), config.from_context.as_str()) {
            (Some(value), "", "") => Some(Source::Constant(constant(value))),
            (None, "", "") => match default {
                Some(default) => Some(Source::Constant(default)),
                None => self.wrong("", "needs one of `value`, `from_attribute` and `from_context`"),
            },
            (None, name, "") => Some(Source::Attribute { name: name.to_owned(), default }),
            (None, "", part) => Some(Source::Origin { from: OriginPart::parse(part), default }),
            _ => self.wrong("", "needs only one of `value`, `from_attribute` and `from_context`"),
        }
    }

    fn selection(&mut self) -> Option<Selection> {
        self.forbid(&["value", "from_attribute", "from_context", "default_value", "converted_type"]);
        let config = self.config;
        if config.key.is_empty() && config.pattern.is_empty() {
            return self.wrong("", "needs `key`, `pattern` or both");
        }
        let key = (!config.key.is_empty()).then(|| config.key.clone());
        let pattern = if config.pattern.is_empty() { None } else { Some(self.pattern()?) };
        Some(Selection { key, pattern })
    }

    fn extract(&mut self) -> Option<Step> {
        self.forbid(&["value", "from_attribute", "from_context", "default_value", "converted_type"]);
        let key = self.key();
        if self.config.pattern.is_empty() {
            return self.wrong("pattern", "missing required field `pattern`");
        }
        let pattern = self.pattern()?;
        let groups = self.groups(&pattern)?;
        Some(Step::Extract { key: key?, pattern, groups })
    }

    fn groups(&mut self, pattern: &Regex) -> Option<Vec<String>> {
        // The first is the whole match, which has no name.
        let names: Vec<_> = pattern.capture_names().skip(1).collect();
        if names.is_empty() {
            return self.wrong("pattern", "has no named group, such as `(?P<user>.*)`");
        }
        let named: Option<Vec<_>> = names.into_iter().map(|name| name.map(str::to_owned)).collect();
        match named {
            Some(groups) => Some(groups),
            None => self.wrong("pattern", "has a group without a name; write `(?P<name>..)` or `(?:..)`"),
        }
    }

    fn convert(&mut self) -> Option<Step> {
        self.forbid(&["value", "from_attribute", "from_context", "default_value", "pattern"]);
        let key = self.key();
        let to = match self.config.converted_type.as_str() {
            "string" => Conversion::Text,
            "int" => Conversion::Int,
            "double" => Conversion::Double,
            "" => return self.wrong("converted_type", "missing required field `converted_type`"),
            other => {
                let message = format!("unknown type `{other}`, expected `int`, `double` or `string`");
                return self.wrong("converted_type", message);
            }
        };
        Some(Step::Convert { key: key?, to })
    }

    fn key(&mut self) -> Option<String> {
        if self.config.key.is_empty() {
            return self.wrong("key", "missing required field `key`");
        }
        Some(self.config.key.clone())
    }

    fn pattern(&mut self) -> Option<Regex> {
        match pattern::compile(&self.config.pattern) {
            Ok(regex) => Some(regex),
            Err(error) => {
                self.wrong("pattern", format!("invalid pattern `{}`: {error}", self.config.pattern))
            }
        }
    }

    /// Adds a problem for each of these fields that is there though the action has no use for it.
    fn forbid(&mut self, fields: &[&'static str]) {
        let config = self.config;
        for field in fields {
            let is_given = match *field {
                "value" => config.value.is_some(),
                "default_value" => config.default_value.is_some(),
                "from_attribute" => !config.from_attribute.is_empty(),
                "from_context" => !config.from_context.is_empty(),
                "pattern" => !config.pattern.is_empty(),
                _ => !config.converted_type.is_empty(),
            };
            if is_given {
                let action = config.action.to_lowercase();
                self.problems
                    .push(Problem::error(field, format!("does not belong to the action `{action}`")));
            }
        }
    }

    fn wrong<T>(&mut self, field: &str, message: impl Into<String>) -> Option<T> {
        self.problems.push(Problem::error(field, message));
        None
    }
}

impl OriginPart {
    /// Names without a known prefix are metadata, as they were before there were prefixes.
    fn parse(text: &str) -> OriginPart {
        if text == "client.address" {
            return OriginPart::Address;
        }
        match text.strip_prefix("auth.") {
            Some(name) => OriginPart::Identity(name.to_owned()),
            None => OriginPart::Metadata(text.strip_prefix("metadata.").unwrap_or(text).to_owned()),
        }
    }
}
