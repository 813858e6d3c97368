//! Version 1 as JSON: an array of spans.

use otlp::json::text::{Cursor, Problem};

use super::DecodeOptions;
use super::answer::{Decoded, Malformed};
use super::json::{array, items, members, text, utf8, whole_text};
use super::span::{Endpoint, Text, id};
use super::v1::{NoTime, Request, Span, Value};

/// Reads an array of spans. What is not one, and JSON that is broken, is an error as a whole.
pub fn decode(body: &[u8], options: DecodeOptions) -> Result<Decoded, Malformed> {
    let body = utf8(body);
    let mut request = Request::new(options, NoTime::Mark);
    let mut span = Span::default();
    array(&mut Cursor::new(&body), |cursor| {
        span.clear();
        let read = read_span(cursor, &mut span);
        match &read {
            Ok(()) => request.push(&mut span),
            Err(problem) => request.refuse(problem.message.clone()),
        }
        read
    })?;
    Ok(request.finish())
}

fn read_span<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    members(cursor, "a span", |cursor, key| {
        match key {
            b"traceId" => span.trace_id = trace_id(cursor)?,
            b"id" => {
                let digits = text(cursor)?;
                span.id = span_id(cursor, "id", digits)?;
            }
            b"parentId" => {
                let digits = text(cursor)?;
                span.parent_id =
                    if digits.is_empty() { [0; 8] } else { span_id(cursor, "parentId", digits)? };
            }
            b"name" => span.name = text(cursor)?,
            b"timestamp" => span.timestamp = integer(cursor)?,
            b"duration" => span.duration = integer(cursor)?,
            b"annotations" => annotations(cursor, span)?,
            b"binaryAnnotations" => binary_annotations(cursor, span)?,
            _ => cursor.skip()?,
        }
        Ok(())
    })
}

/// Sixteen or 32 digits.
fn trace_id(cursor: &mut Cursor<'_>) -> Result<[u8; 16], Problem> {
    let digits = text(cursor)?;
    if !matches!(digits.len(), 16 | 32) {
        return Err(cursor.problem("hex traceId span has wrong length (expected 16 or 32)"));
    }
    id("traceId", &digits).map_err(|reason| cursor.problem(reason))
}

fn span_id(cursor: &Cursor<'_>, field: &str, digits: Text<'_>) -> Result<[u8; 8], Problem> {
    if digits.len() != 16 {
        return Err(cursor.problem(format!("{field}: hex Id has wrong length (expected 16)")));
    }
    id(field, &digits).map_err(|reason| cursor.problem(reason))
}

/// Reads a whole number; `null` is zero.
fn integer(cursor: &mut Cursor<'_>) -> Result<i64, Problem> {
    match cursor.peek() {
        Some(b'0'..=b'9' | b'-') => {
            let digits = cursor.number()?;
            let parsed = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
            parsed.ok_or_else(|| cursor.problem("expected a whole number of 64 bits"))
        }
        Some(b'n') if cursor.take_null() => Ok(0),
        _ => Err(cursor.unexpected("a whole number")),
    }
}

fn annotations<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    span.clear_annotations();
    items(cursor, "a list of annotations", |cursor| {
        let (mut timestamp, mut value, mut host) = (0, Text::default(), Endpoint::default());
        members(cursor, "an annotation", |cursor, key| {
            match key {
                b"timestamp" => timestamp = integer(cursor)?,
                b"value" => value = text(cursor)?,
                b"endpoint" => host = endpoint(cursor)?,
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        span.annotate(timestamp, value, host);
        Ok(())
    })
}

fn binary_annotations<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    span.clear_binary();
    items(cursor, "a list of binary annotations", |cursor| {
        let (mut name, mut value, mut host) = (Text::default(), Text::default(), Endpoint::default());
        members(cursor, "a binary annotation", |cursor, key| {
            match key {
                b"key" => name = text(cursor)?,
                b"value" => value = whole_text(cursor)?,
                b"endpoint" => host = endpoint(cursor)?,
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        span.annotate_binary(name, Value::Loose(value), host);
        Ok(())
    })
}

fn endpoint<'a>(cursor: &mut Cursor<'a>) -> Result<Endpoint<'a>, Problem> {
    let mut endpoint = Endpoint::default();
    members(cursor, "an endpoint", |cursor, key| {
        match key {
            b"serviceName" => endpoint.service_name = text(cursor)?,
            b"ipv4" => endpoint.ipv4 = text(cursor)?,
            b"ipv6" => endpoint.ipv6 = text(cursor)?,
            b"port" => endpoint.port = port(cursor)?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    Ok(endpoint)
}

/// Reads a port, also one that a client took for a signed number of 16 bits.
fn port(cursor: &mut Cursor<'_>) -> Result<u16, Problem> {
    let number = integer(cursor)?;
    let signed = i16::try_from(number).map(|port| port as u16);
    u16::try_from(number).or(signed).map_err(|_| cursor.problem(format!("port `{number}` is above 65535")))
}
