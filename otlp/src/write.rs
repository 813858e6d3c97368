//! Building protobuf bytes front to back, without computing lengths first.
//!
//! A message inside a message begins with its length, which is not known before its end. The writer leaves room for
//! one, by default a byte, and moves the message when its length needs more or less. Nearly all messages of OTLP by
//! number are attributes and fit one byte; for the large ones the caller may say what to expect.

use crate::wire::varint::{varint_len, write_varint};

#[cfg(test)]
mod tests;

/// Protobuf bytes in the making.
///
/// It writes what it is told, defaults included: which fields may be left out depends on the message.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
}

/// A message that was begun; [`Writer::end`] ends it.
#[derive(Debug)]
#[must_use = "a message that is not ended has no length"]
pub struct Mark {
    start: usize,
    room: usize,
}

impl Writer {
    /// A writer with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `bytes`, whose capacity is used.
    pub fn append_to(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written so far. The lengths of messages that were not ended are missing.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes were written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written so far.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Writes a field of kind `bool`, `int32`, `int64`, `uint32`, `uint64` or an enumeration. Negative numbers are
    /// given as `number as u64`, sign-extended.
    #[inline]
    pub fn varint(&mut self, field: u32, value: u64) {
        self.tag(field, 0);
        write_varint(&mut self.bytes, value);
    }

    /// Writes a field of kind `fixed64`, or `sfixed64` given as `number as u64`.
    #[inline]
    pub fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, 1);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a field of kind `double`.
    #[inline]
    pub fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    /// Writes a field of kind `fixed32`.
    #[inline]
    pub fn fixed32(&mut self, field: u32, value: u32) {
        self.tag(field, 5);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes a field of kind `bytes`, or a message that is known as a whole.
    #[inline]
    pub fn bytes(&mut self, field: u32, value: &[u8]) {
        self.header(field, value.len());
        self.bytes.extend_from_slice(value);
    }

    /// Writes the tag and the length of a field whose content comes next.
    #[inline]
    pub fn header(&mut self, field: u32, length: usize) {
        if field < 16 && length < 0x80 {
            self.bytes.extend_from_slice(&[(field << 3) as u8 | 2, length as u8]);
        } else {
            self.tag(field, 2);
            write_varint(&mut self.bytes, length as u64);
        }
    }

    /// Writes a field of kind `string`.
    #[inline]
    pub fn text(&mut self, field: u32, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    /// Writes bytes as they are: whole fields, or a part of the content of a message begun with [`Writer::begin`].
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes a varint without a tag: one of the numbers of a packed field.
    #[inline]
    pub fn raw_varint(&mut self, value: u64) {
        write_varint(&mut self.bytes, value);
    }

    /// Writes a message with what `content` writes.
    #[inline]
    pub fn message(&mut self, field: u32, content: impl FnOnce(&mut Self)) {
        let mark = self.begin(field);
        content(self);
        self.end(mark);
    }

    /// Begins a message that is probably shorter than 128 bytes.
    #[inline]
    pub fn begin(&mut self, field: u32) -> Mark {
        self.begin_sized(field, 1)
    }

    /// Begins a message that probably takes about `expected` bytes. A wrong guess costs a move of the message.
    #[inline]
    pub fn begin_sized(&mut self, field: u32, expected: usize) -> Mark {
        let room = if field < 16 && expected < 0x80 {
            self.bytes.extend_from_slice(&[(field << 3) as u8 | 2, 0]);
            1
        } else {
            self.tag(field, 2);
            let room = varint_len(expected as u64);
            self.bytes.extend_from_slice(&[0; 10][..room]);
            room
        };
        Mark { start: self.bytes.len(), room }
    }

    /// Ends the message begun at `mark`; those begun after it must have been ended before.
    #[inline]
    pub fn end(&mut self, mark: Mark) {
        let length = self.bytes.len() - mark.start;
        if length < 0x80 && mark.room == 1 {
            self.bytes[mark.start - 1] = length as u8;
        } else {
            self.end_moved(&mark, length as u64);
        }
    }

    fn end_moved(&mut self, mark: &Mark, length: u64) {
        let slot = mark.start - mark.room;
        let (digits, needed) = digits(length);
        let digits = &digits[..needed];
        if needed == mark.room {
            self.bytes[slot..mark.start].copy_from_slice(digits);
        } else {
            self.bytes.splice(slot..mark.start, digits.iter().copied());
        }
    }

    #[inline]
    fn tag(&mut self, field: u32, wire_type: u8) {
        write_varint(&mut self.bytes, u64::from(field) << 3 | u64::from(wire_type));
    }
}

/// `value` as a varint, and how many bytes that takes.
fn digits(mut value: u64) -> ([u8; 10], usize) {
    let mut digits = [0; 10];
    let mut needed = 0;
    while value >= 0x80 {
        digits[needed] = value as u8 | 0x80;
        value >>= 7;
        needed += 1;
    }
    digits[needed] = value as u8;
    (digits, needed + 1)
}
