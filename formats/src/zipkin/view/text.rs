//! Values as the text of tags, and attributes as JSON.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otlp::{Attributes, Text, Value};

use crate::zipkin::json::json_text;

/// UTF-8 in the request, or in what was made of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Given(&'a [u8]),
    /// From and to in the made text.
    Made(usize, usize),
}

impl<'a> Piece<'a> {
    /// The bytes, where `made` is the made text.
    #[inline]
    pub(super) fn get<'v>(self, made: &'v [u8]) -> &'v [u8]
    where
        'a: 'v,
    {
        match self {
            Self::Given(bytes) => bytes,
            Self::Made(start, end) => &made[start..end],
        }
    }

    #[inline]
    pub(super) fn text(text: Text<'a>, made: &mut Vec<u8>) -> Self {
        if std::str::from_utf8(text.as_bytes()).is_ok() {
            return Self::Given(text.as_bytes());
        }
        Self::make(made, |made| made.extend_from_slice(text.to_str().as_bytes()))
    }

    /// The value as the text of a tag.
    #[inline]
    pub(super) fn of(value: Value<'a>, made: &mut Vec<u8>) -> Self {
        match value {
            Value::Text(text) => Self::text(text, made),
            Value::Bool(flag) => Self::Given(if flag { b"true" } else { b"false" }),
            Value::Int(number) => Self::make(made, |made| int(made, number)),
            Value::Double(number) => Self::make(made, |made| double(made, number)),
            Value::Empty => Self::Given(b""),
            Value::Bytes(bytes) => Self::make(made, |made| made.extend(STANDARD.encode(bytes).bytes())),
            Value::Array(_) | Value::Map(_) => Self::make(made, |made| json_value(made, value)),
        }
    }

    fn make(made: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let start = made.len();
        write(made);
        Self::Made(start, made.len())
    }
}

fn int(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number as JavaScript shows it: plain between 1e-6 and 1e21.
fn double(out: &mut Vec<u8>, number: f64) {
    let size = number.abs();
    if number.trunc() == number && size < 1e15 {
        int(out, number as i64);
    } else if (1e-3..1e15).contains(&size) {
        // Here the shortest form has neither an exponent nor an empty fraction.
        out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
    } else {
        rare_double(out, number);
    }
}

#[cold]
fn rare_double(out: &mut Vec<u8>, number: f64) {
    let size = number.abs();
    let mut text = String::new();
    let shown = match number {
        _ if number.is_nan() => write!(text, "NaN"),
        _ if number.is_infinite() => write!(text, "{}Infinity", if number > 0.0 { "" } else { "-" }),
        _ if size >= 1e21 => write!(text, "{}", format!("{number:e}").replace('e', "e+")),
        _ if size < 1e-6 => write!(text, "{number:e}"),
        _ => write!(text, "{number}"),
    };
    shown.expect("writing to a `String` does not fail");
    out.extend_from_slice(text.as_bytes());
}

/// Appends attributes as an object, keys in order.
pub(super) fn json_object(out: &mut Vec<u8>, attributes: Attributes<'_>) {
    let mut pairs: Vec<_> = attributes.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    pairs.dedup_by(|later, earlier| later.0 == earlier.0);
    list(out, [b'{', b'}'], pairs.into_iter(), |out, (key, value)| {
        json_text(out, &key.to_str());
        out.push(b':');
        json_value(out, value);
    });
}

fn json_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Empty => out.extend_from_slice(b"null"),
        Value::Text(text) => json_text(out, &text.to_str()),
        Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Int(number) => int(out, number),
        // With a point or an exponent, which tells it from a whole number.
        Value::Double(number) if number.is_finite() => {
            out.extend_from_slice(zmij::Buffer::new().format_finite(number).as_bytes());
        }
        Value::Double(number) => {
            out.push(b'"');
            rare_double(out, number);
            out.push(b'"');
        }
        Value::Bytes(bytes) => json_text(out, &STANDARD.encode(bytes)),
        Value::Array(array) => list(out, [b'[', b']'], array.iter(), json_value),
        Value::Map(map) => json_object(out, map),
    }
}

fn list<T>(
    out: &mut Vec<u8>,
    [open, close]: [u8; 2],
    entries: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(open);
    for (position, entry) in entries.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(out, entry);
    }
    out.push(close);
}

/// Appends `bytes` in hexadecimal.
pub(in crate::zipkin) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}
