//! Writing spans as JSON, byte for byte as the Go Collector writes them.

use std::net::IpAddr;

use otlp::Traces;

use crate::zipkin::EncodeOptions;
use crate::zipkin::answer::Encoded;
use crate::zipkin::span::Kind;
use crate::zipkin::view::{Side, View, each, hex};

pub(super) fn spans(traces: &Traces, options: EncodeOptions<'_>, out: &mut Vec<u8>) -> Encoded {
    let mut scratch = Vec::new();
    out.push(b'[');
    let start = out.len();
    let encoded = each(traces, options, |view| {
        if out.len() > start {
            out.push(b',');
        }
        write_span(out, view, &mut scratch);
    });
    out.push(b']');
    encoded
}

fn write_span(out: &mut Vec<u8>, view: &View<'_, '_>, scratch: &mut Vec<u8>) {
    out.push(b'{');
    if let Some(micros) = view.timestamp {
        out.extend_from_slice(b"\"timestamp\":");
        number(out, micros);
        out.push(b',');
    }
    if let Some(micros) = view.duration {
        out.extend_from_slice(b"\"duration\":");
        number(out, micros);
        out.push(b',');
    }
    write_ids(out, view);
    let name = view.span.name();
    if !name.is_empty() {
        out.extend_from_slice(b",\"name\":");
        lower_text(out, &name.to_str());
    }
    if let Some(kind) = view.kind {
        out.extend_from_slice(match kind {
            Kind::Client => b",\"kind\":\"CLIENT\"",
            Kind::Server => b",\"kind\":\"SERVER\"",
            Kind::Producer => b",\"kind\":\"PRODUCER\"",
            Kind::Consumer => b",\"kind\":\"CONSUMER\"",
        });
    }
    write_side(out, b",\"localEndpoint\":{", &view.local);
    write_side(out, b",\"remoteEndpoint\":{", &view.remote);
    write_annotations(out, view, scratch);
    write_tags(out, view);
    out.push(b'}');
}

fn write_ids(out: &mut Vec<u8>, view: &View<'_, '_>) {
    out.extend_from_slice(b"\"traceId\":\"");
    let id = view.span.trace_id();
    hex(out, id.strip_prefix(&[0; 8]).unwrap_or(id));
    out.extend_from_slice(b"\",\"id\":\"");
    hex(out, view.span.span_id());
    out.push(b'"');
    if let Some(id) = view.parent_id() {
        out.extend_from_slice(b",\"parentId\":\"");
        hex(out, id);
        out.push(b'"');
    }
}

fn write_side(out: &mut Vec<u8>, opening: &[u8], side: &Side<&[u8]>) {
    if side.is_empty() {
        return;
    }
    out.extend_from_slice(opening);
    let start = out.len();
    if !side.name.is_empty() {
        out.extend_from_slice(b"\"serviceName\":");
        lower_text(out, &String::from_utf8_lossy(side.name));
    }
    if let Some(address) = side.address {
        separate(out, start);
        let (key, text) = match address {
            IpAddr::V4(address) => (b"\"ipv4\":\"", address.to_string()),
            IpAddr::V6(address) => (b"\"ipv6\":\"", address.to_string()),
        };
        out.extend_from_slice(key);
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
    if side.port != 0 {
        separate(out, start);
        out.extend_from_slice(b"\"port\":");
        number(out, side.port.into());
    }
    out.push(b'}');
}

fn separate(out: &mut Vec<u8>, start: usize) {
    if out.len() > start {
        out.push(b',');
    }
}

fn write_annotations(out: &mut Vec<u8>, view: &View<'_, '_>, scratch: &mut Vec<u8>) {
    let start = out.len();
    view.annotations(scratch, |micros, value| {
        let opening: &[u8] = if out.len() == start { b",\"annotations\":[" } else { b"," };
        out.extend_from_slice(opening);
        out.extend_from_slice(b"{\"timestamp\":");
        number(out, micros);
        out.extend_from_slice(b",\"value\":");
        escaped(out, value);
        out.push(b'}');
    });
    if out.len() > start {
        out.push(b']');
    }
}

fn write_tags(out: &mut Vec<u8>, view: &View<'_, '_>) {
    let start = out.len();
    for (key, value) in view.tags() {
        let opening: &[u8] = if out.len() == start { b",\"tags\":{" } else { b"," };
        out.extend_from_slice(opening);
        escaped(out, key);
        out.push(b':');
        escaped(out, value);
    }
    if out.len() > start {
        out.push(b'}');
    }
}

fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn lower_text(out: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        let start = out.len();
        escaped(out, text.as_bytes());
        // Escapes have no capital letters but in `\u003C`, which we write in small ones.
        out[start..].make_ascii_lowercase();
    } else {
        escaped(out, text.to_lowercase().as_bytes());
    }
}

/// Appends text in quotes.
pub(in crate::zipkin) fn json_text(out: &mut Vec<u8>, text: &str) {
    escaped(out, text.as_bytes());
}

/// Appends UTF-8 in quotes.
#[inline]
fn escaped(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let (plain, mut rest) = text.split_at(plain_words(text));
    out.extend_from_slice(plain);
    while let Some(special) = rest.iter().position(|byte| IS_SPECIAL[usize::from(*byte)]) {
        out.extend_from_slice(&rest[..special]);
        rest = escape(out, &rest[special..]);
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// How many bytes at the start of `text`, eight at a time, are ASCII that needs no escape.
#[inline]
fn plain_words(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x8080_8080_8080_8080;
    // The top bit of each byte below `limit`; of one above it only by a borrow from such a byte.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let is_plain = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        // A bit tells `<` from `>`, and another one `"` from `&`.
        let html = equal(word | (ONES * 0x02), b'>') | equal(word | (ONES * 0x04), b'&');
        (below(word, 0x20) | html | equal(word, b'\\') | word) & TOPS == 0
    };
    let (words, _) = text.as_chunks::<8>();
    8 * words.iter().position(|word| !is_plain(word)).unwrap_or(words.len())
}

/// Appends the first character of `text`, escaped if it must be; the answer is the text behind it.
#[cold]
fn escape<'a>(out: &mut Vec<u8>, text: &'a [u8]) -> &'a [u8] {
    let (short, length): (&[u8], _) = match text {
        [b'"', ..] => (b"\\\"", 1),
        [b'\\', ..] => (b"\\\\", 1),
        [b'\n', ..] => (b"\\n", 1),
        [b'\r', ..] => (b"\\r", 1),
        [b'\t', ..] => (b"\\t", 1),
        [0x08, ..] => (b"\\b", 1),
        [0x0c, ..] => (b"\\f", 1),
        [0xe2, 0x80, 0xa8, ..] => (b"\\u2028", 3),
        [0xe2, 0x80, 0xa9, ..] => (b"\\u2029", 3),
        [0xe2, ..] => (b"\xe2", 1),
        [byte, ..] => {
            out.extend_from_slice(b"\\u00");
            hex(out, &[*byte]);
            (b"", 1)
        }
        [] => (b"", 0),
    };
    out.extend_from_slice(short);
    &text[length..]
}

/// Bytes that JSON or HTML would take for something else, and the first byte of U+2028 and U+2029.
const IS_SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut control = 0;
    while control < 0x20 {
        special[control] = true;
        control += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[b'&' as usize] = true;
    special[0xe2] = true;
    special
};
