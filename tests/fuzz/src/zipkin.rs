//! Zipkin in its four forms, two of them in both directions.

use bytes::Bytes;
use formats::zipkin::{DecodeOptions, Decoded, EncodeOptions, Malformed, json, json_v1, proto, thrift};
use otlp::{Payload, Signal, Traces};

use crate::outcome::{Outcome, class, gist};

/// How many times its size a body of version 2 may take as an OTLP request: a span of 25 bytes says that it has no
/// start in an attribute of 41.
const MAX_GROWTH: usize = 5;

/// The same for version 1: a binary annotation of six bytes in compact Thrift is of an unknown type, and says so in 60.
const MAX_GROWTH_V1: usize = 12;

/// What an empty request, and the frame of the first span, take beside that.
const FRAME: usize = 64;

/// Any text is an error, or a request that can be written as JSON, and that is the same when it is read again.
pub(crate) fn zipkin_json(data: &[u8]) -> Outcome {
    let Some((options, body)) = split(data) else { return Outcome::of("short") };
    let verdict = json::decode(body, options);
    if let Ok(decoded) = &verdict {
        let written =
            |traces: &Traces, out: &mut Vec<u8>| json::encode(traces, EncodeOptions::default(), out);
        check_round_trip(decoded, written, |text| {
            serde_json::from_slice::<serde::de::IgnoredAny>(text).expect("what is written is JSON");
            json::decode(text, DecodeOptions::default())
        });
    }
    outcome(&verdict, body, MAX_GROWTH)
}

/// The same with protobuf.
pub(crate) fn zipkin_proto(data: &[u8]) -> Outcome {
    let Some((options, body)) = split(data) else { return Outcome::of("short") };
    let verdict = proto::decode(body, options);
    if let Ok(decoded) = &verdict {
        let written =
            |traces: &Traces, out: &mut Vec<u8>| proto::encode(traces, EncodeOptions::default(), out);
        check_round_trip(decoded, written, |bytes| proto::decode(bytes, DecodeOptions::default()));
    }
    outcome(&verdict, body, MAX_GROWTH)
}

/// Version 1 is read only: JSON, or Thrift in either of its encodings.
pub(crate) fn zipkin_v1(data: &[u8]) -> Outcome {
    let Some((form, data)) = data.split_first() else { return Outcome::of("short") };
    let Some((options, body)) = split(data) else { return Outcome::of("short") };
    // The letters `j`, `b` and `c` fall into different classes.
    let verdict = match form % 3 {
        1 => json_v1::decode(body, options),
        2 => thrift::decode_list(body, thrift::Protocol::Binary, options),
        _ => thrift::decode_list(body, thrift::Protocol::Compact, options),
    };
    outcome(&verdict, body, MAX_GROWTH_V1)
}

/// The first byte says whether text is parsed: `p` for yes, `s` for no.
fn split(data: &[u8]) -> Option<(DecodeOptions, &[u8])> {
    let (choice, body) = data.split_first()?;
    Some((DecodeOptions { parse_string_tags: choice % 2 == 0 }, body))
}

/// Checks what holds for every reader, and says where the input has led.
fn outcome(verdict: &Result<Decoded, Malformed>, body: &[u8], max_growth: usize) -> Outcome {
    match verdict {
        Ok(decoded) => {
            let items = traces(decoded).items();
            assert_eq!(items, decoded.spans);
            let (size, most) = (decoded.traces.len(), max_growth * body.len() + FRAME);
            assert!(size <= most, "{} bytes became {size}", body.len());
            assert!(decoded.refused.list.len() <= decoded.refused.total);
            let reasons: Vec<_> = decoded.refused.list.iter().map(|refusal| gist(&refusal.reason)).collect();
            Outcome::of((
                class(items),
                class(size),
                class(decoded.refused.total),
                reasons.first(),
                reasons.last(),
            ))
        }
        Err(error) => {
            // Bytes that are not UTF-8 were replaced by three each.
            assert!(error.at <= 3 * body.len(), "{error}");
            Outcome::of((gist(&error.reason), class(error.at)))
        }
    }
}

/// What was read can be written, every span of it. Reading that gives the same spans; and from the second time on, when
/// all has the form that the writer gives it, the same request.
fn check_round_trip(
    first: &Decoded,
    write: impl Fn(&Traces, &mut Vec<u8>) -> formats::zipkin::Encoded,
    read: impl Fn(&[u8]) -> Result<Decoded, Malformed>,
) {
    let again = |decoded: &Decoded| {
        let mut bytes = Vec::new();
        let encoded = write(&traces(decoded), &mut bytes);
        assert_eq!((encoded.spans, encoded.refused.total), (decoded.spans, 0), "{:?}", encoded.refused);
        let read = read(&bytes).expect("what is written can be read");
        assert_eq!((read.spans, read.refused.total), (decoded.spans, 0), "{:?}", read.refused);
        read
    };
    let second = again(first);
    let third = again(&second);
    assert_eq!(cores(first), cores(&second));
    assert_eq!(second.traces, third.traces);
}

fn traces(decoded: &Decoded) -> Traces {
    let payload = Payload::parse(Signal::Traces, Bytes::copy_from_slice(&decoded.traces));
    match payload.expect("what is read is a request") {
        Payload::Traces(traces) => traces,
        other => panic!("{other:?}"),
    }
}

/// What of each span survives in every case, in an order of its own.
fn cores(decoded: &Decoded) -> Vec<String> {
    let traces = traces(decoded);
    let core = |span: otlp::Span<'_>| {
        let ids = (span.trace_id(), span.span_id(), span.parent_span_id());
        let (start, end) = (span.start_time_unix_nano(), span.end_time_unix_nano());
        // Zipkin has no start within the first second of 1970.
        let times = (start >= 1_000_000_000).then_some((start, end));
        let (events, links) = (span.events().count(), span.links().count());
        format!("{ids:?} {} {times:?} {events} {links} {}", span.kind(), span.status().code)
    };
    let mut cores: Vec<_> = traces.spans().map(core).collect();
    cores.sort();
    cores
}
