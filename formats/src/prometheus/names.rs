//! Names: which are legal, how OTLP's become Prometheus', and how UTF-8 ones are escaped.
//!
//! The rules are those of the OpenTelemetry specification ("Prometheus and OpenMetrics compatibility") and, where it
//! leaves a choice, of Prometheus' own translator, so that dashboards find the names they know.

use std::borrow::Cow;

mod escape;
#[cfg(test)]
mod tests;
mod units;

pub use escape::{Escaping, escape};
pub use units::ucum;

/// Which names metrics and labels may have (`metric_name_validation_scheme`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// Any text.
    #[default]
    Utf8,
    /// Letters, digits and `_`, in metrics `:` too; no digit in front.
    Legacy,
}

/// How names are translated (`translation_strategy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// `http.server.duration` in `s` becomes `http_server_duration_seconds`.
    #[default]
    UnderscoreEscapingWithSuffixes,
    /// It becomes `http_server_duration`.
    UnderscoreEscapingWithoutSuffixes,
    /// It becomes `http.server.duration_seconds`.
    NoUtf8EscapingWithSuffixes,
    /// It stays what it is.
    NoTranslation,
}

impl Strategy {
    /// All, as the file writes them.
    pub const ALL: [(&'static str, Strategy); 4] = [
        ("UnderscoreEscapingWithSuffixes", Strategy::UnderscoreEscapingWithSuffixes),
        ("UnderscoreEscapingWithoutSuffixes", Strategy::UnderscoreEscapingWithoutSuffixes),
        ("NoUTF8EscapingWithSuffixes", Strategy::NoUtf8EscapingWithSuffixes),
        ("NoTranslation", Strategy::NoTranslation),
    ];

    /// Whether names may keep letters that Prometheus 2 did not know.
    #[must_use]
    pub fn keeps_utf8(self) -> bool {
        matches!(self, Strategy::NoUtf8EscapingWithSuffixes | Strategy::NoTranslation)
    }

    /// Whether unit and kind are told by the name.
    #[must_use]
    pub fn adds_suffixes(self) -> bool {
        matches!(self, Strategy::UnderscoreEscapingWithSuffixes | Strategy::NoUtf8EscapingWithSuffixes)
    }
}

/// What a name's suffix depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A monotonic sum: `_total`.
    Counter,
    /// A gauge, or a sum that may fall: `_ratio` when its unit is `1`.
    Gauge,
    /// All others.
    Other,
}

/// Translates the names of OTLP metrics and attributes.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Stands in front of every metric's name, with `_` between; empty for none.
    pub namespace: String,
    /// How names are translated.
    pub strategy: Strategy,
}

impl Names {
    /// The name of a metric, without suffixes of series such as `_bucket`. The error is a sentence about the name.
    pub fn metric(&self, name: &str, unit: &str, kind: Kind) -> Result<String, String> {
        let made = match (self.strategy.keeps_utf8(), self.strategy.adds_suffixes()) {
            (true, true) => self.suffixed(name, unit, kind),
            (true, false) => self.with_namespace(name),
            (false, true) => self.tokens(name, unit, kind),
            (false, false) => self.underscored(name),
        };
        let is_blank = made != name && made.bytes().all(|byte| byte == b'_');
        if made.is_empty() || is_blank {
            return Err(format!("the metric name `{name}` has no letter that Prometheus allows"));
        }
        Ok(made)
    }

    /// The name of a label. The error is a sentence about the name.
    pub fn label<'a>(&self, name: &'a str) -> Result<Cow<'a, str>, String> {
        if self.strategy.keeps_utf8() {
            return if name.is_empty() { Err(nameless(name)) } else { Ok(Cow::Borrowed(name)) };
        }
        if is_legacy_label(name) && !name.contains("__") {
            return Ok(Cow::Borrowed(name));
        }
        let made = label(name);
        let is_blank = made != name && made.bytes().all(|byte| byte == b'_');
        if made.is_empty() || is_blank { Err(nameless(name)) } else { Ok(Cow::Owned(made)) }
    }

    fn with_namespace(&self, name: &str) -> String {
        if self.namespace.is_empty() { name.to_owned() } else { format!("{}_{name}", self.namespace) }
    }

    /// The name in words, its unit and its kind behind them. A word that is there already is not said twice.
    fn tokens(&self, name: &str, unit: &str, kind: Kind) -> String {
        let mut words: Vec<&str> =
            name.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()).collect();
        let (main, per) = units::suffixes(unit);
        let (main, per) = (units::clean(&main), units::clean(&per));
        if !main.is_empty() && !words.contains(&main.as_str()) {
            words.push(&main);
        }
        if !per.is_empty() {
            words.push(&per);
        }
        if let Some(last) = suffix(unit, kind) {
            words.retain(|word| *word != last);
            words.push(last);
        }
        let namespace = underscored(&self.namespace);
        if !namespace.is_empty() {
            words.insert(0, &namespace);
        }
        no_digit_first(words.join("_"))
    }

    fn underscored(&self, name: &str) -> String {
        let (namespace, name) = (underscored(&self.namespace), underscored(name));
        no_digit_first(if namespace.is_empty() { name } else { format!("{namespace}_{name}") })
    }

    /// The name as it is, its unit and its kind behind it. What is there already moves to its place.
    fn suffixed(&self, name: &str, unit: &str, kind: Kind) -> String {
        let mut name = self.with_namespace(name);
        let last = suffix(unit, kind).unwrap_or_default();
        trim_suffix(&mut name, last);
        let (main, per) = units::suffixes(unit);
        trim_suffix(&mut name, &per);
        let main = if name.ends_with(&main) { "" } else { main.as_str() };
        for suffix in [main, &per, last].into_iter().filter(|suffix| !suffix.is_empty()) {
            name.push('_');
            name.push_str(suffix);
        }
        name
    }
}

/// Foreign letters become `_`, several of them one.
fn underscored(text: &str) -> String {
    let is_foreign = |letter: char| !is_word(letter) && letter != '_';
    text.split(is_foreign).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("_")
}

fn nameless(name: &str) -> String {
    format!("the label name `{name}` has no letter that Prometheus allows")
}

fn suffix(unit: &str, kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Counter => Some("total"),
        Kind::Gauge if unit == "1" => Some("ratio"),
        Kind::Gauge | Kind::Other => None,
    }
}

/// Takes off a suffix and the letter before it, which is its delimiter.
fn trim_suffix(name: &mut String, suffix: &str) {
    if suffix.is_empty() || !name.ends_with(suffix) || name.len() <= suffix.len() + 1 {
        return;
    }
    let mut kept = name[..name.len() - suffix.len()].to_owned();
    kept.pop();
    *name = kept;
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == ':'
}

fn no_digit_first(name: String) -> String {
    if name.starts_with(|first: char| first.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// Foreign letters become `_`, several of them one. Names between two `__` are reserved and keep them.
fn label(name: &str) -> String {
    let reserved = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    let mut made = String::with_capacity(name.len());
    for letter in reserved.unwrap_or(name).chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => made.push(letter),
            _ if made.ends_with('_') => {}
            _ => made.push('_'),
        }
    }
    match reserved {
        Some(_) => format!("__{made}__"),
        None if made.starts_with(|first: char| first.is_ascii_digit()) => format!("key_{made}"),
        None => made,
    }
}

/// Whether Prometheus 2 takes it as the name of a metric.
#[must_use]
pub fn is_legacy_metric(name: &str) -> bool {
    is_name(name, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':')
}

/// Whether Prometheus 2 takes it as the name of a label.
#[must_use]
pub fn is_legacy_label(name: &str) -> bool {
    is_name(name, |byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_name(name: &str, is_letter: impl Fn(u8) -> bool) -> bool {
    !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(is_letter)
}
