//! Documents that would be too large.

use super::*;

/// The one document of a span, as text and as JSON.
fn document(resource: &Value, span: &Value, of: &Value) -> (Document, Value) {
    let (documents, refused) = translated(&request(resource, span), &options(of));
    assert_eq!(refused, Refusals::default());
    let document = documents.into_iter().next().unwrap();
    let json = serde_json::from_str(&document.text).unwrap();
    assert!(document.text.len() <= MAX_DOCUMENT_BYTES, "{}", document.text.len());
    (document, json)
}

fn large() -> String {
    "x".repeat(MAX_DOCUMENT_BYTES)
}

/// A span with a stack of 5000 frames.
fn span(attributes: &Value) -> Value {
    let trace = format!("T: m\n{}", "\tat io.Foo.bar(Foo.java:37)\n".repeat(5000));
    let event = json!({ "name": "exception", "attributes": { "exception.stacktrace": trace } });
    json!({ "kind": SERVER, "events": [event], "attributes": attributes })
}

#[test]
fn stacks_are_cut_first() {
    let resource = json!({ "telemetry.sdk.language": "java" });
    let (document, json) = document(&resource, &span(&json!({ "a": "b" })), &json!({}));
    assert!(document.is_cut);
    let exception = &json["cause"]["exceptions"][0];
    assert_eq!((&exception["truncated"], exception.get("stack")), (&json!(5000), None));
    assert_eq!(json["metadata"]["default"]["a"], "b");
    assert_eq!(json["metadata"]["ferrotel"], json!({ "cut": "stack traces" }));
}

#[test]
fn metadata_is_cut_next_and_annotations_after_it() {
    let of = json!({ "indexed": ["i", "j"] });
    let (_, json) = document(&json!({}), &span(&json!({ "a": large(), "i": "k" })), &of);
    assert_eq!(json["metadata"], json!({ "ferrotel": { "cut": "stack traces, metadata" } }));
    assert_eq!(json["annotations"], json!({ "i": "k" }));
    let (_, json) = document(&json!({}), &span(&json!({ "j": large(), "i": "k" })), &of);
    assert_eq!(json["metadata"], json!({ "ferrotel": { "cut": "stack traces, metadata, annotations" } }));
    assert_eq!(json.get("annotations"), None);
}

#[test]
fn what_is_left_is_shortened_last() {
    let links: Vec<Value> = (0..1000).map(|_| json!({ "traceId": TRACE_ID, "spanId": PARENT })).collect();
    let events: Vec<Value> = (0..1000)
        .map(|_| json!({ "name": "exception", "attributes": { "exception.message": large() } }))
        .take(100)
        .collect();
    let attributes = json!({ "http.url": format!("http://ä/{}", large()), "http.method": "GET" });
    let span = json!({ "kind": CLIENT, "links": links, "events": events, "attributes": attributes });
    let (_, json) = document(&json!({}), &span, &json!({}));
    assert_eq!(json["http"]["request"]["url"].as_str().unwrap().len(), 250);
    assert_eq!(json["cause"]["exceptions"].as_array().unwrap().len(), 10);
    assert_eq!(json.get("links"), None);
    assert_eq!(json["http"]["request"]["method"], "GET");
}

#[test]
fn a_large_resource_is_not_written_for_every_span() {
    let span = json!({ "kind": SERVER, "attributes": { "a": 1, "otel.resource.x": 2 } });
    let (_, json) = document(&json!({ "large": large() }), &span, &json!({}));
    assert_eq!(json["metadata"], json!({ "ferrotel": { "cut": "stack traces, metadata" } }));
    let (_, json) = document(&json!({ "large": large() }), &span, &json!({ "index_all": true }));
    assert_eq!(json["metadata"], json!({ "ferrotel": { "cut": "stack traces, metadata, annotations" } }));
}

#[test]
fn a_span_that_cannot_be_made_small_is_refused() {
    let resource = json!({ "service.version": large() });
    let (documents, refused) = translated(&request(&resource, &json!({})), &Options::default());
    assert!(documents.is_empty());
    let first = refused.first.unwrap();
    assert!(first.ends_with("it makes a document of more than 64 kB, whatever is cut from it"), "{first}");
}
