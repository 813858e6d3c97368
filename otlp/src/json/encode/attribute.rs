//! Attributes in the shape that every SDK emits, written in one go; all others take the general way.

use super::{double, quoted, text};
use crate::wire::varint::read_varint;

/// Appends the `KeyValue` in `body` if it is a key and a scalar value, with lengths of one byte that fit.
#[inline]
pub(super) fn plain(body: &[u8], out: &mut Vec<u8>) -> bool {
    let [0x0a, length @ 1..=0x7f, rest @ ..] = body else { return false };
    let Some((key, [0x12, length, value @ ..])) = rest.split_at_checked(usize::from(*length)) else {
        return false;
    };
    if usize::from(*length) != value.len() || *length >= 0x80 {
        return false;
    }
    match value {
        [0x0a, length, content @ ..] if usize::from(*length) == content.len() => {
            begin(key, b",\"value\":{\"stringValue\":", out);
            text(content, out);
        }
        [0x10, content @ 0..=1] => {
            begin(key, b",\"value\":{\"boolValue\":", out);
            out.extend_from_slice(if *content == 0 { b"false" } else { b"true" });
        }
        [0x18, content @ ..] => match read_varint(content, 0) {
            Ok((number, end)) if end == content.len() => {
                begin(key, b",\"value\":{\"intValue\":", out);
                quoted(number as i64, out);
            }
            _ => return false,
        },
        [0x21, content @ ..] => {
            let Ok(content) = content.try_into() else { return false };
            begin(key, b",\"value\":{\"doubleValue\":", out);
            double(f64::from_le_bytes(content), out);
        }
        _ => return false,
    }
    out.extend_from_slice(b"}}");
    true
}

#[inline]
fn begin(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"key\":");
    text(key, out);
    out.extend_from_slice(value);
}
