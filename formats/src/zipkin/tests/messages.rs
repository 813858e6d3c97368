//! The protobuf messages by prost, as a second opinion.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::*;

#[derive(Clone, PartialEq, Message)]
struct ListOfSpans {
    #[prost(message, repeated, tag = "1")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    parent_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    id: Vec<u8>,
    #[prost(int32, tag = "4")]
    kind: i32,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "6")]
    timestamp: u64,
    #[prost(uint64, tag = "7")]
    duration: u64,
    #[prost(message, optional, tag = "8")]
    local_endpoint: Option<Endpoint>,
    #[prost(message, optional, tag = "9")]
    remote_endpoint: Option<Endpoint>,
    #[prost(message, repeated, tag = "10")]
    annotations: Vec<Annotation>,
    #[prost(btree_map = "string, string", tag = "11")]
    tags: BTreeMap<String, String>,
    #[prost(bool, tag = "12")]
    debug: bool,
    #[prost(bool, tag = "13")]
    shared: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Endpoint {
    #[prost(string, tag = "1")]
    service_name: String,
    #[prost(bytes = "vec", tag = "2")]
    ipv4: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    ipv6: Vec<u8>,
    #[prost(int32, tag = "4")]
    port: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Annotation {
    #[prost(fixed64, tag = "1")]
    timestamp: u64,
    #[prost(string, tag = "2")]
    value: String,
}

/// Microseconds of the next few centuries.
const TIMES: std::ops::Range<u64> = 1..10_000_000_000_000_000;

const KEYS: [&str; 9] = [
    "a",
    "http.path",
    "error",
    "host.name",
    "otel.status_code",
    "otel.library.name",
    "w3c.tracestate",
    "span.kind",
    "otlp.link.0",
];

fn list() -> impl Strategy<Value = ListOfSpans> {
    vec(span(), 0..6).prop_map(|spans| ListOfSpans { spans })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (any::<[u8; 16]>(), option::of(any::<[u8; 8]>()), 1..u64::MAX, any::<bool>());
    let key = proptest::sample::select(KEYS.as_slice()).prop_map(str::to_owned);
    let annotation = (TIMES, "\\PC{0,9}").prop_map(|(timestamp, value)| Annotation { timestamp, value });
    let lists = (vec(annotation, 0..3), btree_map(key, "\\PC{0,9}", 0..5));
    (ids, 0..5, "\\PC{0,9}", TIMES, 0..1_000_000_u64, (endpoint(), endpoint()), lists).prop_map(
        |((trace_id, parent, id, is_short), kind, name, timestamp, duration, ends, (annotations, tags))| {
            Span {
                trace_id: trace_id[if is_short { 8 } else { 0 }..].to_vec(),
                parent_id: parent.map(|id| id.to_vec()).unwrap_or_default(),
                id: id.to_be_bytes().to_vec(),
                kind,
                name,
                timestamp,
                duration,
                local_endpoint: ends.0,
                remote_endpoint: ends.1,
                annotations,
                tags,
                debug: is_short,
                shared: !is_short,
            }
        },
    )
}

fn endpoint() -> impl Strategy<Value = Option<Endpoint>> {
    let parts = ("[a-z]{0,3}", option::of(any::<[u8; 4]>()), option::of(any::<[u8; 16]>()), 0..65536);
    option::of(parts.prop_map(|(service_name, ipv4, ipv6, port)| Endpoint {
        service_name,
        ipv4: ipv4.map(Vec::from).unwrap_or_default(),
        ipv6: ipv6.map(Vec::from).unwrap_or_default(),
        port,
    }))
}

/// The same as JSON.
fn json_of(list: &ListOfSpans) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    let endpoint = |endpoint: &Option<Endpoint>| {
        endpoint.as_ref().map(|endpoint| {
            let ipv4 = <[u8; 4]>::try_from(endpoint.ipv4.as_slice()).map(std::net::Ipv4Addr::from);
            let ipv6 = <[u8; 16]>::try_from(endpoint.ipv6.as_slice()).map(std::net::Ipv6Addr::from);
            serde_json::json!({
                "serviceName": endpoint.service_name,
                "ipv4": ipv4.map(|address| address.to_string()).unwrap_or_default(),
                "ipv6": ipv6.ok().map(|address| address.to_string()),
                "port": endpoint.port,
            })
        })
    };
    let spans = list.spans.iter().map(|span| {
        let annotations = span.annotations.iter().map(
            |annotation| serde_json::json!({ "value": annotation.value, "timestamp": annotation.timestamp }),
        );
        let kind =
            [None, Some("CLIENT"), Some("SERVER"), Some("PRODUCER"), Some("CONSUMER")][span.kind as usize];
        serde_json::json!({
            "tags": span.tags,
            "traceId": hex(&span.trace_id),
            "parentId": hex(&span.parent_id),
            "id": hex(&span.id),
            "kind": kind,
            "name": span.name,
            "timestamp": span.timestamp,
            "duration": span.duration,
            "localEndpoint": endpoint(&span.local_endpoint),
            "remoteEndpoint": endpoint(&span.remote_endpoint),
            "annotations": annotations.collect::<Vec<_>>(),
            "unknown": [{ "a": [1, null] }],
            "debug": span.debug,
            "shared": span.shared,
        })
    });
    serde_json::to_string(&spans.collect::<Vec<_>>()).unwrap()
}

proptest! {
    #[test]
    fn text_in_quotes_is_read_back(text in "([a-z ]{0,9}[<>&\"\\\\\u{0}-\u{1f}é\u{2028}\u{10ffff}]?){0,4}") {
        let mut out = Vec::new();
        json::json_text(&mut out, &text);
        prop_assert!(!out.iter().any(|byte| b"<>&".contains(byte)));
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn protobuf_and_json_say_the_same(list in list(), parse_string_tags: bool) {
        let options = DecodeOptions { parse_string_tags };
        let from_proto = proto::decode(&list.encode_to_vec(), options).unwrap();
        let from_json = json::decode(json_of(&list).as_bytes(), options).unwrap();
        prop_assert_eq!(from_proto.spans, list.spans.len());
        checked(&from_proto);
        prop_assert_eq!(shown(Ok(from_proto)), shown(Ok(from_json)));
    }

    #[test]
    fn prost_reads_what_is_written(list in list()) {
        let traces = traces(&proto::decode(&list.encode_to_vec(), DecodeOptions::default()).unwrap().traces);
        let mut written = Vec::new();
        let encoded = proto::encode(&traces, EncodeOptions::default(), &mut written);
        let read = ListOfSpans::decode(written.as_slice()).unwrap();
        prop_assert_eq!(encoded.spans, list.spans.len());
        // Spans come sorted by service; ids tell them apart.
        for span in &read.spans {
            let original = list.spans.iter().find(|other| other.id == span.id).unwrap();
            prop_assert!(span.trace_id.ends_with(&original.trace_id));
            prop_assert_eq!((span.kind, &span.name), (original.kind, &original.name));
            prop_assert_eq!((span.timestamp, span.duration), (original.timestamp, original.duration));
            prop_assert_eq!(&span.annotations, &original.annotations);
            prop_assert!(span.parent_id == original.parent_id || original.parent_id == original.id);
        }
        let mut text = Vec::new();
        json::encode(&traces, EncodeOptions::default(), &mut text);
        let text: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
        for (span, object) in read.spans.iter().zip(&text) {
            let tags = object.get("tags").cloned().unwrap_or_else(|| serde_json::json!({}));
            prop_assert_eq!(serde_json::to_value(&span.tags).unwrap(), tags);
        }
    }
}
