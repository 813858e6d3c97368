//! The action `hash`: a value becomes the SHA-256 of it.

use otlp::Value;
use sha2::{Digest, Sha256};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The lower-case hexadecimal SHA-256 of the value's bytes. Empty for kinds that the Go Collector does not hash.
pub(super) fn hash(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => hexadecimal(text.as_bytes()),
        Value::Bool(flag) => hexadecimal(&[u8::from(flag)]),
        Value::Int(number) => hexadecimal(&number.to_le_bytes()),
        Value::Double(number) => hexadecimal(&number.to_bits().to_le_bytes()),
        Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => String::new(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0F)]).collect()
}
