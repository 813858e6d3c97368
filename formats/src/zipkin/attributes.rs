//! Attributes of OTLP, written as they are read.

use otlp::json::text::{Cursor, Problem};
use otlp::wire::varint::varint_len;
use otlp::write::Writer;

/// How deep values may lie in each other in the JSON of an annotation or a link. A level takes up to three of the
/// hundred levels that an OTLP request may have.
const MAX_DEPTH: usize = 20;

/// Writes an attribute whose value is text.
#[inline]
pub(super) fn text(out: &mut Writer, field: u32, key: &[u8], value: &[u8]) {
    let value_bytes = 1 + varint_len(value.len() as u64) + value.len();
    pair(out, field, key, value_bytes);
    out.bytes(1, value);
}

/// Writes an attribute whose value is a boolean.
pub(super) fn boolean(out: &mut Writer, field: u32, key: &[u8], value: bool) {
    pair(out, field, key, 2);
    out.varint(2, value.into());
}

/// Writes an attribute whose value is a whole number.
pub(super) fn int(out: &mut Writer, field: u32, key: &[u8], value: i64) {
    pair(out, field, key, 1 + varint_len(value as u64));
    out.varint(3, value as u64);
}

/// Writes an attribute whose value is a number.
pub(super) fn double(out: &mut Writer, field: u32, key: &[u8], value: f64) {
    pair(out, field, key, 9);
    out.double(4, value);
}

/// Writes an attribute up to its value, which takes `value_bytes`.
#[inline]
fn pair(out: &mut Writer, field: u32, key: &[u8], value_bytes: usize) {
    let headers = 2 + varint_len(key.len() as u64) + varint_len(value_bytes as u64);
    out.header(field, headers + key.len() + value_bytes);
    out.bytes(1, key);
    out.header(2, value_bytes);
}

/// Writes an attribute whose value is the number or the boolean that `value` looks like, and else text.
pub(super) fn parsed(out: &mut Writer, field: u32, key: &[u8], value: &[u8]) {
    match value {
        b"true" => boolean(out, field, key, true),
        b"false" => boolean(out, field, key, false),
        _ => match Number::read(value) {
            Some(Number::Int(number)) => int(out, field, key, number),
            Some(Number::Double(number)) => double(out, field, key, number),
            None => text(out, field, key, value),
        },
    }
}

enum Number {
    Int(i64),
    Double(f64),
}

impl Number {
    /// Digits, perhaps a point between them, perhaps a minus before them. What is too large becomes the largest.
    fn read(text: &[u8]) -> Option<Self> {
        let digits = text.strip_prefix(b"-").unwrap_or(text);
        let (whole, fraction) = match digits.iter().position(|byte| *byte == b'.') {
            Some(point) => (&digits[..point], Some(&digits[point + 1..])),
            None => (digits, None),
        };
        let are_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
        if !are_digits(whole) || !fraction.is_none_or(are_digits) {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        if fraction.is_some() {
            return text.parse().ok().map(Self::Double);
        }
        let largest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        Some(Self::Int(text.parse().unwrap_or(largest)))
    }
}

/// Writes the attributes in the JSON object `text`, unless it is not one: then nothing is written.
pub(super) fn from_json(out: &mut Writer, field: u32, text: &[u8]) -> Option<()> {
    let mut cursor = Cursor::new(std::str::from_utf8(text).ok()?);
    let mut pairs = Vec::new();
    if cursor.peek() != Some(b'{') {
        return None;
    }
    json_pairs(&mut cursor, MAX_DEPTH, &mut pairs).ok()?;
    if cursor.peek().is_some() {
        return None;
    }
    pairs.iter().for_each(|(_, body)| out.bytes(field, body));
    Some(())
}

/// Reads an object as bodies of `KeyValue`s beside their keys, no key twice.
fn json_pairs(
    cursor: &mut Cursor<'_>,
    depth: usize,
    pairs: &mut Vec<(Vec<u8>, Vec<u8>)>,
) -> Result<(), Problem> {
    cursor.members(b'}', |cursor| {
        let key = cursor.string()?.text().into_owned();
        cursor.expect(b':')?;
        let mut body = Writer::new();
        body.bytes(1, &key);
        let mark = body.begin(2);
        json_value(cursor, depth, &mut body)?;
        body.end(mark);
        pairs.push((key, body.into_bytes()));
        Ok(())
    })?;
    keep_last(pairs, |(key, _)| key);
    Ok(())
}

/// Reads a value as the body of an `AnyValue`.
fn json_value(cursor: &mut Cursor<'_>, depth: usize, out: &mut Writer) -> Result<(), Problem> {
    let Some(below) = depth.checked_sub(1) else {
        return Err(cursor.problem("nested too deep"));
    };
    match cursor.peek() {
        Some(b'"') => out.bytes(1, &cursor.string()?.text()),
        Some(b't' | b'f') => out.varint(2, cursor.boolean()?.into()),
        Some(b'n') if cursor.take_null() => (),
        Some(b'[') => {
            let mark = out.begin(5);
            cursor.members(b']', |cursor| {
                let mark = out.begin(1);
                json_value(cursor, below, out)?;
                out.end(mark);
                Ok(())
            })?;
            out.end(mark);
        }
        Some(b'{') => {
            let mut pairs = Vec::new();
            json_pairs(cursor, below, &mut pairs)?;
            out.message(6, |out| pairs.iter().for_each(|(_, body)| out.bytes(1, body)));
        }
        _ => json_number(cursor, out)?,
    }
    Ok(())
}

/// A number with neither a point nor an exponent is a whole one, if it fits.
fn json_number(cursor: &mut Cursor<'_>, out: &mut Writer) -> Result<(), Problem> {
    let digits = cursor.number()?;
    let text = std::str::from_utf8(&digits).unwrap_or_default();
    if let Ok(number) = text.parse::<i64>() {
        out.varint(3, number as u64);
        return Ok(());
    }
    let number = text.parse().map_err(|_| cursor.problem("malformed number"))?;
    out.double(4, number);
    Ok(())
}

/// How many keys may be compared each with each.
const FEW: usize = 32;

/// Keeps of each key the last entry. Nearly always there is only one.
pub(super) fn keep_last<T>(entries: &mut Vec<T>, key: impl Fn(&T) -> &[u8]) {
    if entries.len() <= FEW && !has_repeated(entries, &key) {
        return;
    }
    // Equal keys next to each other, in their own order. A map of them would be larger than the body they came in.
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|position| key(&entries[*position]));
    let mut is_last = vec![true; entries.len()];
    for pair in order.windows(2) {
        is_last[pair[0]] = key(&entries[pair[0]]) != key(&entries[pair[1]]);
    }
    let mut position = 0;
    entries.retain(|_| {
        position += 1;
        is_last[position - 1]
    });
}

/// Whether a key occurs twice. Only keys that look alike are compared.
fn has_repeated<T>(entries: &[T], key: impl Fn(&T) -> &[u8]) -> bool {
    let mut seen = 0_u128;
    entries.iter().enumerate().any(|(position, entry)| {
        let this = key(entry);
        let mark = 1
            << (this.iter().rev().take(3).fold(this.len(), |mark, byte| mark * 5 + usize::from(*byte)) % 128);
        let looks_known = seen & mark != 0;
        seen |= mark;
        looks_known && entries[..position].iter().any(|other| key(other) == this)
    })
}
