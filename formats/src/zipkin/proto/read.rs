//! Reading spans from protobuf.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use otlp::wire::varint::{self, Tag as FieldTag, read_bytes, read_fixed64, read_tag, read_varint};

use crate::zipkin::DecodeOptions;
use crate::zipkin::answer::{Decoded, Malformed, Reason};
use crate::zipkin::span::{Annotation, Endpoint, Kind, Span, Tag, Text};
use crate::zipkin::v2::Request;

/// A field of a message.
enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// Of a kind that no field of Zipkin has.
    Other,
}

pub(super) fn spans(body: &[u8], options: DecodeOptions) -> Result<Decoded, Malformed> {
    let mut request = Request::new(options);
    let mut span = Span::default();
    fields(body, |number, field| {
        let (1, Field::Bytes(body)) = (number, field) else {
            return Ok(());
        };
        span.clear();
        match read_span(body, &mut span) {
            Ok(()) => request.push(&mut span),
            Err(fault) => request.refuse(fault.reason),
        }
        Ok(())
    })
    .map_err(|fault| Malformed::new(fault.at, fault.reason))?;
    Ok(request.finish())
}

/// What is wrong with a message, and where in it.
struct Broken {
    at: usize,
    reason: Reason,
}

impl From<varint::Malformed> for Broken {
    #[cold]
    fn from(error: varint::Malformed) -> Self {
        Self { at: error.at, reason: error.fault.to_string().into() }
    }
}

impl From<&'static str> for Broken {
    #[cold]
    fn from(reason: &'static str) -> Self {
        Self { at: 0, reason: reason.into() }
    }
}

/// Gives `read` the fields of a message with their numbers.
#[inline]
fn fields<'a>(
    message: &'a [u8],
    mut read: impl FnMut(u32, Field<'a>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    let mut at = 0;
    while at < message.len() {
        let (tag, value) = read_tag(message, at)?;
        let (field, next) = field(message, value, tag)?;
        read(tag.number, field)?;
        at = next;
    }
    Ok(())
}

#[inline]
fn field(message: &[u8], at: usize, tag: FieldTag) -> Result<(Field<'_>, usize), varint::Malformed> {
    Ok(match tag.wire_type {
        0 => {
            let (value, next) = read_varint(message, at)?;
            (Field::Varint(value), next)
        }
        1 => {
            let (value, next) = read_fixed64(message, at)?;
            (Field::Fixed64(value), next)
        }
        2 => {
            let (value, next) = read_bytes(message, at)?;
            (Field::Bytes(value), next)
        }
        _ => (Field::Other, varint::skip(message, at, tag)?),
    })
}

fn read_span<'a>(message: &'a [u8], span: &mut Span<'a>) -> Result<(), Broken> {
    fields(message, |number, field| {
        match (number, field) {
            (1, Field::Bytes(id)) => span.trace_id = trace_id(id)?,
            (2, Field::Bytes([])) => span.parent_id = [0; 8],
            (2, Field::Bytes(id)) => span.parent_id = span_id(id, "valid parentId required")?,
            (3, Field::Bytes(id)) => span.id = span_id(id, "valid span id required")?,
            (4, Field::Varint(number)) => span.kind = kind(number),
            (5, Field::Bytes(name)) => span.name = name.into(),
            (6, Field::Fixed64(micros)) => span.timestamp = micros,
            (7, Field::Varint(micros)) => span.duration = micros,
            (8, Field::Bytes(body)) => endpoint(body, &mut span.local)?,
            (9, Field::Bytes(body)) => endpoint(body, &mut span.remote)?,
            (10, Field::Bytes(body)) => span.annotate(annotation(body)?),
            (11, Field::Bytes(body)) => span.tag(tag(body)?),
            (12 | 13, Field::Varint(_)) => (),
            (1..=13, _) => return Err(wrong_wire_type(number)),
            _ => (),
        }
        Ok(())
    })
}

#[cold]
fn wrong_wire_type(number: u32) -> Broken {
    Broken { at: 0, reason: format!("field {number} has a wrong wire type").into() }
}

/// Sixteen bytes, or the eight of a short id.
fn trace_id(id: &[u8]) -> Result<[u8; 16], Broken> {
    let mut whole = [0; 16];
    match id.len() {
        16 => whole.copy_from_slice(id),
        8 => whole[8..].copy_from_slice(id),
        _ => return Err("valid traceId required".into()),
    }
    Ok(whole)
}

fn span_id(id: &[u8], reason: &'static str) -> Result<[u8; 8], Broken> {
    id.try_into().map_err(|_| reason.into())
}

fn kind(number: u64) -> Option<Kind> {
    match number {
        1 => Some(Kind::Client),
        2 => Some(Kind::Server),
        3 => Some(Kind::Producer),
        4 => Some(Kind::Consumer),
        _ => None,
    }
}

/// A message that occurs twice is merged, as protobuf wants it.
fn endpoint<'a>(message: &'a [u8], endpoint: &mut Endpoint<'a>) -> Result<(), Broken> {
    fields(message, |number, field| {
        match (number, field) {
            (1, Field::Bytes(name)) => endpoint.service_name = name.into(),
            (2, Field::Bytes(address)) => endpoint.ipv4 = shown(address),
            (3, Field::Bytes(address)) => endpoint.ipv6 = shown(address),
            (4, Field::Varint(port)) => endpoint.port = checked_port(port)?,
            (1..=4, _) => return Err(wrong_wire_type(number)),
            _ => (),
        }
        Ok(())
    })
}

fn checked_port(port: u64) -> Result<u16, Broken> {
    let above = || Broken { at: 0, reason: format!("port `{port}` is above 65535").into() };
    u16::try_from(port).map_err(|_| above())
}

/// An address as text; what is neither four nor sixteen bytes long is none.
fn shown(address: &[u8]) -> Text<'_> {
    let text = if let Ok(bytes) = <[u8; 4]>::try_from(address) {
        Ipv4Addr::from(bytes).to_string()
    } else if let Ok(bytes) = <[u8; 16]>::try_from(address) {
        Ipv6Addr::from(bytes).to_canonical().to_string()
    } else {
        String::new()
    };
    Cow::Owned(text.into_bytes())
}

fn annotation(message: &[u8]) -> Result<Annotation<'_>, Broken> {
    let mut annotation = Annotation { timestamp: 0, value: Cow::Borrowed(b"") };
    fields(message, |number, field| {
        match (number, field) {
            (1, Field::Fixed64(micros)) => annotation.timestamp = micros,
            (2, Field::Bytes(value)) => annotation.value = value.into(),
            (1 | 2, _) => return Err(wrong_wire_type(number)),
            _ => (),
        }
        Ok(())
    })?;
    Ok(annotation)
}

#[inline]
fn tag(message: &[u8]) -> Result<Tag<'_>, Broken> {
    let mut tag = Tag { key: Cow::Borrowed(b""), value: Cow::Borrowed(b"") };
    fields(message, |number, field| {
        match (number, field) {
            (1, Field::Bytes(key)) => tag.key = key.into(),
            (2, Field::Bytes(value)) => tag.value = value.into(),
            (1 | 2, _) => return Err(wrong_wire_type(number)),
            _ => (),
        }
        Ok(())
    })?;
    Ok(tag)
}
