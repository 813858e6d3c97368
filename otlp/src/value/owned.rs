//! Values with their own memory.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Value;
use crate::wire::message::{put_bytes, put_fixed64, put_message, put_varint};

/// A value to be written, or kept beyond its request.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum AnyValue {
    /// No value.
    #[default]
    Empty,
    /// Text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Any bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    Array(Vec<AnyValue>),
    /// Values by key, in the order they are written.
    Map(Vec<(String, AnyValue)>),
}

impl AnyValue {
    /// The value as text, whatever kind it is: maps and arrays as JSON, bytes in base64.
    pub fn to_text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::String(text) => text.clone(),
            Self::Array(_) | Self::Map(_) | Self::Bool(_) | Self::Int(_) | Self::Double(_) => {
                let mut out = String::new();
                self.write_json(&mut out);
                out
            }
            Self::Bytes(bytes) => STANDARD.encode(bytes),
        }
    }

    pub(super) fn read(value: Value<'_>, depth: usize) -> Self {
        let Some(below) = depth.checked_sub(1) else {
            return Self::Empty;
        };
        match value {
            Value::Empty => Self::Empty,
            Value::Text(text) => Self::String(text.to_str().into_owned()),
            Value::Bool(flag) => Self::Bool(flag),
            Value::Int(number) => Self::Int(number),
            Value::Double(number) => Self::Double(number),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Value::Array(array) => Self::Array(array.iter().map(|value| Self::read(value, below)).collect()),
            Value::Map(map) => {
                let pairs = map.iter();
                Self::Map(
                    pairs.map(|(key, value)| (key.to_str().into_owned(), Self::read(value, below))).collect(),
                )
            }
        }
    }

    /// Writes the body of an `AnyValue`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Empty => (),
            Self::String(text) => put_bytes(out, 1, text.as_bytes()),
            Self::Bool(flag) => put_varint(out, 2, (*flag).into()),
            Self::Int(number) => put_varint(out, 3, *number as u64),
            Self::Double(number) => put_fixed64(out, 4, number.to_bits()),
            Self::Array(values) => put_message(out, 5, |out| {
                values.iter().for_each(|value| put_message(out, 1, |out| value.write(out)));
            }),
            Self::Map(pairs) => put_message(out, 6, |out| {
                pairs.iter().for_each(|(key, value)| {
                    put_message(out, 1, |out| {
                        put_bytes(out, 1, key.as_bytes());
                        put_message(out, 2, |out| value.write(out));
                    });
                });
            }),
            Self::Bytes(bytes) => put_bytes(out, 7, bytes),
        }
    }

    /// Appends the value as JSON, keys in order, as the Go Collector does.
    fn write_json(&self, out: &mut String) {
        match self {
            Self::Empty => out.push_str("null"),
            Self::String(text) => write_json_text(out, text),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Int(number) => out.push_str(itoa::Buffer::new().format(*number)),
            Self::Double(number) => write_json_number(out, *number),
            Self::Bytes(bytes) => write_json_text(out, &STANDARD.encode(bytes)),
            Self::Array(values) => {
                write_json_list(out, ['[', ']'], values, |out, value| value.write_json(out));
            }
            Self::Map(pairs) => {
                let mut sorted: Vec<_> = pairs.iter().collect();
                sorted.sort_by(|one, other| one.0.cmp(&other.0));
                write_json_list(out, ['{', '}'], &sorted, |out, (key, value)| {
                    write_json_text(out, key);
                    out.push(':');
                    value.write_json(out);
                });
            }
        }
    }
}

impl From<&str> for AnyValue {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for AnyValue {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for AnyValue {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for AnyValue {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<i32> for AnyValue {
    fn from(number: i32) -> Self {
        Self::Int(number.into())
    }
}

impl From<u32> for AnyValue {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<f64> for AnyValue {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

impl From<Vec<u8>> for AnyValue {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Value<'_>> for AnyValue {
    fn from(value: Value<'_>) -> Self {
        value.to_owned()
    }
}

fn write_json_list<T>(out: &mut String, ends: [char; 2], list: &[T], write: impl Fn(&mut String, &T)) {
    out.push(ends[0]);
    for (position, entry) in list.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write(out, entry);
    }
    out.push(ends[1]);
}

fn write_json_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                write!(out, "\\u{:04x}", u32::from(control)).expect("writing to a `String` does not fail");
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Numbers as JavaScript shows them: plain between 1e-6 and 1e21, and what JSON has no word for as text.
fn write_json_number(out: &mut String, number: f64) {
    let size = number.abs();
    let shown = match number {
        _ if number.is_nan() => write!(out, "NaN"),
        _ if number.is_infinite() => write!(out, "{}Inf", if number > 0.0 { '+' } else { '-' }),
        _ if size >= 1e21 => write!(out, "{}", format!("{number:e}").replace('e', "e+")),
        _ if size != 0.0 && size < 1e-6 => write!(out, "{number:e}"),
        _ => write!(out, "{number}"),
    };
    shown.expect("writing to a `String` does not fail");
}
