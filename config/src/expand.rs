//! `${…}`: values that come from the environment, from files, from anywhere.
//!
//! Rules, as in the Go Collector unless said otherwise:
//!
//! 1. Only values are expanded, never keys. The reference that ends at the first `}` goes first, from the last `${`
//!    before it, so that inner ones come before outer ones. What comes out is searched again.
//! 2. A string that is exactly one reference becomes whatever YAML its text is. A reference inside a longer string is
//!    replaced by its text.
//! 3. `$$` ends up as `$`. A reference behind an odd number of further `$` is escaped, and nothing after it in the same
//!    string is expanded.
//! 4. `${NAME}` is `${env:NAME}`. Unlike the Go Collector, `${NAME:-default}` is `${env:NAME:-default}` too.
//! 5. `${1}` stays as it is: a group of a regular expression, as replacements have it. No environment variable has such
//!    a name, so unlike in the Go Collector it need not be escaped.
//! 6. A default counts only for a variable that is not set. Not set, or set to nothing, is null.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, shorten};
use crate::parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES, parse_value};
use crate::path::Path;
use crate::tree::{Key, Node, Origin, Position, Style, Value};

/// Looks up what `${scheme:opaque}` stands for.
///
/// For `env` the opaque part is a checked variable name without its default; `yaml` never gets here. An error is a
/// sentence for the user. Every `Fn(&str, &str) -> Result<Resolved, String>` is a resolver.
pub trait Resolver {
    /// The text behind a reference.
    fn resolve(&self, scheme: &str, opaque: &str) -> Result<Resolved, String>;
}

/// What a [`Resolver`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// This text.
    Text(String),
    /// There is no such variable.
    Unset,
}

impl<F: Fn(&str, &str) -> Result<Resolved, String>> Resolver for F {
    fn resolve(&self, scheme: &str, opaque: &str) -> Result<Resolved, String> {
        self(scheme, opaque)
    }
}

/// Replaces all references in `node`. What cannot be resolved is reported, and its node is marked as broken.
#[must_use]
pub fn expand(node: Node, resolver: &dyn Resolver, diagnostics: &mut Diagnostics) -> Node {
    let nodes = node.size();
    let mut expander = Expander { resolver, diagnostics, references: 0, nodes, bytes: 0 };
    expander.walk(node, &Path::root(), &Limits { depth: MAX_DEPTH, rounds: MAX_ROUNDS })
}

/// The Go Collector's limit for one string.
const MAX_ROUNDS: usize = 1000;

/// How many references a configuration may have, those inside of what others stand for included.
const MAX_REFERENCES: usize = 20_000;

/// How much text all references together may stand for.
const MAX_TOTAL_BYTES: usize = 64 << 20;

const SCHEMES: [&str; 5] = ["env", "file", "http", "https", "yaml"];

struct Expander<'a> {
    resolver: &'a dyn Resolver,
    diagnostics: &'a mut Diagnostics,
    references: usize,
    nodes: usize,
    bytes: usize,
}

/// How much further a branch of the tree may go.
struct Limits {
    depth: usize,
    rounds: usize,
}

/// A string that is being expanded.
struct Site<'a> {
    at: &'a Position,
    path: &'a Path,
}

/// What a reference stands for.
struct Replacement {
    text: Arc<str>,
    meaning: Meaning,
}

enum Meaning {
    /// The text is YAML, or else a plain string.
    Yaml,
    /// The text is text: the empty default of `${env:X:-}`.
    Text,
}

impl Expander<'_> {
    fn walk(&mut self, node: Node, path: &Path, limits: &Limits) -> Node {
        let Node { value, at, text, style, origin } = node;
        let below = Limits { depth: limits.depth.saturating_sub(1), rounds: limits.rounds };
        let value = match value {
            Value::String(string) => {
                let node = Node { value: Value::String(string), at, text, style, origin };
                return self.string(node, path, limits);
            }
            Value::Seq(_) | Value::Map(_) if limits.depth == 0 => {
                let message =
                    format!("lists and maps nest deeper than {MAX_DEPTH} levels once `${{…}}` is expanded");
                return self.broken(&Site { at: &at, path }, message);
            }
            Value::Seq(items) => {
                let walk =
                    |(index, item): (usize, Node)| self.walk(item, &path.join(&index.to_string()), &below);
                Value::Seq(items.into_iter().enumerate().map(walk).collect())
            }
            Value::Map(entries) => {
                let walk = |(key, item): (Key, Node)| {
                    let item = self.walk(item, &path.join(&key.text), &below);
                    (key, item)
                };
                Value::Map(entries.into_iter().map(walk).collect())
            }
            value @ (Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) => value,
        };
        Node { value, at, text, style, origin }
    }

    /// Expands one string until nothing is left to expand.
    fn string(&mut self, node: Node, path: &Path, limits: &Limits) -> Node {
        let Some(original) = node.as_str().filter(|text| text.contains('$')).map(Arc::<str>::from) else {
            return node;
        };
        let site = Site { at: &node.at, path };
        let mut text = original.to_string();
        let mut origin = Origin::Written;
        for round in 0..limits.rounds {
            let Some(range) = next_reference(&text) else {
                let value = Value::String(Arc::from(text.replace("$$", "$")));
                return Node { text: None, value, origin, ..node };
            };
            let replacement = match self.resolve(&text[range.start + 2..range.end - 1], &site) {
                Ok(replacement) => replacement,
                Err(message) => return self.broken(&site, message),
            };
            if range == (0..text.len()) {
                origin = Origin::Reference(original.clone());
                if let Some(value) = replacement.typed() {
                    let text = replacement.text;
                    let limits = Limits { depth: limits.depth, rounds: limits.rounds - round - 1 };
                    return self.typed(Node { value, text: Some(text), origin, ..node }, path, &limits);
                }
            }
            text.replace_range(range, &replacement.text);
            if text.len() > MAX_BYTES {
                return self
                    .broken(&site, format!("the expanded text is longer than {} MiB", MAX_BYTES >> 20));
            }
        }
        self.broken(&site, format!("`${{…}}` leads to further `${{…}}` more than {MAX_ROUNDS} times"))
    }

    /// A string that was exactly one reference, to something that is no string.
    fn typed(&mut self, mut node: Node, path: &Path, limits: &Limits) -> Node {
        self.nodes = self.nodes.saturating_add(node.size());
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values once `${{…}}` is expanded");
            return self.broken(&Site { at: &node.at, path }, message);
        }
        let at = node.at.clone();
        place_at(&mut node, &at);
        node.style = Style::Plain;
        // The text of a list or a map that goes on with references is not what it stands for.
        node.text = node.text.filter(|text| !text.contains('$'));
        self.walk(node, path, limits)
    }

    fn resolve(&mut self, uri: &str, site: &Site<'_>) -> Result<Replacement, String> {
        self.references += 1;
        if self.references > MAX_REFERENCES {
            return Err(format!("more than {MAX_REFERENCES} references, those inside of others included"));
        }
        let (scheme, opaque) = split_uri(uri)?;
        if opaque.contains('$') {
            return Err(format!("`${{{}}}` has a `$` where none can be", shorten(uri)));
        }
        let replacement = match scheme {
            "env" => self.variable(opaque, site)?,
            "yaml" => Replacement { text: Arc::from(opaque), meaning: Meaning::Yaml },
            scheme => match self.resolver.resolve(scheme, opaque)? {
                Resolved::Text(text) => Replacement { text: Arc::from(text), meaning: Meaning::Yaml },
                Resolved::Unset => return Err(format!("there is no `${{{}}}`", shorten(uri))),
            },
        };
        self.bytes = self.bytes.saturating_add(replacement.text.len());
        if self.bytes > MAX_TOTAL_BYTES {
            return Err(format!("all references together stand for more than {} MiB", MAX_TOTAL_BYTES >> 20));
        }
        Ok(replacement)
    }

    /// `NAME` or `NAME:-default`.
    fn variable(&mut self, opaque: &str, site: &Site<'_>) -> Result<Replacement, String> {
        let (name, default) = match opaque.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (opaque, None),
        };
        if !is_variable_name(name) {
            return Err(format!(
                "`{}` cannot be the name of an environment variable: expected letters, digits and underscores",
                shorten(name)
            ));
        }
        let text = match (self.resolver.resolve("env", name)?, default) {
            (Resolved::Text(text), _) => {
                if text.is_empty() {
                    let message = format!("the environment variable `{name}` is set to nothing");
                    self.note(Severity::Info, site, message);
                }
                text
            }
            (Resolved::Unset, Some("")) => {
                return Ok(Replacement { text: Arc::from(""), meaning: Meaning::Text });
            }
            (Resolved::Unset, Some(default)) => default.to_owned(),
            (Resolved::Unset, None) => {
                let message = format!("the environment variable `{name}` is not set, so this is empty");
                self.note(Severity::Warning, site, message);
                String::new()
            }
        };
        Ok(Replacement { text: Arc::from(text), meaning: Meaning::Yaml })
    }

    fn broken(&mut self, site: &Site<'_>, message: String) -> Node {
        self.note(Severity::Error, site, message);
        Node { origin: Origin::Broken, ..Node::new(Value::Null, site.at.clone()) }
    }

    fn note(&mut self, severity: Severity, site: &Site<'_>, message: String) {
        let diagnostic = Diagnostic { severity, ..Diagnostic::error(site.path, message) };
        self.diagnostics.push(diagnostic.at(site.at));
    }
}

impl Replacement {
    /// The value, unless it is a string. A string keeps all of its text, quotes included; so does what is no YAML.
    fn typed(&self) -> Option<Value> {
        match self.meaning {
            Meaning::Text => None,
            Meaning::Yaml => {
                let mut findings = Diagnostics::new();
                parse_value("", &self.text, &mut findings)
                    .map(|node| node.value)
                    .filter(|value| !matches!(value, Value::String(_)) && !findings.has_errors())
            }
        }
    }
}

/// Where the next reference to expand stands, from its `$` to after its `}`.
fn next_reference(text: &str) -> Option<Range<usize>> {
    let mut from = 0;
    loop {
        let close = from + text[from..].find('}')?;
        if let Some(open) = text[from..close].rfind("${") {
            let open = from + open;
            let is_group =
                close > open + 2 && text[open + 2..close].bytes().all(|byte| byte.is_ascii_digit());
            let escapes = text[from..open].bytes().rev().take_while(|byte| *byte == b'$').count();
            if escapes % 2 == 1 || !is_group {
                return (escapes % 2 == 0).then_some(open..close + 1);
            }
        }
        from = close + 1;
    }
}

/// Scheme and opaque part of what stands between the braces.
fn split_uri(uri: &str) -> Result<(&str, &str), String> {
    let Some((scheme, opaque)) = uri.split_once(':') else {
        return Ok(("env", uri));
    };
    if SCHEMES.contains(&scheme) {
        return Ok((scheme, opaque));
    }
    if opaque.starts_with('-') && is_variable_name(scheme) {
        return Ok(("env", uri));
    }
    if !is_scheme(scheme) {
        return Err(format!("`${{{}}}` is neither `${{NAME}}` nor `${{scheme:…}}`", shorten(uri)));
    }
    Ok((scheme, opaque))
}

fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_scheme(scheme: &str) -> bool {
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.len() > 1
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
}

/// What a reference stands for is found where the reference is.
fn place_at(node: &mut Node, at: &Position) {
    node.at = at.clone();
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| place_at(item, at)),
        Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
            key.at = at.clone();
            place_at(node, at);
        }),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests;
