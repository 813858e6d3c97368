//! The smallest parts of protobuf: varints, tags, and skipping what one does not know.
//!
//! Everything here takes bytes and a position in them, and answers with the position behind what it read.

use std::fmt;

#[cfg(test)]
mod tests;

/// How deep messages may lie in each other, below the request.
///
/// C++, Java and prost all refuse more than a hundred, so deeper data would be refused at the next hop, together with
/// whatever it had been batched with. It also bounds the stack: a level takes one small frame.
pub const MAX_DEPTH: u32 = 100;

/// Why bytes are not the protobuf message that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Offset of the first byte of what is wrong.
    pub at: usize,
    /// What is wrong there.
    pub fault: Fault,
    /// The message in which it was found.
    pub message: &'static str,
}

/// What can be wrong with protobuf bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The bytes end within a varint.
    CutVarint,
    /// A varint of more than 64 bits.
    LongVarint,
    /// The bytes end within a number of four or eight bytes.
    CutNumber,
    /// A length that runs past the end of the message around it.
    Length(u64),
    /// A tag with field number zero, or above the largest that protobuf knows.
    FieldNumber,
    /// One of the two wire types that do not exist.
    WireType(u8),
    /// A known field with the wire type of another kind.
    WrongWireType {
        /// The field's name.
        field: &'static str,
        /// The wire type found.
        found: u8,
    },
    /// The end of a group that was not begun, or of another group.
    GroupEnd,
    /// A group without its end.
    CutGroup,
    /// A trace or span id of a wrong length.
    IdLength {
        /// The field's name.
        field: &'static str,
        /// The length found.
        found: usize,
    },
    /// Packed numbers of eight bytes whose length is not a multiple of eight.
    PackedLength(usize),
    /// Messages or groups nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

impl Malformed {
    #[cold]
    pub(crate) fn new(at: usize, fault: Fault) -> Self {
        Self { at, fault, message: "" }
    }

    /// The same, seen from `offset` bytes further out, in the message called `name` unless a message is known.
    #[cold]
    pub(crate) fn within(self, name: &'static str, offset: usize) -> Self {
        let message = if self.message.is_empty() { name } else { self.message };
        Self { at: self.at + offset, message, ..self }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed protobuf at byte {}", self.at)?;
        if !self.message.is_empty() {
            write!(f, " in {}", self.message)?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutVarint => f.write_str("the message ends within a varint"),
            Self::LongVarint => f.write_str("a varint of more than 64 bits"),
            Self::CutNumber => f.write_str("the message ends within a fixed-size number"),
            Self::Length(length) => write!(f, "length {length} runs past the end of its message"),
            Self::FieldNumber => f.write_str("a field number out of range"),
            Self::WireType(found) => write!(f, "unknown wire type {found}"),
            Self::WrongWireType { field, found } => write!(f, "field `{field}` has wire type {found}"),
            Self::GroupEnd => f.write_str("the end of a group that was not begun"),
            Self::CutGroup => f.write_str("a group without its end"),
            Self::IdLength { field, found } => write!(f, "field `{field}` has {found} bytes"),
            Self::PackedLength(found) => write!(f, "packed numbers of eight bytes in {found} bytes"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
        }
    }
}

impl std::error::Error for Malformed {}

/// A field's number and wire type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// From 1 to 2^29 - 1.
    pub number: u32,
    /// From 0 to 5.
    pub wire_type: u8,
}

/// Reads a varint at `at`: its value, and the position behind it.
///
/// Ten bytes at most, of which the last is zero or one: what is longer than 64 bits is refused, as the protobuf
/// libraries of Go, C++ and Rust do.
#[inline]
pub fn read_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    match bytes.get(at..) {
        Some(&[byte @ 0..=0x7f, ..]) => Ok((u64::from(byte), at + 1)),
        // Most spans and records are longer than 127 bytes, and few longer than 16 383.
        Some(&[low, high @ 0..=0x7f, ..]) => Ok((u64::from(low & 0x7f) | u64::from(high) << 7, at + 2)),
        _ => read_long_varint(bytes, at),
    }
}

fn read_long_varint(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    let rest = bytes.get(at..).unwrap_or_default();
    let mut value = 0;
    for (position, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte < 0x80 {
            if position == 9 && byte > 1 {
                break;
            }
            return Ok((value, at + position + 1));
        }
    }
    let fault = if rest.len() < 10 { Fault::CutVarint } else { Fault::LongVarint };
    Err(Malformed::new(at, fault))
}

/// Reads a tag at `at`, and the position behind it.
#[inline]
pub fn read_tag(bytes: &[u8], at: usize) -> Result<(Tag, usize), Malformed> {
    let (key, next) = read_varint(bytes, at)?;
    let wire_type = (key & 7) as u8;
    let Ok(key) = u32::try_from(key) else {
        return Err(Malformed::new(at, Fault::FieldNumber));
    };
    if key < 8 {
        return Err(Malformed::new(at, Fault::FieldNumber));
    }
    if wire_type > 5 {
        return Err(Malformed::new(at, Fault::WireType(wire_type)));
    }
    Ok((Tag { number: key >> 3, wire_type }, next))
}

/// Reads a length at `at` and the bytes it covers, and the position behind them.
#[inline]
pub fn read_bytes(bytes: &[u8], at: usize) -> Result<(&[u8], usize), Malformed> {
    let (length, start) = read_varint(bytes, at)?;
    let rest = bytes.get(start..).unwrap_or_default();
    match usize::try_from(length).ok().and_then(|length| rest.get(..length)) {
        Some(body) => Ok((body, start + body.len())),
        None => Err(Malformed::new(at, Fault::Length(length))),
    }
}

/// The position behind `width` bytes at `at`.
#[inline]
pub(crate) fn skip_fixed(bytes: &[u8], at: usize, width: usize) -> Result<usize, Malformed> {
    let next = at + width;
    if next <= bytes.len() { Ok(next) } else { Err(Malformed::new(at, Fault::CutNumber)) }
}

/// Reads four bytes at `at`.
pub fn read_fixed32(bytes: &[u8], at: usize) -> Result<(u32, usize), Malformed> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(&number) => Ok((u32::from_le_bytes(number), at + 4)),
        None => Err(Malformed::new(at, Fault::CutNumber)),
    }
}

/// Reads eight bytes at `at`.
pub fn read_fixed64(bytes: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        Some(&number) => Ok((u64::from_le_bytes(number), at + 8)),
        None => Err(Malformed::new(at, Fault::CutNumber)),
    }
}

/// The position behind the value of a field whose tag was read; a group is skipped with all that is in it.
pub fn skip(bytes: &[u8], at: usize, tag: Tag) -> Result<usize, Malformed> {
    skip_nested(bytes, at, tag, MAX_DEPTH)
}

pub(crate) fn skip_nested(bytes: &[u8], at: usize, tag: Tag, depth: u32) -> Result<usize, Malformed> {
    if depth == 0 {
        return Err(Malformed::new(at, Fault::TooDeep));
    }
    match tag.wire_type {
        0 => Ok(read_varint(bytes, at)?.1),
        1 => skip_fixed(bytes, at, 8),
        2 => Ok(read_bytes(bytes, at)?.1),
        3 => skip_group(bytes, at, tag.number, depth - 1),
        4 => Err(Malformed::new(at, Fault::GroupEnd)),
        5 => skip_fixed(bytes, at, 4),
        other => Err(Malformed::new(at, Fault::WireType(other))),
    }
}

fn skip_group(bytes: &[u8], at: usize, number: u32, depth: u32) -> Result<usize, Malformed> {
    let mut next = at;
    while next < bytes.len() {
        let (tag, value) = read_tag(bytes, next)?;
        if tag.wire_type == 4 && tag.number == number {
            return Ok(value);
        }
        next = skip_nested(bytes, value, tag, depth)?;
    }
    Err(Malformed::new(at, Fault::CutGroup))
}

/// How many bytes `value` takes as a varint.
#[inline]
pub fn varint_len(value: u64) -> usize {
    // Seven bits a byte; zero takes one byte like one does.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Appends `value` as a varint.
#[inline]
pub fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag: small numbers of either sign become small.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The reverse of [`zigzag`].
pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// The reverse of [`zigzag`] for a number of 32 bits; what is above them does not count, as in every varint of that size.
pub fn unzigzag32(value: u64) -> i32 {
    unzigzag(u64::from(value as u32)) as i32
}
