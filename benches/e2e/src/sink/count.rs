//! How many spans a request has.

use std::io::Read as _;

use flate2::bufread::GzDecoder;
use otlp::wire::varint::{Malformed, read_bytes, read_tag, skip};

/// `ExportTraceServiceRequest.resource_spans`, `ResourceSpans.scope_spans` and `ScopeSpans.spans`.
const PATH: [u32; 3] = [1, 2, 2];

/// Counts the spans of a request: hops over them without looking inside.
pub(crate) fn count_spans(request: &[u8]) -> Result<u64, Malformed> {
    count(request, &PATH)
}

fn count(message: &[u8], path: &[u32]) -> Result<u64, Malformed> {
    let Some((&wanted, rest)) = path.split_first() else { return Ok(1) };
    let mut total = 0;
    let mut at = 0;
    while at < message.len() {
        let (tag, next) = read_tag(message, at)?;
        at = if tag.number == wanted && tag.wire_type == 2 {
            let (inner, behind) = read_bytes(message, next)?;
            total += count(inner, rest)?;
            behind
        } else {
            skip(message, next, tag)?
        };
    }
    Ok(total)
}

pub(super) fn gunzip(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::with_capacity(packed.len() * 5);
    GzDecoder::new(packed).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}
