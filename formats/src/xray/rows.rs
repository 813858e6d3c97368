//! A span's attributes: each key once, and those that mean something at hand.

use std::collections::HashSet;

use otlp::{Attributes, Text, Value};

use super::json::utf8;
use super::keys::{COUNT, Key, Taker, find, hash};

/// From how many rows on keys are looked up in a set. Spans have about ten attributes.
const MANY: usize = 64;
/// The names of attributes that hold a namespace of metadata begin so.
const NAMESPACE: &[u8] = b"aws.xray.metadata.";

/// The attributes of one span.
pub(super) struct Rows<'a> {
    rows: Vec<Row<'a>>,
    /// One more than the position of each attribute that means something; zero if it is absent.
    places: [u32; COUNT],
    /// A bit for the hash of each key: a key whose bit is clear is new, which is nearly always known at once.
    hashes: [u64; 4],
    /// All keys, once there are many.
    keys: HashSet<&'a [u8]>,
    /// The names that the span itself wants indexed.
    indexed: HashSet<&'a [u8]>,
}

/// An attribute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) key: Text<'a>,
    pub(super) value: Value<'a>,
    pub(super) taker: Taker,
}

impl<'a> Rows<'a> {
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            places: [0; COUNT],
            hashes: [0; 4],
            keys: HashSet::new(),
            indexed: HashSet::new(),
        }
    }

    /// Replaces all by those of another span. Of equal keys the first counts.
    pub(super) fn read(&mut self, attributes: Attributes<'a>) {
        self.rows.clear();
        self.places = [0; COUNT];
        self.hashes = [0; 4];
        if !self.keys.is_empty() {
            // Clearing takes time by capacity, which one large span would leave to all that follow.
            self.keys = HashSet::new();
        }
        if !self.indexed.is_empty() {
            self.indexed = HashSet::new();
        }
        attributes.iter().for_each(|(key, value)| self.push(key, value));
        if let Some(Value::Array(names)) = self.value(Key::Annotations) {
            self.indexed = names.iter().filter_map(|name| Some(name.as_text()?.as_bytes())).collect();
        }
    }

    #[inline]
    fn push(&mut self, key: Text<'a>, value: Value<'a>) {
        let name = key.as_bytes();
        let hash = hash(name);
        let (word, bit) = (hash / 64, 1 << (hash % 64));
        if self.hashes[word] & bit != 0 && self.has_key(name) {
            return;
        }
        self.hashes[word] |= bit;
        let known = find(name);
        if let Some((key, _)) = known {
            self.places[key as usize] = self.rows.len() as u32 + 1;
        }
        let taker = known.map_or(Taker::Nobody, |(_, taker)| taker);
        self.rows.push(Row { key, value, taker });
    }

    #[cold]
    fn has_key(&mut self, name: &[u8]) -> bool {
        if self.rows.len() <= MANY {
            return self.rows.iter().any(|row| row.key.as_bytes() == name);
        }
        let known = self.keys.len();
        self.keys.extend(self.rows[known..].iter().map(|row| row.key.as_bytes()));
        self.keys.contains(name)
    }

    /// All attributes in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Row<'a>> {
        self.rows.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where it stands among the others.
    pub(super) fn position(&self, key: Key) -> Option<usize> {
        (self.places[key as usize] as usize).checked_sub(1)
    }

    pub(super) fn has(&self, key: Key) -> bool {
        self.places[key as usize] != 0
    }

    pub(super) fn value(&self, key: Key) -> Option<Value<'a>> {
        self.position(key).map(|position| self.rows[position].value)
    }

    /// Its text, if it is text and not empty.
    pub(super) fn text(&self, key: Key) -> Option<Text<'a>> {
        self.value(key)?.as_text().filter(|text| !text.is_empty())
    }

    /// Whether it is this text.
    pub(super) fn is(&self, key: Key, text: &str) -> bool {
        self.text(key).is_some_and(|found| found == text)
    }

    /// The text of the first of `keys` that has one.
    pub(super) fn first<const N: usize>(&self, keys: [Key; N]) -> Option<Text<'a>> {
        keys.into_iter().find_map(|key| self.text(key))
    }

    /// The value of that of the two which comes last.
    pub(super) fn later(&self, keys: [Key; 2]) -> Option<Value<'a>> {
        let [one, other] = keys.map(|key| self.position(key));
        one.max(other).map(|position| self.rows[position].value)
    }

    /// Whether the span itself wants the attribute with this name indexed.
    pub(super) fn wants_indexed(&self, name: &[u8]) -> bool {
        !self.indexed.is_empty() && self.indexed.contains(name)
    }

    /// Whether the span itself wants attributes of its resource indexed.
    pub(super) fn wants_resource_indexed(&self) -> bool {
        self.indexed.iter().any(|name| name.starts_with(b"otel.resource."))
    }
}

impl<'a> Row<'a> {
    /// The namespace of metadata that is the value of this, and that value.
    pub(super) fn namespace(&self) -> Option<(Text<'a>, Text<'a>)> {
        let name = self.key.as_bytes().strip_prefix(NAMESPACE).filter(|name| !name.is_empty())?;
        Some((Text::new(name), self.value.as_text()?))
    }

    pub(super) fn name(&self) -> std::borrow::Cow<'a, str> {
        utf8(self.key)
    }
}
