//! Version 2 by example.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};

use super::*;

const STRINGS: DecodeOptions = DecodeOptions { parse_string_tags: false };
const PARSED: DecodeOptions = DecodeOptions { parse_string_tags: true };

/// Checks what is made of a JSON body.
fn check(options: DecodeOptions, body: &str, expected: &str) {
    assert_eq!(shown(json::decode(body.as_bytes(), options)), expected, "of {body}");
}

/// Checks the status and the attributes of a span with `tags`, and whatever else follows.
fn check_tags(tags: &str, expected: &str) {
    let body = format!(r#"[{{"traceId":"1","id":"1","timestamp":1,"tags":{tags}}}]"#);
    let found = shown(json::decode(body.as_bytes(), STRINGS));
    let span = found.split_once("1000..1000 ").map(|(_, span)| span);
    assert_eq!(span, Some(expected), "of {body}: {found}");
}

#[test]
fn a_client_span_becomes_a_client_span() {
    let body = r#"[{"traceId":"5af7183fb1d4cf5f5af7183fb1d4cf60","id":"352bff9a74ca9ad2",
        "parentId":"6b221d5bc9e6496c","name":"get /api","kind":"CLIENT",
        "timestamp":1700000000123456,"duration":1500,
        "localEndpoint":{"serviceName":"frontend","ipv4":"10.0.0.1","port":8080},
        "remoteEndpoint":{"serviceName":"backend","ipv6":"2001:db8::1","port":9000},
        "annotations":[{"timestamp":1700000000123500,"value":"wire send"}],
        "tags":{"http.method":"GET","http.status_code":"500","error":"boom","x":"12"},
        "debug":true,"shared":true}]"#;
    let expected = "resource {service.name=\"frontend\"}\n\
        span 5af7183fb1d4cf5f5af7183fb1d4cf60 352bff9a74ca9ad2 <6b221d5bc9e6496c> \"get /api\" kind 3 \
        1700000000123456000..1700000000124956000 {error=\"boom\", http.method=\"GET\", \
        http.status_code=\"500\", net.host.port=8080, net.peer.port=9000, \
        network.local.address=\"10.0.0.1\", network.peer.address=\"2001:db8::1\", \
        service.peer.name=\"backend\", x=\"12\"} status 2 \"\"\n\
        event 1700000000123500000 \"wire send\" {} 0\n";
    check(STRINGS, body, expected);
}

#[test]
fn short_ids_are_padded_and_text_is_parsed_on_request() {
    let body = r#"[{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","duration":5,"tags":{"i":"12","n":"-3",
        "f":"1.50","t":"true","T":"True","e":"","s":"12a","big":"99999999999999999999"}}]"#;
    let expected = "resource {}\n\
        span 00000000000000005af7183fb1d4cf5f 352bff9a74ca9ad2 <> \"\" kind 0 0..5000 \
        {T=\"True\", big=9223372036854775807, e=\"\", f=1.5, i=12, n=-3, \
        otel.zipkin.absentField.startTime=true, s=\"12a\", t=true}\n";
    check(PARSED, body, expected);
}

#[test]
fn the_status_is_in_tags() {
    check_tags(r#"{"error":"true"}"#, "{} status 2 \"\"\n");
    check_tags(r#"{"error":"false"}"#, "{error=\"false\"} status 2 \"\"\n");
    check_tags(r#"{"error":""}"#, "{error=\"\"} status 2 \"\"\n");
    let ok = r#"{"otel.status_code":"STATUS_CODE_OK","otel.status_description":"d"}"#;
    check_tags(ok, "{} status 1 \"d\"\n");
    check_tags(r#"{"otel.status_code":"Error"}"#, "{} status 2 \"\"\n");
    check_tags(r#"{"otel.status_code":"STATUS_CODE_OK","error":"true"}"#, "{} status 2 \"\"\n");
    let other = r#"{"otel.status_code":"other","otel.status_description":"d"}"#;
    check_tags(other, "{} status 0 \"d\"\n");
    check_tags(r#"{"otel.status_description":"d"}"#, "{otel.status_description=\"d\"}\n");
    check_tags(r#"{"http.status_code":"500"}"#, "{http.status_code=\"500\"}\n");
}

#[test]
fn the_status_may_be_written_as_the_specification_has_it() {
    let error = r#"{"otel.status_code":"ERROR","otel.status_description":"d"}"#;
    check_tags(error, "{} status 2 \"d\"\n");
    check_tags(r#"{"otel.status_code":"OK"}"#, "{} status 1 \"\"\n");
    let described = r#"{"otel.status_code":"ERROR","error":"boom"}"#;
    check_tags(described, "{error=\"boom\"} status 2 \"boom\"\n");
}

#[test]
fn an_internal_span_says_so_in_a_tag() {
    let kinds = [
        (r#""tags":{"span.kind":"internal"}"#, "kind 1 1000..1000 {}\n"),
        (r#""tags":{"span.kind":"other"}"#, "kind 0 1000..1000 {span.kind=\"other\"}\n"),
        (
            r#""kind":"SERVER","tags":{"span.kind":"internal"}"#,
            "kind 2 1000..1000 {span.kind=\"internal\"}\n",
        ),
        (r#""kind":"server""#, "kind 0 1000..1000 {}\n"),
        (r#""kind":"PRODUCER""#, "kind 4 1000..1000 {}\n"),
        (r#""kind":"CONSUMER""#, "kind 5 1000..1000 {}\n"),
    ];
    for (fields, expected) in kinds {
        let body = format!(r#"[{{"traceId":"1","id":"1","timestamp":1,{fields}}}]"#);
        let found = shown(json::decode(body.as_bytes(), STRINGS));
        assert!(found.ends_with(expected), "{found} of {body}");
    }
}

#[test]
fn a_bad_span_is_refused_and_a_bad_body_is_an_error() {
    for body in ["[]", "null", "[null]", " [ null , null ] "] {
        check(STRINGS, body, "");
    }
    check(STRINGS, "", "malformed at byte 0: the text ends where an array of spans was expected\n");
    check(STRINGS, "{}", "malformed at byte 0: found `{`, expected an array of spans\n");
    check(STRINGS, "[] []", "malformed at byte 3: found `[`, expected the end of the text\n");
    check(STRINGS, r#"[{"traceId":"1"}]"#, "span 0: valid span id required\n");
    check(STRINGS, r#"[{"traceId":"","id":"1"}]"#, "span 0: valid traceId required\n");
    let body = r#"[{"traceId":"1","id":"1","timestamp":1.5}]"#;
    check(STRINGS, body, "span 0: found `1.5`, expected a whole number from 0 up\n");
    let body = r#"[{"traceId":"1","id":"1","localEndpoint":{"port":70000}}]"#;
    check(STRINGS, body, "span 0: port `70000` is above 65535\n");
    let one = "0000000000000001";
    let taken = format!("resource {{}}\nspan {one:0>32} {one} <> \"\" kind 0 5000..5000 {{}}\n");
    check(STRINGS, r#"[{"traceId":"1","id":"1","parentId":"1","timestamp":5}]"#, &taken);
    let body = r#"[{"id":"1"}, 5, {"traceId":"1","id":"1","timestamp":5}, {"id":[[["]"]]]}]"#;
    let refused = "span 0: valid traceId required\nspan 1: found `5`, expected a span\n\
        span 3: found `[`, expected a string\n";
    check(STRINGS, body, &(taken + refused));
}

#[test]
fn an_annotation_that_only_looks_packed_is_a_name() {
    let named = ["a|b|c", "a|b", "a|{}", "|", "a|{]|0", r#"a|{\"k\":}|0"#, "a|{}|-1", "a|{}|4294967296"];
    for name in named {
        let body = format!(
            r#"[{{"traceId":"1","id":"1","timestamp":1,"annotations":[{{"timestamp":1,"value":"{name}"}}]}}]"#
        );
        let found = shown(json::decode(body.as_bytes(), STRINGS));
        assert!(found.ends_with(&format!("event 1000 \"{name}\" {{}} 0\n")), "{found}");
    }
}

#[test]
fn links_and_events_are_unpacked() {
    let link = r#"0102030405060708090a0b0c0d0e0f10|1112131415161718|a=b|{"k":"v"}|0"#;
    let tags = format!(r#"{{"otlp.link.0":{link:?},"otlp.link.2":{link:?},"otlp.link.x":"y"}}"#);
    let expected = format!(
        "{{otlp.link.2={link:?}, otlp.link.x=\"y\"}}\n\
         link 0102030405060708090a0b0c0d0e0f10 1112131415161718 a=b {{k=\"v\"}} 0\n"
    );
    check_tags(&tags, &expected);
    let broken = r#"{"otlp.link.0":"01|02|a|{}|0"}"#;
    check_tags(broken, "{otlp.link.0=\"01|02|a|{}|0\"}\n");
    let event = r#"ev|{"a":"x|y","n":1,"f":1.5,"b":true,"l":[1],"a":"z","m":{"o":null}}|2"#;
    let body = format!(r#"[{{"traceId":"1","id":"1","annotations":[{{"timestamp":1,"value":{event:?}}}]}}]"#);
    let found = shown(json::decode(body.as_bytes(), STRINGS));
    let expected = "event 1000 \"ev\" {a=\"z\", b=true, f=1.5, l=[1], m={o=null}, n=1} 2\n";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn spans_are_grouped_by_service_resource_and_scope() {
    let span = |id: u8, service: &str, tags: &str| {
        let local = format!(r#""localEndpoint":{{"serviceName":"{service}"}}"#);
        format!(r#"{{"traceId":"1","id":"{id}","timestamp":1,{local},"tags":{{{tags}}}}}"#)
    };
    let spans = [
        span(1, "b", r#""otel.library.name":"y","otel.library.version":"1""#),
        span(2, "a", r#""host.name":"h""#),
        span(3, "b", r#""otel.scope.name":"x""#),
        span(4, "a", r#""host.name":"i""#),
        span(5, "b", r#""otel.library.name":"y","otel.library.version":"1""#),
        span(6, "f", r#""otlp.service.name.source":"faas.name""#),
        span(7, "OTLPResourceNoServiceName", r#""service.name":"over""#),
        span(8, "otlpresourcenoservicename", ""),
    ];
    let found = shown(json::decode(format!("[{}]", spans.join(",")).as_bytes(), STRINGS));
    let lines = found.lines().map(|line| if line.starts_with("span") { &line[53..54] } else { line });
    let expected = [
        "resource {}",
        "8",
        "resource {service.name=\"over\"}",
        "7",
        "resource {host.name=\"h\", service.name=\"a\"}",
        "2",
        "resource {host.name=\"i\", service.name=\"a\"}",
        "4",
        "resource {service.name=\"b\"}",
        "scope x ",
        "3",
        "scope y 1",
        "1",
        "5",
        "resource {faas.name=\"f\"}",
        "6",
    ];
    assert_eq!(lines.collect::<Vec<_>>(), expected, "{found}");
}

#[test]
fn addresses_are_shown_as_usual_and_two_of_them_are_kept() {
    let body = r#"[{"traceId":"1","id":"1","timestamp":1,"tags":{"net.peer.port":"tag"},
        "localEndpoint":{"ipv4":"10.0.0.1","ipv6":"2001:DB8:0::1"},
        "remoteEndpoint":{"ipv6":"::ffff:1.2.3.4","port":7}}]"#;
    let found = shown(json::decode(body.as_bytes(), STRINGS));
    let expected = "{net.host.ip=\"10.0.0.1\", net.peer.port=7, network.local.address=\"2001:db8::1\", \
        network.peer.address=\"1.2.3.4\"}\n";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn a_protobuf_span_becomes_a_span() {
    let body = bytes(
        "0a6b0a100102030405060708090a0b0c0d0e0f10120821222324252627281a08111213141516171820022a036765
         743140222018240a060038dc0b420d0a0373766312040a00000120504a0612040a000002520d096c222018240a06
         00120265765a060a016b12013560016801",
    );
    let expected = "resource {service.name=\"svc\"}\n\
        span 0102030405060708090a0b0c0d0e0f10 1112131415161718 <2122232425262728> \"get\" kind 2 \
        1700000000123456000..1700000000124956000 {k=\"5\", net.host.port=80, \
        network.local.address=\"10.0.0.1\", network.peer.address=\"10.0.0.2\"}\n\
        event 1700000000123500000 \"ev\" {} 0\n";
    assert_eq!(shown(proto::decode(&body, STRINGS)), expected);
    assert_eq!(shown(proto::decode(&[], STRINGS)), "");
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn plain_span() -> Span {
    Span {
        trace_id: bytes("0102030405060708090a0b0c0d0e0f10"),
        span_id: bytes("1112131415161718"),
        ..Span::default()
    }
}

fn request(
    resource: Vec<KeyValue>,
    scope: Option<InstrumentationScope>,
    span: Span,
) -> ExportTraceServiceRequest {
    let resource = Resource { attributes: resource, ..Resource::default() };
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..ScopeSpans::default() }];
    let resource_spans = ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![resource_spans] }
}

/// A span with everything in it.
fn full_request() -> ExportTraceServiceRequest {
    let event = |time_unix_nano, name: &str, attributes| span::Event {
        time_unix_nano,
        name: name.to_owned(),
        attributes,
        ..span::Event::default()
    };
    let link = span::Link {
        trace_id: bytes("aa02030405060708090a0b0c0d0e0f10"),
        span_id: bytes("3122232425262728"),
        trace_state: "q=1".to_owned(),
        ..span::Link::default()
    };
    let span = Span {
        parent_span_id: bytes("2122232425262728"),
        name: "Op A".to_owned(),
        kind: 3,
        start_time_unix_nano: 1_700_000_000_123_456_789,
        end_time_unix_nano: 1_700_000_000_124_956_789,
        attributes: vec![
            text("network.peer.address", "10.1.2.3"),
            attribute("net.peer.port", Value::IntValue(9000)),
            text("service.peer.name", "Back"),
            text("network.local.address", "2001:db8::5"),
            attribute("net.host.port", Value::IntValue(80)),
            text("error", "false"),
            attribute("http.response.status_code", Value::IntValue(200)),
        ],
        events: vec![
            event(1_700_000_000_123_500_000, "cache", vec![attribute("hit", Value::BoolValue(true))]),
            event(1_700_000_000_123_500_600, "n", Vec::new()),
        ],
        links: vec![link],
        trace_state: "k=v".to_owned(),
        status: Some(Status { code: 2, message: "boom".to_owned() }),
        ..plain_span()
    };
    let scope = InstrumentationScope {
        name: "lib".to_owned(),
        version: "1.0".to_owned(),
        ..InstrumentationScope::default()
    };
    request(vec![text("service.name", "Svc"), text("host.name", "h")], Some(scope), span)
}

#[test]
fn a_full_span_is_written_as_the_go_collector_does() {
    let expected = concat!(
        r#"[{"timestamp":1700000000123457,"duration":1500,"traceId":"0102030405060708090a0b0c0d0e0f10","#,
        r#""id":"1112131415161718","parentId":"2122232425262728","name":"op a","kind":"CLIENT","#,
        r#""localEndpoint":{"serviceName":"svc","ipv6":"2001:db8::5","port":80},"#,
        r#""remoteEndpoint":{"serviceName":"back","ipv4":"10.1.2.3","port":9000},"#,
        r#""annotations":[{"timestamp":1700000000123500,"value":"cache|{\"hit\":true}|0"},"#,
        r#"{"timestamp":1700000000123501,"value":"n"}],"tags":{"error":"true","host.name":"h","#,
        r#""http.response.status_code":"200","http.status_code":"200","otel.library.name":"lib","#,
        r#""otel.library.version":"1.0","otel.status_code":"STATUS_CODE_ERROR","#,
        r#""otel.status_description":"boom","otlp.link.0":"#,
        r#""aa02030405060708090a0b0c0d0e0f10|3122232425262728|q=1|{}|0","w3c.tracestate":"k=v"}}]"#,
    );
    assert_eq!(as_json(&full_request(), EncodeOptions::default()), expected);
}

/// Checks what is written of a span with little in it, behind its ids.
fn check_written(resource: Vec<KeyValue>, change: impl FnOnce(&mut Span), expected: &str) {
    let mut span = plain_span();
    change(&mut span);
    let found = as_json(&request(resource, None, span), EncodeOptions::default());
    let ids = r#""traceId":"0102030405060708090a0b0c0d0e0f10","id":"1112131415161718","#;
    assert_eq!(found.replace(ids, ""), expected);
}

#[test]
fn fields_of_a_span_find_their_place() {
    let svc = || vec![text("service.name", "Svc")];
    let local = r#""localEndpoint":{"serviceName":"svc"}"#;
    let check = |change: fn(&mut Span), before: &str, after: &str| {
        check_written(svc(), change, &format!("[{{{before}{local}{after}}}]"));
    };
    check(|span| span.kind = 1, "", r#","tags":{"span.kind":"internal"}"#);
    check(
        |span| span.status = Some(Status { code: 1, message: "fine".to_owned() }),
        "",
        r#","tags":{"otel.status_code":"STATUS_CODE_OK","otel.status_description":"fine"}"#,
    );
    check(
        |span| {
            span.status = Some(Status { code: 0, message: "fine".to_owned() });
            span.attributes = vec![text("error", "true")];
        },
        "",
        "",
    );
    check(|span| span.end_time_unix_nano = 5000, r#""duration":5,"#, "");
    check(
        |span| (span.start_time_unix_nano, span.end_time_unix_nano) = (900_000_000, 5_000_000_000),
        r#""duration":4100000,"#,
        "",
    );
    check(
        |span| (span.start_time_unix_nano, span.end_time_unix_nano) = (5_000_000_000, 5_000_000_001),
        r#""timestamp":5000000,"duration":1,"#,
        "",
    );
    check(|span| span.start_time_unix_nano = 5_000_000_000, r#""timestamp":5000000,"#, "");
    check(
        |span| {
            let port = attribute("net.peer.port", Value::IntValue(90_000));
            span.attributes = vec![port, text("service.peer.name", "q")];
        },
        "",
        r#","remoteEndpoint":{"serviceName":"q","port":65535}"#,
    );
    check(
        |span| span.attributes = vec![attribute("net.peer.port", Value::IntValue(9000))],
        "",
        r#","remoteEndpoint":{"port":9000}"#,
    );
    check(
        |span| span.attributes = vec![text("network.peer.address", "socket"), text("net.peer.port", "x")],
        "",
        r#","tags":{"net.peer.port":"x","network.peer.address":"socket"}"#,
    );
}

#[test]
fn a_service_without_a_name_gets_one() {
    let unnamed = r#"[{"localEndpoint":{"serviceName":"otlpresourcenoservicename"}}]"#;
    check_written(Vec::new(), |_| (), unnamed);
    let faas =
        r#"[{"localEndpoint":{"serviceName":"f"},"tags":{"otlp.service.name.source":"faas.name","x":"y"}}]"#;
    check_written(vec![text("faas.name", "F"), text("x", "y")], |_| (), faas);
    let options = EncodeOptions { default_service_name: "<missing service name>" };
    let found = as_json(&request(Vec::new(), None, plain_span()), options);
    assert!(found.contains(r#""serviceName":"\u003cmissing service name\u003e""#), "{found}");
}

#[test]
fn a_span_that_zipkin_cannot_hold_is_refused() {
    let backwards = "[]\nspan 0: valid duration required: the span ends 1 ns before it starts";
    check_written(
        Vec::new(),
        |span| (span.start_time_unix_nano, span.end_time_unix_nano) = (2_000_000_001, 2_000_000_000),
        backwards,
    );
    check_written(Vec::new(), |span| span.trace_id.fill(0), "[]\nspan 0: TraceID is invalid");
    check_written(Vec::new(), |span| span.span_id.clear(), "[]\nspan 0: SpanID is invalid");
}

#[test]
fn a_trace_id_of_64_bits_is_written_short() {
    let mut span = plain_span();
    span.trace_id[..8].fill(0);
    let found = as_json(&request(Vec::new(), None, span), EncodeOptions::default());
    assert!(found.starts_with(r#"[{"traceId":"090a0b0c0d0e0f10","id":"#), "{found}");
}

#[test]
fn values_become_text() {
    let value = |value| attribute("k", value);
    let values = [
        (value(Value::DoubleValue(1.0)), "1"),
        (value(Value::DoubleValue(-0.25)), "-0.25"),
        (value(Value::DoubleValue(1e21)), "1e+21"),
        (value(Value::DoubleValue(123456789012345680000.0)), "123456789012345680000"),
        (value(Value::DoubleValue(1e-7)), "1e-7"),
        (value(Value::DoubleValue(0.000001)), "0.000001"),
        (value(Value::DoubleValue(f64::NAN)), "NaN"),
        (value(Value::DoubleValue(f64::NEG_INFINITY)), "-Infinity"),
        (value(Value::IntValue(i64::MIN)), "-9223372036854775808"),
        (value(Value::BoolValue(false)), "false"),
        (value(Value::BytesValue(vec![1, 2, 3])), "AQID"),
        (KeyValue { key: "k".to_owned(), ..KeyValue::default() }, ""),
        (text("k", "<\u{2028}\"é\u{1}\n>"), r#"\u003c\u2028\"é\u0001\n\u003e"#),
    ];
    for (attribute, expected) in values {
        let span = Span { attributes: vec![attribute], ..plain_span() };
        let found = as_json(&request(Vec::new(), None, span), EncodeOptions::default());
        assert!(found.ends_with(&format!(r#""tags":{{"k":"{expected}"}}}}]"#)), "{found}: {expected}");
    }
}

#[test]
fn a_later_source_of_a_tag_outweighs_an_earlier_one() {
    let scope = InstrumentationScope {
        name: "lib".to_owned(),
        attributes: vec![text("a", "scope"), text("b", "scope"), text("otel.library.name", "other")],
        ..InstrumentationScope::default()
    };
    let resource = vec![text("a", "resource"), text("c", "resource"), text("service.peer.name", "peer")];
    let attributes = vec![text("a", "span"), text("w3c.tracestate", "other"), text("a", "second")];
    let span = Span { attributes, trace_state: "k=v".to_owned(), ..plain_span() };
    let found = as_json(&request(resource, Some(scope), span), EncodeOptions::default());
    let expected = concat!(
        r#""remoteEndpoint":{"serviceName":"peer"},"tags":{"a":"span","b":"scope","c":"resource","#,
        r#""otel.library.name":"lib","w3c.tracestate":"k=v"}}]"#
    );
    assert!(found.ends_with(expected), "{found}");
}
