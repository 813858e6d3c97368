//! Bytes from outside that mean no good.

use std::sync::OnceLock;

use ::thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TListIdentifier, TOutputProtocol,
    TStructIdentifier, TType,
};
use proptest::prelude::*;

use super::*;
use crate::zipkin::thrift::Protocol;

const JSON: &str = r#"[{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","name":"g\u00e9t","kind":"CLIENT",
    "timestamp":1700000000123456,"duration":1500,"localEndpoint":{"serviceName":"a","ipv6":"::1","port":8080},
    "annotations":[{"timestamp":1,"value":"ev|{\"a\":[1,{\"b\":null}]}|2"}],"x":[{},"]",1e5],
    "tags":{"otlp.link.0":"||a|{}|0","error":"x","otel.scope.name":"s","host.name":"h"}},null]"#;

const JSON_V1: &str = r#"[{"traceId":"0102030405060708","id":"1112131415161718","parentId":"2122232425262728",
    "timestamp":1700000000000000,"duration":300,"annotations":[{"timestamp":1,"value":"cs",
    "endpoint":{"serviceName":"front","ipv4":"10.0.0.1","port":8080}},{"timestamp":100,"value":"retry"}],
    "binaryAnnotations":[{"key":"http.status_code","value":"404"},{"key":"sa","value":true}]}]"#;

const PROTO: &str =
    "0a6b0a100102030405060708090a0b0c0d0e0f10120821222324252627281a08111213141516171820022a036765
    743140222018240a060038dc0b420d0a0373766312040a00000120504a0612040a000002520d096c222018240a06
    00120265765a060a016b12013560016801";

/// A list of one span, by the reference codec.
fn thrift_list(protocol: Protocol) -> Vec<u8> {
    let mut out = Vec::new();
    match protocol {
        Protocol::Binary => write_list(&mut TBinaryOutputProtocol::new(&mut out, true)),
        Protocol::Compact => write_list(&mut TCompactOutputProtocol::new(&mut out)),
    }
    .unwrap();
    out
}

fn write_list(out: &mut impl TOutputProtocol) -> ::thrift::Result<()> {
    out.write_list_begin(&TListIdentifier::new(TType::Struct, 1))?;
    begin(out)?;
    number(out, 1, 2)?;
    text(out, 3, b"get")?;
    number(out, 4, 3)?;
    list(out, 6, 1)?;
    begin(out)?;
    number(out, 1, 1_700_000_000_000_000)?;
    text(out, 2, b"sr")?;
    out.write_field_begin(&TFieldIdentifier::new("host", TType::Struct, 3))?;
    begin(out)?;
    out.write_field_begin(&TFieldIdentifier::new("ipv4", TType::I32, 1))?;
    out.write_i32(0x0a00_0001)?;
    out.write_field_begin(&TFieldIdentifier::new("port", TType::I16, 2))?;
    out.write_i16(-25536)?;
    text(out, 3, b"f")?;
    text(out, 4, &std::net::Ipv6Addr::LOCALHOST.octets())?;
    end(out)?;
    end(out)?;
    list(out, 8, 1)?;
    begin(out)?;
    text(out, 1, b"k")?;
    text(out, 2, &[0, 7])?;
    out.write_field_begin(&TFieldIdentifier::new("type", TType::I32, 3))?;
    out.write_i32(2)?;
    end(out)?;
    out.write_field_begin(&TFieldIdentifier::new("debug", TType::Bool, 9))?;
    out.write_bool(true)?;
    number(out, 10, 1_700_000_000_000_000)?;
    number(out, 11, 300)?;
    number(out, 12, -1)?;
    list(out, 99, 20)?;
    for _ in 0..20 {
        begin(out)?;
        end(out)?;
    }
    end(out)
}

fn begin(out: &mut impl TOutputProtocol) -> ::thrift::Result<()> {
    out.write_struct_begin(&TStructIdentifier::new("any"))
}

fn end(out: &mut impl TOutputProtocol) -> ::thrift::Result<()> {
    out.write_field_stop()?;
    out.write_struct_end()
}

fn number(out: &mut impl TOutputProtocol, id: i16, number: i64) -> ::thrift::Result<()> {
    out.write_field_begin(&TFieldIdentifier::new("any", TType::I64, id))?;
    out.write_i64(number)
}

fn text(out: &mut impl TOutputProtocol, id: i16, text: &[u8]) -> ::thrift::Result<()> {
    out.write_field_begin(&TFieldIdentifier::new("any", TType::String, id))?;
    out.write_bytes(text)
}

fn list(out: &mut impl TOutputProtocol, id: i16, length: i32) -> ::thrift::Result<()> {
    out.write_field_begin(&TFieldIdentifier::new("any", TType::List, id))?;
    out.write_list_begin(&TListIdentifier::new(TType::Struct, length))
}

#[test]
fn both_encodings_of_thrift_say_the_same() {
    let expected = "resource {ipv4=\"10.0.0.1\", ipv6=\"::1\", port=\"40000\", service.name=\"f\"}\n\
        span ffffffffffffffff0000000000000002 0000000000000003 <> \"get\" kind 2 \
        1700000000000000000..1700000000000300000 {k=7}\n";
    for protocol in [Protocol::Binary, Protocol::Compact] {
        let found = thrift::decode_list(&thrift_list(protocol), protocol, DecodeOptions::default());
        assert_eq!(shown(found), expected, "{protocol:?}");
    }
}

type Decode = fn(&[u8]) -> Result<Decoded, Malformed>;

const OPTIONS: DecodeOptions = DecodeOptions { parse_string_tags: true };

/// Every reader, with a body that it reads.
fn readers() -> Vec<(Decode, Vec<u8>)> {
    vec![
        (|body| json::decode(body, OPTIONS), JSON.into()),
        (|body| json_v1::decode(body, OPTIONS), JSON_V1.into()),
        (|body| proto::decode(body, OPTIONS), bytes(PROTO)),
        (|body| thrift::decode_list(body, Protocol::Binary, OPTIONS), thrift_list(Protocol::Binary)),
        (|body| thrift::decode_list(body, Protocol::Compact, OPTIONS), thrift_list(Protocol::Compact)),
    ]
}

/// What was taken can be read and written again.
fn survives(decode: Decode, body: &[u8]) {
    let Ok(decoded) = decode(body) else { return };
    let traces = traces(&decoded.traces);
    assert_eq!(traces.items(), decoded.spans);
    let (mut text, mut proto) = (Vec::new(), Vec::new());
    let encoded = json::encode(&traces, EncodeOptions::default(), &mut text);
    assert_eq!(encoded.spans + encoded.refused.total, decoded.spans);
    proto::encode(&traces, EncodeOptions::default(), &mut proto);
    let text: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    assert_eq!(text.len(), encoded.spans);
    assert_eq!(proto::decode(&proto, OPTIONS).unwrap().spans, encoded.spans);
}

#[test]
fn a_body_may_end_anywhere() {
    for (decode, body) in readers() {
        assert_eq!(decode(&body).unwrap().spans, 1);
        (0..body.len()).for_each(|length| survives(decode, &body[..length]));
    }
}

#[test]
fn depth_costs_neither_the_stack_nor_the_neighbours() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let good = r#"{"traceId":"1","id":"1"}"#;
    let body = format!(r#"[{{"traceId":"1","id":"2","x":{deep}}},{good}]"#);
    let decoded = json::decode(body.as_bytes(), OPTIONS).unwrap();
    assert_eq!((decoded.spans, decoded.refused.total), (1, 1));
    let nested = r#"{\"a\":"#.repeat(50_000) + &"}".repeat(50_000);
    let annotation = format!(r#"{{"timestamp":1,"value":"x|{nested}|0"}}"#);
    let body = format!(r#"[{{"traceId":"1","id":"2","annotations":[{annotation}]}}]"#);
    assert_eq!(json::decode(body.as_bytes(), OPTIONS).unwrap().spans, 1);
    // A span with a list of lists of lists, which ends with the bytes.
    let mut body = bytes("0c 00000001 0f0063");
    (0..100_000).for_each(|_| body.extend(bytes("0f 00000001")));
    assert!(thrift::decode_list(&body, Protocol::Binary, OPTIONS).is_err());
    let body = [vec![0x1c, 0xf9], vec![0x19; 100_000]].concat();
    assert!(thrift::decode_list(&body, Protocol::Compact, OPTIONS).is_err());
}

#[test]
fn a_claimed_length_reserves_nothing() {
    for claim in
        ["0c 7fffffff", "0c ffffffff", "0c 00000001 0b0003 7fffffff", "0c 00000001 0f0006 0c 7fffffff"]
    {
        assert!(thrift::decode_list(&bytes(claim), Protocol::Binary, OPTIONS).is_err(), "{claim}");
    }
    for claim in ["fcffffffff0f", "1c 38 ffffffff0f", "fc ffffffffffffffffff7f"] {
        assert!(thrift::decode_list(&bytes(claim), Protocol::Compact, OPTIONS).is_err(), "{claim}");
    }
}

#[test]
fn what_says_nothing_costs_nothing() {
    const COUNT: usize = 100_000;
    let many = |one: &[u8]| one.repeat(COUNT);
    let json = |name: &str, open: &str, one: &str, close: &str| {
        let list = one.repeat(COUNT);
        let list = list.trim_end_matches(',');
        format!(r#"[{{"traceId":"0000000000000001","id":"0000000000000001","{name}":{open}{list}{close}}}]"#)
    };
    // A span with its ids and one list of structs, each of which ends where it begins.
    let thrift = |field: u8| {
        let head = bytes("0c 00000001 0a0001 0000000000000001 0a0004 0000000000000001 0f00");
        let count = (COUNT as u32).to_be_bytes();
        [&head[..], &[field, 0x0c], &count, &many(&[0]), &[0]].concat()
    };
    let proto = |empty: &[u8]| {
        let span = [bytes("0a08 0000000000000001 1a08 0000000000000001"), many(empty)].concat();
        let mut body = otlp::write::Writer::new();
        body.bytes(1, &span);
        body.into_bytes()
    };
    let [json_v2, json_v1, protobuf, thrift_list] = [0, 1, 2, 3].map(|reader| readers()[reader].0);
    for (decode, body) in [
        (json_v2, json("annotations", "[", "{},", "]").into_bytes()),
        (json_v2, json("tags", "{", r#""":"","#, "}").into_bytes()),
        (json_v1, json("annotations", "[", "{},", "]").into_bytes()),
        (json_v1, json("binaryAnnotations", "[", "{},", "]").into_bytes()),
        (protobuf, proto(&[0x52, 0])),
        (protobuf, proto(&[0x5a, 0])),
        (thrift_list, thrift(6)),
        (thrift_list, thrift(8)),
    ] {
        let decoded = decode(&body).unwrap();
        assert_eq!(decoded.spans, 1);
        assert!(decoded.traces.len() < 200, "{} bytes of {}", decoded.traces.len(), body.len());
    }
}

#[test]
fn the_last_of_many_tags_of_one_key_counts() {
    for count in [3, 100_000] {
        let tags: Vec<_> = (0..count).map(|number| format!(r#""k{}":"{number}""#, number % 2)).collect();
        let body = format!(r#"[{{"traceId":"1","id":"1","timestamp":1,"tags":{{{}}}}}]"#, tags.join(","));
        let found = shown(json::decode(body.as_bytes(), DecodeOptions::default()));
        let [even, odd] = [(count - 1) / 2 * 2, count / 2 * 2 - 1];
        assert!(found.ends_with(&format!("{{k0=\"{even}\", k1=\"{odd}\"}}\n")), "{found}");
    }
}

#[test]
fn only_the_first_few_refusals_are_described() {
    let body = format!("[{}1]", "1,".repeat(10_000));
    let decoded = json::decode(body.as_bytes(), OPTIONS).unwrap();
    assert_eq!((decoded.refused.total, decoded.refused.list.len()), (10_001, 16));
    let body = format!(r#"[{{"traceId":"{}"}}]"#, "é".repeat(10_000));
    let decoded = json::decode(body.as_bytes(), OPTIONS).unwrap();
    assert!(decoded.refused.list[0].reason.len() <= 200);
}

#[test]
fn numbers_may_be_too_large() {
    let max = u64::MAX;
    for field in ["timestamp", "duration"] {
        let body = format!(r#"[{{"traceId":"1","id":"1","{field}":{max}}}]"#);
        let found = shown(json::decode(body.as_bytes(), OPTIONS));
        assert_eq!(found, format!("span 0: {field} `{max}` is too large\n"));
    }
    let body = format!(r#"[{{"traceId":"1","id":"1","annotations":[{{"timestamp":{max},"value":""}}]}}]"#);
    let found = shown(json::decode(body.as_bytes(), OPTIONS));
    assert_eq!(found, format!("span 0: annotation timestamp `{max}` is too large\n"));
}

#[test]
fn text_that_is_not_utf8_is_replaced() {
    let body = b"[{\"traceId\":\"1\",\"id\":\"1\",\"name\":\"a\xff\"}]";
    assert!(shown(json::decode(body, OPTIONS)).contains("\"a\u{fffd}\""));
    let mut body = bytes("0a 1f 0a08 0000000000000001 1a08 0000000000000002 2a03 61ff62 5a04 0a 00 12 00");
    body[1] = (body.len() - 2) as u8;
    let traces = traces(&proto::decode(&body, OPTIONS).unwrap().traces);
    let mut text = Vec::new();
    json::encode(&traces, EncodeOptions::default(), &mut text);
    assert!(String::from_utf8(text).unwrap().contains("\"a\u{fffd}b\""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_bytes_do_no_harm(
        reader in 0..5_usize,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        moves in any::<bool>(),
    ) {
        static READERS: OnceLock<Vec<(Decode, Vec<u8>)>> = OnceLock::new();
        let (decode, body) = &READERS.get_or_init(readers)[reader];
        let mut body = body.clone();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if moves {
            let at = cut.index(body.len());
            body.rotate_left(at);
        }
        survives(*decode, &body);
    }

    #[test]
    fn random_bytes_do_no_harm(body in proptest::collection::vec(any::<u8>(), 0..64)) {
        readers().iter().for_each(|(decode, _)| survives(*decode, &body));
    }
}
