//! Events and links as text with bars: `name|attributes|dropped` and `trace|span|state|attributes|dropped`.
//!
//! The attributes are a JSON object, in which bars may occur as well, so the last bar is looked for from the end, and
//! the object begins behind the first bar that is followed by a brace.

use otlp::write::Writer;

use super::attributes;
use super::span::id;

/// Writes the body of an `Event` from the value of an annotation. What is not packed is the event's name.
pub(super) fn event(out: &mut Writer, nanos: u64, value: &[u8]) {
    const ATTRIBUTES: u32 = 3;
    out.fixed64(1, nanos);
    let packed = parts(value).and_then(|(name, attributes, dropped)| {
        let mut body = Writer::new();
        attributes::from_json(&mut body, ATTRIBUTES, attributes)?;
        Some((name, body, dropped))
    });
    let Some((name, body, dropped)) = packed else {
        out.bytes(2, value);
        return;
    };
    out.bytes(2, name);
    out.raw(body.as_slice());
    if dropped > 0 {
        out.varint(4, dropped.into());
    }
}

/// The body of a `Link` from the value of a tag, if it is one.
pub(super) fn link(value: &[u8]) -> Option<Vec<u8>> {
    const ATTRIBUTES: u32 = 4;
    let mut fields = value.splitn(3, |byte| *byte == b'|');
    let (trace_id, span_id, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let (state, attributes, dropped) = parts(rest)?;
    let mut out = Writer::new();
    if !trace_id.is_empty() {
        out.bytes(1, &whole_id::<16>(trace_id)?);
    }
    if !span_id.is_empty() {
        out.bytes(2, &whole_id::<8>(span_id)?);
    }
    if !state.is_empty() {
        out.bytes(3, state);
    }
    attributes::from_json(&mut out, ATTRIBUTES, attributes)?;
    if dropped > 0 {
        out.varint(5, dropped.into());
    }
    Some(out.into_bytes())
}

fn whole_id<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() == 2 * N { id("id", digits).ok() } else { None }
}

/// Splits `text|attributes|dropped`.
fn parts(value: &[u8]) -> Option<(&[u8], &[u8], u32)> {
    let last = value.iter().rposition(|byte| *byte == b'|')?;
    let dropped = std::str::from_utf8(&value[last + 1..]).ok()?.parse().ok()?;
    let packed = &value[..last];
    let brace = packed.windows(2).position(|pair| pair == b"|{")?;
    Some((&packed[..brace], &packed[brace + 1..], dropped))
}
