//! Zipkin by tables of examples and by properties.

mod examples;
mod examples_v1;
mod hostile;
mod messages;
mod round_trip;
mod shown;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp::{Payload, Signal, Traces};
use prost::Message;

use super::*;
use shown::show;

/// What was taken, as text, and why the rest was refused.
fn shown(decoded: Result<Decoded, Malformed>) -> String {
    match decoded {
        Ok(decoded) => {
            let request = checked(&decoded);
            let refused: String = decoded.refused.list.iter().map(|refusal| format!("{refusal}\n")).collect();
            show(&request) + &refused
        }
        Err(error) => format!("{error}\n"),
    }
}

/// The request in `decoded`, which the rest of the collector must be able to read.
fn checked(decoded: &Decoded) -> ExportTraceServiceRequest {
    let traces = traces(&decoded.traces);
    assert_eq!(traces.items(), decoded.spans);
    ExportTraceServiceRequest::decode(decoded.traces.as_slice()).unwrap()
}

fn traces(bytes: &[u8]) -> Traces {
    match Payload::parse(Signal::Traces, Bytes::copy_from_slice(bytes)).unwrap() {
        Payload::Traces(traces) => traces,
        other => panic!("{other:?}"),
    }
}

/// The request as JSON, and why spans were refused.
fn as_json(request: &ExportTraceServiceRequest, options: EncodeOptions<'_>) -> String {
    let mut out = Vec::new();
    let encoded = json::encode(&traces(&request.encode_to_vec()), options, &mut out);
    let refused: String = encoded.refused.list.iter().map(|refusal| format!("\n{refusal}")).collect();
    String::from_utf8(out).unwrap() + &refused
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
