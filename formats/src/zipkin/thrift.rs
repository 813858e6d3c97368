//! Version 1 as Thrift: a list of `zipkincore.Span`, as posted over HTTP or inside Jaeger's `emitZipkinBatch`.
//!
//! Thrift has no length around a struct, so bytes that are no Thrift end the list, and with it the body. What is
//! wrong with a span that can be read costs that span.

mod input;
mod read;

use super::DecodeOptions;
use super::answer::{Decoded, Malformed};
use input::{Binary, Compact};

pub use crate::jaeger::Protocol;

/// Reads a list of spans: the type of its elements, how many, and the elements.
pub fn decode_list(body: &[u8], protocol: Protocol, options: DecodeOptions) -> Result<Decoded, Malformed> {
    match protocol {
        Protocol::Binary => read::spans(&mut Binary::new(body), options),
        Protocol::Compact => read::spans(&mut Compact::new(body), options),
    }
}
