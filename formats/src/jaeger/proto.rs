//! Reading Jaeger's protobuf.
//!
//! Every message has a length, so what is wrong within a span costs that span. Messages that may occur once are merged
//! when they occur again, and of other fields the last counts, as protobuf wants it.

mod fields;

use std::borrow::Cow;
use std::collections::HashMap;

use fields::{BYTES, FIXED64, Fields, VARINT};

use super::fault::{DecodeError, Fault};
use super::groups::Groups;
use super::process::{NO_SERVICE_NAME, resource};
use super::rows::{Reference, Source, SpanRows, nanos};
use super::tags::{Tags, Value};
use super::{Decoded, Refusals};

/// Reads a `jaeger.api_v2.PostSpansRequest`.
pub fn decode_proto(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let mut reader = Reader {
        groups: Groups::new(bytes.len()),
        by_process: HashMap::new(),
        last_process: None,
        batch_resource: None,
        span: SpanRows::new(Source::Protobuf),
        refused: Refusals::default(),
    };
    let process = batch_process(bytes)?;
    reader.batch_resource = process.map(|process| reader.own_resource(&process)).transpose()?;
    let mut request = Fields::new(bytes);
    while request.next()? {
        if request.found == (1, BYTES) {
            reader.batch(request.message())?;
        }
    }
    Ok(reader.groups.finish(reader.refused))
}

/// The process of the batch, which may stand behind the spans. Checks the request's and the batch's own fields.
fn batch_process(bytes: &[u8]) -> Result<Option<Process<'_>>, DecodeError> {
    let mut process = None;
    let mut request = Fields::new(bytes);
    while request.next()? {
        match request.found {
            (1, BYTES) => (),
            (1, _) => return Err(request.wrong("batch")),
            _ => continue,
        }
        let mut batch = request.message();
        while batch.next()? {
            match batch.found {
                (1, BYTES) => (),
                (2, BYTES) => merge(&mut process, &batch),
                (1, _) => return Err(batch.wrong("spans")),
                (2, _) => return Err(batch.wrong("process")),
                _ => (),
            }
        }
    }
    Ok(process)
}

/// Adds another occurrence of a message that may occur once: end to end they are one message.
fn merge<'a>(process: &mut Option<Process<'a>>, fields: &Fields<'a>) {
    match process {
        None => *process = Some(Process { at: fields.start, body: Cow::Borrowed(fields.body()) }),
        Some(before) => before.body.to_mut().extend_from_slice(fields.body()),
    }
}

struct Reader<'a> {
    groups: Groups<'a>,
    /// The resources of the spans that name their own process.
    by_process: HashMap<&'a [u8], usize>,
    /// The last of them, which is most often the next one too.
    last_process: Option<(&'a [u8], usize)>,
    batch_resource: Option<usize>,
    span: SpanRows<'a>,
    refused: Refusals,
}

/// A process that was not read yet.
struct Process<'a> {
    /// Where it was found.
    at: usize,
    body: Cow<'a, [u8]>,
}

/// The parts of a span that are put together when all of it was read.
#[derive(Default)]
struct Rest<'a> {
    start: Option<Seconds>,
    duration: Seconds,
    process: Option<Process<'a>>,
}

/// A `Timestamp` or a `Duration`.
#[derive(Debug, Clone, Copy, Default)]
struct Seconds {
    seconds: i64,
    nanos: i32,
}

impl<'a> Reader<'a> {
    fn batch(&mut self, mut batch: Fields<'a>) -> Result<(), DecodeError> {
        while batch.next()? {
            if batch.found == (1, BYTES)
                && let Err(error) = self.span(batch.message())
            {
                self.refused.add(|| error);
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
            (Some(process), _) => self.own_resource(&process)?,
            (None, Some(resource)) => resource,
            (None, None) => self.groups.resource(Vec::new()),
        };
        self.groups.add(resource, &mut self.span);
        Ok(())
    }

    fn own_resource(&mut self, process: &Process<'a>) -> Result<usize, DecodeError> {
        let resource = match process.body {
            Cow::Borrowed(body) => self.known_resource(body),
            Cow::Owned(ref body) => self.resource(body),
        };
        resource.map_err(|error| error.shifted(process.at))
    }

    fn known_resource(&mut self, process: &'a [u8]) -> Result<usize, DecodeError> {
        if let Some((last, resource)) = self.last_process
            && last == process
        {
            return Ok(resource);
        }
        let resource = match self.by_process.get(process) {
            Some(resource) => *resource,
            None => self.resource(process)?,
        };
        self.by_process.insert(process, resource);
        self.last_process = Some((process, resource));
        Ok(resource)
    }

    fn resource(&mut self, process: &[u8]) -> Result<usize, DecodeError> {
        let mut service_name: &[u8] = &[];
        let mut fields = Fields::new(process);
        while fields.next()? {
            match fields.found {
                (1, BYTES) => service_name = fields.body(),
                (1, _) => return Err(fields.wrong("service_name")),
                _ => (),
            }
        }
        let mut tags = Tags::default();
        if !service_name.is_empty() && service_name != NO_SERVICE_NAME.as_bytes() {
            tags.set(b"service.name", Value::Text(service_name));
        }
        let mut fields = Fields::new(process);
        while fields.next()? {
            match fields.found {
                (2, BYTES) => {
                    let (key, value) = key_value(fields.message())?;
                    tags.set(key, value);
                }
                (2, _) => return Err(fields.wrong("tags")),
                _ => (),
            }
        }
        Ok(self.groups.resource(resource(tags)))
    }
}

fn read_span<'a>(mut fields: Fields<'a>, span: &mut SpanRows<'a>) -> Result<Rest<'a>, DecodeError> {
    let mut rest = Rest::default();
    while fields.next()? {
        match fields.found {
            (8, BYTES) => {
                let (key, value) = key_value(fields.message())?;
                span.tag(key, value);
            }
            (1, BYTES) => span.trace_id = trace_id(&fields)?,
            (2, BYTES) => span.span_id = span_id(&fields)?,
            (3, BYTES) => span.name = fields.body(),
            (4, BYTES) => span.reference(reference(fields.message())?),
            (6, BYTES) => rest.start.get_or_insert_default().read(fields.message())?,
            (7, BYTES) => rest.duration.read(fields.message())?,
            (9, BYTES) => log(fields.message(), span)?,
            (10, BYTES) => merge(&mut rest.process, &fields),
            (5, VARINT) | (11 | 12, BYTES) => (),
            (number @ 1..=12, _) => return Err(fields.wrong(SPAN_FIELDS[number as usize - 1])),
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
    while fields.next()? {
        match fields.found {
            (1, BYTES) => reference.trace_id = trace_id(&fields)?,
            (2, BYTES) => reference.span_id = span_id(&fields)?,
            (3, VARINT) => reference.ref_type = fields.value as i32,
            (1..=3, _) => return Err(fields.wrong("references")),
            _ => (),
        }
    }
    Ok(reference)
}

fn log<'a>(mut fields: Fields<'a>, span: &mut SpanRows<'a>) -> Result<(), DecodeError> {
    let mut time = Seconds::default();
    span.fields.clear();
    while fields.next()? {
        match fields.found {
            (1, BYTES) => time.read(fields.message())?,
            (2, BYTES) => {
                let (key, value) = key_value(fields.message())?;
                span.fields.set(key, value);
            }
            (1..=2, _) => return Err(fields.wrong("logs")),
            _ => (),
        }
    }
    span.log(nanos(time.total()));
    Ok(())
}

#[inline]
fn key_value(fields: Fields<'_>) -> Result<(&[u8], Value<'_>), DecodeError> {
    match plain_text(fields.rest()) {
        Some((key, text)) => Ok((key, Value::Text(text))),
        None => other_key_value(fields),
    }
}

/// The key and the text of the most common tag: those two and nothing else, with lengths below 128.
#[inline]
fn plain_text(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let &[0x0a, length @ ..0x80, ref rest @ ..] = body else { return None };
    let (key, rest) = rest.split_at_checked(length.into())?;
    let &[0x1a, length @ ..0x80, ref text @ ..] = rest else { return None };
    (text.len() == usize::from(length)).then_some((key, text))
}

fn other_key_value(mut fields: Fields<'_>) -> Result<(&[u8], Value<'_>), DecodeError> {
    let mut key: &[u8] = &[];
    let mut text: &[u8] = &[];
    let mut binary: &[u8] = &[];
    let (mut v_type, mut flag, mut int, mut double) = (0, false, 0, 0.0);
    while fields.next()? {
        match fields.found {
            (1, BYTES) => key = fields.body(),
            (2, VARINT) => v_type = fields.value as i32,
            (3, BYTES) => text = fields.body(),
            (4, VARINT) => flag = fields.value != 0,
            (5, VARINT) => int = fields.value as i64,
            (6, FIXED64) => double = f64::from_bits(fields.value),
            (7, BYTES) => binary = fields.body(),
            (1..=7, _) => return Err(fields.wrong("tags")),
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
    let bytes = id.body();
    if let Ok(whole) = bytes.try_into() {
        return Ok(whole);
    }
    let low: [u8; 8] = bytes.try_into().map_err(|_| id.wrong_length("trace_id"))?;
    let mut whole = [0; 16];
    whole[8..].copy_from_slice(&low);
    Ok(whole)
}

fn span_id(id: &Fields<'_>) -> Result<[u8; 8], DecodeError> {
    id.body().try_into().map_err(|_| id.wrong_length("span_id"))
}

impl Seconds {
    fn read(&mut self, mut fields: Fields<'_>) -> Result<(), DecodeError> {
        while fields.next()? {
            match fields.found {
                (1, VARINT) => self.seconds = fields.value as i64,
                (2, VARINT) => self.nanos = fields.value as i32,
                (1..=2, _) => return Err(fields.wrong("seconds and nanos")),
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
