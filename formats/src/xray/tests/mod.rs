//! The mapping by tables of spans and documents, and what must hold for all spans.

mod differences;
mod limits;
mod properties;
mod stacks;
mod vectors;

use bytes::Bytes;
use otlp::{Payload, Signal};
use serde_json::{Map, Value, json};

use super::*;

const TRACE_ID: &str = "5f84c7a1e3a0b1c2d3e4f5061728394a";
const SPAN_ID: &str = "0011223344556677";
const PARENT: &str = "aabbccddeeff0011";
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
const CONSUMER: i32 = 5;

/// Options of a test: `index_all`, `indexed` and `groups` in an object.
fn options(of: &Value) -> Options {
    let texts = |key: &str| {
        let list = of[key].as_array().into_iter().flatten();
        list.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    Options {
        index_all_attributes: of["index_all"] == true,
        indexed_attributes: texts("indexed").into_iter().collect(),
        aws_log_groups: texts("groups"),
    }
}

/// A request with one span. `span` has the fields of OTLP's JSON that differ from the usual, but its attributes and
/// those of its events and links are plain objects.
fn request(resource: &Value, span: &Value) -> Payload {
    let mut whole = json!({ "traceId": TRACE_ID, "spanId": SPAN_ID, "name": "GET /x",
        "startTimeUnixNano": "1602537377125000000", "endTimeUnixNano": "1602537377625500000" });
    for (key, value) in span.as_object().unwrap() {
        whole[key] = value.clone();
    }
    unfold(&mut whole);
    for list in ["events", "links"] {
        whole[list].as_array_mut().into_iter().flatten().for_each(unfold);
    }
    let resource = json!({ "attributes": attributes(resource) });
    payload(&json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [whole] }] }] }))
}

fn payload(request: &Value) -> Payload {
    let bytes = otlp::json::decode(Signal::Traces, request.to_string().as_bytes(), usize::MAX).unwrap();
    Payload::parse(Signal::Traces, Bytes::from(bytes)).unwrap()
}

fn unfold(holder: &mut Value) {
    if holder["attributes"].is_object() {
        holder["attributes"] = attributes(&holder["attributes"]);
    }
}

/// An object as a list of attributes.
fn attributes(object: &Value) -> Value {
    let pairs = object.as_object().into_iter().flatten();
    pairs.map(|(key, value)| json!({ "key": key, "value": any_value(value) })).collect()
}

fn any_value(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(flag) => json!({ "boolValue": flag }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number }),
        Value::String(text) => json!({ "stringValue": text }),
        Value::Array(values) => {
            json!({ "arrayValue": { "values": values.iter().map(any_value).collect::<Value>() } })
        }
        Value::Object(_) => json!({ "kvlistValue": { "values": attributes(value) } }),
    }
}

/// The documents of a request, and what was refused.
fn translated(payload: &Payload, options: &Options) -> (Vec<Document>, Refusals) {
    let mut documents = Documents::new(payload.as_traces().unwrap(), options);
    let list: Vec<Document> = documents.by_ref().collect();
    (list, documents.refused().clone())
}

/// The documents as JSON. Ids that no span brought along are `S` for a segment and `A`, `B` and so on for exceptions.
fn shown(documents: &[Document]) -> Vec<Value> {
    documents.iter().map(shown_one).collect()
}

fn shown_one(document: &Document) -> Value {
    let mut json: Value = serde_json::from_str(&document.text).unwrap();
    let service = documents_service_id();
    let mut names = Map::new();
    for (position, exception) in exceptions(&mut json).enumerate() {
        let letter = char::from(b'A' + position as u8).to_string();
        names.insert(exception["id"].as_str().unwrap().to_owned(), letter.into());
        exception["id"] = names[exception["id"].as_str().unwrap()].clone();
    }
    for exception in exceptions(&mut json) {
        if let Some(cause) = exception.get("cause").and_then(Value::as_str) {
            exception["cause"] = names[cause].clone();
        }
    }
    for key in ["id", "parent_id"] {
        if json.get(key).is_some_and(|id| *id == service) {
            json[key] = "S".into();
        }
    }
    json
}

fn exceptions(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    document.pointer_mut("/cause/exceptions").and_then(Value::as_array_mut).into_iter().flatten()
}

/// The id of the service's segment for the span of these tests.
fn documents_service_id() -> String {
    let span =
        request(&json!({}), &json!({ "kind": CLIENT, "attributes": { "aws.span.kind": "LOCAL_ROOT" } }));
    let (documents, _) = translated(&span, &Options::default());
    documents[1].id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks that `span` becomes `expected`, where what is usual is left out and `null` stands for what is absent.
#[track_caller]
fn check(resource: &Value, span: &Value, of: &Value, expected: &[Value]) {
    let (documents, refused) = translated(&request(resource, span), &options(of));
    assert_eq!(refused, Refusals::default());
    let whole = expected.iter().map(|expected| {
        let mut whole = json!({ "id": SPAN_ID, "start_time": 1_602_537_377.125, "end_time": 1_602_537_377.625_5,
            "trace_id": "1-5f84c7a1-e3a0b1c2d3e4f5061728394a", "fault": false, "error": false, "throttle": false });
        for (key, value) in expected.as_object().unwrap() {
            whole[key] = value.clone();
        }
        whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        whole
    });
    let (shown, whole) = (shown(&documents), whole.collect::<Vec<_>>());
    assert_eq!(shown, whole, "\n{}\n{}", json!(shown), json!(whole));
}

/// Checks members of the one document that `span` becomes; `null` stands for what is absent.
#[track_caller]
fn check_members(resource: &Value, span: &Value, of: &Value, expected: &Value) {
    let (documents, _) = translated(&request(resource, span), &options(of));
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    let shown = shown_one(document);
    for (key, value) in expected.as_object().unwrap() {
        let found = shown.get(key).unwrap_or(&Value::Null);
        assert_eq!(found, value, "{key} of {}", document.text);
    }
}
