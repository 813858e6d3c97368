//! From text to a tree.
//!
//! 1. The parser's events become nodes on a stack; no recursion, and no more than [`MAX_DEPTH`] levels.
//! 2. An alias is a copy of its anchor. Nodes are counted before they are copied, so that a few lines of aliases to
//!    aliases cannot grow beyond [`MAX_NODES`].
//! 3. When a map ends, keys with `::` are expanded into nested maps, then `<<` is merged in, and duplicates are
//!    reported.
//!
//! A syntax error ends the text; everything before it has still been looked at for duplicate keys. A duplicate key alone
//! leaves a tree, with the first of its values, so that what else is wrong can be told in the same run.

mod remedy;

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use self::remedy::remedy;
use crate::diagnostic::{Diagnostic, Diagnostics, shorten};
use crate::path::Path;
use crate::scalar;
use crate::tree::{Key, Node, Position, Style, Value};

/// The longest text that is parsed: a hundred times the largest configuration known to us.
pub const MAX_BYTES: usize = 16 << 20;

/// How deep lists and maps may nest. Real files stay below 15.
pub const MAX_DEPTH: usize = 64;

/// How many values one text may hold after its aliases are copied.
pub const MAX_NODES: usize = 500_000;

/// The text in `bytes`, unless it is not UTF-8 or holds a NUL.
pub fn decode<'a>(source: &str, bytes: &'a [u8], diagnostics: &mut Diagnostics) -> Option<&'a str> {
    let (valid, message) = match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => return Some(text),
            Some(at) => (&bytes[..at], "a configuration is text, but here is a NUL byte".to_owned()),
        },
        Err(error) => {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            let byte = rest.first().copied().unwrap_or_default();
            (valid, format!("a configuration is UTF-8 text, but here is the byte `0x{byte:02x}`"))
        }
    };
    let before = std::str::from_utf8(valid).unwrap_or_default();
    let at = position_after(&Arc::from(source), before);
    diagnostics.push(Diagnostic::error(&Path::root(), message).at(&at));
    None
}

/// Parses a whole configuration, which is a map. No text, or a null, is an empty map.
///
/// A tree may come together with errors, those of duplicate keys: it is good for finding more mistakes, not for running.
pub fn parse(source: &str, text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let node = parse_value(source, text, diagnostics)?;
    match node.value {
        Value::Map(_) => Some(node),
        Value::Null => Some(Node::new(Value::Map(Vec::new()), node.at)),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) | Value::Seq(_) => {
            let found = if matches!(node.value, Value::Seq(_)) { "a list" } else { "a single value" };
            let message = format!("expected a map of keys at the top, found {found}");
            diagnostics.push(Diagnostic::error(&Path::root(), message).at(&node.at).expected("a map"));
            None
        }
    }
}

/// Parses any YAML value. No text is a null.
pub fn parse_value(source: &str, text: &str, diagnostics: &mut Diagnostics) -> Option<Node> {
    let source: Arc<str> = Arc::from(source);
    diagnostics.remember_source(&source, text);
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {} MiB", MAX_BYTES >> 20);
        diagnostics
            .push(Diagnostic::error(&Path::root(), message).at(&position(&source, Marker::new(0, 1, 0))));
        return None;
    }
    decode(&source, text.as_bytes(), diagnostics)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(source);
    let outcome = builder.build(text);
    let is_whole = outcome.is_ok();
    for Fault { at, path, message } in builder.errors {
        diagnostics.push(Diagnostic::error(&path, message).at(&at));
    }
    if let Err(Fault { at, message, .. }) = outcome {
        let help = remedy(&message, text, at.line);
        diagnostics.push(Diagnostic::error(&Path::root(), message).at(&at).suggestion(help));
    }
    is_whole.then(|| builder.root.unwrap_or_else(|| Node::new(Value::Null, builder.start)))
}

/// What is wrong with the text, and where.
struct Fault {
    at: Position,
    /// Of a duplicate key; the top for what leaves no tree.
    path: Path,
    message: String,
}

struct Builder {
    source: Arc<str>,
    start: Position,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// How many nodes there are, copies included.
    nodes: usize,
    errors: Vec<Fault>,
    documents: usize,
    root: Option<Node>,
}

/// A list or a map that has begun and not ended.
struct Open {
    at: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    Seq(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<RawKey> },
}

struct Entry {
    key: RawKey,
    node: Node,
}

struct RawKey {
    key: Key,
    is_merge: bool,
}

impl Builder {
    fn new(source: Arc<str>) -> Self {
        let start = position(&source, Marker::new(0, 1, 0));
        Self {
            source,
            start,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            errors: Vec::new(),
            documents: 0,
            root: None,
        }
    }

    fn build(&mut self, text: &str) -> Result<(), Fault> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| self.syntax_error(&error))?;
            let at = position(&self.source, span.start);
            match event {
                Event::DocumentStart(_) => self.begin_document(&at)?,
                Event::Alias(anchor) => self.alias(anchor, at)?,
                Event::Scalar(text, style, anchor, tag) => {
                    let node = self.scalar(&text, style, tag.as_deref(), at)?;
                    self.count(1, &node.at)?;
                    self.remember(anchor, &node)?;
                    self.place(node)?;
                }
                Event::SequenceStart(anchor, _) => self.begin(at, anchor, Content::Seq(Vec::new()))?,
                Event::MappingStart(anchor, _) => {
                    self.begin(at, anchor, Content::Map { entries: Vec::new(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn begin_document(&mut self, at: &Position) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(error(at, "a second document begins here; a configuration is a single document"));
        }
        Ok(())
    }

    fn begin(&mut self, at: Position, anchor: usize, content: Content) -> Result<(), Fault> {
        if self.open.len() == MAX_DEPTH {
            return Err(error(&at, format!("lists and maps nest deeper than {MAX_DEPTH} levels")));
        }
        self.count(1, &at)?;
        self.open.push(Open { at, anchor, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { at, anchor, content }) = self.open.pop() else {
            return Ok(());
        };
        let value = match content {
            Content::Seq(items) => Value::Seq(items),
            Content::Map { entries, .. } => Value::Map(self.close_map(entries)?),
        };
        let node = Node::new(value, at);
        self.remember(anchor, &node)?;
        self.place(node)
    }

    /// Puts a finished node where it belongs: at the top, into a list, or as the next key or value of a map.
    fn place(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::Seq(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some(key) => entries.push(Entry { key, node }),
                None => *key = Some(raw_key(node)?),
            },
        }
        Ok(())
    }

    fn remember(&mut self, anchor: usize, node: &Node) -> Result<(), Fault> {
        if anchor > 0 {
            self.count(node.size(), &node.at)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, at: Position) -> Result<(), Fault> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(error(&at, "an anchor cannot contain itself"));
        };
        let (size, depth) = (node.size(), node.depth());
        if self.open.len() + depth > MAX_DEPTH {
            return Err(error(
                &at,
                format!("with this alias, lists and maps nest deeper than {MAX_DEPTH} levels"),
            ));
        }
        self.count(size, &at)?;
        let node = self.anchors[&anchor].clone();
        self.place(node)
    }

    fn count(&mut self, nodes: usize, at: &Position) -> Result<(), Fault> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(error(at, format!("more than {MAX_NODES} values, copies by aliases included")));
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Position) -> Result<Node, Fault> {
        let is_plain = style == ScalarStyle::Plain;
        let text: Arc<str> = Arc::from(text);
        let value = match tag {
            Some(tag) => tagged(&text, tag, &at)?,
            None if is_plain => plain(&text),
            None => Value::String(text.clone()),
        };
        let style = if is_plain { Style::Plain } else { Style::Quoted };
        Ok(Node { text: Some(text), style, ..Node::new(value, at) })
    }

    /// Rule 3 of the module.
    fn close_map(&mut self, entries: Vec<Entry>) -> Result<Vec<(Key, Node)>, Fault> {
        let mut map = MapBuilder::default();
        let mut merged = Vec::new();
        let path = self.path();
        for Entry { key, node } in entries {
            if key.is_merge {
                merged.push(node);
                continue;
            }
            let keys = split_key(&key.key);
            if keys.len() > 1 {
                self.count(keys.len(), &key.key.at)?;
                if self.open.len() + keys.len() + node.depth() > MAX_DEPTH {
                    let message =
                        format!("with this key, lists and maps nest deeper than {MAX_DEPTH} levels");
                    return Err(error(&key.key.at, message));
                }
            }
            map.insert(&path, &keys, node, &mut self.errors);
        }
        merged.into_iter().try_for_each(|node| map.merge_in(node))?;
        Ok(map.finish())
    }

    /// The path of the map or list that has just ended.
    fn path(&self) -> Path {
        let above = self.open.iter().filter_map(|open| match &open.content {
            Content::Seq(items) => Some(items.len().to_string()),
            Content::Map { key, .. } => key.as_ref().map(|key| key.key.text.to_string()),
        });
        above.fold(Path::root(), |path, key| path.join(&key))
    }

    fn syntax_error(&self, cause: &ScanError) -> Fault {
        let at = position(&self.source, *cause.marker());
        error(&at, format!("this is not YAML: {}", cause.info()))
    }
}

/// A map in the making, with an index so that long maps stay cheap.
#[derive(Default)]
struct MapBuilder {
    entries: Vec<(Key, Slot)>,
    index: HashMap<Arc<str>, usize>,
}

enum Slot {
    /// A value as it was written.
    Written(Node),
    /// A map that keys with `::` ask for; others may add to it.
    Nested(MapBuilder),
}

impl MapBuilder {
    fn of(entries: Vec<(Key, Node)>) -> Self {
        let mut map = Self::default();
        entries.into_iter().for_each(|(key, node)| map.push(key, Slot::Written(node)));
        map
    }

    /// Inserts `node` below `keys` of the map at `path`. The same key twice is an error, except where `::` meets a map.
    fn insert(&mut self, path: &Path, keys: &[Key], node: Node, errors: &mut Vec<Fault>) {
        let [key, below @ ..] = keys else { return };
        let Some(&index) = self.index.get(&key.text) else {
            let slot = if below.is_empty() {
                Slot::Written(node)
            } else {
                let mut nested = Self::default();
                nested.insert(&path.join(&key.text), below, node, errors);
                Slot::Nested(nested)
            };
            self.push(key.clone(), slot);
            return;
        };
        let (first, slot) = &mut self.entries[index];
        match (slot, node.value) {
            (Slot::Nested(nested), Value::Map(entries)) if below.is_empty() => {
                let path = path.join(&key.text);
                entries.into_iter().for_each(|(key, node)| nested.insert(&path, &[key], node, errors));
            }
            (Slot::Nested(nested), value) if !below.is_empty() => {
                nested.insert(&path.join(&key.text), below, Node { value, ..node }, errors);
            }
            (slot @ Slot::Written(Node { value: Value::Map(_), .. }), value) if !below.is_empty() => {
                let mut nested = slot.take_map();
                nested.insert(&path.join(&key.text), below, Node { value, ..node }, errors);
                *slot = Slot::Nested(nested);
            }
            _ => errors.push(duplicate(path, first, key)),
        }
    }

    /// Adds what `<<` brings: keys that were written beside it win.
    fn merge_in(&mut self, node: Node) -> Result<(), Fault> {
        match node.value {
            Value::Map(entries) => {
                for (key, node) in entries {
                    if !self.index.contains_key(&key.text) {
                        self.push(key, Slot::Written(node));
                    }
                }
                Ok(())
            }
            Value::Seq(items) if items.iter().all(Node::is_map) => {
                items.into_iter().try_for_each(|item| self.merge_in(item))
            }
            _ => Err(error(&node.at, "`<<` takes a map or a list of maps")),
        }
    }

    fn push(&mut self, key: Key, slot: Slot) {
        self.index.insert(key.text.clone(), self.entries.len());
        self.entries.push((key, slot));
    }

    fn finish(self) -> Vec<(Key, Node)> {
        self.entries
            .into_iter()
            .map(|(key, slot)| {
                let node = match slot {
                    Slot::Written(node) => node,
                    Slot::Nested(nested) => Node::new(Value::Map(nested.finish()), key.at.clone()),
                };
                (key, node)
            })
            .collect()
    }
}

impl Slot {
    /// The entries of a written map, to be added to.
    fn take_map(&mut self) -> MapBuilder {
        match std::mem::replace(self, Slot::Nested(MapBuilder::default())) {
            Slot::Written(Node { value: Value::Map(entries), .. }) => MapBuilder::of(entries),
            Slot::Nested(nested) => nested,
            Slot::Written(_) => MapBuilder::default(),
        }
    }
}

fn raw_key(node: Node) -> Result<RawKey, Fault> {
    let Some(text) = node.text else {
        return Err(error(&node.at, "a key must be a single value, not a list or a map"));
    };
    let is_merge = &*text == "<<" && node.style == Style::Plain;
    Ok(RawKey { key: Key { text, at: node.at }, is_merge })
}

/// `a::b` is `a` and `b`. A key with an empty part, such as an IPv6 address, is left alone.
fn split_key(key: &Key) -> Vec<Key> {
    if !key.text.contains("::") || key.text.split("::").any(str::is_empty) {
        return vec![key.clone()];
    }
    key.text.split("::").map(|part| Key { text: Arc::from(part), at: key.at.clone() }).collect()
}

fn plain(text: &Arc<str>) -> Value {
    match scalar::resolve(text) {
        Value::String(_) => Value::String(text.clone()),
        value => value,
    }
}

/// The value of a scalar with a tag. Tags of others than YAML mean text, as in `yaml.v3`.
fn tagged(text: &Arc<str>, tag: &Tag, at: &Position) -> Result<Value, Fault> {
    let suffix = if tag.is_yaml_core_schema() { &*tag.suffix } else { "str" };
    let value = match (suffix, scalar::resolve(text)) {
        ("int", value @ Value::Int(_))
        | ("float", value @ Value::Float(_))
        | ("bool", value @ Value::Bool(_))
        | ("null", value @ Value::Null) => value,
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for the nearest float")]
        ("float", Value::Int(number)) => Value::Float(number as f64),
        ("int" | "float" | "bool" | "null", _) => {
            return Err(error(at, format!("`{}` does not fit its tag `!!{suffix}`", shorten(text))));
        }
        ("binary", _) => return Err(error(at, "the tag `!!binary` is not supported; write text")),
        _ => Value::String(text.clone()),
    };
    Ok(value)
}

fn duplicate(path: &Path, first: &Key, second: &Key) -> Fault {
    let message =
        format!("duplicate key `{}`: it stands in line {} already", shorten(&first.text), first.at.line);
    Fault { path: path.join(&second.text), ..error(&second.at, message) }
}

fn error(at: &Position, message: impl Into<String>) -> Fault {
    Fault { at: at.clone(), path: Path::root(), message: message.into() }
}

fn position(source: &Arc<str>, marker: Marker) -> Position {
    let bounded = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        source: source.clone(),
        line: bounded(marker.line().max(1)),
        column: bounded(marker.col() + 1),
    }
}

/// The position of what follows `text` at the beginning of a source.
fn position_after(source: &Arc<str>, text: &str) -> Position {
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count();
    position(source, Marker::new(0, line, column))
}

#[cfg(test)]
mod tests;
