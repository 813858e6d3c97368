//! The row that stands for one attribute, and the bytes that rows point into.

use crate::wire::message::{BYTES, Fields};

/// The bytes that rows point into: those that came, and those that were made since, under one numbering.
///
/// Offsets up to the length of `source` lie in it; from one behind that length on they lie in `arena`. The offset in
/// between belongs to neither, so that a range at the end of one never touches a range at the begin of the other.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Store<'a> {
    source: &'a [u8],
    arena: &'a [u8],
}

/// One attribute: three ranges in a [`Store`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AttributeRow {
    /// The whole field, with its tag.
    pub(crate) start: u32,
    pub(crate) end: u32,
    key: u32,
    key_end: u32,
    /// The body of the `AnyValue`; empty if there is none.
    value: u32,
    value_end: u32,
}

/// The rows of one message among those of all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AttributeList {
    pub(crate) first: u32,
    pub(crate) len: u32,
    /// Rows from `first` on that belong to this list, used or not.
    pub(crate) capacity: u32,
    /// Whether the rows still say what is on the wire.
    pub(crate) is_changed: bool,
}

impl<'a> Store<'a> {
    pub(crate) fn new(source: &'a [u8], arena: &'a [u8]) -> Self {
        Self { source, arena }
    }

    /// The bytes from `start` to `end`, which must lie in one of the two.
    #[inline]
    pub(crate) fn get(&self, start: u32, end: u32) -> &'a [u8] {
        let (start, end) = (start as usize, end as usize);
        match start.checked_sub(self.source.len() + 1) {
            None => self.source.get(start..end).unwrap_or_default(),
            Some(begin) => self.arena.get(begin..begin + (end - start)).unwrap_or_default(),
        }
    }
}

impl AttributeRow {
    #[inline]
    pub(crate) fn key<'a>(&self, store: Store<'a>) -> &'a [u8] {
        store.get(self.key, self.key_end)
    }

    /// The body of the `AnyValue`.
    #[inline]
    pub(crate) fn value<'a>(&self, store: Store<'a>) -> &'a [u8] {
        store.get(self.value, self.value_end)
    }

    #[inline]
    pub(crate) fn has_key(&self, store: Store<'_>, key: &[u8]) -> bool {
        (self.key_end - self.key) as usize == key.len() && self.key(store) == key
    }

    /// Reads the `KeyValue` that is `message` from `value` to `end`, in a field that begins at `start`; offsets are
    /// those of `message` plus `base`.
    #[inline]
    pub(crate) fn read(message: &[u8], base: usize, (start, value, end): (usize, usize, usize)) -> Self {
        let at = |position: usize| (base + position) as u32;
        let row = Self { start: at(start), end: at(end), key: 0, key_end: 0, value: 0, value_end: 0 };
        let body = message.get(value..end).unwrap_or_default();
        match plain(body) {
            Some(key_end) => {
                let (key, key_end, value) = (at(value + 2), at(value + key_end), at(value + key_end + 2));
                Self { key, key_end, value, value_end: at(end), ..row }
            }
            None => row.read_any_shape(body, base + value),
        }
    }

    /// Reads the plain attributes from `at` on, where a field begins, each of them with the tag `tag`; says where they
    /// end. This is what requests mostly consist of.
    #[inline]
    pub(crate) fn read_run(rows: &mut Vec<Self>, message: &[u8], base: usize, tag: u8, at: usize) -> usize {
        let mut start = at;
        let mut rest = message.get(at..).unwrap_or_default();
        while let [first, length @ ..0x80, after @ ..] = rest
            && *first == tag
            && let Some((body, after)) = after.split_at_checked(usize::from(*length))
            && let Some(key_end) = plain(body)
        {
            let value = base + start + 2;
            let end = value + body.len();
            rows.push(Self {
                start: (base + start) as u32,
                end: end as u32,
                key: (value + 2) as u32,
                key_end: (value + key_end) as u32,
                value: (value + key_end + 2) as u32,
                value_end: end as u32,
            });
            start = end - base;
            rest = after;
        }
        start
    }

    /// Any order, any lengths, fields of later protocols; the last key and the last value count.
    fn read_any_shape(mut self, body: &[u8], base: usize) -> Self {
        (self.key, self.key_end) = (base as u32, base as u32);
        (self.value, self.value_end) = (base as u32, base as u32);
        for field in Fields::new(body) {
            let range = ((base + field.value) as u32, (base + field.end) as u32);
            match (field.number, field.wire_type) {
                (1, BYTES) => (self.key, self.key_end) = range,
                (2, BYTES) => (self.value, self.value_end) = range,
                _ => (),
            }
        }
        self
    }
}

impl AttributeList {
    /// The rows in use.
    #[inline]
    pub(crate) fn of<'a>(&self, rows: &'a [AttributeRow]) -> &'a [AttributeRow] {
        let first = self.first as usize;
        rows.get(first..first + self.len as usize).unwrap_or_default()
    }
}

/// Where the key ends in the body of a `KeyValue` of the shape that every SDK writes: a key, a value, both short, and
/// nothing else.
#[inline]
fn plain(body: &[u8]) -> Option<usize> {
    let [0x0a, key_length @ ..0x80, rest @ ..] = body else { return None };
    let key_length = usize::from(*key_length);
    let [0x12, value_length @ ..0x80, value @ ..] = rest.get(key_length..)? else { return None };
    (value.len() == usize::from(*value_length)).then_some(2 + key_length)
}
