//! Walking over a message's fields, and writing them.
//!
//! What is read here was scanned when it came in, so a fault means no more than the end of the message; nothing panics.

#[cfg(test)]
mod tests;

use super::varint::{Tag, read_varint, skip, varint_len, write_varint};

/// The wire types in use.
pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const FIXED32: u8 = 5;

/// A field as it lies in the bytes that are walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) wire_type: u8,
    /// Where the tag begins.
    pub(crate) start: usize,
    /// Where the value begins: behind the tag, and behind the length if there is one.
    pub(crate) value: usize,
    /// Where the value ends.
    pub(crate) end: usize,
}

/// The fields of the message in `bytes`, from `at` on.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The fields from `at` to the end of `bytes`; positions count from the begin of `bytes`.
    #[inline]
    pub(crate) fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// Goes on at `at`, where a field begins or the message ends.
    #[inline]
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The last field with this number and wire type, which is the one that counts.
    pub(crate) fn last(self, number: u32, wire_type: u8) -> Option<&'a [u8]> {
        let bytes = self.bytes;
        let of_that_kind = |field: &Field| field.number == number && field.wire_type == wire_type;
        self.filter(of_that_kind).last().map(|field| field.value_in(bytes))
    }

    /// The bodies of all length-delimited fields with this number.
    pub(crate) fn bodies(self, number: u32) -> impl Iterator<Item = &'a [u8]> + Clone {
        let bytes = self.bytes;
        self.filter(move |field| field.number == number && field.wire_type == BYTES)
            .map(move |field| field.value_in(bytes))
    }

    /// A field whose tag takes more than one byte, whose length takes more than two, or which is a long varint or a group.
    #[inline(never)]
    fn next_long(&mut self) -> Option<Field> {
        let start = self.at;
        let (key, value) = read_varint(self.bytes, start).ok()?;
        let tag = Tag { number: u32::try_from(key >> 3).ok()?, wire_type: (key & 7) as u8 };
        let (value, end) = match tag.wire_type {
            BYTES => {
                let (length, value) = read_varint(self.bytes, value).ok()?;
                (value, value.checked_add(usize::try_from(length).ok()?)?)
            }
            FIXED32 => (value, value + 4),
            _ => (value, skip(self.bytes, value, tag).ok()?),
        };
        if end > self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(Field { number: tag.number, wire_type: tag.wire_type, start, value, end })
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    #[inline(always)]
    fn next(&mut self) -> Option<Field> {
        let start = self.at;
        let tag = *self.bytes.get(start)?;
        let (value, end) = match (tag < 0x80, tag & 7) {
            (true, BYTES) => match *self.bytes.get(start + 1)? {
                length @ ..0x80 => (start + 2, start + 2 + usize::from(length)),
                low => match *self.bytes.get(start + 2)? {
                    high @ ..0x80 => {
                        (start + 3, start + 3 + (usize::from(low & 0x7f) | usize::from(high) << 7))
                    }
                    _ => return self.next_long(),
                },
            },
            (true, FIXED64) => (start + 1, start + 9),
            (true, FIXED32) => (start + 1, start + 5),
            (true, VARINT) if *self.bytes.get(start + 1)? < 0x80 => (start + 1, start + 2),
            _ => return self.next_long(),
        };
        if end > self.bytes.len() {
            return None;
        }
        self.at = end;
        Some(Field { number: u32::from(tag >> 3), wire_type: tag & 7, start, value, end })
    }
}

impl Field {
    /// The value's bytes; for a length-delimited field, its body.
    #[inline]
    pub(crate) fn value_in<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        message.get(self.value..self.end).unwrap_or_default()
    }
}

/// A varint that stands alone in `bytes`; zero if it does not.
#[inline]
pub(crate) fn varint(bytes: &[u8]) -> u64 {
    read_varint(bytes, 0).map_or(0, |(value, _)| value)
}

/// The eight bytes of a `fixed64` or `double`.
#[inline]
pub(crate) fn fixed64(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |&number| u64::from_le_bytes(number))
}

/// The four bytes of a `fixed32`.
#[inline]
pub(crate) fn fixed32(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |&number| u32::from_le_bytes(number))
}

/// Writes a field that is a varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, VARINT);
    write_varint(out, value);
}

/// Writes a field of eight bytes.
pub(crate) fn put_fixed64(out: &mut Vec<u8>, number: u32, value: u64) {
    put_tag(out, number, FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a field of four bytes.
pub(crate) fn put_fixed32(out: &mut Vec<u8>, number: u32, value: u32) {
    put_tag(out, number, FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a length-delimited field.
#[inline]
pub(crate) fn put_bytes(out: &mut Vec<u8>, number: u32, body: &[u8]) {
    put_header(out, number, body.len());
    out.extend_from_slice(body);
}

/// Writes what stands before the body of a length-delimited field.
#[inline]
pub(crate) fn put_header(out: &mut Vec<u8>, number: u32, length: usize) {
    put_tag(out, number, BYTES);
    write_varint(out, length as u64);
}

/// Writes a length-delimited field whose body `write` writes.
pub(crate) fn put_message(out: &mut Vec<u8>, number: u32, write: impl FnOnce(&mut Vec<u8>)) {
    put_tag(out, number, BYTES);
    let length_at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - length_at - 1;
    let extra = varint_len(length as u64) - 1;
    if extra > 0 {
        // The body gives way; messages that are written here are short.
        let body = length_at + 1;
        out.resize(out.len() + extra, 0);
        out.copy_within(body..body + length, body + extra);
    }
    set_varint(&mut out[length_at..], length as u64, extra + 1);
}

/// Writes `value` over the first `width` bytes of `at`, which must be as many as it takes.
pub(crate) fn set_varint(at: &mut [u8], value: u64, width: usize) {
    for (position, byte) in at.iter_mut().take(width).enumerate() {
        let more = if position + 1 < width { 0x80 } else { 0 };
        *byte = (value >> (7 * position)) as u8 & 0x7f | more;
    }
}

#[inline]
fn put_tag(out: &mut Vec<u8>, number: u32, wire_type: u8) {
    write_varint(out, u64::from(number << 3 | u32::from(wire_type)));
}
