//! Jaeger to OTLP, by tables.

use prost::Message;

use super::model::{Batch, KeyValue, Log, PostSpansRequest, Process, Seconds, Span, SpanRef};
use super::model::{flag, int, process, request, tagged, text};
use super::{V1, V2, V3, V3_DATAGRAM, hex, shown, v4_datagram};
use crate::jaeger::{AgentMessage, Decoded, Protocol, decode_agent, decode_proto, decode_thrift};

const FROM_V1: &str = concat!(
    r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"svc"}},"#,
    r#"{"key":"host.name","value":{"stringValue":"h1"}},"#,
    r#"{"key":"opencensus.exporterversion","value":{"stringValue":"Jaeger-Go-2.30"}}]},"#,
    r#""scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"1112131415161718","#,
    r#""parentSpanId":"2122232425262728","name":"op","kind":2,"startTimeUnixNano":"1700000000123456000","#,
    r#""endTimeUnixNano":"1700000000124956000","attributes":[{"key":"n","value":{"intValue":"7"}}],"#,
    r#""events":[{"timeUnixNano":"1700000000123500000","name":"cache","#,
    r#""attributes":[{"key":"hit","value":{"boolValue":false}}]}],"status":{"code":2}}],"scope":{}}]}]}"#,
);

const FROM_V2: &str = concat!(
    r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"#,
    r#""scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000002","#,
    r#""parentSpanId":"0000000000000003","name":"o","startTimeUnixNano":"1700000000000000000","#,
    r#""endTimeUnixNano":"1700000000000250000","attributes":[{"key":"k","value":{"intValue":"-5"}},"#,
    r#"{"key":"e","value":{"boolValue":true}}],"status":{}}],"scope":{}}]}]}"#,
);

#[test]
fn protobuf_is_read() {
    assert_eq!(shown(&decode_proto(&hex(V1)).unwrap()), FROM_V1);
}

#[test]
fn thrift_is_read_in_both_encodings() {
    assert_eq!(shown(&decode_thrift(&hex(V2), Protocol::Binary).unwrap()), FROM_V2);
    assert_eq!(shown(&decode_thrift(&hex(V3), Protocol::Compact).unwrap()), FROM_V2);
}

#[test]
fn datagrams_to_an_agent_are_read() {
    let old_form = [hex("00000009656d6974426174636804 00000001 0c0001"), hex(V2), hex("00")].concat();
    let datagrams = [
        (hex(V3_DATAGRAM), Protocol::Compact),
        (v4_datagram(), Protocol::Binary),
        (old_form, Protocol::Binary),
    ];
    for (datagram, protocol) in datagrams {
        match decode_agent(&datagram, protocol).unwrap() {
            AgentMessage::Jaeger(decoded) => assert_eq!(shown(&decoded), FROM_V2),
            AgentMessage::Zipkin(_) => panic!("not of Zipkin"),
        }
    }
}

#[test]
fn tags_of_all_types_are_read() {
    let tags = [
        (
            "0b00010000000173080002000000000b0003000000017600",
            "180173150018017600",
            r#"{"key":"s","value":{"stringValue":"v"}}"#,
        ),
        (
            "0b00010000000164080002000000010400043ff800000000000000",
            "180164150227000000000000f83f00",
            r#"{"key":"d","value":{"doubleValue":1.5}}"#,
        ),
        (
            "0b00010000000162080002000000020200050100",
            "18016215043100",
            r#"{"key":"b","value":{"boolValue":true}}"#,
        ),
        (
            "0b00010000000162080002000000020200050000",
            "18016215043200",
            r#"{"key":"b","value":{"boolValue":false}}"#,
        ),
        (
            "0b0001000000016c080002000000030a0006ffffffffffffffff00",
            "18016c1506460100",
            r#"{"key":"l","value":{"intValue":"-1"}}"#,
        ),
        (
            "0b00010000000178080002000000040b00070000000201ff00",
            "1801781508580201ff00",
            r#"{"key":"x","value":{"bytesValue":"Af8="}}"#,
        ),
        (
            "0b0001000000017508000200000009 00",
            "18017515 1200",
            r#"{"key":"u","value":{"stringValue":"<Unknown Jaeger TagType \"<UNSET>\">"}}"#,
        ),
    ];
    for (binary, compact, attribute) in tags {
        // As the only tag of a process without a name and spans.
        let binary = format!("0c0001 0b000100000000 0f00020c00000001 {binary} 00 0f00020c00000000 00");
        let compact = format!("1c 1800 191c {compact} 00 190c 00");
        let expected = format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{attribute}]}}}}]}}"#);
        assert_eq!(shown(&decode_thrift(&hex(&binary), Protocol::Binary).unwrap()), expected);
        assert_eq!(shown(&decode_thrift(&hex(&compact), Protocol::Compact).unwrap()), expected);
    }
}

#[test]
fn a_type_that_does_not_exist_shows_as_text() {
    let tag = KeyValue { v_type: -7, ..text("k", "v") };
    let expected = r#"[{"key":"k","value":{"stringValue":"<Unknown Jaeger TagType \"-7\">"}}]"#;
    assert_eq!(attributes(&span_of(&decode(vec![tagged(vec![tag])]))), expected);
}

#[test]
fn the_status_is_found_among_the_tags() {
    let matrix = [
        (vec![flag("error", true)], r#"{"code":2}"#, ""),
        (vec![flag("error", false)], "{}", "error"),
        (vec![text("error", "true")], "{}", "error"),
        (
            vec![flag("error", true), text("otel.status_description", "d"), text("otel.status_code", "OK")],
            r#"{"message":"d","code":2}"#,
            "",
        ),
        (
            vec![flag("error", true), text("http.status_message", "hm")],
            r#"{"message":"hm","code":2}"#,
            "http.status_message",
        ),
        (
            vec![text("otel.status_code", "ok"), text("otel.status_description", "d")],
            r#"{"message":"d","code":1}"#,
            "",
        ),
        (
            vec![text("otel.status_code", "weird"), text("otel.status_description", "d")],
            r#"{"message":"d"}"#,
            "",
        ),
        (vec![int("otel.status_code", 2)], "{}", ""),
        (vec![text("otel.status_description", "d")], "{}", "otel.status_description"),
    ];
    matrix.iter().for_each(check_status);
}

#[test]
fn the_status_of_http_says_how_the_span_ended() {
    let matrix = [
        (
            vec![int("http.status_code", 404), text("http.status_message", "nf")],
            r#"{"message":"nf","code":2}"#,
            "http.status_code http.status_message",
        ),
        (
            vec![
                int("http.status_code", 404),
                text("http.status_message", "nf"),
                text("span.kind", "server"),
            ],
            "{}",
            "http.status_code http.status_message",
        ),
        (
            vec![
                int("http.status_code", 404),
                text("http.status_message", "nf"),
                text("span.kind", "client"),
            ],
            r#"{"message":"nf","code":2}"#,
            "http.status_code http.status_message",
        ),
        (
            vec![text("http.status_code", "500"), text("span.kind", "server")],
            r#"{"code":2}"#,
            "http.status_code",
        ),
        (vec![int("http.status_code", 399)], r#"{"code":2}"#, "http.status_code"),
        (vec![int("http.status_code", 99)], r#"{"code":2}"#, "http.status_code"),
        (vec![int("http.status_code", 200)], "{}", "http.status_code"),
        (vec![text("http.status_code", "many")], "{}", "http.status_code"),
        (vec![int("http.response.status_code", 500)], "{}", "http.response.status_code"),
    ];
    matrix.iter().for_each(check_status);
}

#[test]
fn the_kind_is_found_among_the_tags() {
    let kinds = ["internal", "server", "client", "producer", "consumer"];
    for (position, kind) in kinds.iter().enumerate() {
        let span = span_of(&decode(vec![tagged(vec![text("span.kind", kind)])]));
        assert!(span.contains(&format!(r#""kind":{},"#, position + 1)), "{span}");
    }
    for other in [text("span.kind", "Server"), int("span.kind", 2), text("span.kind", "")] {
        let span = span_of(&decode(vec![tagged(vec![other])]));
        assert!(!span.contains("kind"), "{span}");
    }
}

#[test]
fn references_are_the_parent_or_links() {
    const A: u8 = 1;
    const B: u8 = 0x0b;
    type Case = (&'static [(i32, u8, u8)], Option<u8>, &'static [(u8, u8, &'static str)]);
    let matrix: [Case; 8] = [
        (&[(0, A, 3)], Some(3), &[]),
        (&[(1, A, 3)], Some(3), &[(A, 3, "follows_from")]),
        (&[(1, A, 3), (0, A, 4)], Some(4), &[(A, 3, "follows_from")]),
        (&[(0, B, 3)], None, &[(B, 3, "child_of")]),
        (&[(0, A, 3), (0, A, 4)], Some(3), &[(A, 4, "child_of")]),
        // The Go Collector loses the second, since it does not look at its trace.
        (&[(0, A, 3), (0, B, 3)], Some(3), &[(B, 3, "child_of")]),
        (&[(5, A, 3)], None, &[(A, 3, "follows_from")]),
        (&[(1, B, 3), (1, A, 4)], Some(4), &[(B, 3, "follows_from"), (A, 4, "follows_from")]),
    ];
    for (references, parent, links) in matrix {
        let reference = |&(ref_type, trace, span): &(i32, u8, u8)| SpanRef {
            trace_id: vec![trace; 16],
            span_id: vec![span; 8],
            ref_type,
        };
        let references = references.iter().map(reference).collect();
        let span = span_of(&decode(vec![Span { references, ..tagged(vec![]) }]));
        let parent = parent.map(|id| format!(r#""parentSpanId":"{}","#, format!("{id:02x}").repeat(8)));
        let link = |(trace, span, ref_type): &(u8, u8, &str)| {
            let (trace, span) = (format!("{trace:02x}").repeat(16), format!("{span:02x}").repeat(8));
            let attribute =
                format!(r#"{{"key":"opentracing.ref_type","value":{{"stringValue":"{ref_type}"}}}}"#);
            format!(r#"{{"traceId":"{trace}","spanId":"{span}","attributes":[{attribute}]}}"#)
        };
        let links: Vec<_> = links.iter().map(link).collect();
        let links =
            if links.is_empty() { String::new() } else { format!(r#""links":[{}],"#, links.join(",")) };
        let expected = format!(
            r#"{{"traceId":"{}","spanId":"{}",{}{links}"status":{{}}}}"#,
            "01".repeat(16),
            "02".repeat(8),
            parent.unwrap_or_default(),
        );
        assert_eq!(span, expected);
    }
}

#[test]
fn a_reference_to_nothing_is_left_out() {
    let span = Span { references: vec![SpanRef::default()], ..tagged(vec![]) };
    // The reference codec leaves out ids without bytes, which stand for zeros.
    assert!(!span_of(&decode(vec![span])).contains("links"));
}

#[test]
fn spans_with_their_own_process_go_to_its_resource() {
    let own = Span { process: Some(process("q", vec![])), ..tagged(vec![]) };
    let plain = tagged(vec![]);
    let a = Some(process("a", vec![]));
    let matrix = [
        (vec![own.clone(), plain.clone()], a.clone(), vec![("a", 1), ("q", 1)]),
        (vec![own.clone()], a.clone(), vec![("a", 0), ("q", 1)]),
        (vec![own.clone()], None, vec![("q", 1)]),
        (vec![plain.clone(), own.clone()], None, vec![("", 1), ("q", 1)]),
        (vec![own.clone(), plain.clone(), own], a.clone(), vec![("a", 1), ("q", 2)]),
        (vec![], a, vec![("a", 0)]),
        (vec![], None, vec![]),
        (vec![], Some(Process::default()), vec![("", 0)]),
    ];
    for (spans, process, expected) in matrix {
        let bytes = PostSpansRequest { batch: Some(Batch { spans, process }) }.encode_to_vec();
        let payload = super::payload(&decode_proto(&bytes).unwrap().traces);
        let groups: Vec<_> = super::traces(&payload)
            .resources()
            .map(|group| {
                let name =
                    group.resource().attributes().get("service.name").map(|name| name.to_text().into_owned());
                (name.unwrap_or_default(), group.scopes().flat_map(|scope| scope.spans()).count())
            })
            .collect();
        let expected: Vec<_> = expected.into_iter().map(|(name, spans)| (name.to_owned(), spans)).collect();
        assert_eq!(groups, expected);
    }
}

#[test]
fn the_process_may_stand_behind_the_spans_and_in_pieces() {
    let batch = |spans: Vec<Span>, process| Batch { spans, process }.encode_to_vec();
    let pieces = [
        batch(vec![tagged(vec![])], None),
        batch(vec![], Some(process("a", vec![text("k", "1")]))),
        batch(vec![tagged(vec![])], Some(process("b", vec![text("k", "2")]))),
    ];
    let whole = batch(vec![tagged(vec![]); 2], Some(process("b", vec![text("k", "2")])));
    let in_a_request = |body: &[u8]| {
        let mut out = otlp::write::Writer::new();
        out.bytes(1, body);
        out.into_bytes()
    };
    let pieces: Vec<u8> = pieces.iter().flat_map(|piece| in_a_request(piece)).collect();
    assert_eq!(decode_proto(&pieces), decode_proto(&in_a_request(&whole)));
}

#[test]
fn the_scope_is_found_among_the_tags_of_protobuf() {
    let scopes = [
        (vec![text("otel.scope.name", "n"), text("otel.scope.version", "v")], "n", "v", ""),
        (vec![text("otel.scope.version", "v"), text("otel.scope.name", "n")], "n", "v", ""),
        (vec![text("otel.scope.name", "n"), text("otel.scope.name", "m")], "n", "", "otel.scope.name"),
        (
            vec![text("a", ""), text("otel.scope.version", "v"), text("b", "")],
            "",
            "",
            "a otel.scope.version b",
        ),
        (vec![int("otel.scope.name", 1)], "", "", "otel.scope.name"),
        (vec![text("otel.library.name", "n")], "", "", "otel.library.name"),
    ];
    for (tags, name, version, left) in scopes {
        let decoded = decode(vec![tagged(tags)]);
        let payload = super::payload(&decoded.traces);
        let span = super::traces(&payload).spans().next().unwrap();
        assert_eq!((span.scope().name(), span.scope().version()), (name.into(), version.into()));
        assert_eq!(keys(&span_of(&decoded)), left);
    }
}

#[test]
fn scopes_keep_the_order_in_which_they_came_first() {
    let spans = ["b", "a", "b", ""].map(|scope| {
        let tags = if scope.is_empty() { vec![] } else { vec![text("otel.scope.name", scope)] };
        Span { operation_name: format!("in {scope}"), ..tagged(tags) }
    });
    let payload = super::payload(&decode(spans.to_vec()).traces);
    let names: Vec<_> = super::traces(&payload).spans().map(|span| span.name().to_string()).collect();
    assert_eq!(names, ["in b", "in b", "in a", "in "]);
}

#[test]
fn the_trace_state_is_found_among_the_tags() {
    let span = span_of(&decode(vec![tagged(vec![text("w3c.tracestate", "a=1")])]));
    assert!(span.contains(r#""traceState":"a=1""#) && !span.contains("w3c"), "{span}");
}

#[test]
fn of_a_key_that_comes_twice_the_last_value_counts_in_the_first_place() {
    let mut tags = vec![text("a", "1"), text("b", "2"), text("a", "3")];
    let expected = r#"[{"key":"a","value":{"stringValue":"3"}},{"key":"b","value":{"stringValue":"2"}}]"#;
    assert_eq!(attributes(&span_of(&decode(vec![tagged(tags.clone())]))), expected);
    // As many as are looked up in a map.
    tags.extend((0..200).map(|n| text(&format!("key {n}"), "")));
    tags.extend((0..200).map(|n| text(&format!("key {n}"), "again")));
    let span = span_of(&decode(vec![tagged(tags)]));
    assert_eq!(keys(&span).split(' ').filter(|key| *key == "key").count(), 200);
    assert_eq!(span.matches("again").count(), 200);
}

#[test]
fn a_resource_is_made_of_the_process() {
    let resources = [
        (process("s", vec![text("k", "v")]), "service.name=s k=v"),
        (process("", vec![text("k", "v")]), "k=v"),
        (process("s", vec![text("service.name", "t")]), "service.name=t"),
        (process("s", vec![text("hostname", "h"), text("k", "v")]), "service.name=s host.name=h k=v"),
        (process("", vec![text("hostname", "h"), text("host.name", "g")]), "hostname=h host.name=g"),
        (process("", vec![text("jaeger.version", "Go")]), "opencensus.exporterversion=Jaeger-Go"),
        (process("", vec![int("jaeger.version", 3)]), "jaeger.version=3"),
        (
            process("", vec![text("jaeger.version", "Go"), text("opencensus.exporterversion", "x")]),
            "jaeger.version=Go opencensus.exporterversion=x",
        ),
        (process("OTLPResourceNoServiceName", vec![]), ""),
        // The Go Collector loses the tag.
        (process("OTLPResourceNoServiceName", vec![text("k", "v")]), "k=v"),
    ];
    for (process, expected) in resources {
        let bytes = PostSpansRequest { batch: Some(Batch { spans: vec![], process: Some(process) }) };
        let payload = super::payload(&decode_proto(&bytes.encode_to_vec()).unwrap().traces);
        let resource = super::traces(&payload).resources().next().unwrap().resource();
        let shown: Vec<_> =
            resource.attributes().iter().map(|(key, value)| format!("{key}={}", value.to_text())).collect();
        assert_eq!(shown.join(" "), expected);
    }
}

#[test]
fn the_field_event_of_a_log_is_the_name_of_the_event() {
    let events = [
        (
            vec![text("event", "e"), int("n", 1)],
            r#"[{"name":"e","attributes":[{"key":"n","value":{"intValue":"1"}}]}]"#,
        ),
        (vec![text("message", "m")], r#"[{"attributes":[{"key":"message","value":{"stringValue":"m"}}]}]"#),
        (vec![int("event", 1)], r#"[{"attributes":[{"key":"event","value":{"intValue":"1"}}]}]"#),
        (vec![], "[{}]"),
    ];
    for (fields, expected) in events {
        let span = Span { logs: vec![Log { timestamp: None, fields }], ..tagged(vec![]) };
        let span = span_of(&decode(vec![span]));
        assert!(span.contains(&format!(r#""events":{expected}"#)), "{span}");
    }
}

#[test]
fn times_that_otlp_cannot_hold_become_the_nearest() {
    let at = |seconds, nanos| Some(Seconds { seconds, nanos });
    let times = [
        (at(1, 5), at(0, 1), (1_000_000_005, 1_000_000_006)),
        (at(1, 0), at(-1, -1), (1_000_000_000, 0)),
        (at(2, 0), at(-1, -1), (2_000_000_000, 999_999_999)),
        (at(-5, 0), at(10, 0), (0, 5_000_000_000)),
        (at(i64::MAX, i32::MAX), at(i64::MAX, 0), (u64::MAX, u64::MAX)),
        (None, at(1, 0), (0, 1_000_000_000)),
        (None, None, (0, 0)),
    ];
    for (start_time, duration, expected) in times {
        let decoded = decode(vec![Span { start_time, duration, ..tagged(vec![]) }]);
        let payload = super::payload(&decoded.traces);
        let span = super::traces(&payload).spans().next().unwrap();
        assert_eq!((span.start_time_unix_nano(), span.end_time_unix_nano()), expected);
    }
}

#[test]
fn a_bad_span_costs_one_span() {
    let good = tagged(vec![]);
    let bad = [
        (Span { trace_id: vec![1; 7], ..good.clone() }, "byte 6: `trace_id` has 7 bytes"),
        (Span { span_id: vec![1; 9], ..good.clone() }, "byte 24: `span_id` has 9 bytes"),
        (Span::default(), "byte 4: a span without any field"),
    ];
    for (bad, reason) in bad {
        let decoded = decode_proto(&request(vec![bad.clone(), good.clone(), bad])).unwrap();
        assert_eq!((decoded.spans, decoded.refused.count), (1, 2));
        assert_eq!(decoded.refused.first.as_deref(), Some(reason));
    }
    // An id that is there, without any bytes.
    let empty_id = hex("0a06 0a04 0a00 1a00");
    let refused = decode_proto(&empty_id).unwrap().refused;
    assert_eq!(refused.first.as_deref(), Some("byte 6: `trace_id` has 0 bytes"));
}

#[test]
fn a_short_trace_id_is_the_lower_half() {
    let span = Span { trace_id: vec![1; 8], ..tagged(vec![]) };
    let span = span_of(&decode(vec![span]));
    assert!(span.contains(r#""traceId":"00000000000000000101010101010101""#), "{span}");
}

#[test]
fn a_thrift_span_without_a_required_field_costs_one_span() {
    // The span of the third vector, without its `flags`, before the whole one.
    let span = "160216001604160618016f2502168080f2818389850616f40300";
    let without = "160216001604160618016f3680808080808080808001 16f40300";
    let batch = hex(&format!("1c18017300192c {without} {span} 00"));
    let decoded = decode_thrift(&batch, Protocol::Compact).unwrap();
    assert_eq!((decoded.spans, decoded.refused.count), (1, 1));
    assert_eq!(decoded.refused.first.as_deref(), Some("byte 7: the required field `flags` is missing"));
}

#[test]
fn a_thrift_batch_needs_a_process_and_spans() {
    let batches = [
        ("190c 00", "byte 3: the required field `process` is missing"),
        ("1c18017300 00", "byte 6: the required field `spans` is missing"),
        ("1c00 190c 00", "byte 2: the required field `serviceName` is missing"),
    ];
    for (batch, reason) in batches {
        assert_eq!(decode_thrift(&hex(batch), Protocol::Compact).unwrap_err().to_string(), reason);
    }
}

#[test]
fn thrift_knows_neither_scopes_nor_the_absent_service() {
    // process{"OTLPResourceNoServiceName"}, one span with the tag otel.scope.name.
    let name = "4f544c505265736f757263654e6f536572766963654e616d65";
    let span =
        "160216001604160618016f2502160016 00 191c 180f6f74656c2e73636f70652e6e616d65 1500 180178 00 00";
    let decoded = decode_thrift(&hex(&format!("1c1819{name}00 191c {span} 00")), Protocol::Compact).unwrap();
    let text = shown(&decoded);
    assert!(
        text.contains("OTLPResourceNoServiceName") && text.contains(r#""key":"otel.scope.name""#),
        "{text}"
    );
}

#[test]
fn a_call_without_its_argument_is_nothing() {
    let datagram = hex("82810109656d69744261746368 00");
    let message = decode_agent(&datagram, Protocol::Compact).unwrap();
    assert_eq!(message, AgentMessage::Jaeger(Decoded::default()));
}

fn decode(spans: Vec<Span>) -> Decoded {
    let decoded = decode_proto(&request(spans)).unwrap();
    assert_eq!(decoded.refused.first, None);
    decoded
}

/// Checks which status a span with these tags has, and which attributes are left.
fn check_status((tags, status, left): &(Vec<KeyValue>, &str, &str)) {
    let span = span_of(&decode(vec![tagged(tags.clone())]));
    assert!(span.ends_with(&format!(r#""status":{status}}}"#)), "{tags:?}: {span}");
    assert_eq!(keys(&span), *left, "{tags:?}");
}

/// The JSON of the only span.
fn span_of(decoded: &Decoded) -> String {
    let text = shown(decoded);
    let (_, spans) = text.split_once(r#""spans":["#).unwrap();
    spans
        .split_once(r#"],"scope":"#)
        .map_or_else(|| spans.trim_end_matches("]}]}]}"), |(span, _)| span)
        .to_owned()
}

fn attributes(span: &str) -> String {
    let (_, rest) = span.split_once(r#""attributes":"#).unwrap();
    rest.split_once("]").map(|(list, _)| format!("{list}]")).unwrap()
}

/// The keys of the attributes, with spaces between.
fn keys(span: &str) -> String {
    let keys = span.split(r#"{"key":""#).skip(1).map(|rest| rest.split('"').next().unwrap());
    keys.collect::<Vec<_>>().join(" ")
}
