//! Bytes from nobody who means well.

use proptest::prelude::*;
use prost::Message;

use super::model::PostSpansRequest;
use super::thrift_library::{batch, thrift};
use super::{V1, V2, V3, V3_DATAGRAM, hex, payload, v4_datagram};
use crate::jaeger::{AgentMessage, Protocol, decode_agent, decode_proto, decode_thrift};

#[test]
fn what_is_cut_is_an_error_wherever_it_is_cut() {
    let (v2, v3) = (hex(V2), hex(V3));
    (0..v2.len()).for_each(|end| assert!(decode_thrift(&v2[..end], Protocol::Binary).is_err(), "{end}"));
    (0..v3.len()).for_each(|end| assert!(decode_thrift(&v3[..end], Protocol::Compact).is_err(), "{end}"));
    for (datagram, protocol) in [(v4_datagram(), Protocol::Binary), (hex(V3_DATAGRAM), Protocol::Compact)] {
        (0..datagram.len())
            .for_each(|end| assert!(decode_agent(&datagram[..end], protocol).is_err(), "{end}"));
    }
    let v1 = hex(V1);
    (1..v1.len()).for_each(|end| assert!(decode_proto(&v1[..end]).is_err(), "{end}"));
}

#[test]
fn impossible_thrift_is_a_plain_error() {
    let deep = "1c".repeat(100);
    let deep_lists = format!("39 {} 00", "19".repeat(100));
    let errors = [
        (
            Protocol::Binary,
            "0f000f0c7fffffff",
            "byte 8: a length of `2147483647` runs past the end of the bytes",
        ),
        (Protocol::Binary, "0f00020cffffffff", "byte 8: a length of `-1`, expected zero or more"),
        (Protocol::Binary, "0b0001ffffffff", "byte 7: a length of `-1`, expected zero or more"),
        (
            Protocol::Binary,
            "0b00017fffffff00",
            "byte 7: a length of `2147483647` runs past the end of the bytes",
        ),
        (
            Protocol::Binary,
            "0d00050a0a0fffffff",
            "byte 9: a length of `268435455` runs past the end of the bytes",
        ),
        (Protocol::Binary, "070001", "byte 1: unknown thrift type `7`"),
        (Protocol::Binary, "0f0002070000000100", "byte 8: unknown thrift type `7`"),
        (Protocol::Binary, "0f00020800000001 00000000 00", "byte 8: `spans` is not a list of structs"),
        (
            Protocol::Compact,
            "29fcffffffff0f",
            "byte 7: a length of `4294967295` runs past the end of the bytes",
        ),
        (
            Protocol::Compact,
            "18ffffffffffffffffff01",
            "byte 11: a length of `18446744073709551615` runs past the end of the bytes",
        ),
        (Protocol::Compact, "16ffffffffffffffffffff01", "byte 1: a varint of more than ten bytes"),
        (Protocol::Compact, "1e", "byte 1: unknown thrift type `14`"),
        (Protocol::Compact, "291e00", "byte 2: unknown thrift type `14`"),
        (Protocol::Compact, "2919", "byte 2: a length of `1` runs past the end of the bytes"),
        (Protocol::Compact, deep.as_str(), "byte 66: nested deeper than 64 levels"),
        (Protocol::Compact, deep_lists.as_str(), "byte 65: nested deeper than 64 levels"),
        (Protocol::Compact, "", "byte 0: the bytes end within a value"),
    ];
    for (protocol, bytes, expected) in errors {
        assert_eq!(decode_thrift(&hex(bytes), protocol).unwrap_err().to_string(), expected, "{bytes}");
    }
}

#[test]
fn other_messages_than_an_agent_takes_are_a_plain_error() {
    let errors = [
        (
            Protocol::Compact,
            "82810103666f6f00",
            "byte 0: unknown method `foo`, expected `emitBatch` or `emitZipkinBatch`",
        ),
        (
            Protocol::Binary,
            "8001000100000003666f6f0000000100",
            "byte 0: unknown method `foo`, expected `emitBatch` or `emitZipkinBatch`",
        ),
        (Protocol::Compact, "800100040000", "byte 2: `0x80010000` does not begin a thrift message"),
        (Protocol::Binary, "8281010900000000", "byte 4: `0x82810109` does not begin a thrift message"),
        (Protocol::Compact, "82", "byte 0: the bytes end within a value"),
    ];
    for (protocol, bytes, expected) in errors {
        assert_eq!(decode_agent(&hex(bytes), protocol).unwrap_err().to_string(), expected);
    }
    let long = [hex("828101c801"), vec![b'x'; 200], hex("00")].concat();
    assert!(decode_agent(&long, Protocol::Compact).unwrap_err().to_string().len() < 150);
}

#[test]
fn impossible_protobuf_is_a_plain_error() {
    let errors = [
        ("0aff", "byte 1: the message ends within a varint"),
        ("0affffffff0f", "byte 1: length 4294967295 runs past the end of its message"),
        ("08 01", "byte 2: field `batch` has wire type 0"),
        ("0a02 0801", "byte 4: field `spans` has wire type 0"),
        ("0a02 1001", "byte 4: field `process` has wire type 0"),
        ("0a04 1202 0801", "byte 6: field `service_name` has wire type 0"),
        ("0a01 07", "byte 2: a field number out of range"),
    ];
    for (bytes, expected) in errors {
        assert_eq!(decode_proto(&hex(bytes)).unwrap_err().to_string(), expected, "{bytes}");
    }
}

#[test]
fn a_hundred_thousand_tags_processes_and_scopes_take_no_time() {
    use super::model::{Batch, Span, process, tagged, text};
    let tags = (0..100_000).map(|n| text(&format!("{n:06}"), "v"));
    let spans = vec![tagged(tags.collect())];
    let many = (0..20_000).map(|n| Span {
        process: Some(process(&format!("{n}"), vec![])),
        ..tagged(vec![text("otel.scope.name", &format!("{n}"))])
    });
    let spans = spans.into_iter().chain(many).collect();
    let bytes = PostSpansRequest { batch: Some(Batch { spans, process: None }) }.encode_to_vec();
    let decoded = decode_proto(&bytes).unwrap();
    assert_eq!(decoded.spans, 20_001);
    assert!(decoded.traces.len() < bytes.len() * 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(
        batch in batch(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let damaged = |mut bytes: Vec<u8>| {
            changes.iter().for_each(|(at, byte)| *at.get_mut(&mut bytes) = *byte);
            bytes
        };
        let protobuf = damaged(PostSpansRequest { batch: Some(batch.clone()) }.encode_to_vec());
        check(&protobuf);
        check(&protobuf[..cut.index(protobuf.len())]);
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let thrift = damaged(thrift(protocol, &batch));
            check(&thrift);
            check(&thrift[..cut.index(thrift.len())]);
        }
    }

    #[test]
    fn no_noise_makes_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&noise);
    }
}

/// Reads the bytes in every way. What is taken is OTLP, has as many spans as it says, and is not much larger.
fn check(bytes: &[u8]) {
    let from_agent =
        [Protocol::Binary, Protocol::Compact].map(|protocol| match decode_agent(bytes, protocol) {
            Ok(AgentMessage::Jaeger(decoded)) => Some(decoded),
            Ok(AgentMessage::Zipkin(_)) | Err(_) => None,
        });
    let others = [
        decode_proto(bytes).ok(),
        decode_thrift(bytes, Protocol::Binary).ok(),
        decode_thrift(bytes, Protocol::Compact).ok(),
    ];
    for decoded in from_agent.into_iter().chain(others).flatten() {
        assert_eq!(payload(&decoded.traces).items(), decoded.spans);
        assert!(decoded.traces.len() <= 64 + bytes.len() * 8);
        assert_eq!(decoded.refused.count == 0, decoded.refused.first.is_none());
    }
}
