//! Writing spans as protobuf.

use std::net::IpAddr;

use otlp::Traces;
use otlp::write::Writer;

use crate::zipkin::EncodeOptions;
use crate::zipkin::answer::Encoded;
use crate::zipkin::span::Kind;
use crate::zipkin::view::{Side, View, each};

pub(super) fn spans(traces: &Traces, options: EncodeOptions<'_>, out: &mut Vec<u8>) -> Encoded {
    let mut writer = Writer::append_to(std::mem::take(out));
    let mut scratch = Vec::new();
    let encoded = each(traces, options, |view| {
        // Nearly all spans are longer than 127 bytes and shorter than 16384.
        let mark = writer.begin_sized(1, 512);
        write_span(&mut writer, view, &mut scratch);
        writer.end(mark);
    });
    *out = writer.into_bytes();
    encoded
}

fn write_span(out: &mut Writer, view: &View<'_, '_>, scratch: &mut Vec<u8>) {
    out.bytes(1, view.span.trace_id());
    if let Some(id) = view.parent_id() {
        out.bytes(2, id);
    }
    out.bytes(3, view.span.span_id());
    if let Some(kind) = view.kind {
        out.varint(4, number(kind));
    }
    let name = view.span.name();
    if !name.is_empty() {
        out.text(5, &name.to_str());
    }
    if let Some(micros) = view.timestamp {
        out.fixed64(6, micros);
    }
    if let Some(micros) = view.duration {
        out.varint(7, micros);
    }
    write_side(out, 8, &view.local);
    write_side(out, 9, &view.remote);
    view.annotations(scratch, |micros, value| {
        out.message(10, |out| {
            out.fixed64(1, micros);
            out.bytes(2, value);
        });
    });
    for (key, value) in view.tags() {
        out.message(11, |out| {
            out.bytes(1, key);
            out.bytes(2, value);
        });
    }
}

fn number(kind: Kind) -> u64 {
    match kind {
        Kind::Client => 1,
        Kind::Server => 2,
        Kind::Producer => 3,
        Kind::Consumer => 4,
    }
}

fn write_side(out: &mut Writer, field: u32, side: &Side<&[u8]>) {
    if side.is_empty() {
        return;
    }
    out.message(field, |out| {
        if !side.name.is_empty() {
            out.bytes(1, side.name);
        }
        match side.address {
            Some(IpAddr::V4(address)) => out.bytes(2, &address.octets()),
            Some(IpAddr::V6(address)) => out.bytes(3, &address.octets()),
            None => (),
        }
        if side.port != 0 {
            out.varint(4, side.port.into());
        }
    });
}
