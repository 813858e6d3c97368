//! What Jaeger's clients send, in protobuf and Thrift.

use bytes::Bytes;
use formats::jaeger::{
    AgentMessage, Decoded, Protocol, ZipkinSpans, decode_agent, decode_proto, decode_thrift, encode,
};
use formats::zipkin;
use otlp::{Payload, Signal, json};

use crate::outcome::{Outcome, class, gist};

/// What is read from any bytes is a request, and stays the same when it is written as Jaeger's and read again.
pub(crate) fn jaeger_proto(data: &[u8]) -> Outcome {
    match decode_proto(data) {
        Ok(decoded) => check(&decoded, data.len()),
        Err(error) => Outcome::of(kind(&error.to_string())),
    }
}

/// The same for Thrift. The first byte says how it is encoded, and whether it is a batch or a packet to an agent.
pub(crate) fn jaeger_thrift(data: &[u8]) -> Outcome {
    let Some((choice, body)) = data.split_first() else { return Outcome::of("short") };
    let protocol = if choice & 1 == 0 { Protocol::Binary } else { Protocol::Compact };
    let decoded = if choice & 2 == 0 {
        decode_thrift(body, protocol)
    } else {
        match decode_agent(body, protocol) {
            Ok(AgentMessage::Jaeger(decoded)) => Ok(decoded),
            Ok(AgentMessage::Zipkin(list)) => return check_zipkin(list, body),
            Err(error) => Err(error),
        }
    };
    match decoded {
        Ok(decoded) => check(&decoded, body.len()),
        Err(error) => Outcome::of((choice & 3, kind(&error.to_string()))),
    }
}

fn check(decoded: &Decoded, length: usize) -> Outcome {
    assert!(decoded.traces.len() <= 64 + 8 * length, "{} bytes of {length}", decoded.traces.len());
    assert_eq!(decoded.refused.count == 0, decoded.refused.first.is_none());
    let first = parse(&decoded.traces, decoded.spans);
    // What Jaeger cannot hold is lost on the way, and nothing after that. It takes two rounds: the message of a status
    // that is unset becomes a tag, and a tag may then get a meaning.
    let second = there_and_back(&first);
    let third = there_and_back(&second);
    let fourth = there_and_back(&third);
    assert_eq!(fourth.items(), first.items());
    assert!(fourth.to_rope() == third.to_rope(), "found {}, expected {}", shown(&fourth), shown(&third));
    let refused = decoded.refused.first.as_deref().map(kind);
    Outcome::of((class(decoded.spans), class(decoded.refused.count), refused, class(decoded.traces.len())))
}

fn check_zipkin(list: ZipkinSpans<'_>, body: &[u8]) -> Outcome {
    let options = zipkin::DecodeOptions::default();
    match zipkin::thrift::decode_list(list.bytes, list.protocol, options) {
        Ok(decoded) => {
            parse(&decoded.traces, decoded.spans);
            assert!(decoded.traces.len() <= 64 + 16 * body.len());
            Outcome::of(("zipkin", class(decoded.spans), class(decoded.refused.total)))
        }
        Err(error) => Outcome::of(("zipkin", kind(&error.to_string()))),
    }
}

fn there_and_back(payload: &Payload) -> Payload {
    let traces = payload.as_traces().expect("they are traces");
    let (mut all, mut spans) = (Vec::new(), 0);
    for request in encode(traces, usize::MAX) {
        let decoded = decode_proto(&request.body).expect("what is written can be read");
        assert_eq!((decoded.spans, decoded.refused.count), (request.spans, 0), "{:?}", decoded.refused.first);
        // Requests end to end are one request.
        all.extend(decoded.traces);
        spans += decoded.spans;
    }
    parse(&all, spans)
}

/// What kind of error it is: what stands behind a value may belong to the value.
fn kind(message: &str) -> String {
    gist(message.split('`').next().unwrap_or_default())
}

fn shown(payload: &Payload) -> String {
    let mut text = Vec::new();
    json::encode(Signal::Traces, &payload.to_rope().to_contiguous(), &mut text).expect("it is a request");
    String::from_utf8_lossy(&text).into_owned()
}

fn parse(traces: &[u8], spans: usize) -> Payload {
    let payload = Payload::parse(Signal::Traces, Bytes::copy_from_slice(traces)).expect("it is a request");
    assert_eq!(payload.items(), spans);
    payload
}
