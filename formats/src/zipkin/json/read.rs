//! Reading spans, and what both versions have in common.

use std::borrow::Cow;
use std::net::IpAddr;

use otlp::json::text::{Cursor, Problem, Raw};

use crate::zipkin::DecodeOptions;
use crate::zipkin::answer::{Decoded, Malformed};
use crate::zipkin::span::{Annotation, Endpoint, Kind, Span, Tag, Text, id};
use crate::zipkin::v2::Request;

/// Reads a body of spans.
pub(super) fn spans(cursor: &mut Cursor<'_>, options: DecodeOptions) -> Result<Decoded, Malformed> {
    let mut request = Request::new(options);
    let mut span = Span::default();
    array(cursor, |cursor| {
        span.clear();
        span.marks_absent_start = true;
        let read = read_span(cursor, &mut span);
        match &read {
            Ok(()) => request.push(&mut span),
            Err(problem) => request.refuse(problem.message.clone()),
        }
        read
    })?;
    Ok(request.finish())
}

/// Reads the only array of a body. Where `item` fails, the cursor goes on behind the item.
pub(in crate::zipkin) fn array<'a>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<(), Problem>,
) -> Result<(), Malformed> {
    match cursor.peek() {
        Some(b'[') => cursor.members(b']', |cursor| {
            if cursor.take_null() {
                return Ok(());
            }
            let start = cursor.clone();
            if item(cursor).is_err() {
                *cursor = start;
                return pass_over(cursor);
            }
            Ok(())
        })?,
        Some(b'n') if cursor.take_null() => (),
        _ => return Err(cursor.unexpected("an array of spans").into()),
    }
    match cursor.peek() {
        None => Ok(()),
        Some(_) => Err(cursor.unexpected("the end of the text").into()),
    }
}

/// Goes past a value, however deep it is and whatever is wrong with its parts, if only its brackets match.
fn pass_over(cursor: &mut Cursor<'_>) -> Result<(), Problem> {
    let mut open = Vec::new();
    loop {
        let length = match cursor.peek() {
            Some(b'"') => loose_string(cursor)?,
            Some(bracket @ (b'{' | b'[')) => {
                open.push(bracket);
                1
            }
            // In ASCII, the closing bracket is two behind the opening one.
            Some(bracket @ (b'}' | b']')) => match open.pop() {
                Some(opening) if opening + 2 == bracket => 1,
                _ => return Err(cursor.unexpected("a value")),
            },
            Some(b',' | b':') if open.is_empty() => return Err(cursor.unexpected("a value")),
            Some(b',' | b':') => 1,
            Some(_) => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:{}[]\"".contains(byte);
                cursor.rest().iter().position(ends).unwrap_or(cursor.rest().len())
            }
            None => return Err(cursor.unexpected("the rest of a span")),
        };
        // A byte that neither is white space to the cursor nor belongs to a word.
        cursor.advance(length.max(1));
        if open.is_empty() {
            return Ok(());
        }
    }
}

/// How long the string at the cursor is, whatever is in it.
fn loose_string(cursor: &Cursor<'_>) -> Result<usize, Problem> {
    let text = cursor.rest();
    let mut at = 1;
    while let Some(found) =
        text.get(at..).and_then(|rest| rest.iter().position(|byte| b"\"\\".contains(byte)))
    {
        at += found + 1;
        if text[at - 1] == b'"' {
            return Ok(at);
        }
        at += 1;
    }
    Err(cursor.problem("the text ends within a string"))
}

fn read_span<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    members(cursor, "a span", |cursor, key| {
        match key {
            b"traceId" => span.trace_id = read_id(cursor, "traceId")?,
            b"id" => span.id = read_id(cursor, "span id")?,
            b"parentId" => span.parent_id = read_id(cursor, "parentId")?,
            b"name" => span.name = text(cursor)?,
            b"kind" => span.kind = kind(&text(cursor)?),
            b"timestamp" => span.timestamp = unsigned(cursor)?,
            b"duration" => span.duration = unsigned(cursor)?,
            b"localEndpoint" => span.local = endpoint(cursor)?,
            b"remoteEndpoint" => span.remote = endpoint(cursor)?,
            b"annotations" => annotations(cursor, span)?,
            b"tags" => tags(cursor, span)?,
            b"debug" | b"shared" if cursor.peek() != Some(b'n') => drop(cursor.boolean()?),
            _ => cursor.skip()?,
        }
        Ok(())
    })
}

/// Reads the members of an object, called `what` when it is missing. `null` is an object without any.
#[inline]
pub(in crate::zipkin) fn members<'a>(
    cursor: &mut Cursor<'a>,
    what: &str,
    mut member: impl FnMut(&mut Cursor<'a>, &[u8]) -> Result<(), Problem>,
) -> Result<(), Problem> {
    match cursor.peek() {
        Some(b'{') => cursor.members(b'}', |cursor| {
            let name = cursor.string()?;
            cursor.expect(b':')?;
            if name.has_escapes { member(cursor, &name.text()) } else { member(cursor, name.bytes) }
        }),
        Some(b'n') if cursor.take_null() => Ok(()),
        _ => Err(cursor.unexpected(what)),
    }
}

/// Reads text; `null` is none.
#[inline]
pub(in crate::zipkin) fn text<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, Problem> {
    match cursor.peek() {
        Some(b'"') => cursor.string().map(Raw::text),
        Some(b'n') if cursor.take_null() => Ok(Cow::Borrowed(b"")),
        _ => Err(cursor.unexpected("a string")),
    }
}

/// Reads text, or a number or a boolean as the text that stands there.
pub(in crate::zipkin) fn whole_text<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, Problem> {
    match cursor.peek() {
        Some(b'-' | b'0'..=b'9') => cursor.number(),
        Some(b't' | b'f') => {
            let text: &[u8] = if cursor.boolean()? { b"true" } else { b"false" };
            Ok(text.into())
        }
        _ => text(cursor),
    }
}

/// Reads a whole number; `null` is zero.
#[inline]
fn unsigned(cursor: &mut Cursor<'_>) -> Result<u64, Problem> {
    match cursor.peek() {
        Some(b'0'..=b'9' | b'-') => {
            let digits = cursor.number()?;
            let parsed = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
            parsed.ok_or_else(|| not_unsigned(cursor, &digits))
        }
        Some(b'n') if cursor.take_null() => Ok(0),
        _ => Err(cursor.unexpected("a whole number")),
    }
}

#[cold]
fn not_unsigned(cursor: &Cursor<'_>, digits: &[u8]) -> Problem {
    let shown = String::from_utf8_lossy(&digits[..digits.len().min(64)]);
    cursor.problem(format!("found `{shown}`, expected a whole number from 0 up"))
}

#[inline]
fn read_id<const N: usize>(cursor: &mut Cursor<'_>, field: &str) -> Result<[u8; N], Problem> {
    let digits = text(cursor)?;
    id(field, &digits).map_err(|reason| cursor.problem(reason))
}

fn kind(name: &[u8]) -> Option<Kind> {
    match name {
        b"CLIENT" => Some(Kind::Client),
        b"SERVER" => Some(Kind::Server),
        b"PRODUCER" => Some(Kind::Producer),
        b"CONSUMER" => Some(Kind::Consumer),
        _ => None,
    }
}

fn endpoint<'a>(cursor: &mut Cursor<'a>) -> Result<Endpoint<'a>, Problem> {
    let mut endpoint = Endpoint::default();
    members(cursor, "an endpoint", |cursor, key| {
        match key {
            b"serviceName" => endpoint.service_name = text(cursor)?,
            b"ipv4" => endpoint.ipv4 = address(text(cursor)?),
            b"ipv6" => endpoint.ipv6 = address(text(cursor)?),
            b"port" => endpoint.port = port(cursor)?,
            _ => cursor.skip()?,
        }
        Ok(())
    })?;
    Ok(endpoint)
}

/// The address as it is usually written. What is not an address stays as it is.
fn address(text: Text<'_>) -> Text<'_> {
    // What is an IPv4 address is written in only one way.
    if !text.contains(&b':') {
        return text;
    }
    match std::str::from_utf8(&text).ok().and_then(|text| text.parse::<IpAddr>().ok()) {
        Some(address) => Cow::Owned(address.to_canonical().to_string().into_bytes()),
        None => text,
    }
}

/// Reads a port; 0 is none.
fn port(cursor: &mut Cursor<'_>) -> Result<u16, Problem> {
    let number = unsigned(cursor)?;
    u16::try_from(number).map_err(|_| cursor.problem(format!("port `{number}` is above 65535")))
}

fn annotations<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    span.annotations.clear();
    items(cursor, "a list of annotations", |cursor| {
        if cursor.take_null() {
            return Ok(());
        }
        let mut annotation = Annotation { timestamp: 0, value: Cow::Borrowed(b"") };
        members(cursor, "an annotation", |cursor, key| {
            match key {
                b"timestamp" => annotation.timestamp = unsigned(cursor)?,
                b"value" => annotation.value = text(cursor)?,
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        span.annotate(annotation);
        Ok(())
    })
}

/// Reads a list; `null` is an empty one.
#[inline]
pub(in crate::zipkin) fn items<'a>(
    cursor: &mut Cursor<'a>,
    what: &str,
    item: impl FnMut(&mut Cursor<'a>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    match cursor.peek() {
        Some(b'[') => cursor.members(b']', item),
        Some(b'n') if cursor.take_null() => Ok(()),
        _ => Err(cursor.unexpected(what)),
    }
}

fn tags<'a>(cursor: &mut Cursor<'a>, span: &mut Span<'a>) -> Result<(), Problem> {
    match cursor.peek() {
        Some(b'{') => cursor.members(b'}', |cursor| {
            let key = cursor.string()?.text();
            cursor.expect(b':')?;
            let value = text(cursor)?;
            span.tag(Tag { key, value });
            Ok(())
        }),
        Some(b'n') if cursor.take_null() => Ok(()),
        _ => Err(cursor.unexpected("an object of tags")),
    }
}
