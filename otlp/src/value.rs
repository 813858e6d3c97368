//! Values of attributes and log bodies: read where they lie, or made to be written.

mod owned;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use crate::attributes::Attributes;
use crate::wire::message::{BYTES, FIXED64, Fields, VARINT, fixed64, put_bytes, put_fixed64, put_message};
use crate::wire::message::{put_varint, varint};

pub use owned::AnyValue;
pub use text::Text;

/// How deep values may lie in each other before the rest shows as empty: as deep as requests may nest.
const MAX_DEPTH: usize = crate::wire::varint::MAX_DEPTH as usize;

/// A value where it lies in a request.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// No value.
    Empty,
    /// Text that should be UTF-8.
    Text(Text<'a>),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Any bytes.
    Bytes(&'a [u8]),
    /// Values in order.
    Array(Array<'a>),
    /// Values by key.
    Map(Attributes<'a>),
}

/// The values of an array.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    /// The body of an `ArrayValue`.
    body: &'a [u8],
}

impl<'a> Value<'a> {
    /// Reads the body of an `AnyValue`, in which the last field counts.
    pub(crate) fn read(body: &'a [u8]) -> Self {
        let mut value = Self::Empty;
        for field in Fields::new(body) {
            let bytes = field.value_in(body);
            value = match (field.number, field.wire_type) {
                (1, BYTES) => Self::Text(Text::new(bytes)),
                (2, VARINT) => Self::Bool(varint(bytes) != 0),
                (3, VARINT) => Self::Int(varint(bytes) as i64),
                (4, FIXED64) => Self::Double(f64::from_bits(fixed64(bytes))),
                (5, BYTES) => Self::Array(Array { body: bytes }),
                (6, BYTES) => Self::Map(Attributes::on_wire(bytes, 1)),
                (7, BYTES) => Self::Bytes(bytes),
                _ => value,
            };
        }
        value
    }

    /// Writes the body of an `AnyValue`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Empty => (),
            Self::Text(text) => put_bytes(out, 1, text.as_bytes()),
            Self::Bool(flag) => put_varint(out, 2, flag.into()),
            Self::Int(number) => put_varint(out, 3, number as u64),
            Self::Double(number) => put_fixed64(out, 4, number.to_bits()),
            Self::Array(array) => put_bytes(out, 5, array.body),
            Self::Map(map) => put_message(out, 6, |out| map.write(out, 1)),
            Self::Bytes(bytes) => put_bytes(out, 7, bytes),
        }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(*text),
            _ => None,
        }
    }

    /// The text as UTF-8, if it is text.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        self.as_text().map(|text| text.to_str())
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The value with its own memory. What lies too deep is left empty.
    pub fn to_owned(&self) -> AnyValue {
        AnyValue::read(*self, MAX_DEPTH)
    }

    /// The value as text, whatever kind it is: maps and arrays as JSON, bytes in base64.
    pub fn to_text(&self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.to_str(),
            other => other.to_owned().to_text().into(),
        }
    }
}

impl<'a> Array<'a> {
    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + Clone + use<'a> {
        Fields::new(self.body).bodies(1).map(Value::read)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl PartialEq for Value<'_> {
    /// Kind and content; of maps and arrays also the order.
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Empty, Self::Empty) => true,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Double(one), Self::Double(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::Array(_), Self::Array(_)) | (Self::Map(_), Self::Map(_)) => {
                self.to_owned() == other.to_owned()
            }
            _ => false,
        }
    }
}
