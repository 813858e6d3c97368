//! A Jaeger span becomes an OTLP span.

use otlp::write::Writer;

use super::rows::{CHILD_OF, FOLLOWS_FROM, Reference, SpanRows};
use super::tags::{Tags, Value, write_attribute};

/// The attribute of a link that says which kind of reference it was.
pub(super) const REF_TYPE: &str = "opentracing.ref_type";
/// Its value for a child.
pub(super) const REF_CHILD_OF: &str = "child_of";
const REF_FOLLOWS_FROM: &str = "follows_from";

/// The kinds of spans, from 1 on.
pub(super) const KINDS: [&str; 5] = ["internal", "server", "client", "producer", "consumer"];
const SERVER: u64 = 2;
const CLIENT: u64 = 3;

/// How a span ended.
#[derive(Debug, Default)]
struct Status<'a> {
    code: Code,
    message: &'a [u8],
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Code {
    #[default]
    Unset = 0,
    Ok = 1,
    Error = 2,
}

/// Where the tags are that mean more than themselves.
#[derive(Debug, Default)]
struct Places {
    kind: Option<usize>,
    error: Option<usize>,
    status_code: Option<usize>,
    description: Option<usize>,
    http_code: Option<usize>,
    http_message: Option<usize>,
    trace_state: Option<usize>,
}

/// Writes the `spans` field of a `ScopeSpans`. Tags that become something else are taken out.
pub(super) fn write_span(span: &mut SpanRows<'_>, out: &mut Writer) {
    let tags = &mut span.tags;
    let places = Places::of(tags);
    let kind = kind(places.kind.map(|at| tags.remove(at)));
    let status = status(&places, kind, tags);
    let trace_state = places.trace_state.and_then(|at| take_text(tags, at)).unwrap_or_default();
    let parent = parent(span);

    // Most spans take between 128 and 16 383 bytes, which is what this guess stands for.
    let message = out.begin_sized(2, 512);
    write_id(1, &span.trace_id, out);
    write_id(2, &span.span_id, out);
    write_text(3, trace_state, out);
    write_id(4, &parent, out);
    write_text(5, span.name, out);
    if kind != 0 {
        out.varint(6, kind);
    }
    if span.start != 0 {
        out.fixed64(7, span.start);
    }
    if span.end != 0 {
        out.fixed64(8, span.end);
    }
    span.tags.write(9, out);
    out.raw(span.events.as_slice());
    let is_parent = |reference: &Reference| {
        reference.ref_type == CHILD_OF && reference.span_id == parent && reference.trace_id == span.trace_id
    };
    let links = span.references.iter().filter(|reference| !is_parent(reference));
    links.for_each(|link| write_link(link, out));
    write_status(&status, out);
    out.end(message);
}

impl Places {
    fn of(tags: &Tags<'_>) -> Self {
        let mut places = Self::default();
        for (position, tag) in tags.rows().iter().enumerate() {
            let place = match tag.key {
                b"span.kind" => &mut places.kind,
                b"error" => &mut places.error,
                b"otel.status_code" => &mut places.status_code,
                b"otel.status_description" => &mut places.description,
                b"http.status_code" => &mut places.http_code,
                b"http.status_message" => &mut places.http_message,
                b"w3c.tracestate" => &mut places.trace_state,
                _ => continue,
            };
            *place = Some(position);
        }
        places
    }
}

fn kind(value: Option<Value<'_>>) -> u64 {
    match value.and_then(Value::as_text) {
        Some(b"internal") => 1,
        Some(b"server") => SERVER,
        Some(b"client") => CLIENT,
        Some(b"producer") => 4,
        Some(b"consumer") => 5,
        _ => 0,
    }
}

/// How the span ended: what `error` says counts most, then what `otel.status_code` says, then HTTP's status.
fn status<'a>(places: &Places, kind: u64, tags: &mut Tags<'a>) -> Status<'a> {
    let text_at = |tags: &Tags<'a>, place: Option<usize>| place.and_then(|at| tags.value(at).as_text());
    let is_error = places.error.filter(|at| tags.value(*at) == Value::Bool(true));
    let explicit = places.status_code.map(|at| tags.remove(at));
    if let Some(error) = is_error {
        tags.remove(error);
        let description = places.description.and_then(|at| take_text(tags, at));
        let message = description.or_else(|| text_at(tags, places.http_message)).unwrap_or_default();
        return Status { code: Code::Error, message };
    }
    if let Some(value) = explicit {
        let message = places.description.and_then(|at| take_text(tags, at)).unwrap_or_default();
        return Status { code: named_code(value), message };
    }
    let http = places.http_code.and_then(|at| http_code(tags.value(at)));
    match http.map(|number| http_status(number, kind)) {
        Some(Code::Error) => {
            Status { code: Code::Error, message: text_at(tags, places.http_message).unwrap_or_default() }
        }
        Some(Code::Unset | Code::Ok) | None => Status::default(),
    }
}

fn named_code(value: Value<'_>) -> Code {
    match value {
        Value::Text(name) if name.eq_ignore_ascii_case(b"ok") => Code::Ok,
        Value::Text(name) if name.eq_ignore_ascii_case(b"error") => Code::Error,
        _ => Code::Unset,
    }
}

/// The number of an HTTP status, which some clients send as text.
fn http_code(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(number),
        Value::Text(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        _ => None,
    }
}

/// What an HTTP status says. That 399 is an error is so in the Go Collector as well.
fn http_status(number: i64, kind: u64) -> Code {
    match number {
        400..=499 if kind == SERVER => Code::Unset,
        400..=499 if kind == CLIENT => Code::Error,
        100..=398 => Code::Unset,
        _ => Code::Error,
    }
}

/// Takes out the value at `position` if it is text.
fn take_text<'a>(tags: &mut Tags<'a>, position: usize) -> Option<&'a [u8]> {
    let text = tags.value(position).as_text()?;
    tags.remove(position);
    Some(text)
}

/// The parent's id, or zeros.
fn parent(span: &SpanRows<'_>) -> [u8; 8] {
    if span.parent_span_id != [0; 8] {
        return span.parent_span_id;
    }
    let first = |ref_type| {
        let mut same_trace = span.references.iter().filter(|one| one.trace_id == span.trace_id);
        same_trace.find(|one| one.ref_type == ref_type)
    };
    let found = first(CHILD_OF).or_else(|| first(FOLLOWS_FROM));
    found.map_or([0; 8], |reference| reference.span_id)
}

fn write_link(reference: &Reference, out: &mut Writer) {
    let ref_type = if reference.ref_type == CHILD_OF { REF_CHILD_OF } else { REF_FOLLOWS_FROM };
    out.message(13, |out| {
        write_id(1, &reference.trace_id, out);
        write_id(2, &reference.span_id, out);
        write_attribute(4, REF_TYPE.as_bytes(), Value::Text(ref_type.as_bytes()), out);
    });
}

fn write_status(status: &Status<'_>, out: &mut Writer) {
    if status.code == Code::Unset && status.message.is_empty() {
        return;
    }
    out.message(15, |out| {
        write_text(2, status.message, out);
        if status.code != Code::Unset {
            out.varint(3, status.code as u64);
        }
    });
}

/// Writes an id, unless it is all zeros, which stands for none.
#[inline]
fn write_id<const N: usize>(field: u32, id: &[u8; N], out: &mut Writer) {
    if *id != [0; N] {
        out.bytes(field, id);
    }
}

#[inline]
fn write_text(field: u32, text: &[u8], out: &mut Writer) {
    if !text.is_empty() {
        out.bytes(field, text);
    }
}
