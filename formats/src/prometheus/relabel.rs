//! Relabelling: rules that rewrite a set of labels, or drop what carries it.
//!
//! Rules are checked and compiled once. For the meaning of each action see the documentation of Prometheus; where it is
//! silent, Prometheus 3 decides.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};
use regex::Regex;

use super::Labels;
use super::names::{Validation, is_legacy_label};

#[cfg(test)]
mod tests;

const DEFAULT_REGEX: &str = "(.*)";
const DEFAULT_REPLACEMENT: &str = "$1";
const DEFAULT_SEPARATOR: &str = ";";

/// A rule as the file has it. What is not written is `None`.
#[derive(Clone, Debug, Default)]
pub struct RuleConfig {
    /// The labels whose values are looked at, joined.
    pub source_labels: Vec<String>,
    /// What stands between them; `;` by default.
    pub separator: Option<String>,
    /// What the joined values, or the names of labels, must match as a whole; `(.*)` by default.
    pub regex: Option<String>,
    /// For `hashmod`.
    pub modulus: u64,
    /// The label that is set.
    pub target_label: String,
    /// What it is set to, with `$1` for the groups of the pattern; `$1` by default.
    pub replacement: Option<String>,
    /// What is done.
    pub action: Action,
    /// Which names labels may have.
    pub validation: Validation,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the file's words")]
pub enum Action {
    #[default]
    Replace,
    Keep,
    Drop,
    KeepEqual,
    DropEqual,
    HashMod,
    LabelMap,
    LabelDrop,
    LabelKeep,
    Lowercase,
    Uppercase,
}

impl Action {
    /// All, as the file writes them.
    pub const ALL: [(&'static str, Action); 11] = [
        ("replace", Action::Replace),
        ("keep", Action::Keep),
        ("drop", Action::Drop),
        ("keepequal", Action::KeepEqual),
        ("dropequal", Action::DropEqual),
        ("hashmod", Action::HashMod),
        ("labelmap", Action::LabelMap),
        ("labeldrop", Action::LabelDrop),
        ("labelkeep", Action::LabelKeep),
        ("lowercase", Action::Lowercase),
        ("uppercase", Action::Uppercase),
    ];
}

impl FromStr for Action {
    type Err = String;

    /// In any case, as Prometheus takes them.
    fn from_str(text: &str) -> Result<Action, String> {
        let known = Action::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        known.map(|(_, action)| *action).ok_or_else(|| format!("unknown relabel action `{text}`"))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Action::ALL.iter().find(|(_, action)| action == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

/// A rule that can be applied: everything its action needs is there.
#[derive(Clone, Debug)]
pub struct Rule {
    source_labels: Vec<String>,
    separator: String,
    regex: Regex,
    validation: Validation,
    act: Act,
}

#[derive(Clone, Debug)]
enum Act {
    Replace { target: String, replacement: String },
    Keep,
    Drop,
    KeepEqual { target: String },
    DropEqual { target: String },
    HashMod { target: String, modulus: u64 },
    LabelMap { replacement: String },
    LabelDrop,
    LabelKeep,
    Lowercase { target: String },
    Uppercase { target: String },
}

impl Rule {
    /// Checks and compiles a rule. The error is a sentence about the first thing that is wrong.
    pub fn new(config: RuleConfig) -> Result<Rule, String> {
        check_target(&config)?;
        check_needless(&config)?;
        let act = act(&config)?;
        Ok(Rule {
            regex: full(config.regex.as_deref().unwrap_or(DEFAULT_REGEX))?,
            separator: config.separator.unwrap_or_else(|| DEFAULT_SEPARATOR.to_owned()),
            source_labels: config.source_labels,
            validation: config.validation,
            act,
        })
    }

    /// Changes `labels`; false when what carries them is dropped.
    fn apply(&self, labels: &mut Labels) -> bool {
        match &self.act {
            Act::Replace { target, replacement } => self.replace(labels, target, replacement),
            Act::Keep => return self.regex.is_match(&self.sources(labels)),
            Act::Drop => return !self.regex.is_match(&self.sources(labels)),
            Act::KeepEqual { target } => return labels.get(target) == self.sources(labels),
            Act::DropEqual { target } => return labels.get(target) != self.sources(labels),
            Act::HashMod { target, modulus } => {
                let shard = hash(self.sources(labels).as_bytes()) % modulus;
                labels.set(target, shard.to_string());
            }
            Act::LabelMap { replacement } => self.map_names(labels, replacement),
            Act::LabelDrop => labels.retain(|name, _| !self.regex.is_match(name)),
            Act::LabelKeep => labels.retain(|name, _| self.regex.is_match(name)),
            Act::Lowercase { target } => {
                let lower = self.sources(labels).to_lowercase();
                labels.set(target, lower);
            }
            Act::Uppercase { target } => {
                let upper = self.sources(labels).to_uppercase();
                labels.set(target, upper);
            }
        }
        true
    }

    /// The values of the source labels, joined. One that is not there is empty.
    fn sources<'a>(&self, labels: &'a Labels) -> Cow<'a, str> {
        match self.source_labels.as_slice() {
            [only] => Cow::Borrowed(labels.get(only)),
            several => {
                let values: Vec<_> = several.iter().map(|name| labels.get(name)).collect();
                Cow::Owned(values.join(&self.separator))
            }
        }
    }

    fn replace(&self, labels: &mut Labels, target: &str, replacement: &str) {
        let sources = self.sources(labels);
        let Some(groups) = self.regex.captures(&sources) else { return };
        let (mut name, mut value) = (String::new(), String::new());
        groups.expand(target, &mut name);
        groups.expand(replacement, &mut value);
        if self.validation.allows_label(&name) {
            labels.set(name, value);
        }
    }

    /// The new names are made from the labels as they were before this rule.
    fn map_names(&self, labels: &mut Labels, replacement: &str) {
        let mut mapped = Vec::new();
        for (name, value) in labels.iter() {
            if let Some(groups) = self.regex.captures(name) {
                let mut new = String::new();
                groups.expand(replacement, &mut new);
                mapped.push((new, value.to_owned()));
            }
        }
        mapped.into_iter().for_each(|(name, value)| labels.set(name, value));
    }
}

/// Applies the rules in their order; false when one of them drops what carries the labels.
pub fn relabel(rules: &[Rule], labels: &mut Labels) -> bool {
    rules.iter().all(|rule| rule.apply(labels))
}

/// Compiles a pattern in Go's syntax that must match a text as a whole, newlines included.
pub fn full(pattern: &str) -> Result<Regex, String> {
    // On its own first: a stray parenthesis must not close the group around it.
    config::pattern::compile(pattern)?;
    config::pattern::compile(&format!("^(?s:{pattern})$"))
}

fn check_target(config: &RuleConfig) -> Result<(), String> {
    let RuleConfig { action, target_label: target, .. } = config;
    let needs_one = match action {
        Action::Replace
        | Action::KeepEqual
        | Action::DropEqual
        | Action::HashMod
        | Action::Lowercase
        | Action::Uppercase => true,
        Action::Keep | Action::Drop | Action::LabelMap | Action::LabelDrop | Action::LabelKeep => false,
    };
    if needs_one && target.is_empty() {
        return Err(format!("relabel action `{action}` requires a `target_label`"));
    }
    // What a template becomes is checked when it is filled in.
    let is_template = *action == Action::Replace && target.contains('$');
    if needs_one && !is_template && !config.validation.allows_label(target) {
        return Err(format!("`{target}` is no label name, as `target_label` must be"));
    }
    Ok(())
}

/// Refuses what an action does not look at: it would be a mistake about what the action does.
fn check_needless(config: &RuleConfig) -> Result<(), String> {
    let RuleConfig { action, .. } = config;
    let has_replacement = config.replacement.as_deref().is_some_and(|text| text != DEFAULT_REPLACEMENT);
    let has_regex = config.regex.as_deref().is_some_and(|text| text != DEFAULT_REGEX);
    let has_separator = config.separator.as_deref().is_some_and(|text| text != DEFAULT_SEPARATOR);
    let found: &[(bool, &str)] = match action {
        Action::LabelDrop | Action::LabelKeep => &[
            (!config.source_labels.is_empty(), "source_labels"),
            (!config.target_label.is_empty(), "target_label"),
            (config.modulus != 0, "modulus"),
            (has_separator, "separator"),
            (has_replacement, "replacement"),
        ],
        Action::KeepEqual | Action::DropEqual => &[
            (has_regex, "regex"),
            (config.modulus != 0, "modulus"),
            (has_separator, "separator"),
            (has_replacement, "replacement"),
        ],
        Action::Lowercase | Action::Uppercase => &[(has_replacement, "replacement")],
        Action::Replace | Action::Keep | Action::Drop | Action::HashMod | Action::LabelMap => &[],
    };
    match found.iter().find(|(is_there, _)| *is_there) {
        Some((_, key)) => Err(format!("relabel action `{action}` takes no `{key}`")),
        None => Ok(()),
    }
}

fn act(config: &RuleConfig) -> Result<Act, String> {
    let target = config.target_label.clone();
    let replacement = config.replacement.clone().unwrap_or_else(|| DEFAULT_REPLACEMENT.to_owned());
    Ok(match config.action {
        Action::Replace => Act::Replace { target, replacement },
        Action::Keep => Act::Keep,
        Action::Drop => Act::Drop,
        Action::KeepEqual => Act::KeepEqual { target },
        Action::DropEqual => Act::DropEqual { target },
        Action::HashMod if config.modulus == 0 => {
            return Err("relabel action `hashmod` requires a `modulus` above 0".to_owned());
        }
        Action::HashMod => Act::HashMod { target, modulus: config.modulus },
        Action::LabelMap if !replacement.contains('$') && !config.validation.allows_label(&replacement) => {
            return Err(format!("`{replacement}` is no label name, as `replacement` of `labelmap` must be"));
        }
        Action::LabelMap => Act::LabelMap { replacement },
        Action::LabelDrop => Act::LabelDrop,
        Action::LabelKeep => Act::LabelKeep,
        Action::Lowercase => Act::Lowercase { target },
        Action::Uppercase => Act::Uppercase { target },
    })
}

/// The last eight bytes of the MD5 sum, as Prometheus takes them: shards are the same as everywhere else.
fn hash(text: &[u8]) -> u64 {
    let sum: [u8; 16] = Md5::digest(text).into();
    u64::from_be_bytes(std::array::from_fn(|index| sum[8 + index]))
}

impl Validation {
    fn allows_label(self, name: &str) -> bool {
        match self {
            Validation::Utf8 => !name.is_empty(),
            Validation::Legacy => is_legacy_label(name),
        }
    }
}
