//! Tags as they were read: flat rows, each key once.

use std::collections::HashMap;

use otlp::write::Writer;

/// From how many rows on keys are looked up in a map. Spans have about ten tags.
const MANY: usize = 64;

/// Tags in the order in which their keys came first, with the values that came last.
#[derive(Debug, Default)]
pub(super) struct Tags<'a> {
    rows: Vec<Tag<'a>>,
    /// A bit for the hash of each key: a key whose bit is clear is new, which is nearly always known at once.
    seen: [u64; 4],
    /// Where the first rows' keys are. Empty until there are many rows and one is looked up.
    index: HashMap<&'a [u8], usize>,
}

/// A key and a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'a> {
    pub(super) key: &'a [u8],
    pub(super) value: Value<'a>,
}

/// A value as Jaeger has it.
// With whole words everywhere it is copied by words, which takes half the time that odd bytes take.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(u64)]
pub(super) enum Value<'a> {
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    /// A type that the protobuf format does not have.
    Unknown(i32),
    /// A type that the Thrift format does not have.
    Unset,
    /// It was taken out.
    Removed,
}

impl<'a> Tags<'a> {
    /// Forgets all tags.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.seen = [0; 4];
        if !self.index.is_empty() {
            // Clearing takes time by capacity, which one large span would leave to all that follow.
            self.index = HashMap::new();
        }
    }

    /// Sets `key` to `value`, in the place that it has.
    #[inline]
    pub(super) fn set(&mut self, key: &'a [u8], value: Value<'a>) {
        let hash = hash(key);
        let bit = 1 << (hash % 64);
        if self.seen[hash / 64] & bit != 0
            && let Some(position) = self.find(key)
        {
            self.rows[position].value = value;
            return;
        }
        self.seen[hash / 64] |= bit;
        self.rows.push(Tag { key, value });
    }

    /// Puts `key` in at `position`, unless it is there: then that one moves. The last change to the tags.
    pub(super) fn insert(&mut self, position: usize, key: &'a [u8], value: Value<'a>) {
        let tag = match self.find(key) {
            Some(found) => self.rows.remove(found),
            None => Tag { key, value },
        };
        self.rows.insert(position.min(self.rows.len()), tag);
    }

    /// Where `key` is.
    #[cold]
    pub(super) fn find(&mut self, key: &[u8]) -> Option<usize> {
        if self.rows.len() <= MANY {
            return self.rows.iter().position(|row| row.key == key);
        }
        let known = self.index.len();
        let unknown = self.rows.iter().enumerate().skip(known);
        self.index.extend(unknown.map(|(position, row)| (row.key, position)));
        self.index.get(key).copied()
    }

    /// All rows, those that were taken out included.
    pub(super) fn rows(&self) -> &[Tag<'a>] {
        &self.rows
    }

    /// The value at `position`.
    pub(super) fn value(&self, position: usize) -> Value<'a> {
        self.rows[position].value
    }

    /// Takes the value at `position` out.
    pub(super) fn remove(&mut self, position: usize) -> Value<'a> {
        std::mem::replace(&mut self.rows[position].value, Value::Removed)
    }

    /// Calls it `key` at `position`. Its former name is not found any more.
    pub(super) fn rename(&mut self, position: usize, key: &'a [u8]) {
        self.rows[position].key = key;
    }

    /// Writes each as a `KeyValue` with the number `field`, which is below sixteen.
    pub(super) fn write(&self, field: u32, out: &mut Writer) {
        for row in &self.rows {
            write_attribute(field, row.key, row.value, out);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<'a> Value<'a> {
    /// The text, if it is text.
    pub(super) fn as_text(self) -> Option<&'a [u8]> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Writes an OTLP `KeyValue`, or nothing for a value that was removed.
#[inline]
pub(super) fn write_attribute(field: u32, key: &[u8], value: Value<'_>, out: &mut Writer) {
    match value {
        // Nearly all: the lengths of the three messages in each other take a byte each.
        Value::Text(text) if key.len() + text.len() < 0x80 - 6 => {
            let (key_len, text_len) = (key.len() as u8, text.len() as u8);
            out.raw(&[(field << 3) as u8 | 2, key_len + text_len + 6, 0x0a, key_len]);
            out.raw(key);
            out.raw(&[0x12, text_len + 2, 0x0a, text_len]);
            out.raw(text);
        }
        Value::Removed => (),
        other => out.message(field, |out| {
            out.bytes(1, key);
            out.message(2, |out| write_value(other, out));
        }),
    }
}

fn write_value(value: Value<'_>, out: &mut Writer) {
    match value {
        Value::Text(text) => out.bytes(1, text),
        Value::Bool(flag) => out.varint(2, flag.into()),
        Value::Int(number) => out.varint(3, number as u64),
        Value::Double(number) => out.double(4, number),
        Value::Bytes(bytes) => out.bytes(7, bytes),
        Value::Unknown(number) => out.text(1, &format!("<Unknown Jaeger TagType \"{number}\">")),
        Value::Unset => out.text(1, "<Unknown Jaeger TagType \"<UNSET>\">"),
        Value::Removed => (),
    }
}

/// Eight bits that differ for nearly all keys that meet in a span.
#[inline]
fn hash(key: &[u8]) -> usize {
    let number = match (key.first_chunk(), key.last_chunk()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(17) ^ u64::from_le_bytes(*last),
        _ => key.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    };
    ((number ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}
