//! `TBinaryProtocol`: numbers of fixed width, the high byte first.

use super::input::{Cursor, Field, Input, Kind, Place};
use crate::jaeger::fault::{DecodeError, Fault};

/// What a message header of the newer form begins with.
const VERSION: u32 = 0x8001_0000;

/// Thrift in its binary encoding.
pub(super) struct Binary<'a> {
    cursor: Cursor<'a>,
}

impl<'a> Binary<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(bytes) }
    }

    fn length(&mut self) -> Result<u64, DecodeError> {
        let length = self.i32()?;
        u64::try_from(length).map_err(|_| self.cursor.fault(Fault::Negative(length)))
    }
}

impl<'a> Input<'a> for Binary<'a> {
    fn at(&self) -> usize {
        self.cursor.at()
    }

    fn left(&self) -> usize {
        self.cursor.left()
    }

    fn message(&mut self) -> Result<&'a [u8], DecodeError> {
        let first = self.i32()?;
        if let Ok(length) = u64::try_from(first) {
            // The older form: name, kind of message, sequence number.
            let name = self.cursor.take(length)?;
            self.cursor.take(5)?;
            return Ok(name);
        }
        if first as u32 & 0xffff_0000 != VERSION {
            return Err(self.cursor.fault(Fault::Version(first as u32)));
        }
        let name = self.bytes()?;
        self.cursor.take(4)?;
        Ok(name)
    }

    #[inline]
    fn field(&mut self, _: &mut i16) -> Result<Option<Field>, DecodeError> {
        let byte = self.cursor.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        let Some(kind) = kind(byte) else {
            return Err(self.cursor.fault(Fault::Kind(byte)));
        };
        let id = i16::from_be_bytes(self.cursor.array()?);
        Ok(Some(Field { id, kind, flag: false }))
    }

    fn bool(&mut self, _: Field) -> Result<bool, DecodeError> {
        Ok(self.cursor.byte()? == 1)
    }

    #[inline]
    fn i32(&mut self) -> Result<i32, DecodeError> {
        self.cursor.array().map(i32::from_be_bytes)
    }

    #[inline]
    fn i64(&mut self) -> Result<i64, DecodeError> {
        self.cursor.array().map(i64::from_be_bytes)
    }

    fn double(&mut self) -> Result<f64, DecodeError> {
        self.cursor.array().map(f64::from_be_bytes)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length()?;
        self.cursor.take(length)
    }

    #[inline]
    fn text_tag(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let &[0x0b, 0, 1, 0, 0, 0, length, ref rest @ ..] = self.cursor.rest() else { return None };
        let (key, rest) = rest.split_at_checked(length.into())?;
        // The type, an `i32` of zero, and the third field.
        let &[0x08, 0, 2, 0, 0, 0, 0, 0x0b, 0, 3, 0, 0, 0, length, ref rest @ ..] = rest else { return None };
        let (text, rest) = rest.split_at_checked(length.into())?;
        if rest.first() != Some(&0) {
            return None;
        }
        self.cursor.advance(22 + key.len() + text.len());
        Some((key, text))
    }

    fn list(&mut self) -> Result<(Kind, usize), DecodeError> {
        let byte = self.cursor.byte()?;
        let count = self.length()?;
        match kind(byte) {
            Some(kind) => Ok((kind, self.cursor.fitting(count, width(kind))?)),
            // Nothing of any type.
            None if count == 0 => Ok((Kind::Struct, 0)),
            None => Err(self.cursor.fault(Fault::Kind(byte))),
        }
    }

    fn map(&mut self) -> Result<(Kind, Kind, usize), DecodeError> {
        let types: [u8; 2] = self.cursor.array()?;
        let count = self.length()?;
        match types.map(kind) {
            [Some(keys), Some(values)] => {
                Ok((keys, values, self.cursor.fitting(count, width(keys) + width(values))?))
            }
            _ if count == 0 => Ok((Kind::Struct, Kind::Struct, 0)),
            [None, _] => Err(self.cursor.fault(Fault::Kind(types[0]))),
            [_, None] => Err(self.cursor.fault(Fault::Kind(types[1]))),
        }
    }

    fn skip_plain(&mut self, kind: Kind, _: Place) -> Result<(), DecodeError> {
        match kind {
            Kind::Bytes => self.bytes().map(drop),
            other => self.cursor.take(width(other) as u64).map(drop),
        }
    }
}

fn kind(byte: u8) -> Option<Kind> {
    Some(match byte {
        2 => Kind::Bool,
        3 => Kind::Byte,
        4 => Kind::Double,
        6 => Kind::I16,
        8 => Kind::I32,
        10 => Kind::I64,
        11 => Kind::Bytes,
        12 => Kind::Struct,
        13 => Kind::Map,
        14 => Kind::Set,
        15 => Kind::List,
        16 => Kind::Uuid,
        _ => return None,
    })
}

/// How many bytes a value takes at least; exactly, if it has no length of its own.
fn width(kind: Kind) -> usize {
    match kind {
        Kind::Bool | Kind::Byte | Kind::Struct => 1,
        Kind::I16 => 2,
        Kind::I32 | Kind::Bytes => 4,
        Kind::I64 | Kind::Double => 8,
        Kind::List | Kind::Set => 5,
        Kind::Map => 6,
        Kind::Uuid => 16,
    }
}
