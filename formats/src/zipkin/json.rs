//! Version 2 as JSON: an array of spans.

mod read;
mod write;

use std::borrow::Cow;

use otlp::Traces;
use otlp::json::text::Cursor;

use super::answer::{Decoded, Encoded, Malformed};
use super::{DecodeOptions, EncodeOptions};

pub(super) use read::{array, items, members, text, whole_text};
pub(super) use write::json_text;

/// Reads an array of spans. What is not one, and JSON that is broken, is an error as a whole.
pub fn decode(body: &[u8], options: DecodeOptions) -> Result<Decoded, Malformed> {
    let body = utf8(body);
    read::spans(&mut Cursor::new(&body), options)
}

/// Appends the spans of `traces` to `out` as an array.
pub fn encode(traces: &Traces, options: EncodeOptions<'_>, out: &mut Vec<u8>) -> Encoded {
    write::spans(traces, options, out)
}

/// The text with U+FFFD in place of what is not UTF-8.
pub(super) fn utf8(body: &[u8]) -> Cow<'_, str> {
    // The strict check takes a fifth of the time of the lossy one, and nearly always is enough.
    std::str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed)
}
