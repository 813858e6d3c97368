//! OTLP as JSON, in both directions, by the protocol's rules and as liberal as the Go Collector.
//!
//! Both directions work on bytes alone, in one pass over the schema tables: JSON text becomes a protobuf request as
//! it is read, and a request becomes JSON as it is walked. No tree is built in between.
//!
//! # What is read
//!
//! 1. Names in lowerCamelCase or snake_case; unknown ones are skipped. Order does not matter. A name that occurs twice
//!    merges as in protobuf: lists are put end to end, of single values the last one counts.
//! 2. Integers as numbers or text, also as `1e3`; doubles as numbers or text, with `NaN`, `Infinity`, `-Infinity`.
//! 3. Enumerations as numbers or names. Ids in hexadecimal of either case, or empty. Bytes in base64.
//! 4. `null` stands for an absent list, object, text, id or bytes, or for the absent sum, minimum or maximum of a
//!    histogram; where another number or a boolean belongs it is refused.
//! 5. Text that is not UTF-8, and halves of surrogate pairs, become U+FFFD.
//!
//! # What is written
//!
//! Names in lowerCamelCase; integers of 64 bits as text; enumerations as numbers; defaults left out, but `resource`,
//! `scope`, `status`, `body` and the `value` of an attribute always written.

mod decode;
mod encode;
pub mod text;

use std::borrow::Cow;
use std::fmt;

use crate::Signal;
use crate::wire::schema;
use crate::wire::varint::{MAX_DEPTH, Malformed};

#[cfg(test)]
mod tests;

/// Why a text is not OTLP JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Offset in bytes, counted in the text after bytes that are not UTF-8 were replaced.
    pub at: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed JSON at line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for JsonError {}

impl JsonError {
    fn locate(text: &[u8], problem: text::Problem) -> Self {
        let before = &text[..problem.at.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before.len() - line_start + 1;
        Self { at: problem.at, line, column, message: problem.message.into_owned() }
    }
}

/// Reads an export request of `signal` from JSON `text`, as protobuf bytes that [`crate::wire::scan::scan`] accepts;
/// more than `out_limit` of them are refused.
pub fn decode(signal: Signal, text: &[u8], out_limit: usize) -> Result<Vec<u8>, JsonError> {
    // The strict check takes a fifth of the time of the lossy one, and nearly always is enough.
    let text = std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), Cow::Borrowed);
    decode::request(schema::request(signal), &text, out_limit)
        .map_err(|problem| JsonError::locate(text.as_bytes(), problem))
}

/// Appends the export request of `signal` in `bytes` to `out`, as JSON.
///
/// `bytes` should have been scanned. Where they turn out not to be a request, the error says so and `out` is as it
/// was before.
pub fn encode(signal: Signal, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let request = schema::request(signal);
    let before = out.len();
    let written = encode::object(request, bytes, MAX_DEPTH, out);
    written.map_err(|error| {
        out.truncate(before);
        error.within(request.name, 0)
    })
}
