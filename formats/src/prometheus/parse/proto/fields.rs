//! The fields of a protobuf message.

use otlp::wire::varint::{read_bytes, read_fixed64, read_tag, read_varint, skip, unzigzag};

use crate::prometheus::parse::Reason;

/// The fields of a message in their order.
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The value of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Other,
}

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Fields { bytes, at: 0 }
    }

    fn field(&mut self) -> Option<(u32, Value<'a>)> {
        let (tag, at) = read_tag(self.bytes, self.at).ok()?;
        let (value, end) = match tag.wire_type {
            0 => read_varint(self.bytes, at).map(|(number, end)| (Value::Varint(number), end)),
            1 => read_fixed64(self.bytes, at).map(|(bits, end)| (Value::Fixed64(bits), end)),
            2 => read_bytes(self.bytes, at).map(|(body, end)| (Value::Bytes(body), end)),
            _ => skip(self.bytes, at, tag).map(|end| (Value::Other, end)),
        }
        .ok()?;
        self.at = end;
        Some((tag.number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.at = self.bytes.len();
        }
        Some(field.ok_or_else(|| "malformed protobuf".into()))
    }
}

impl Value<'_> {
    /// Adds `sint64` numbers, one or packed.
    pub(super) fn signed_into(self, numbers: &mut Vec<i64>) -> Result<(), Reason> {
        match self {
            Value::Varint(number) => numbers.push(unzigzag(number)),
            Value::Bytes(packed) => {
                let mut at = 0;
                while at < packed.len() {
                    let (number, end) = read_varint(packed, at).map_err(|_| "malformed protobuf")?;
                    numbers.push(unzigzag(number));
                    at = end;
                }
            }
            Value::Fixed64(_) | Value::Other => (),
        }
        Ok(())
    }

    /// Adds `double` numbers, one or packed, as whole numbers.
    pub(super) fn doubles_into(self, numbers: &mut Vec<u64>) -> Result<(), Reason> {
        match self {
            Value::Fixed64(bits) => numbers.push(f64::from_bits(bits) as u64),
            Value::Bytes(packed) => {
                let (doubles, rest) = packed.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err("malformed protobuf".into());
                }
                numbers.extend(doubles.iter().map(|double| f64::from_le_bytes(*double) as u64));
            }
            Value::Varint(_) | Value::Other => (),
        }
        Ok(())
    }
}
