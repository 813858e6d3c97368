//! Reading Jaeger's Thrift: a batch, and the messages that an agent takes.
//!
//! Thrift has no length around a struct. A span that lacks a required field costs that span, since its end is known;
//! what is cut or has impossible lengths costs the batch.

mod batch;
mod binary;
mod compact;
mod input;

use super::Decoded;
use super::fault::{DecodeError, Fault};
use batch::read_batch;
use binary::Binary;
use compact::Compact;
use input::{Input, Kind};

pub(super) use input::MAX_DEPTH;

/// The two encodings of Thrift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `TBinaryProtocol`: bodies over HTTP, and datagrams on port 6832.
    Binary,
    /// `TCompactProtocol`: datagrams on port 6831.
    Compact,
}

/// What an agent was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentMessage<'a> {
    /// `emitBatch`.
    Jaeger(Decoded),
    /// `emitZipkinBatch`.
    Zipkin(ZipkinSpans<'a>),
}

/// Zipkin's spans as they lie in a message to an agent: well-formed Thrift, and no more is known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZipkinSpans<'a> {
    /// A list of `zipkincore.Span`: the type of its elements, how many, and the elements. Empty if there was no list.
    pub bytes: &'a [u8],
    /// How it is encoded.
    pub protocol: Protocol,
}

/// Reads a `jaeger.Batch` that stands alone, as in the body of a request over HTTP. Bytes behind it do not matter.
pub fn decode_thrift(bytes: &[u8], protocol: Protocol) -> Result<Decoded, DecodeError> {
    match protocol {
        Protocol::Binary => read_batch(&mut Binary::new(bytes)),
        Protocol::Compact => read_batch(&mut Compact::new(bytes)),
    }
}

/// Reads a datagram to an agent: one call of `emitBatch` or `emitZipkinBatch`.
pub fn decode_agent(bytes: &[u8], protocol: Protocol) -> Result<AgentMessage<'_>, DecodeError> {
    match protocol {
        Protocol::Binary => read_message(&mut Binary::new(bytes), bytes, protocol),
        Protocol::Compact => read_message(&mut Compact::new(bytes), bytes, protocol),
    }
}

fn read_message<'a>(
    input: &mut impl Input<'a>,
    bytes: &'a [u8],
    protocol: Protocol,
) -> Result<AgentMessage<'a>, DecodeError> {
    let at = input.at();
    match input.message()? {
        b"emitBatch" => read_jaeger_call(input).map(AgentMessage::Jaeger),
        b"emitZipkinBatch" => {
            let spans = read_zipkin_call(input, bytes)?;
            Ok(AgentMessage::Zipkin(ZipkinSpans { bytes: spans, protocol }))
        }
        other => {
            // Enough to know what it was meant to be; the rest is not repeated to a log.
            let name = String::from_utf8_lossy(&other[..other.len().min(40)]);
            Err(DecodeError::new(at, Fault::Method(name.into_owned())))
        }
    }
}

fn read_jaeger_call<'a>(input: &mut impl Input<'a>) -> Result<Decoded, DecodeError> {
    let mut decoded = Decoded::default();
    let mut last = 0;
    while let Some(field) = input.field(&mut last)? {
        match (field.id, field.kind) {
            (1, Kind::Struct) => decoded = read_batch(input)?,
            _ => input.skip(field.kind)?,
        }
    }
    Ok(decoded)
}

fn read_zipkin_call<'a>(input: &mut impl Input<'a>, bytes: &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let mut spans: &[u8] = &[];
    let mut last = 0;
    while let Some(field) = input.field(&mut last)? {
        let start = input.at();
        input.skip(field.kind)?;
        if (field.id, field.kind) == (1, Kind::List) {
            spans = &bytes[start..input.at()];
        }
    }
    Ok(spans)
}
