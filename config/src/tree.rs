//! The tree that a configuration is: values with the place where they were written.

use std::fmt;
use std::sync::Arc;

/// A value and where it was written. Two nodes are equal when they hold the same value, wherever they stand.
#[derive(Debug, Clone)]
pub struct Node {
    /// What was written.
    pub value: Value,
    /// Where; for a value that came out of `${…}`, where the reference stands.
    pub at: Position,
    /// A scalar as it was spelled (`0x1F`), or the text a reference stood for. String fields take this text when the
    /// value came out of a reference.
    pub text: Option<Arc<str>>,
    /// How it was written.
    pub style: Style,
    /// Where the value came from.
    pub origin: Origin,
}

/// A value with the type that YAML gives it.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`, `~` or nothing.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer between the smallest `i64` and the largest `u64`.
    Int(i128),
    /// A number with a fraction or an exponent, an infinity or not a number.
    Float(f64),
    /// Text; timestamps too.
    String(Arc<str>),
    /// A list.
    Seq(Vec<Node>),
    /// A map, in the order in which it was written, without duplicate keys.
    Map(Vec<(Key, Node)>),
}

/// A key of a map. Two keys are equal when they have the same text.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key as it was spelled.
    pub text: Arc<str>,
    /// Where it was written.
    pub at: Position,
}

/// A place in a source. Lines and columns begin at 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The name of the file, or the URI.
    pub source: Arc<str>,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// How a node was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes, or a list or a map.
    Plain,
    /// In quotes or as a block (`|`, `>`): always a string.
    Quoted,
}

/// Where a node's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the source as it is.
    Written,
    /// It is what this reference, such as `${env:PORT}`, stands for.
    Reference(Arc<str>),
    /// Its reference could not be resolved. That has been reported; nothing more is said about this node.
    Broken,
}

impl Node {
    /// A node that stands at `at`, written plainly.
    pub fn new(value: Value, at: Position) -> Self {
        Self { value, at, text: None, style: Style::Plain, origin: Origin::Written }
    }

    /// The value behind `path`, whose keys are joined by `::`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        path.split("::").try_fold(self, |node, key| node.child(key))
    }

    /// The entries of a map in order; none for anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&Key, &Node)> {
        self.map().iter().map(|(key, node)| (key, node))
    }

    /// The items of a list in order; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Seq(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether this is a map.
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The entry of a map under `key`, taken as it is: `::` has no meaning here.
    pub fn child(&self, key: &str) -> Option<&Node> {
        self.entries().find(|(candidate, _)| *candidate.text == *key).map(|(_, node)| node)
    }

    /// How many nodes this tree holds, itself included.
    pub fn size(&self) -> usize {
        match &self.value {
            Value::Seq(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(|(_, node)| node.size()).sum::<usize>(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => 1,
        }
    }

    /// How many levels this tree has: 1 for a scalar.
    pub fn depth(&self) -> usize {
        let below = match &self.value {
            Value::Seq(items) => items.iter().map(Node::depth).max(),
            Value::Map(entries) => entries.iter().map(|(_, node)| node.depth()).max(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => None,
        };
        1 + below.unwrap_or(0)
    }

    pub(crate) fn map(&self) -> &[(Key, Node)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Position {
    /// The place of what stands in no source, such as a default.
    pub fn nowhere() -> Self {
        Self { source: Arc::from(""), line: 0, column: 0 }
    }

    /// Whether this is a place in a source.
    pub fn is_somewhere(&self) -> bool {
        self.line > 0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}:{}", self.source, self.line, self.column)
    }
}
