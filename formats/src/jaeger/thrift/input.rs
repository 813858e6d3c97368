//! What the two encodings of Thrift have in common.

use crate::jaeger::fault::{DecodeError, Fault};

/// How deep unknown fields may lie in each other, as in Apache Thrift.
pub(in crate::jaeger) const MAX_DEPTH: usize = 64;

/// Thrift in one of its encodings.
pub(super) trait Input<'a> {
    /// How many bytes were read.
    fn at(&self) -> usize;
    /// How many bytes were not.
    fn left(&self) -> usize;
    /// Reads the header of a message, and answers with the name of the method.
    fn message(&mut self) -> Result<&'a [u8], DecodeError>;
    /// Reads the header of the next field, or the end of the struct. `last` is the id of the field before, or zero.
    fn field(&mut self, last: &mut i16) -> Result<Option<Field>, DecodeError>;
    /// Reads the value of a field that is a `bool`.
    fn bool(&mut self, field: Field) -> Result<bool, DecodeError>;
    /// Reads an `i32`.
    fn i32(&mut self) -> Result<i32, DecodeError>;
    /// Reads an `i64`.
    fn i64(&mut self) -> Result<i64, DecodeError>;
    /// Reads a `double`.
    fn double(&mut self) -> Result<f64, DecodeError>;
    /// Reads a `string` or `binary`.
    fn bytes(&mut self) -> Result<&'a [u8], DecodeError>;
    /// Reads a tag that is a text and written as all clients write it: key, type, text. Otherwise nothing is read.
    fn text_tag(&mut self) -> Option<(&'a [u8], &'a [u8])>;
    /// Reads the header of a list or set: what is in it, and how many, for which there are bytes enough.
    fn list(&mut self) -> Result<(Kind, usize), DecodeError>;
    /// Reads the header of a map: its keys' kind, its values' kind, and how many, for which there are bytes enough.
    fn map(&mut self) -> Result<(Kind, Kind, usize), DecodeError>;
    /// Skips a value that has no others in it.
    fn skip_plain(&mut self, kind: Kind, place: Place) -> Result<(), DecodeError>;

    /// Skips the value of a field.
    fn skip(&mut self, kind: Kind) -> Result<(), DecodeError> {
        skip_nested(self, kind, Place::Field, MAX_DEPTH)
    }
}

/// The header of a field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) id: i16,
    pub(super) kind: Kind,
    /// The value, where a `bool` has it in the header.
    pub(super) flag: bool,
}

/// The types of Thrift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Bytes,
    Struct,
    Map,
    Set,
    List,
    Uuid,
}

/// Where a value stands, which matters for a `bool`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Field,
    Element,
}

/// Skips a value below which `depth` more levels may lie.
fn skip_nested<'a, I: Input<'a> + ?Sized>(
    input: &mut I,
    kind: Kind,
    place: Place,
    depth: usize,
) -> Result<(), DecodeError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(DecodeError::new(input.at(), Fault::TooDeep));
    };
    match kind {
        Kind::Struct => {
            let mut last = 0;
            while let Some(field) = input.field(&mut last)? {
                skip_nested(input, field.kind, Place::Field, depth)?;
            }
        }
        Kind::List | Kind::Set => {
            let (kind, count) = input.list()?;
            for _ in 0..count {
                skip_nested(input, kind, Place::Element, depth)?;
            }
        }
        Kind::Map => {
            let (keys, values, count) = input.map()?;
            for _ in 0..count {
                skip_nested(input, keys, Place::Element, depth)?;
                skip_nested(input, values, Place::Element, depth)?;
            }
        }
        plain => input.skip_plain(plain, place)?,
    }
    Ok(())
}

/// Bytes that are read from front to back.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// What was not read yet.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes on `count` bytes further, which are known to be there.
    #[inline]
    pub(super) fn advance(&mut self, count: usize) {
        self.at += count;
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => Err(self.fault(Fault::Cut)),
        }
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => {
                self.at += N;
                Ok(*bytes)
            }
            None => Err(self.fault(Fault::Cut)),
        }
    }

    #[inline]
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], DecodeError> {
        let rest = self.rest();
        match usize::try_from(count).ok().and_then(|count| rest.get(..count)) {
            Some(bytes) => {
                self.at += bytes.len();
                Ok(bytes)
            }
            None => Err(self.fault(Fault::Length(count))),
        }
    }

    /// A varint of seven bits a byte. Bits above the sixty-fourth are left out.
    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, DecodeError> {
        match self.bytes.get(self.at) {
            Some(&byte @ ..0x80) => {
                self.at += 1;
                Ok(byte.into())
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Result<u64, DecodeError> {
        let rest = self.rest();
        let (mut value, mut known) = (0, 0);
        if let Some(chunk) = rest.first_chunk() {
            let word = u64::from_le_bytes(*chunk);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let bits = ends.trailing_zeros() + 1;
                self.at += bits as usize / 8;
                return Ok(sevens(word & (u64::MAX >> (64 - bits))));
            }
            (value, known) = (sevens(word), 8);
        }
        for (position, &byte) in rest.iter().take(10).enumerate().skip(known) {
            value |= u64::from(byte & 0x7f) << (7 * position);
            if byte < 0x80 {
                self.at += position + 1;
                return Ok(value);
            }
        }
        Err(self.fault(if rest.len() < 10 { Fault::Cut } else { Fault::LongVarint }))
    }

    /// `count`, if there are at least `each` bytes for every one of that many elements.
    pub(super) fn fitting(&self, count: u64, each: usize) -> Result<usize, DecodeError> {
        let most = self.left() / each;
        match usize::try_from(count) {
            Ok(count) if count <= most => Ok(count),
            _ => Err(self.fault(Fault::Length(count))),
        }
    }

    #[cold]
    pub(super) fn fault(&self, fault: Fault) -> DecodeError {
        DecodeError::new(self.at, fault)
    }
}

/// The lower seven bits of each byte, put together.
fn sevens(word: u64) -> u64 {
    let pairs = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}
