//! `TCompactProtocol`: varints, and field headers of one byte.

use otlp::wire::varint::unzigzag;

use super::input::{Cursor, Field, Input, Kind, Place};
use crate::jaeger::fault::{DecodeError, Fault};

/// The first byte of a message.
const MAGIC: u8 = 0x82;
/// The version, in the lower five bits of the second byte.
const VERSION: u8 = 1;
/// A `bool` that is true, as a type in a field header and as an element.
const TRUE: u8 = 1;

/// Thrift in its compact encoding.
pub(super) struct Compact<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Compact<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(bytes) }
    }

    fn kind(&self, nibble: u8) -> Result<Kind, DecodeError> {
        kind(nibble).ok_or_else(|| self.cursor.fault(Fault::Kind(nibble)))
    }
}

impl<'a> Input<'a> for Compact<'a> {
    fn at(&self) -> usize {
        self.cursor.at()
    }

    fn left(&self) -> usize {
        self.cursor.left()
    }

    fn message(&mut self) -> Result<&'a [u8], DecodeError> {
        let [magic, version]: [u8; 2] = self.cursor.array()?;
        if magic != MAGIC || version & 0x1f != VERSION {
            let found = u32::from(magic) << 24 | u32::from(version) << 16;
            return Err(self.cursor.fault(Fault::Version(found)));
        }
        self.cursor.varint()?;
        self.bytes()
    }

    #[inline]
    fn field(&mut self, last: &mut i16) -> Result<Option<Field>, DecodeError> {
        let byte = self.cursor.byte()?;
        let (delta, nibble) = (byte >> 4, byte & 0x0f);
        if nibble == 0 {
            return Ok(None);
        }
        let kind = self.kind(nibble)?;
        *last = match delta {
            0 => self.i64()? as i16,
            // An id past the largest is none that is known.
            delta => last.wrapping_add(delta.into()),
        };
        Ok(Some(Field { id: *last, kind, flag: nibble == TRUE }))
    }

    fn bool(&mut self, field: Field) -> Result<bool, DecodeError> {
        Ok(field.flag)
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, DecodeError> {
        Ok(self.i64()? as i32)
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, DecodeError> {
        self.cursor.varint().map(unzigzag)
    }

    fn double(&mut self) -> Result<f64, DecodeError> {
        self.cursor.array().map(f64::from_le_bytes)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.cursor.varint()?;
        self.cursor.take(length)
    }

    #[inline]
    fn text_tag(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let &[0x18, length @ ..0x80, ref rest @ ..] = self.cursor.rest() else { return None };
        let (key, rest) = rest.split_at_checked(length.into())?;
        // The type, an `i32` of zero, and the third field.
        let &[0x15, 0, 0x18, length @ ..0x80, ref rest @ ..] = rest else { return None };
        let (text, rest) = rest.split_at_checked(length.into())?;
        if rest.first() != Some(&0) {
            return None;
        }
        self.cursor.advance(7 + key.len() + text.len());
        Some((key, text))
    }

    fn list(&mut self) -> Result<(Kind, usize), DecodeError> {
        let byte = self.cursor.byte()?;
        let count = match byte >> 4 {
            15 => self.cursor.varint()?,
            count => count.into(),
        };
        if count == 0 {
            // Nothing of any type.
            return Ok((Kind::Struct, 0));
        }
        let kind = self.kind(byte & 0x0f)?;
        Ok((kind, self.cursor.fitting(count, width(kind))?))
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize), DecodeError> {
        let count = self.cursor.varint()?;
        if count == 0 {
            return Ok((Kind::Struct, Kind::Struct, 0));
        }
        let byte = self.cursor.byte()?;
        let (keys, values) = (self.kind(byte >> 4)?, self.kind(byte & 0x0f)?);
        Ok((keys, values, self.cursor.fitting(count, width(keys) + width(values))?))
    }

    fn skip_plain(&mut self, kind: Kind, place: Place) -> Result<(), DecodeError> {
        match kind {
            Kind::Bool if place == Place::Field => Ok(()),
            Kind::I16 | Kind::I32 | Kind::I64 => self.cursor.varint().map(drop),
            Kind::Bytes => self.bytes().map(drop),
            other => self.cursor.take(width(other) as u64).map(drop),
        }
    }
}

fn kind(nibble: u8) -> Option<Kind> {
    Some(match nibble {
        1 | 2 => Kind::Bool,
        3 => Kind::Byte,
        4 => Kind::I16,
        5 => Kind::I32,
        6 => Kind::I64,
        7 => Kind::Double,
        8 => Kind::Bytes,
        9 => Kind::List,
        10 => Kind::Set,
        11 => Kind::Map,
        12 => Kind::Struct,
        13 => Kind::Uuid,
        _ => return None,
    })
}

/// How many bytes a value takes at least; exactly, if it is neither a varint nor has a length of its own.
fn width(kind: Kind) -> usize {
    match kind {
        Kind::Double => 8,
        Kind::Uuid => 16,
        Kind::Bool | Kind::Byte | Kind::I16 | Kind::I32 | Kind::I64 => 1,
        Kind::Bytes | Kind::Struct | Kind::Map | Kind::Set | Kind::List => 1,
    }
}
