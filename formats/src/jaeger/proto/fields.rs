//! Going through a message's fields.

use otlp::wire::varint::{self, read_bytes, read_fixed64, read_tag, read_varint, skip};

use crate::jaeger::fault::{DecodeError, Fault};

/// The wire types of the fields here.
pub(super) const VARINT: u8 = 0;
pub(super) const FIXED64: u8 = 1;
pub(super) const BYTES: u8 = 2;

/// The fields of a message, one at a time. Offsets count from the begin of the whole input.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    /// The input up to the end of the message.
    bytes: &'a [u8],
    /// Where the next field begins.
    pub(super) at: usize,
    /// The field that was found last: its number and its wire type.
    pub(super) found: (u32, u8),
    /// Where its text or message begins, which ends where the next field begins.
    pub(super) start: usize,
    /// Its number, or the bits of it.
    pub(super) value: u64,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self::starting_at(bytes, 0)
    }

    #[inline]
    fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, found: (0, 0), start: at, value: 0 }
    }

    /// Finds the next field, if there is one.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<bool, DecodeError> {
        // Most fields have a length or a number below 128.
        if let Some(&[tag @ 8..0x80, small @ ..0x80]) = self.rest().first_chunk() {
            let (found, next) = ((u32::from(tag >> 3), tag & 7), self.at + 2);
            let end = next + usize::from(small);
            match found.1 {
                BYTES if end <= self.bytes.len() => {
                    (self.found, self.start, self.at) = (found, next, end);
                    return Ok(true);
                }
                VARINT => {
                    (self.found, self.value, self.at) = (found, small.into(), next);
                    return Ok(true);
                }
                _ => (),
            }
        }
        self.next_of_any_kind()
    }

    fn next_of_any_kind(&mut self) -> Result<bool, DecodeError> {
        if self.at >= self.bytes.len() {
            return Ok(false);
        }
        let (tag, value) = read_tag(self.bytes, self.at)?;
        self.found = (tag.number, tag.wire_type);
        match tag.wire_type {
            VARINT => (self.value, self.at) = read_varint(self.bytes, value)?,
            FIXED64 => (self.value, self.at) = read_fixed64(self.bytes, value)?,
            BYTES => {
                let (body, next) = read_bytes(self.bytes, value)?;
                (self.start, self.at) = (next - body.len(), next);
            }
            _ => self.at = skip(self.bytes, value, tag)?,
        }
        Ok(true)
    }

    /// What was not read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The text or bytes of the field that was found.
    #[inline]
    pub(super) fn body(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.at).unwrap_or_default()
    }

    /// The message in the field that was found.
    #[inline]
    pub(super) fn message(&self) -> Self {
        Self::starting_at(self.bytes.get(..self.at).unwrap_or_default(), self.start)
    }

    /// What is wrong with the wire type of the field that was found.
    #[cold]
    pub(super) fn wrong(&self, field: &'static str) -> DecodeError {
        let found = self.found.1;
        DecodeError::new(self.at, Fault::Protobuf(varint::Fault::WrongWireType { field, found }))
    }

    #[cold]
    pub(super) fn wrong_length(&self, field: &'static str) -> DecodeError {
        DecodeError::new(self.start, Fault::IdLength { field, found: self.body().len() })
    }
}
