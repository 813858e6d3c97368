//! Attributes in the shape that every program writes, matched as a whole: a key and a text or an integer, without
//! white space or escapes. They are most of every request; all others take the general way.

use super::parse_integer;
use crate::json::text::plain_prefix;
use crate::wire::varint::varint_len;
use crate::write::Writer;

/// Writes the attribute at the start of `text` into field `number`: how long it is in `text`, if it has that shape.
#[inline]
pub(super) fn plain(text: &[u8], number: u32, out: &mut Writer) -> Option<usize> {
    let (key, rest) = quoted(text.strip_prefix(b"{\"key\":")?)?;
    let rest = rest.strip_prefix(b",\"value\":{\"")?;
    let after = if let Some(rest) = rest.strip_prefix(b"stringValue\":") {
        let (value, rest) = quoted(rest)?;
        let after = rest.strip_prefix(b"}}")?;
        write(number, key, 1 + varint_len(value.len() as u64) + value.len(), out);
        out.bytes(1, value);
        after
    } else {
        let (value, rest) = quoted(rest.strip_prefix(b"intValue\":")?)?;
        let after = rest.strip_prefix(b"}}")?;
        let value = i64::try_from(parse_integer(value)?).ok()? as u64;
        write(number, key, 1 + varint_len(value), out);
        out.varint(3, value);
        after
    };
    Some(text.len() - after.len())
}

/// The content of a string without escapes, and what follows it.
#[inline]
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let (content, rest) = text.split_at(plain_prefix(text));
    Some((content, rest.strip_prefix(b"\"")?))
}

/// Writes all of a `KeyValue` but the content of its value, which takes `value` bytes.
#[inline]
fn write(number: u32, key: &[u8], value: usize, out: &mut Writer) {
    let key_size = if key.is_empty() { 0 } else { 1 + varint_len(key.len() as u64) + key.len() };
    out.header(number, key_size + 1 + varint_len(value as u64) + value);
    if !key.is_empty() {
        out.bytes(1, key);
    }
    out.header(2, value);
}
