//! Version 1 by example.

use super::*;

fn check(body: &str, expected: &str) {
    assert_eq!(shown(json_v1::decode(body.as_bytes(), DecodeOptions::default())), expected, "of {body}");
}

#[test]
fn a_json_span_becomes_a_span() {
    let body = r#"[{"traceId":"0102030405060708","id":"1112131415161718","parentId":"2122232425262728","name":"get",
        "timestamp":1700000000000000,"duration":300,
        "annotations":[
            {"timestamp":1700000000000000,"value":"cs",
             "endpoint":{"serviceName":"front","ipv4":"10.0.0.1","port":8080}},
            {"timestamp":1700000000000100,"value":"retry"},{"timestamp":1700000000000300,"value":"cr"}],
        "binaryAnnotations":[{"key":"http.status_code","value":"404"},
            {"key":"sa","value":"1","endpoint":{"serviceName":"back"}},{"key":"lc","value":"comp"}]}]"#;
    let expected = "resource {ipv4=\"10.0.0.1\", port=\"8080\", service.name=\"front\"}\n\
        span 00000000000000000102030405060708 1112131415161718 <2122232425262728> \"get\" kind 3 \
        1700000000000000000..1700000000000300000 \
        {component=\"comp\", http.status_code=\"404\", sa=\"1\"} status 2 \"\"\n\
        event 1700000000000100000 \"retry\" {} 0\n";
    check(body, expected);
}

#[test]
fn a_thrift_span_becomes_a_span() {
    let body = bytes(
        "0c000000010a000100000000000000020b0003000000036765740a000400000000000000030f00060c000000020a
         000100060a24181e40000b00020000000273720c00030800010a0000010600029c400b0003000000016600000a00
         0100060a24181e40640b0002000000027373000f00080c0000000000",
    );
    assert_eq!(body.len(), 120);
    let expected = "resource {ipv4=\"10.0.0.1\", port=\"40000\", service.name=\"f\"}\n\
        span 00000000000000000000000000000002 0000000000000003 <> \"get\" kind 2 \
        1700000000000000000..1700000000000100000 {}\n";
    assert_eq!(
        shown(thrift::decode_list(&body, thrift::Protocol::Binary, DecodeOptions::default())),
        expected
    );
}

/// A span with these fields beside its ids; the answer is what follows the name.
fn span(fields: &str) -> String {
    let body = format!(r#"[{{"traceId":"0000000000000001","id":"0000000000000001",{fields}}}]"#);
    let options = DecodeOptions { parse_string_tags: true };
    let found = shown(json_v1::decode(body.as_bytes(), options));
    found.replace("span 00000000000000000000000000000001 0000000000000001 <> \"\" ", "")
}

#[test]
fn the_service_is_found_where_it_is() {
    let hosts = [
        (r#""annotations":[{"timestamp":1,"value":"sr"}]"#, "unknown-service"),
        (r#""annotations":[{"timestamp":1,"value":"x","endpoint":{"serviceName":"a"}}]"#, "unknown-service"),
        (r#""binaryAnnotations":[{"key":"lc","value":"c"}]"#, "c"),
        (
            r#""binaryAnnotations":[{"key":"a","value":"","endpoint":{"serviceName":"one"}},
            {"key":"b","value":"","endpoint":{"serviceName":"two"}},{"key":"lc","value":"c"}]"#,
            "two",
        ),
    ];
    for (fields, expected) in hosts {
        let found = span(fields);
        assert!(found.starts_with(&format!("resource {{service.name={expected:?}}}\n")), "{found}");
    }
}

#[test]
fn times_come_from_annotations_where_there_is_no_timestamp() {
    let annotated = r#""annotations":[{"timestamp":9,"value":"ms"},{"timestamp":7,"value":"x"},null]"#;
    let expected =
        "resource {service.name=\"unknown-service\"}\nkind 4 7000..9000 {}\nevent 7000 \"x\" {} 0\n";
    assert_eq!(span(annotated), expected);
    let absent = "resource {service.name=\"unknown-service\"}\nkind 0 0..5000 \
        {otel.zipkin.absentField.startTime=true}\n";
    let negative = "resource {service.name=\"unknown-service\"}\nkind 0 0..5000 {}\n";
    assert_eq!(span(r#""duration":5,"timestamp":-1"#), negative);
    assert_eq!(span(r#""duration":5"#), absent);
}

#[test]
fn the_status_is_taken_from_the_convention_that_outweighs_the_others() {
    let statuses = [
        (&[("census.status_code", "0"), ("error", "")][..], "{} status 1 \"\"\n"),
        (&[("census.status_code", "5"), ("opencensus.status_description", "d")], "{} status 2 \"d\"\n"),
        (&[("otel.status_code", "1"), ("error", "x")], "{} status 1 \"x\"\n"),
        (&[("otel.status_code", "OK")], "{} status 1 \"\"\n"),
        (&[("otel.status_code", "other")], "{}\n"),
        (&[("error", "false"), ("http.status_code", "200")], "{http.status_code=200} status 2 \"\"\n"),
        (
            &[("http.response.status_code", "302"), ("http.status_message", "m")],
            "{http.response.status_code=302, http.status_message=\"m\"} status 0 \"m\"\n",
        ),
        (&[("http.status_code", "404")], "{http.status_code=404} status 2 \"\"\n"),
    ];
    for (annotations, expected) in statuses {
        let binary: Vec<_> = annotations
            .iter()
            .map(|(key, value)| format!(r#"{{"key":"{key}","value":"{value}"}}"#))
            .collect();
        let found = span(&format!(r#""timestamp":1,"binaryAnnotations":[{}]"#, binary.join(",")));
        assert!(found.ends_with(&format!("1000..1000 {expected}")), "{found} of {annotations:?}");
    }
}

#[test]
fn an_address_annotation_keeps_its_endpoint() {
    let found = span(
        r#""timestamp":1,"binaryAnnotations":[{"key":"sa","value":true,
        "endpoint":{"serviceName":"db","ipv4":"10.0.0.9","port":-25536}},{"key":"n","value":7}]"#,
    );
    let expected = "{n=7, net.peer.port=40000, network.peer.address=\"10.0.0.9\", sa=true, \
        service.peer.name=\"db\"}\n";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn ids_have_whole_lengths() {
    let refused = [
        (
            r#"{"traceId":"1","id":"0000000000000001"}"#,
            "hex traceId span has wrong length (expected 16 or 32)",
        ),
        (r#"{"traceId":"0000000000000001","id":"1"}"#, "id: hex Id has wrong length (expected 16)"),
        (r#"{"traceId":"0000000000000000","id":"0000000000000001"}"#, "traceId is zero"),
        (r#"{"traceId":"0000000000000001","id":"0000000000000000"}"#, "ID is zero"),
        (
            r#"{"traceId":"0000000000000001","id":"000000000000000x"}"#,
            "valid id required, found `000000000000000x`",
        ),
        (
            r#"{"traceId":"0000000000000001","id":"0000000000000001","parentId":"1"}"#,
            "parentId: hex Id has wrong length (expected 16)",
        ),
    ];
    for (span, reason) in refused {
        check(&format!("[{span}]"), &format!("span 0: {reason}\n"));
    }
}

#[test]
fn binary_annotations_of_thrift_have_types() {
    let values: [(i32, &[u8], &str); 10] = [
        (0, &[1], "true"),
        (0, &[2], "false"),
        (1, &[1, 2, 3], "\"AQID\""),
        (2, &[0xff, 0xff], "-1"),
        (3, &[0, 0, 1, 0], "256"),
        (4, &[0xff; 8], "-1"),
        (5, &[0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "1.5"),
        (6, b"text", "\"text\""),
        (4, &[1], "\"<not enough bytes representing the number>\""),
        (9, &[1], "\"<unknown zipkin v1 binary annotation type (9)>\""),
    ];
    for (number, value, expected) in values {
        let mut body =
            bytes("0c 00000001 0a0001 0000000000000002 0a0004 0000000000000003 0f0008 0c 00000001");
        body.extend(bytes("0b0001 00000001 6b 0b0002"));
        body.extend((value.len() as u32).to_be_bytes());
        body.extend(value);
        body.extend(bytes("080003"));
        body.extend(number.to_be_bytes());
        // The end of the annotation, and of the span behind a field that nobody knows.
        body.extend(bytes("00 0f0063 0d 00000001 0b0f 00000001 00000001 61 0c 00000001 02000101 00 00"));
        let found = shown(thrift::decode_list(&body, thrift::Protocol::Binary, DecodeOptions::default()));
        assert!(found.ends_with(&format!("{{k={expected}}}\n")), "{found}");
    }
}
