//! Reading Jaeger's protobuf.
//!
//! Every message has a length, so what is wrong within a span costs that span. Messages that may occur once are merged
//! when they occur again, and of other fields the last counts, as protobuf wants it.

use std::borrow::Cow;
use std::collections::HashMap;

use otlp::wire::varint::{self, read_bytes, read_fixed64, read_tag, read_varint, skip};

use super::fault::{DecodeError, Fault};
use super::groups::Groups;
use super::process::{NO_SERVICE_NAME, resource};
use super::rows::{Reference, Source, SpanRows, nanos};
use super::tags::{Tags, Value};
use super::{Decoded, Refusals};

#[cfg(test)]
mod tests;

/// Reads a `jaeger.api_v2.PostSpansRequest`.
pub fn decode_proto(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut reader = Reader {
        groups: Groups::new(bytes.len()),
        by_process: HashMap::new(),
        batch_resource: None,
        span: SpanRows::new(Source::Protobuf),
        refused: Refusals::default(),
    };
    let process = batch_process(bytes)?;
    reader.batch_resource = process.map(|process| reader.resource(&process)).transpose()?;
    let mut request = Fields::new(bytes);
    while let Some(field) = request.next()? {
        if let (1, Wire::Message(batch)) = field {
            reader.batch(batch)?;
        }
    }
    Ok(reader.groups.finish(reader.refused))
}

/// The process of the batch, which may stand behind the spans. Checks the request's and the batch's own fields.
fn batch_process(bytes: &[u8]) -> Result<Option<Cow<'_, [u8]>>, DecodeError> {
    let mut process = None;
    let mut request = Fields::new(bytes);
    while let Some(field) = request.next()? {
        let mut batch = match field {
            (1, Wire::Message(batch)) => batch,
            (1, wire) => return Err(request.wrong("batch", wire)),
            _ => continue,
        };
        while let Some(field) = batch.next()? {
            match field {
                (1, Wire::Message(_)) => (),
                (2, Wire::Message(body)) => merge(&mut process, body.rest()),
                (1, wire) => return Err(batch.wrong("spans", wire)),
                (2, wire) => return Err(batch.wrong("process", wire)),
                _ => (),
            }
        }
    }
    Ok(process)
}

/// Adds another occurrence of a message that may occur once: end to end they are one message.
fn merge<'a>(message: &mut Option<Cow<'a, [u8]>>, body: &'a [u8]) {
    match message {
        None => *message = Some(Cow::Borrowed(body)),
        Some(before) => before.to_mut().extend_from_slice(body),
    }
}

struct Reader<'a> {
    groups: Groups<'a>,
    /// The resources of the spans that name their own process.
    by_process: HashMap<&'a [u8], usize>,
    batch_resource: Option<usize>,
    span: SpanRows<'a>,
    refused: Refusals,
}

/// The parts of a span that are put together when all of it was read.
#[derive(Default)]
struct Rest<'a> {
    start: Option<Seconds>,
    duration: Seconds,
    process: Option<Cow<'a, [u8]>>,
}

/// A `Timestamp` or a `Duration`.
#[derive(Debug, Clone, Copy, Default)]
struct Seconds {
    seconds: i64,
    nanos: i32,
}

impl<'a> Reader<'a> {
    fn batch(&mut self, mut batch: Fields<'a>) -> Result<(), DecodeError> {
        while let Some(field) = batch.next()? {
            if let (1, Wire::Message(span)) = field
                && let Err(error) = self.span(span)
            {
                self.refused.add(&error);
            }
        }
        Ok(())
    }

    fn span(&mut self, body: Fields<'a>) -> Result<(), DecodeError> {
        self.span.clear();
        let rest = read_span(body.clone(), &mut self.span)?;
        let start = rest.start.unwrap_or_default().total();
        self.span.start = nanos(start);
        self.span.end = nanos(start + rest.duration.total());
        if self.span.is_blank() && rest.process.is_none() && rest.start.is_none() {
            return Err(DecodeError::new(body.at, Fault::Blank));
        }
        let resource = match (rest.process, self.batch_resource) {
            (Some(Cow::Borrowed(process)), _) => self.known_resource(process)?,
            (Some(Cow::Owned(process)), _) => self.resource(&process)?,
            (None, Some(resource)) => resource,
            (None, None) => self.groups.resource(Vec::new()),
        };
        self.groups.add(resource, &mut self.span);
        Ok(())
    }

    fn known_resource(&mut self, process: &'a [u8]) -> Result<usize, DecodeError> {
        if let Some(resource) = self.by_process.get(process) {
            return Ok(*resource);
        }
        let resource = self.resource(process)?;
        self.by_process.insert(process, resource);
        Ok(resource)
    }

    fn resource(&mut self, process: &[u8]) -> Result<usize, DecodeError> {
        let mut service_name: &[u8] = &[];
        let mut fields = Fields::new(process);
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Message(name)) => service_name = name.rest(),
                (1, wire) => return Err(fields.wrong("service_name", wire)),
                _ => (),
            }
        }
        let mut tags = Tags::default();
        if !service_name.is_empty() && service_name != NO_SERVICE_NAME.as_bytes() {
            tags.set(b"service.name", Value::Text(service_name));
        }
        let mut fields = Fields::new(process);
        while let Some(field) = fields.next()? {
            match field {
                (2, Wire::Message(body)) => {
                    let (key, value) = key_value(body)?;
                    tags.set(key, value);
                }
                (2, wire) => return Err(fields.wrong("tags", wire)),
                _ => (),
            }
        }
        Ok(self.groups.resource(resource(tags)))
    }
}

fn read_span<'a>(mut fields: Fields<'a>, span: &mut SpanRows<'a>) -> Result<Rest<'a>, DecodeError> {
    let mut rest = Rest::default();
    while let Some(field) = fields.next()? {
        match field {
            (8, Wire::Message(body)) => {
                let (key, value) = key_value(body)?;
                span.tag(key, value);
            }
            (1, Wire::Message(id)) => span.trace_id = trace_id(&id)?,
            (2, Wire::Message(id)) => span.span_id = span_id(&id)?,
            (3, Wire::Message(name)) => span.name = name.rest(),
            (4, Wire::Message(body)) => span.reference(reference(body)?),
            (6, Wire::Message(body)) => rest.start.get_or_insert_default().read(body)?,
            (7, Wire::Message(body)) => rest.duration.read(body)?,
            (9, Wire::Message(body)) => log(body, span)?,
            (10, Wire::Message(body)) => merge(&mut rest.process, body.rest()),
            (5, Wire::Varint(_)) | (11 | 12, Wire::Message(_)) => (),
            (number @ 1..=12, wire) => return Err(fields.wrong(SPAN_FIELDS[number as usize - 1], wire)),
            _ => (),
        }
    }
    Ok(rest)
}

const SPAN_FIELDS: [&str; 12] = [
    "trace_id",
    "span_id",
    "operation_name",
    "references",
    "flags",
    "start_time",
    "duration",
    "tags",
    "logs",
    "process",
    "process_id",
    "warnings",
];

fn reference(mut fields: Fields<'_>) -> Result<Reference, DecodeError> {
    let mut reference = Reference::default();
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Message(id)) => reference.trace_id = trace_id(&id)?,
            (2, Wire::Message(id)) => reference.span_id = span_id(&id)?,
            (3, Wire::Varint(number)) => reference.ref_type = number as i32,
            (1..=3, wire) => return Err(fields.wrong("references", wire)),
            _ => (),
        }
    }
    Ok(reference)
}

fn log<'a>(mut fields: Fields<'a>, span: &mut SpanRows<'a>) -> Result<(), DecodeError> {
    let mut time = Seconds::default();
    span.fields.clear();
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Message(body)) => time.read(body)?,
            (2, Wire::Message(body)) => {
                let (key, value) = key_value(body)?;
                span.fields.set(key, value);
            }
            (1..=2, wire) => return Err(fields.wrong("logs", wire)),
            _ => (),
        }
    }
    span.log(nanos(time.total()));
    Ok(())
}

#[inline]
fn key_value(mut fields: Fields<'_>) -> Result<(&[u8], Value<'_>), DecodeError> {
    let mut key: &[u8] = &[];
    let mut text: &[u8] = &[];
    let mut binary: &[u8] = &[];
    let (mut v_type, mut flag, mut int, mut double) = (0, false, 0, 0.0);
    while let Some(field) = fields.next()? {
        match field {
            (1, Wire::Message(body)) => key = body.rest(),
            (2, Wire::Varint(number)) => v_type = number as i32,
            (3, Wire::Message(body)) => text = body.rest(),
            (4, Wire::Varint(number)) => flag = number != 0,
            (5, Wire::Varint(number)) => int = number as i64,
            (6, Wire::Fixed64(bits)) => double = f64::from_bits(bits),
            (7, Wire::Message(body)) => binary = body.rest(),
            (1..=7, wire) => return Err(fields.wrong("tags", wire)),
            _ => (),
        }
    }
    let value = match v_type {
        0 => Value::Text(text),
        1 => Value::Bool(flag),
        2 => Value::Int(int),
        3 => Value::Double(double),
        4 => Value::Bytes(binary),
        other => Value::Unknown(other),
    };
    Ok((key, value))
}

/// Sixteen bytes, or the lower eight of them.
fn trace_id(id: &Fields<'_>) -> Result<[u8; 16], DecodeError> {
    let bytes = id.rest();
    if let Ok(whole) = bytes.try_into() {
        return Ok(whole);
    }
    let low: [u8; 8] = bytes.try_into().map_err(|_| id.wrong_length("trace_id"))?;
    let mut whole = [0; 16];
    whole[8..].copy_from_slice(&low);
    Ok(whole)
}

fn span_id(id: &Fields<'_>) -> Result<[u8; 8], DecodeError> {
    id.rest().try_into().map_err(|_| id.wrong_length("span_id"))
}

impl Seconds {
    fn read(&mut self, mut fields: Fields<'_>) -> Result<(), DecodeError> {
        while let Some(field) = fields.next()? {
            match field {
                (1, Wire::Varint(number)) => self.seconds = number as i64,
                (2, Wire::Varint(number)) => self.nanos = number as i32,
                (1..=2, wire) => return Err(fields.wrong("seconds and nanos", wire)),
                _ => (),
            }
        }
        Ok(())
    }

    /// All of it in nanoseconds.
    fn total(self) -> i128 {
        i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanos)
    }
}

/// The fields of a message from `at` on, to the end of `bytes`. Offsets count from the begin of the whole input.
#[derive(Debug, Clone)]
struct Fields<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A field's value.
#[derive(Debug, Clone)]
enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    /// A message, a text or bytes.
    Message(Fields<'a>),
    /// Anything else, which no field here has.
    Other(u8),
}

impl<'a> Fields<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next field's number and value.
    #[inline]
    fn next(&mut self) -> Result<Option<(u32, Wire<'a>)>, DecodeError> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let (tag, value) = read_tag(self.bytes, self.at)?;
        let wire = match tag.wire_type {
            0 => {
                let (number, next) = read_varint(self.bytes, value)?;
                self.at = next;
                Wire::Varint(number)
            }
            1 => {
                let (number, next) = read_fixed64(self.bytes, value)?;
                self.at = next;
                Wire::Fixed64(number)
            }
            2 => {
                let (body, next) = read_bytes(self.bytes, value)?;
                self.at = next;
                Wire::Message(Fields { bytes: &self.bytes[..next], at: next - body.len() })
            }
            other => {
                self.at = skip(self.bytes, value, tag)?;
                Wire::Other(other)
            }
        };
        Ok(Some((tag.number, wire)))
    }

    /// The bytes that were not read yet: of a field just found, all.
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// What is wrong with the field before this position.
    #[cold]
    fn wrong(&self, field: &'static str, wire: Wire<'_>) -> DecodeError {
        let found = match wire {
            Wire::Varint(_) => 0,
            Wire::Fixed64(_) => 1,
            Wire::Message(_) => 2,
            Wire::Other(found) => found,
        };
        DecodeError::new(self.at, Fault::Protobuf(varint::Fault::WrongWireType { field, found }))
    }

    #[cold]
    fn wrong_length(&self, field: &'static str) -> DecodeError {
        DecodeError::new(self.at, Fault::IdLength { field, found: self.rest().len() })
    }
}
