//! Attributes in the shape that every SDK emits, matched as a whole.
//!
//! A `KeyValue` shorter than 128 bytes that holds a key and a value which fill it, the value being empty, text, a
//! boolean, an integer or a double. All lengths in it are then single bytes, and one that lies cannot fit.

/// The position behind the plain attributes from `at` on, where the length of the first stands; each of the others
/// must begin with `tag`. `at` itself when already the first one is not plain.
#[inline]
pub(super) fn skip_plain(tag: u8, bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    let mut end = at;
    while let Some((&length, after)) = rest.split_first() {
        let Some((body, after)) = after.split_at_checked(usize::from(length)) else { break };
        if length >= 0x80 || !is_plain(body) {
            break;
        }
        end = bytes.len() - after.len();
        match after.split_first() {
            Some((&next, after)) if next == tag => rest = after,
            _ => break,
        }
    }
    end
}

/// Whether `body`, of less than 128 bytes, is a plain `KeyValue`.
#[inline]
fn is_plain(body: &[u8]) -> bool {
    let [0x0a, key, rest @ ..] = body else { return false };
    // A key length of 128 or more does not fit.
    let Some([0x12, length, value @ ..]) = rest.get(usize::from(*key)..) else { return false };
    usize::from(*length) == value.len() && is_plain_value(value)
}

/// Whether `value`, of less than 128 bytes, is an `AnyValue` with one scalar in it.
#[inline]
fn is_plain_value(value: &[u8]) -> bool {
    match value {
        [0x0a, length, text @ ..] => usize::from(*length) == text.len(),
        [0x10 | 0x18, 0..=0x7f] => true,
        [0x18, number @ ..] => is_one_varint(number),
        [0x21, double @ ..] => double.len() == 8,
        _ => value.is_empty(),
    }
}

#[inline]
fn is_one_varint(bytes: &[u8]) -> bool {
    // The tenth byte may hold one bit only; negative numbers are rare enough to take the general way.
    match bytes.split_last() {
        Some((0..=0x7f, others)) => others.len() < 9 && others.iter().all(|byte| *byte >= 0x80),
        _ => false,
    }
}
