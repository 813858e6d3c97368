//! From protobuf bytes to JSON text.
//!
//! Fields are written in the order in which they come. That makes one object of one message only if repeated fields
//! come in one run and others come once, which nearly every encoder does and a look at the tags shows. Otherwise the
//! message is put in order first. Looking before descending keeps the work linear however deep the disorder lies.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::plain_prefix;
use crate::wire::schema::{Field, Kind, Label, Message};
use crate::wire::varint::{
    Fault, Malformed, Tag, read_bytes, read_fixed32, read_fixed64, read_tag, read_varint, skip, unzigzag32,
    write_varint,
};

mod attribute;

/// Appends one message as an object, below which `depth` more levels may lie.
pub(super) fn object(
    message: &'static Message,
    bytes: &[u8],
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    if is_orderly(message, bytes)? {
        fields(message, bytes, depth, out)
    } else {
        // Positions in the copy would mean nothing, but only bytes that were not scanned can fail.
        fields(message, &in_order(message, bytes)?, depth, out)
    }
}

/// Whether repeated fields come in one run each, and others at most once.
fn is_orderly(message: &'static Message, bytes: &[u8]) -> Result<bool, Malformed> {
    const ONE_OF: u32 = 1;
    let (mut seen, mut last, mut at) = (0_u32, 0, 0);
    while at < bytes.len() {
        let (tag, value) = read_tag(bytes, at)?;
        at = skip(bytes, value, tag)?;
        let follows = std::mem::replace(&mut last, tag.number) == tag.number;
        let Some(field) = message.field(tag.number) else { continue };
        // Field numbers start at one, so the lowest bit is free for the members of a oneof.
        let own = if field.label == Label::OneOf { ONE_OF } else { 1 << tag.number };
        if seen & own != 0 && !(field.is_repeated() && follows) {
            return Ok(false);
        }
        seen |= own;
    }
    Ok(true)
}

/// The same message with repeated fields in one run each, and others once.
fn in_order(message: &'static Message, bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut ordered = Vec::with_capacity(bytes.len());
    let member = last_member(message, bytes)?;
    for field in message.fields {
        if field.label == Label::OneOf && Some(field.number) != member.map(|(number, _)| number) {
            continue;
        }
        let from = if field.label == Label::OneOf { member.map_or(0, |(_, at)| at) } else { 0 };
        append_in_order(field, bytes, from, &mut ordered)?;
    }
    Ok(ordered)
}

/// The member of the message's oneof that counts, and where it starts to.
fn last_member(message: &'static Message, bytes: &[u8]) -> Result<Option<(u32, usize)>, Malformed> {
    let (mut member, mut at) = (None, 0);
    while at < bytes.len() {
        let (tag, value) = read_tag(bytes, at)?;
        let is_member = message.field(tag.number).is_some_and(|field| field.label == Label::OneOf);
        if is_member && member.is_none_or(|(number, _)| number != tag.number) {
            member = Some((tag.number, at));
        }
        at = skip(bytes, value, tag)?;
    }
    Ok(member)
}

/// Appends all occurrences of a repeated field, the merged ones of a message, or the last one of another field.
fn append_in_order(field: &Field, bytes: &[u8], from: usize, out: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut at = from;
    let mut merged = None;
    let mut last = &bytes[..0];
    while at < bytes.len() {
        let (tag, value) = read_tag(bytes, at)?;
        let next = skip(bytes, value, tag)?;
        if tag.number == field.number {
            last = &bytes[at..next];
            if field.is_repeated() {
                out.extend_from_slice(last);
            } else if matches!(field.kind, Kind::Message(_)) && tag.wire_type == 2 {
                merged.get_or_insert_with(Vec::new).extend_from_slice(read_bytes(bytes, value)?.0);
            }
        }
        at = next;
    }
    match merged {
        Some(body) => {
            write_varint(out, u64::from(field.number) << 3 | 2);
            write_varint(out, body.len() as u64);
            out.extend_from_slice(&body);
        }
        None if !field.is_repeated() => out.extend_from_slice(last),
        None => {}
    }
    Ok(())
}

/// Appends the fields of an orderly message as an object.
fn fields(message: &'static Message, bytes: &[u8], depth: u32, out: &mut Vec<u8>) -> Result<(), Malformed> {
    out.push(b'{');
    let start = out.len();
    let (mut seen, mut at) = (0_u32, 0);
    while at < bytes.len() {
        let (tag, value) = read_tag(bytes, at)?;
        let Some(field) = message.field(tag.number) else {
            at = skip(bytes, value, tag)?;
            continue;
        };
        seen |= 1 << field.number;
        at = if field.is_repeated() {
            list(field, bytes, at, depth, out)?
        } else {
            single(field, bytes, (tag, value), depth, out)?
        };
    }
    let missing = |field: &&Field| field.label == Label::Always && seen & (1 << field.number) == 0;
    for field in message.fields.iter().filter(missing) {
        name(field, out);
        out.extend_from_slice(b"{},");
    }
    if out.len() > start {
        // Every field ends with a comma; the last one's becomes the bracket.
        out.pop();
    }
    out.push(b'}');
    Ok(())
}

/// Appends `"name":` after a comma.
#[inline]
fn name(field: &Field, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(field.json.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends a field that comes once; the position behind it.
#[inline]
fn single(
    field: &Field,
    bytes: &[u8],
    (tag, at): (Tag, usize),
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<usize, Malformed> {
    let before = out.len();
    name(field, out);
    let (is_default, next) = value(field, bytes, (tag, at), depth, out)?;
    if is_default && !field.has_presence() {
        out.truncate(before);
    } else {
        out.push(b',');
    }
    Ok(next)
}

/// Appends a run of a repeated field as an array; the position behind it.
fn list(
    field: &Field,
    bytes: &[u8],
    mut at: usize,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<usize, Malformed> {
    let before = out.len();
    name(field, out);
    out.push(b'[');
    let start = out.len();
    while at < bytes.len() {
        let (tag, start) = read_tag(bytes, at)?;
        if tag.number != field.number {
            break;
        }
        at = if tag.wire_type == 2 && field.kind.wire_type() != 2 {
            packed(field, bytes, start, out)?
        } else {
            let next = element(field, bytes, (tag, start), depth, out)?;
            out.push(b',');
            next
        };
    }
    if out.len() == start {
        out.truncate(before);
    } else {
        out.pop();
        out.extend_from_slice(b"],");
    }
    Ok(at)
}

/// Appends one element of a repeated field; the position behind it.
#[inline]
fn element(
    field: &Field,
    bytes: &[u8],
    (tag, at): (Tag, usize),
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<usize, Malformed> {
    // An attribute and its value are two levels.
    if field.is_key_value() && tag.wire_type == 2 && depth >= 2 {
        let (body, next) = read_bytes(bytes, at)?;
        if attribute::plain(body, out) {
            return Ok(next);
        }
    }
    Ok(value(field, bytes, (tag, at), depth, out)?.1)
}

/// Appends packed numbers, each with a comma behind it; the position behind them.
fn packed(field: &Field, bytes: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Malformed> {
    let (numbers, next) = read_bytes(bytes, at)?;
    let tag = Tag { number: field.number, wire_type: field.kind.wire_type() };
    let mut position = 0;
    while position < numbers.len() {
        (_, position) = value(field, numbers, (tag, position), 0, out)?;
        out.push(b',');
    }
    Ok(next)
}

/// Appends one value: whether it was the default of its kind, and the position behind it.
#[inline]
fn value(
    field: &Field,
    bytes: &[u8],
    (tag, at): (Tag, usize),
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(bool, usize), Malformed> {
    if tag.wire_type != field.kind.wire_type() {
        let fault = Fault::WrongWireType { field: field.name, found: tag.wire_type };
        return Err(Malformed::new(at, fault));
    }
    match field.kind.wire_type() {
        0 => {
            let (number, next) = read_varint(bytes, at)?;
            let number = if is_short(field.kind) { u64::from(number as u32) } else { number };
            varint(field.kind, number, out);
            Ok((number == 0, next))
        }
        1 => {
            let (number, next) = read_fixed64(bytes, at)?;
            fixed64(field.kind, number, out);
            Ok((number == 0, next))
        }
        5 => {
            let (number, next) = read_fixed32(bytes, at)?;
            integer(number, out);
            Ok((number == 0, next))
        }
        _ => {
            let (body, next) = read_bytes(bytes, at)?;
            content(field.kind, body, next - body.len(), depth, out)?;
            Ok((body.is_empty() && !matches!(field.kind, Kind::Message(_)), next))
        }
    }
}

/// Whether only the lower 32 bits of a varint count.
fn is_short(kind: Kind) -> bool {
    matches!(kind, Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Enum(_))
}

fn varint(kind: Kind, number: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Bool => out.extend_from_slice(if number == 0 { b"false" } else { b"true" }),
        Kind::Int64 => quoted(number as i64, out),
        Kind::Uint64 => quoted(number, out),
        Kind::Uint32 => integer(number as u32, out),
        Kind::Sint32 => integer(unzigzag32(number), out),
        // `int32` and enumerations: ten bytes on the wire when negative, of which the lower half counts.
        _ => integer(number as i32, out),
    }
}

fn fixed64(kind: Kind, number: u64, out: &mut Vec<u8>) {
    match kind {
        Kind::Double => double(f64::from_bits(number), out),
        Kind::Sfixed64 => quoted(number as i64, out),
        _ => quoted(number, out),
    }
}

#[inline]
fn content(kind: Kind, body: &[u8], start: usize, depth: u32, out: &mut Vec<u8>) -> Result<(), Malformed> {
    match kind {
        Kind::Message(message) => {
            let Some(below) = depth.checked_sub(1) else {
                return Err(Malformed::new(start, Fault::TooDeep));
            };
            return object(message, body, below, out).map_err(|error| error.within(message.name, start));
        }
        Kind::TraceId | Kind::SpanId => hex(body, out),
        Kind::Bytes => base64(body, out),
        _ => text(body, out),
    }
    Ok(())
}

fn integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn quoted(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.push(b'"');
    integer(number, out);
    out.push(b'"');
}

fn double(number: f64, out: &mut Vec<u8>) {
    if number.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else {
        let mut buffer = zmij::Buffer::new();
        let digits = buffer.format_finite(number);
        // `5`, as the Go Collector writes it, not `5.0`.
        out.extend_from_slice(digits.strip_suffix(".0").unwrap_or(digits).as_bytes());
    }
}

fn hex(id: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in id {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.push(b'"');
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

#[inline]
fn text(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(_) => utf8(bytes, out),
        Err(_) => utf8(String::from_utf8_lossy(bytes).as_bytes(), out),
    }
}

fn utf8(mut rest: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    loop {
        let (plain, special) = rest.split_at(plain_prefix(rest));
        out.extend_from_slice(plain);
        let [first, after @ ..] = special else { break };
        escape(*first, out);
        rest = after;
    }
    out.push(b'"');
}

fn escape(character: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    match character {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        other => {
            let digits = [DIGITS[usize::from(other >> 4)], DIGITS[usize::from(other & 15)]];
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
        }
    }
}
