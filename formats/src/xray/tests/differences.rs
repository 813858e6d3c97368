//! Where we differ from the Go Collector; see the README.

use super::*;

#[test]
fn a_bad_span_costs_one_span() {
    let span = |trace: &str, id: &str, name: &str| json!({ "traceId": trace, "spanId": id, "name": name });
    let spans =
        [span("", SPAN_ID, "a"), span(TRACE_ID, "0000000000000000", "b"), span(TRACE_ID, SPAN_ID, "c")];
    let payload = payload(&json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }));
    let (documents, refused) = translated(&payload, &Options::default());
    assert_eq!(documents.iter().map(|document| document.span).collect::<Vec<_>>(), [2]);
    let first = format!("span `a` (trace ``, id `{SPAN_ID}`): it has no trace id");
    assert_eq!(refused, Refusals { count: 2, first: Some(first) });
}

#[test]
fn what_the_go_collector_loses_is_kept() {
    #[rustfmt::skip]
    let cases = [
        // A link to nowhere costs the link, not its span.
        (json!({ "links": [{ "traceId": TRACE_ID }, { "traceId": TRACE_ID, "spanId": PARENT }] }),
            json!({ "links": [{ "trace_id": "1-5f84c7a1-e3a0b1c2d3e4f5061728394a", "id": PARENT }] })),
        // An infinite number does not cost its span.
        (json!({ "attributes": { "a": "x", "aws.xray.metadata.n": "{\"a\":1e999}" } }),
            json!({ "metadata": { "default": { "a": "x", "aws.xray.metadata.n": "{\"a\":1e999}" } } })),
        // The text of a status that has a message.
        (json!({ "status": { "code": 2, "message": "bad" }, "attributes": { "http.status_text": "st" } }),
            json!({ "metadata": { "default": { "http.status_text": "st" } } })),
    ];
    for (span, expected) in cases {
        check_members(&json!({}), &span, &json!({}), &expected);
    }
    let span = json!({ "attributes": { "l": [1], "m": "x" } });
    let expected = json!({ "annotations": { "m": "x" }, "metadata": { "default": { "l": [1] } } });
    check_members(&json!({}), &span, &json!({ "indexed": ["l", "m"] }), &expected);
    let span = json!({ "attributes": { "rpc.method": "m" } });
    let expected = json!({ "default": { "rpc.method": "m", "otel.resource.cloud.provider": "gcp" } });
    check_members(&json!({ "cloud.provider": "gcp" }), &span, &json!({}), &json!({ "metadata": expected }));
}

#[test]
fn every_name_is_one_that_the_service_takes() {
    let long = "ä".repeat(150);
    #[rustfmt::skip]
    let cases = [
        (json!({ "peer.service": "a*b" }), "ab"),
        (json!({ "peer.service": "!!" }), "GET /x"),
        (json!({ "peer.service": long }), &long[..200]),
        (json!({ "server.address": "api.example.com" }), "api.example.com"),
        (json!({ "db.namespace": "orders", "db.system.name": "postgresql" }), "orders"),
        (json!({ "db.name": "d", "db.connection_string": "postgres://u:p@[::1]:5/x" }), "d@::1"),
    ];
    for (attributes, name) in cases {
        let span = json!({ "kind": CLIENT, "attributes": attributes });
        check_members(&json!({}), &span, &json!({}), &json!({ "name": name }));
    }
}

#[test]
fn urls_have_a_host_or_are_left_out() {
    #[rustfmt::skip]
    let cases = [
        (CLIENT, json!({ "http.request.method": "GET", "server.address": "a", "server.port": 81 }), json!("http://a:81/")),
        (CLIENT, json!({ "http.request.method": "GET", "network.peer.address": "::1" }), Value::Null),
        (SERVER, json!({ "http.method": "GET", "net.peer.name": "b" }), Value::Null),
        (SERVER, json!({ "url.scheme": "https", "server.address": "a", "server.port": 443, "url.query": "?x" }),
            json!("https://a/?x")),
    ];
    for (kind, attributes, url) in cases {
        let (documents, _) = translated(
            &request(&json!({}), &json!({ "kind": kind, "attributes": attributes })),
            &Options::default(),
        );
        let shown = shown_one(&documents[0]);
        assert_eq!(shown["http"]["request"]["url"], url, "{attributes}");
    }
}

#[test]
fn queries_by_the_new_conventions_are_queries() {
    let attributes = json!({ "db.system.name": "microsoft.sql_server", "db.namespace": "n", "db.query.text": "SELECT ?",
        "server.address": "db" });
    let expected = json!({ "metadata": null, "sql": { "connection_string": "db/n", "url": "GET /x",
        "sanitized_query": "SELECT ?", "database_type": "microsoft.sql_server" } });
    check_members(&json!({}), &json!({ "kind": CLIENT, "attributes": attributes }), &json!({}), &expected);
}

#[test]
fn keys_that_meet_occur_once() {
    let resource = json!({ "a": 1, "b b": 2 });
    let span = json!({ "kind": SERVER, "attributes": { "otel.resource.a": "x", "c": 3,
        "aws.xray.metadata.Default": "{\"c\":4,\"d\":{\"e\":5,\"e\":6},\"d\":7}", "aws.xray.metadata.ferrotel": "{}" } });
    let expected = json!({ "default": { "otel.resource.a": 1, "otel.resource.b b": 2, "c": 3, "d": { "e": 5 },
        "aws.xray.metadata.ferrotel": "{}" } });
    check_members(&resource, &span, &json!({}), &json!({ "metadata": expected }));
    let span = json!({ "kind": SERVER, "attributes": { "otel.resource.b-b": 8, "x y": 1, "x-y": 2 } });
    let expected = json!({ "otel.resource.a": 1, "otel.resource.b_b": 2, "x_y": 1 });
    check_members(&resource, &span, &json!({ "index_all": true }), &json!({ "annotations": expected }));
}

#[test]
fn a_span_may_have_its_resource_indexed() {
    let span =
        json!({ "kind": SERVER, "attributes": { "aws.xray.annotations": ["otel.resource.a", "c"], "c": 3 } });
    let expected = json!({ "annotations": { "otel.resource.a": 1, "c": 3 },
        "metadata": { "default": { "otel.resource.b": 2 } } });
    check_members(&json!({ "a": 1, "b": 2 }), &span, &json!({}), &expected);
}

#[test]
fn a_span_that_is_sent_again_has_the_same_ids() {
    let event = json!({ "name": "exception", "attributes": { "exception.message": "m" } });
    let span =
        json!({ "kind": CLIENT, "events": [event, event], "attributes": { "aws.span.kind": "LOCAL_ROOT" } });
    let payload = request(&json!({}), &span);
    let (one, _) = translated(&payload, &Options::default());
    let (other, _) = translated(&payload, &Options::default());
    assert_eq!(one, other);
    assert_eq!(one.len(), 2);
    let document: Value = serde_json::from_str(&one[0].text).unwrap();
    let exceptions = &document["cause"]["exceptions"];
    assert_ne!(exceptions[0]["id"], exceptions[1]["id"]);
}

#[test]
fn times_are_exact() {
    let span =
        json!({ "startTimeUnixNano": "1602537377000000001", "endTimeUnixNano": "1602537378000000000" });
    let (documents, _) = translated(&request(&json!({}), &span), &Options::default());
    assert!(documents[0].text.contains("\"start_time\":1602537377.000000001,"), "{}", documents[0].text);
    assert!(documents[0].text.contains("\"end_time\":1602537378,"), "{}", documents[0].text);
}
