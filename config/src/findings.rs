//! What a reading has found so far, and which parts of the tree it goes on without.
//!
//! serde stops at the first error. To report all of them, a reading is repeated: whatever failed is reported once and
//! set aside, so that the next round finds the next error. Each round sets at least one more thing aside.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::de::Reader;
use crate::diagnostic::{Diagnostic, shorten};
use crate::error::ReadError;
use crate::suggest::{did_you_mean, one_of};
use crate::tree::{Key, Node, Origin, Style, Value};

/// The state that all readers of one [`crate::read`] share.
#[derive(Default)]
pub(crate) struct Findings(RefCell<State>);

/// A node's address: the tree does not move while it is read.
type NodeId = usize;

#[derive(Default)]
struct State {
    diagnostics: Vec<Diagnostic>,
    /// Reported; the reading goes on as if they had not been written.
    failed: HashSet<NodeId>,
    /// The same for single parts of an inlined block.
    failed_parts: HashSet<(NodeId, usize)>,
    /// `key:` without a value where a scalar belongs: the default stays.
    unset: HashSet<NodeId>,
    /// Disabled sections that would not pass validation, and need not.
    skipped: HashSet<NodeId>,
    /// Required keys that are missing: reported, and a zero value stands in so that the rest can be read.
    stand_ins: HashMap<NodeId, BTreeSet<&'static str>>,
    /// Defaults of a preset that give way to what was written under another name.
    overruled: HashSet<(NodeId, &'static str)>,
    /// Unknown keys that were reported.
    unknown: HashSet<NodeId>,
    /// The last round changed nothing, so the next one would not either.
    stuck: bool,
}

impl Findings {
    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.0.into_inner().diagnostics;
        diagnostics.sort_by(|one, other| one.at.cmp(&other.at));
        diagnostics
    }

    pub(crate) fn is_stuck(&self) -> bool {
        self.0.borrow().stuck
    }

    /// Whether the reading goes on as if `node` had not been written.
    pub(crate) fn is_aside(&self, node: &Node) -> bool {
        let state = self.0.borrow();
        state.has_failed(node) || state.unset.contains(&id(node))
    }

    pub(crate) fn is_part_aside(&self, node: &Node, part: usize) -> bool {
        self.0.borrow().failed_parts.contains(&(id(node), part))
    }

    pub(crate) fn is_skipped(&self, node: &Node) -> bool {
        self.0.borrow().skipped.contains(&id(node))
    }

    pub(crate) fn is_overruled(&self, node: &Node, field: &str) -> bool {
        self.0.borrow().overruled.iter().any(|(at, name)| *at == id(node) && *name == field)
    }

    pub(crate) fn stand_ins(&self, node: &Node) -> Vec<&'static str> {
        self.0
            .borrow()
            .stand_ins
            .get(&id(node))
            .map(|fields| fields.iter().copied().collect())
            .unwrap_or_default()
    }

    /// Sets a node aside without a word, because something else was said about it.
    pub(crate) fn fail(&self, node: &Node) {
        self.0.borrow_mut().progress(|state| state.failed.insert(id(node)));
    }

    /// Reports `error` at the reader's node and sets aside what is needed to get past it.
    pub(crate) fn settle(&self, reader: &Reader<'_>, error: &ReadError) {
        let node = reader.node;
        let mut state = self.0.borrow_mut();
        if let ReadError::Missing { field } = *error {
            return state.settle_missing(reader, field);
        }
        if let ReadError::Twice { field } = *error
            && reader.defaults.is_some()
            && state.overruled.insert((id(node), field))
        {
            return state.progress(|_| true);
        }
        let is_type_error = matches!(error, ReadError::Type { .. });
        if is_type_error && node.is_null() && !reader.null_is_zero {
            return state.progress(|state| state.unset.insert(id(node)));
        }
        if reader.disabled && !is_type_error {
            return state.progress(|state| state.skipped.insert(id(node)));
        }
        // A default stands where a value failed, so a complaint about the whole may be about that.
        if !state.is_tainted(node) {
            state.diagnostics.push(describe(reader, error));
        }
        state.progress(|state| match reader.part {
            Some(part) if state.failed_parts.insert((id(node), part)) => true,
            _ => state.failed.insert(id(node)),
        });
    }

    /// Reports a key that could not be read as what the map's keys are, and sets its entry aside.
    pub(crate) fn settle_key(&self, reader: &Reader<'_>, key: &Key, node: &Node, error: &ReadError) {
        let (message, expected, suggestion) = match error {
            ReadError::UnknownVariant { name, known } | ReadError::UnknownField { name, known } => {
                let suggestion = did_you_mean(name, known.iter().copied());
                (format!("unknown key `{}`", shorten(name)), Some(one_of(known)), suggestion)
            }
            ReadError::Message(message) => (message.clone(), None, None),
            ReadError::Type { expected } | ReadError::Value { expected } => {
                let message = format!("expected {expected}, found the key `{}`", shorten(&key.text));
                (message, Some(expected.clone()), None)
            }
            ReadError::Missing { .. } | ReadError::Twice { .. } | ReadError::Settled | ReadError::Phantom => {
                return self.fail(node);
            }
        };
        let mut diagnostic = Diagnostic::error(&reader.path, message).at(&key.at).suggestion(suggestion);
        diagnostic.expected = expected;
        let mut state = self.0.borrow_mut();
        state.diagnostics.push(diagnostic);
        state.progress(|state| state.failed.insert(id(node)));
    }

    /// Reports the keys of the reader's node that are none of `fields`.
    pub(crate) fn judge_keys(&self, reader: &Reader<'_>, fields: &BTreeSet<&'static str>) {
        let mut state = self.0.borrow_mut();
        for (key, node) in reader.node.map() {
            if !fields.contains(&*key.text) && state.unknown.insert(id(node)) {
                let diagnostic = unknown_key(reader, key, fields);
                state.diagnostics.push(diagnostic);
            }
        }
    }

    /// Reports an `enabled` that is neither true nor false.
    pub(crate) fn settle_switch(&self, reader: &Reader<'_>) {
        let mut state = self.0.borrow_mut();
        let error = ReadError::Type { expected: "`true` or `false`".to_owned() };
        state.diagnostics.push(describe(reader, &error));
        state.progress(|state| state.failed.insert(id(reader.node)));
    }
}

impl State {
    fn progress(&mut self, change: impl FnOnce(&mut Self) -> bool) {
        self.stuck = !change(self);
    }

    fn has_failed(&self, node: &Node) -> bool {
        node.origin == Origin::Broken || self.failed.contains(&id(node))
    }

    /// Whether something directly below failed, so that a default stands in its place.
    fn is_tainted(&self, node: &Node) -> bool {
        let stood_in = self.stand_ins.contains_key(&id(node));
        let child_failed = match &node.value {
            Value::Seq(items) => items.iter().any(|item| self.has_failed(item)),
            Value::Map(entries) => entries.iter().any(|(_, child)| self.has_failed(child)),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => false,
        };
        stood_in || child_failed
    }

    fn settle_missing(&mut self, reader: &Reader<'_>, field: &'static str) {
        let node = reader.node;
        if reader.disabled {
            return self.progress(|state| state.skipped.insert(id(node)));
        }
        let was_reported = node.child(field).is_some_and(|child| self.has_failed(child));
        let is_new = self.stand_ins.entry(id(node)).or_default().insert(field);
        if is_new && !was_reported {
            self.diagnostics.push(describe(reader, &ReadError::Missing { field }));
        }
        self.progress(|state| is_new || state.failed.insert(id(node)));
    }
}

fn id(node: &Node) -> NodeId {
    std::ptr::from_ref(node).addr()
}

fn unknown_key(reader: &Reader<'_>, key: &Key, fields: &BTreeSet<&'static str>) -> Diagnostic {
    let known: Vec<&str> = fields.iter().copied().collect();
    let mut diagnostic = Diagnostic::error(&reader.path, format!("unknown key `{}`", shorten(&key.text)))
        .at(&key.at)
        .expected(one_of(&known))
        .suggestion(did_you_mean(&key.text, known.iter().copied()));
    diagnostic.secret = reader.secret;
    diagnostic
}

fn describe(reader: &Reader<'_>, error: &ReadError) -> Diagnostic {
    let node = reader.node;
    let mut suggestion = None;
    let (message, expected) = match error {
        ReadError::Type { expected } | ReadError::Value { expected } => {
            suggestion = remedy(expected, node).filter(|_| !reader.secret);
            let found = found(node, reader.secret);
            (format!("expected {expected}, found {found}{}", came_from(node)), Some(expected.clone()))
        }
        ReadError::UnknownVariant { name, known } => {
            suggestion = did_you_mean(name, known.iter().copied());
            let message = format!("unknown value `{}`{}", shorten(name), came_from(node));
            (message, Some(one_of(&without_other_cases(known))))
        }
        ReadError::UnknownField { name, known } => {
            suggestion = did_you_mean(name, known.iter().copied());
            (format!("unknown key `{}`", shorten(name)), Some(one_of(known)))
        }
        ReadError::Missing { .. } | ReadError::Twice { .. } | ReadError::Settled | ReadError::Phantom => {
            (error.to_string(), None)
        }
        ReadError::Message(message) => (format!("{message}{}", came_from(node)), None),
    };
    // A map begins at its first key; what is wrong with the whole is better shown at the key above.
    let is_spread = matches!(node.value, Value::Map(_) | Value::Seq(_) | Value::Null);
    let at = match reader.key {
        Some(key) if is_spread && node.origin == Origin::Written => &key.at,
        _ => &node.at,
    };
    let mut diagnostic = Diagnostic::error(&reader.path, message).at(at).suggestion(suggestion);
    diagnostic.expected = expected;
    diagnostic.secret = reader.secret;
    diagnostic.value = spelled(node).filter(|_| !reader.secret).map(|text| shorten(&text));
    diagnostic
}

/// The names without those that differ from another in capitals only.
fn without_other_cases<'a>(known: &[&'a str]) -> Vec<&'a str> {
    let has_plain = |name: &str| {
        let plain = name.to_lowercase();
        plain != name && known.contains(&plain.as_str())
    };
    known.iter().copied().filter(|name| !has_plain(name)).collect()
}

fn found(node: &Node, is_secret: bool) -> String {
    let noun = match node.value {
        Value::Null => return "nothing".to_owned(),
        Value::Seq(_) => return "a list".to_owned(),
        Value::Map(_) => return "a map".to_owned(),
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Float(_) => "number",
        Value::String(_) => "string",
    };
    match spelled(node) {
        Some(text) if !is_secret => format!("the {noun} `{}`", shorten(&text)),
        _ => format!("another {noun}"),
    }
}

fn came_from(node: &Node) -> String {
    match &node.origin {
        Origin::Reference(reference) => format!(" from `{reference}`"),
        Origin::Written | Origin::Broken => String::new(),
    }
}

fn spelled(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null | Value::Seq(_) | Value::Map(_) => None,
        Value::String(text) => Some(text.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(node.text.as_ref().map_or_else(|| value.to_string(), ToString::to_string)),
        Value::Float(value) => {
            Some(node.text.as_ref().map_or_else(|| value.to_string(), ToString::to_string))
        }
    }
}

/// How to write what was probably meant.
fn remedy(expected: &str, node: &Node) -> Option<String> {
    let text = spelled(node)?;
    if node.origin != Origin::Written {
        return None;
    }
    let is_string = matches!(node.value, Value::String(_));
    match expected {
        "a string" if !is_string => Some(format!("put it in quotes: `\"{text}\"`")),
        "`true` or `false`"
            if is_string && node.style == Style::Quoted && matches!(&*text, "true" | "false") =>
        {
            Some(format!("remove the quotes: `{text}`"))
        }
        "`true` or `false`" if is_string => match &*text.to_ascii_lowercase() {
            "true" | "yes" | "y" | "on" => Some("write `true`".to_owned()),
            "false" | "no" | "n" | "off" => Some("write `false`".to_owned()),
            _ => None,
        },
        "a list" => Some(format!("write `[{}]`", shorten(&text))),
        _ if is_string && node.style == Style::Quoted => {
            let plain = crate::scalar::resolve(&text);
            matches!(plain, Value::Int(_) | Value::Float(_)).then(|| format!("remove the quotes: `{text}`"))
        }
        _ if is_string && expected.starts_with("an integer") => {
            let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
            let is_unit = unit.chars().all(|c| c.is_ascii_alphabetic() || c == ' ');
            (is_unit && !number.is_empty()).then(|| format!("write a plain number, such as `{number}`"))
        }
        _ => None,
    }
}
