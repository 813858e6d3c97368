//! Walking over the fields of messages from outside.

use otlp::wire::varint::{self, read_bytes, read_fixed32, read_fixed64, read_tag, read_varint, unzigzag};

use super::answer::Reason;

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// Of a kind that no field here has.
    Other,
}

/// The fields of a message with their numbers; after a fault there are no more.
pub(super) struct Fields<'a> {
    message: &'a [u8],
    at: usize,
}

pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { message, at: 0 }
}

impl<'a> Fields<'a> {
    fn read(&mut self) -> Result<(u32, Field<'a>), varint::Malformed> {
        let (tag, value) = read_tag(self.message, self.at)?;
        let (field, next) = match tag.wire_type {
            0 => {
                let (value, next) = read_varint(self.message, value)?;
                (Field::Varint(value), next)
            }
            1 => {
                let (value, next) = read_fixed64(self.message, value)?;
                (Field::Fixed64(value), next)
            }
            2 => {
                let (value, next) = read_bytes(self.message, value)?;
                (Field::Bytes(value), next)
            }
            5 => (Field::Other, read_fixed32(self.message, value)?.1),
            _ => (Field::Other, varint::skip(self.message, value, tag)?),
        };
        self.at = next;
        Ok((tag.number, field))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Field<'a>), varint::Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.message.len() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.at = self.message.len();
        }
        Some(read)
    }
}

/// A fault inside a series, which costs the series.
pub(super) fn reason(error: varint::Malformed) -> Reason {
    error.to_string().into()
}

/// Numbers of a repeated field, packed or one by one.
pub(super) fn varints(field: Field<'_>, mut take: impl FnMut(u64)) -> Result<(), Reason> {
    match field {
        Field::Varint(value) => take(value),
        Field::Bytes(packed) => {
            let mut at = 0;
            while at < packed.len() {
                let (value, next) = read_varint(packed, at).map_err(reason)?;
                take(value);
                at = next;
            }
        }
        Field::Fixed64(_) | Field::Other => return Err(WRONG_TYPE.into()),
    }
    Ok(())
}

/// The same for `sint64`.
pub(super) fn zigzags(field: Field<'_>, mut take: impl FnMut(i64)) -> Result<(), Reason> {
    varints(field, |value| take(unzigzag(value)))
}

/// The same for `double`.
pub(super) fn doubles(field: Field<'_>, mut take: impl FnMut(f64)) -> Result<(), Reason> {
    match field {
        Field::Fixed64(bits) => take(f64::from_bits(bits)),
        Field::Bytes(packed) => {
            let (numbers, rest) = packed.as_chunks::<8>();
            if !rest.is_empty() {
                return Err("packed numbers are cut short".into());
            }
            numbers.iter().for_each(|bytes| take(f64::from_le_bytes(*bytes)));
        }
        Field::Varint(_) | Field::Other => return Err(WRONG_TYPE.into()),
    }
    Ok(())
}

pub(super) const WRONG_TYPE: &str = "a field has a wrong wire type";
