//! One pass over a request that finds every fault, and counts what is in it.
//!
//! What follows a tag is looked up in the schema tables, which takes one load. Most of a request is attributes, and
//! nearly all of them have one shape: a key, a value, and lengths below 128 that fit into each other exactly. Those
//! are matched as a whole; whatever else there is takes the general way. Both give the same verdict.
//!
//! # Where the verdict differs from prost's
//!
//! 1. Text is not checked for UTF-8, as in the Go Collector.
//! 2. A trace id must have sixteen bytes or none, a span id eight or none, as in the Go Collector.
//!
//! # Where it differs from the Go Collector's
//!
//! 1. Nesting is bounded (see [`MAX_DEPTH`]).
//! 2. A varint of more than 64 bits, a field number above 2^29 - 1, and the end of another group than the one that
//!    was begun are refused: the Go Collector repairs them by decoding and encoding again, but here the bytes go on
//!    as they are, and the next hop would refuse them together with whatever they were batched with.
//! 3. Field 1000 of a `ResourceX` (`instrumentation_library_spans` and the like, gone from the protocol since 2022) is
//!    an unknown field, as it is to prost: kept, but neither moved to the scopes nor counted.
//!
//! A metric with data of two types has the points of the last one, as for every oneof.

use super::schema::{self, Kind, Message, Step};
use super::varint::{
    Fault, MAX_DEPTH, Malformed, read_bytes, read_tag, read_varint, skip_fixed, skip_nested,
};
use crate::Signal;

mod attribute;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

/// Checks that `bytes` are an export request of `signal`, and counts its spans, data points or log records.
pub fn scan(signal: Signal, bytes: &[u8]) -> Result<usize, Malformed> {
    let request = schema::request(signal);
    walk(request, bytes, MAX_DEPTH).map_err(|error| error.within(request.name, 0))
}

/// Checks one message that stands alone, for instance a `Resource` or an `AnyValue`.
pub fn check(message: &'static Message, bytes: &[u8]) -> Result<(), Malformed> {
    walk(message, bytes, MAX_DEPTH).map(drop).map_err(|error| error.within(message.name, 0))
}

/// Checks the fields of one message, below which `depth` more levels may lie, and counts the items in it.
fn walk(message: &'static Message, bytes: &[u8], depth: u32) -> Result<usize, Malformed> {
    let mut items = 0;
    let mut member = None;
    let mut at = 0;
    while let Some(&tag) = bytes.get(at) {
        let (step, value) = match message.step(u32::from(tag)) {
            step if tag < 0x80 && step != Step::Other => (step, at + 1),
            _ => uncommon(message, bytes, at)?,
        };
        match step {
            Step::Varint => at = skip_varint(bytes, value)?,
            Step::Fixed64 => at = skip_fixed(bytes, value, 8)?,
            Step::Fixed32 => at = skip_fixed(bytes, value, 4)?,
            Step::Bytes => at = skip_bytes(bytes, value)?,
            Step::TraceId => at = skip_id(message, tag, bytes, value, 16)?,
            Step::SpanId => at = skip_id(message, tag, bytes, value, 8)?,
            Step::PackedFixed64 => at = skip_packed_fixed(bytes, value)?,
            Step::PackedVarint => at = skip_packed_varints(bytes, value)?,
            Step::Attribute => at = attributes(tag, bytes, value, depth)?,
            Step::Value => (_, at) = enter(&schema::ANY_VALUE, bytes, value, depth)?,
            Step::Message(position) => {
                let (inside, next) = enter(child(message, position), bytes, value, depth)?;
                (items, at) = (items + inside, next);
            }
            Step::OneOf(position) => {
                let (inside, next) = enter(child(message, position), bytes, value, depth)?;
                let before = if member == Some(position) { items } else { 0 };
                (items, at, member) = (before + inside, next, Some(position));
            }
            Step::Item(position) => {
                (_, at) = enter(child(message, position), bytes, value, depth)?;
                items += 1;
            }
            Step::Other => at = skip_unknown(bytes, at, depth)?,
        }
    }
    Ok(items)
}

/// What to do with the field at `at` whose tag takes several bytes, or is not one of the message's.
#[cold]
fn uncommon(message: &'static Message, bytes: &[u8], at: usize) -> Result<(Step, usize), Malformed> {
    let (tag, value) = read_tag(bytes, at)?;
    let step = message.step(tag.number << 3 | u32::from(tag.wire_type));
    match message.field(tag.number) {
        Some(field) if step == Step::Other => {
            Err(Malformed::new(at, Fault::WrongWireType { field: field.name, found: tag.wire_type }))
        }
        _ => Ok((step, value)),
    }
}

#[cold]
fn skip_unknown(bytes: &[u8], at: usize, depth: u32) -> Result<usize, Malformed> {
    let (tag, value) = read_tag(bytes, at)?;
    skip_nested(bytes, value, tag, depth)
}

/// The message type of the field at `position`.
#[inline]
fn child(message: &'static Message, position: u8) -> &'static Message {
    match message.fields.get(usize::from(position)).map(|field| field.kind) {
        Some(Kind::Message(child)) => child,
        _ => unreachable!("the tables make such steps for messages only"),
    }
}

/// Checks the message whose length stands at `at`: the items in it, and the position behind it.
#[inline]
fn enter(
    message: &'static Message,
    bytes: &[u8],
    at: usize,
    depth: u32,
) -> Result<(usize, usize), Malformed> {
    let (body, next) = read_bytes(bytes, at)?;
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Malformed::new(at, Fault::TooDeep));
    };
    match walk(message, body, depth) {
        Ok(items) => Ok((items, next)),
        Err(error) => Err(error.within(message.name, next - body.len())),
    }
}

/// Checks an attribute whose length stands at `at`, and those that follow it under the same tag.
#[inline]
fn attributes(tag: u8, bytes: &[u8], at: usize, depth: u32) -> Result<usize, Malformed> {
    // The attribute and its value are two levels.
    let mut next = if depth >= 2 { attribute::skip_plain(tag, bytes, at) } else { at };
    if next == at {
        (_, next) = enter(&schema::KEY_VALUE, bytes, at, depth)?;
    }
    Ok(next)
}

#[inline]
fn skip_varint(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    Ok(read_varint(bytes, at)?.1)
}

#[inline]
fn skip_bytes(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    Ok(read_bytes(bytes, at)?.1)
}

#[inline]
fn skip_id(
    message: &'static Message,
    tag: u8,
    bytes: &[u8],
    at: usize,
    length: usize,
) -> Result<usize, Malformed> {
    let (id, next) = read_bytes(bytes, at)?;
    if id.len() == length || id.is_empty() {
        return Ok(next);
    }
    let field = message.field(u32::from(tag >> 3)).map_or("id", |field| field.name);
    Err(Malformed::new(at, Fault::IdLength { field, found: id.len() }))
}

fn skip_packed_fixed(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let (numbers, next) = read_bytes(bytes, at)?;
    if numbers.len().is_multiple_of(8) {
        return Ok(next);
    }
    Err(Malformed::new(at, Fault::PackedLength(numbers.len())))
}

fn skip_packed_varints(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let (numbers, next) = read_bytes(bytes, at)?;
    let mut position = 0;
    while position < numbers.len() {
        position = skip_varint(numbers, position).map_err(|error| error.within("", next - numbers.len()))?;
    }
    Ok(next)
}
