//! Reading `zipkincore.Span`s.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::input::{Input, Kind};
use crate::zipkin::DecodeOptions;
use crate::zipkin::answer::{Decoded, Malformed};
use crate::zipkin::span::{Endpoint, Text};
use crate::zipkin::v1::{NoTime, Request, Span, Value};

pub(super) fn spans<'a>(input: &mut impl Input<'a>, options: DecodeOptions) -> Result<Decoded, Malformed> {
    let mut request = Request::new(options, NoTime::Leave);
    let mut span = Span::default();
    for _ in 0..structs(input)? {
        span.clear();
        read_span(input, &mut span)?;
        request.push(&mut span);
    }
    Ok(request.finish())
}

/// Reads the header of a list of structs: how many there are.
fn structs<'a>(input: &mut impl Input<'a>) -> Result<usize, Malformed> {
    match input.list()? {
        (Kind::Struct, count) => Ok(count),
        (_, 0) => Ok(0),
        _ => Err(input.bytes().malformed("expected a list of structs")),
    }
}

fn read_span<'a>(input: &mut impl Input<'a>, span: &mut Span<'a>) -> Result<(), Malformed> {
    let mut last = 0;
    while let Some((id, kind)) = input.field(&mut last)? {
        match (id, kind) {
            (1, Kind::I64) => span.trace_id[8..].copy_from_slice(&input.i64()?.to_be_bytes()),
            (3, Kind::Text) => span.name = input.text()?.into(),
            (4, Kind::I64) => span.id = input.i64()?.to_be_bytes(),
            (5, Kind::I64) => span.parent_id = input.i64()?.to_be_bytes(),
            (6, Kind::List) => {
                for _ in 0..structs(input)? {
                    annotation(input, span)?;
                }
            }
            (8, Kind::List) => {
                for _ in 0..structs(input)? {
                    binary_annotation(input, span)?;
                }
            }
            (10, Kind::I64) => span.timestamp = input.i64()?,
            (11, Kind::I64) => span.duration = input.i64()?,
            (12, Kind::I64) => span.trace_id[..8].copy_from_slice(&input.i64()?.to_be_bytes()),
            _ => input.skip(kind)?,
        }
    }
    Ok(())
}

fn annotation<'a>(input: &mut impl Input<'a>, span: &mut Span<'a>) -> Result<(), Malformed> {
    let (mut timestamp, mut value, mut host) = (0, Text::default(), Endpoint::default());
    let mut last = 0;
    while let Some((id, kind)) = input.field(&mut last)? {
        match (id, kind) {
            (1, Kind::I64) => timestamp = input.i64()?,
            (2, Kind::Text) => value = input.text()?.into(),
            (3, Kind::Struct) => host = endpoint(input)?,
            _ => input.skip(kind)?,
        }
    }
    span.annotate(timestamp, value, host);
    Ok(())
}

fn binary_annotation<'a>(input: &mut impl Input<'a>, span: &mut Span<'a>) -> Result<(), Malformed> {
    let (mut key, mut bytes, mut number) = (Default::default(), <&[u8]>::default(), 0);
    let mut host = Endpoint::default();
    let mut last = 0;
    while let Some((id, kind)) = input.field(&mut last)? {
        match (id, kind) {
            (1, Kind::Text) => key = Text::from(input.text()?),
            (2, Kind::Text) => bytes = input.text()?,
            (3, Kind::I32) => number = input.i32()?,
            (4, Kind::Struct) => host = endpoint(input)?,
            _ => input.skip(kind)?,
        }
    }
    span.annotate_binary(key, value(number, bytes), host);
    Ok(())
}

/// The value of the annotation type `number` in `bytes`.
fn value(number: i32, bytes: &[u8]) -> Value<'_> {
    let value = match number {
        0 => Some(Value::Bool(bytes == [1])),
        1 => Some(Value::Text(STANDARD.encode(bytes).into_bytes().into())),
        2 => bytes.first_chunk().map(|bytes| Value::Int(i16::from_be_bytes(*bytes).into())),
        3 => bytes.first_chunk().map(|bytes| Value::Int(i32::from_be_bytes(*bytes).into())),
        4 => bytes.first_chunk().map(|bytes| Value::Int(i64::from_be_bytes(*bytes))),
        5 => bytes.first_chunk().map(|bytes| Value::Double(f64::from_be_bytes(*bytes))),
        6 => Some(Value::Text(bytes.into())),
        _ => {
            let text = format!("<unknown zipkin v1 binary annotation type ({number})>");
            Some(Value::Text(text.into_bytes().into()))
        }
    };
    value.unwrap_or(Value::Text(Cow::Borrowed(b"<not enough bytes representing the number>")))
}

fn endpoint<'a>(input: &mut impl Input<'a>) -> Result<Endpoint<'a>, Malformed> {
    let mut endpoint = Endpoint::default();
    let mut last = 0;
    while let Some((id, kind)) = input.field(&mut last)? {
        match (id, kind) {
            (1, Kind::I32) => endpoint.ipv4 = ipv4(input.i32()?),
            // Clients write ports above 32767 as negative numbers.
            (2, Kind::I16) => endpoint.port = input.i16()? as u16,
            (3, Kind::Text) => endpoint.service_name = input.text()?.into(),
            (4, Kind::Text) => endpoint.ipv6 = ipv6(input.text()?),
            _ => input.skip(kind)?,
        }
    }
    Ok(endpoint)
}

/// Zero is none.
fn ipv4(number: i32) -> Text<'static> {
    let text = if number == 0 { String::new() } else { Ipv4Addr::from_bits(number as u32).to_string() };
    text.into_bytes().into()
}

/// What is not sixteen bytes long is none.
fn ipv6(bytes: &[u8]) -> Text<'static> {
    let text = match <[u8; 16]>::try_from(bytes) {
        Ok(bytes) => Ipv6Addr::from(bytes).to_canonical().to_string(),
        Err(_) => String::new(),
    };
    text.into_bytes().into()
}
