//! OTLP becomes Jaeger's protobuf: requests of one batch each, within a size.

use otlp::wire::varint::varint_len;
use otlp::write::Writer;
use otlp::{Attributes, Event, Link, ResourceSpans, Span, Text, Traces, Value};

use super::process::NO_SERVICE_NAME;
use super::rows::{CHILD_OF, FOLLOWS_FROM, Reference};
use super::span::{KINDS, REF_CHILD_OF, REF_TYPE};

const SERVICE_NAME: &str = "service.name";
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// A `jaeger.api_v2.PostSpansRequest`.
    pub body: Vec<u8>,
    /// How many spans are in it.
    pub spans: usize,
}

/// The spans as requests of at most `max_bytes`, each of one resource. A span that is larger on its own goes alone.
///
/// A resource without spans makes a request with its process only; one without attributes and scopes makes none.
pub fn encode(traces: &Traces, max_bytes: usize) -> impl Iterator<Item = Request> {
    let resources = traces.resources().filter(|group| !is_empty(group));
    resources.flat_map(move |group| Batches {
        process: process(&group.resource().attributes()),
        spans: group.scopes().flat_map(|scope| scope.spans()),
        max_bytes,
        left_over: Vec::new(),
        is_first: true,
        scope: None,
    })
}

/// The requests for one resource.
struct Batches<I> {
    /// The body of the `Process`.
    process: Vec<u8>,
    spans: I,
    max_bytes: usize,
    /// The span that did not fit the last request, if any.
    left_over: Vec<u8>,
    is_first: bool,
    /// The number of the last span's scope, and the tags that stand for it.
    scope: Option<(usize, Vec<u8>)>,
}

impl<'a, I: Iterator<Item = Span<'a>>> Iterator for Batches<I> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let mut count = usize::from(!self.left_over.is_empty());
        let mut out = Writer::append_to(std::mem::take(&mut self.left_over));
        // The tags and lengths of the batch and the process take less than sixteen bytes.
        let room = self.max_bytes.saturating_sub(self.process.len() + 16);
        while let Some(span) = self.spans.next() {
            let end = out.len();
            self.write_span(&span, &mut out);
            if count > 0 && out.len() > room {
                let mut spans = out.into_bytes();
                self.left_over = spans.split_off(end);
                out = Writer::append_to(spans);
                break;
            }
            count += 1;
        }
        let is_first = std::mem::replace(&mut self.is_first, false);
        (count > 0 || is_first).then(|| Request { body: self.request(out.as_slice()), spans: count })
    }
}

impl<I> Batches<I> {
    fn request(&self, spans: &[u8]) -> Vec<u8> {
        let process = 1 + varint_len(self.process.len() as u64) + self.process.len();
        let mut out = Writer::append_to(Vec::with_capacity(spans.len() + process + 16));
        out.header(1, spans.len() + process);
        out.raw(spans);
        out.bytes(2, &self.process);
        out.into_bytes()
    }

    fn write_span(&mut self, span: &Span<'_>, out: &mut Writer) {
        // Most spans take between 128 and 16 383 bytes, which is what this guess stands for.
        let message = out.begin_sized(1, 512);
        out.bytes(1, &id::<16>(span.trace_id()));
        out.bytes(2, &id::<8>(span.span_id()));
        write_text(3, span.name().as_bytes(), out);
        write_references(span, out);
        let (start, end) = (span.start_time_unix_nano(), span.end_time_unix_nano());
        write_timestamp(6, start, out);
        write_duration(7, i128::from(end) - i128::from(start), out);
        self.write_scope(span, out);
        span.attributes().iter().for_each(|(key, value)| write_tag(8, key, value, out));
        write_meaning(span, out);
        span.events().for_each(|event| write_log(&event, out));
        out.end(message);
    }

    /// Writes the tags that stand for the span's scope, which are the same for many spans.
    fn write_scope(&mut self, span: &Span<'_>, out: &mut Writer) {
        let scope = span.scope();
        if self.scope.as_ref().is_none_or(|(index, _)| *index != scope.index()) {
            let mut tags = Writer::new();
            let named = [("otel.scope.name", scope.name()), ("otel.scope.version", scope.version())];
            for (key, value) in named.iter().filter(|(_, value)| !value.is_empty()) {
                write_tag(8, (*key).into(), Value::Text(*value), &mut tags);
            }
            self.scope = Some((scope.index(), tags.into_bytes()));
        }
        if let Some((_, tags)) = &self.scope {
            out.raw(tags);
        }
    }
}

fn is_empty(group: &ResourceSpans<'_>) -> bool {
    group.resource().attributes().is_empty() && group.scopes().next().is_none()
}

/// The body of the `Process`.
fn process(attributes: &Attributes<'_>) -> Vec<u8> {
    let mut out = Writer::new();
    if attributes.is_empty() {
        out.text(1, NO_SERVICE_NAME);
    } else if let Some(name) = attributes.get(SERVICE_NAME) {
        write_text(1, name.to_text().as_bytes(), &mut out);
    }
    let others = attributes.iter().filter(|(key, _)| *key != SERVICE_NAME);
    others.for_each(|(key, value)| write_tag(2, key, value, &mut out));
    out.into_bytes()
}

/// Writes the parent, then the links. A link to the parent says which kind of reference the parent is.
fn write_references(span: &Span<'_>, out: &mut Writer) {
    let own =
        Reference { trace_id: id(span.trace_id()), span_id: id(span.parent_span_id()), ref_type: CHILD_OF };
    let has_parent = own.span_id != [0; 8];
    let is_parent =
        |link: &Reference| has_parent && link.span_id == own.span_id && link.trace_id == own.trace_id;
    if has_parent {
        let to_parent = span.links().map(|link| reference(&link)).filter(is_parent).last();
        write_reference(&to_parent.unwrap_or(own), out);
    }
    let others = span.links().map(|link| reference(&link)).filter(|link| !is_parent(link));
    others.for_each(|link| write_reference(&link, out));
}

fn reference(link: &Link<'_>) -> Reference {
    let is_child = link.attributes().get(REF_TYPE).and_then(|value| value.as_text());
    let ref_type = if is_child.is_some_and(|text| text == REF_CHILD_OF) { CHILD_OF } else { FOLLOWS_FROM };
    Reference { trace_id: id(link.trace_id()), span_id: id(link.span_id()), ref_type }
}

fn write_reference(reference: &Reference, out: &mut Writer) {
    out.message(4, |out| {
        out.bytes(1, &reference.trace_id);
        out.bytes(2, &reference.span_id);
        if reference.ref_type != CHILD_OF {
            out.varint(3, reference.ref_type as u64);
        }
    });
}

/// Writes the tags for what OTLP has fields for and Jaeger has not.
fn write_meaning(span: &Span<'_>, out: &mut Writer) {
    let text = |key: &str, text: &str, out: &mut Writer| {
        write_tag(8, key.into(), Value::Text(text.into()), out);
    };
    let kind = usize::try_from(span.kind()).ok().and_then(|kind| KINDS.get(kind.checked_sub(1)?));
    if let Some(kind) = kind {
        text("span.kind", kind, out);
    }
    let status = span.status();
    match status.code {
        1 => text("otel.status_code", "OK", out),
        2 => {
            text("otel.status_code", "ERROR", out);
            write_tag(8, "error".into(), Value::Bool(true), out);
        }
        _ => (),
    }
    let rest = [("otel.status_description", status.message), ("w3c.tracestate", span.trace_state())];
    for (key, value) in rest.into_iter().filter(|(_, value)| !value.is_empty()) {
        write_tag(8, key.into(), Value::Text(value), out);
    }
}

fn write_log(event: &Event<'_>, out: &mut Writer) {
    let attributes = event.attributes();
    out.message(9, |out| {
        write_timestamp(1, event.time_unix_nano(), out);
        if !event.name().is_empty() && !attributes.contains("event") {
            write_tag(2, "event".into(), Value::Text(event.name()), out);
        }
        attributes.iter().for_each(|(key, value)| write_tag(2, key, value, out));
    });
}

/// Writes a `KeyValue` with the number `field`, which is below sixteen.
#[inline]
fn write_tag(field: u32, key: Text<'_>, value: Value<'_>, out: &mut Writer) {
    match value {
        // Nearly all: the lengths take a byte each.
        Value::Text(text) if !key.is_empty() && !text.is_empty() && key.len() + text.len() < 0x80 - 4 => {
            let (key_len, text_len) = (key.len() as u8, text.len() as u8);
            out.raw(&[(field << 3) as u8 | 2, key_len + text_len + 4, 0x0a, key_len]);
            out.raw(key.as_bytes());
            out.raw(&[0x1a, text_len]);
            out.raw(text.as_bytes());
        }
        other => out.message(field, |out| {
            write_text(1, key.as_bytes(), out);
            write_value(other, out);
        }),
    }
}

/// Writes the type and the value, without what is the default of its type.
fn write_value(value: Value<'_>, out: &mut Writer) {
    match value {
        Value::Empty => (),
        Value::Text(text) => write_text(3, text.as_bytes(), out),
        Value::Bool(flag) => {
            out.varint(2, 1);
            write_number(4, flag.into(), out);
        }
        Value::Int(number) => {
            out.varint(2, 2);
            write_number(5, number as u64, out);
        }
        Value::Double(number) => {
            out.varint(2, 3);
            if number.to_bits() != 0 {
                out.double(6, number);
            }
        }
        Value::Bytes(bytes) => {
            out.varint(2, 4);
            write_text(7, bytes, out);
        }
        // As JSON.
        Value::Array(_) | Value::Map(_) => write_text(3, value.to_text().as_bytes(), out),
    }
}

fn write_timestamp(field: u32, nanos: u64, out: &mut Writer) {
    out.message(field, |out| {
        write_number(1, nanos / NANOS_PER_SECOND as u64, out);
        write_number(2, nanos % NANOS_PER_SECOND as u64, out);
    });
}

/// Jaeger holds durations of 292 years either way, and refuses a batch in which one is longer.
fn write_duration(field: u32, nanos: i128, out: &mut Writer) {
    let nanos = nanos.clamp(i64::MIN.into(), i64::MAX.into()) as i64;
    out.message(field, |out| {
        write_number(1, (nanos / NANOS_PER_SECOND) as u64, out);
        write_number(2, (nanos % NANOS_PER_SECOND) as u64, out);
    });
}

#[inline]
fn write_number(field: u32, number: u64, out: &mut Writer) {
    if number != 0 {
        out.varint(field, number);
    }
}

#[inline]
fn write_text(field: u32, text: &[u8], out: &mut Writer) {
    if !text.is_empty() {
        out.bytes(field, text);
    }
}

/// An id, with zeros for one that is not there.
fn id<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap_or([0; N])
}
