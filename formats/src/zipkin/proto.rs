//! Version 2 as protobuf: the message `zipkin.proto3.ListOfSpans`.

mod read;
mod write;

use otlp::Traces;

use super::answer::{Decoded, Encoded, Malformed};
use super::{DecodeOptions, EncodeOptions};

/// Reads a `ListOfSpans`. Bytes that are no sequence of fields are an error as a whole.
pub fn decode(body: &[u8], options: DecodeOptions) -> Result<Decoded, Malformed> {
    read::spans(body, options)
}

/// Appends the spans of `traces` to `out` as a `ListOfSpans`.
pub fn encode(traces: &Traces, options: EncodeOptions<'_>, out: &mut Vec<u8>) -> Encoded {
    write::spans(traces, options, out)
}
