//! From OTLP to Zipkin and back.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Spans with what Zipkin can hold; `README.md` lists what it cannot.
fn request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope = option::of(("[a-z]{1,5}", "[0-9.]{0,3}"));
    let scope = (scope, vec(span(), 1..4)).prop_map(|(scope, spans)| ScopeSpans {
        scope: scope.map(|(name, version)| InstrumentationScope { name, version, ..Default::default() }),
        spans,
        ..ScopeSpans::default()
    });
    let keys = proptest::sample::select(["host.name", "k8s.pod.name", "process.pid", "os.type"].as_slice());
    let resource = (option::of("[a-z]{1,5}"), btree_map(keys, text_value(), 0..4));
    let resource = (resource, vec(scope, 1..3)).prop_map(|((name, others), scope_spans)| {
        let name = name.map(|name| key_value("service.name", Some(Value::StringValue(name))));
        let others = others.into_iter().map(|(key, value)| key_value(key, Some(value)));
        let resource =
            Resource { attributes: name.into_iter().chain(others).collect(), ..Default::default() };
        ResourceSpans { resource: Some(resource), scope_spans, ..ResourceSpans::default() }
    });
    vec(resource, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = ("[a-f0-9]{32}", 1..u64::MAX, any::<[u8; 8]>());
    let times = (1_000_000..4_000_000_000_000_000_u64, 0..9_000_000_u64);
    let state = prop_oneof![Just(String::new()), Just("a=b|c".to_owned())];
    let status = option::of((1..3, "[a-z]{0,5}").prop_map(|(code, message)| Status { code, message }));
    let parts = (vec(event(), 0..3), vec(link(), 0..3), status, state);
    (ids, "[a-zäλ|/\"\\\\<\u{2028}]{0,9}", 0..6, times, span_attributes(), parts).prop_filter_map(
        "ids must not be zero",
        |((trace, id, parent), name, kind, (start, duration), attributes, (events, links, status, state))| {
            let trace_id = bytes(&trace);
            (trace_id != [0; 16] && parent != id.to_be_bytes()).then(|| Span {
                trace_id,
                span_id: id.to_be_bytes().to_vec(),
                parent_span_id: if parent == [0; 8] { Vec::new() } else { parent.to_vec() },
                name,
                kind,
                start_time_unix_nano: start * 1000,
                end_time_unix_nano: (start + duration) * 1000,
                attributes,
                events,
                links,
                status,
                trace_state: state,
                ..Span::default()
            })
        },
    )
}

fn key_value(key: &str, value: Option<Value>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
}

fn text_value() -> impl Strategy<Value = Value> {
    "\\PC{0,9}".prop_map(Value::StringValue)
}

/// Keys that mean nothing to Zipkin.
const KEYS: [&str; 8] =
    ["a", "http.status_code", "net.host.name", "otel.other", "host", "K", "peer", "otlp.link.x"];

fn span_attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let plain = btree_map(proptest::sample::select(KEYS.as_slice()), text_value(), 0..5);
    let port = || option::of(1..65536_i64);
    let address =
        || option::of(any::<[u8; 16]>().prop_map(|bytes| std::net::Ipv6Addr::from(bytes).to_string()));
    let ends = (port(), port(), address(), option::of(Just("10.0.0.1".to_owned())), option::of("[a-z]{1,5}"));
    (plain, ends).prop_map(|(plain, (host_port, peer_port, local, peer, service))| {
        let int = |key, value: Option<i64>| value.map(|value| key_value(key, Some(Value::IntValue(value))));
        let text =
            |key, value: Option<String>| value.map(|value| key_value(key, Some(Value::StringValue(value))));
        let ends = [
            int("net.host.port", host_port),
            int("net.peer.port", peer_port),
            text("network.local.address", local),
            text("network.peer.address", peer),
            text("service.peer.name", service),
        ];
        let plain = plain.into_iter().map(|(key, value)| key_value(key, Some(value)));
        plain.chain(ends.into_iter().flatten()).collect()
    })
}

fn event() -> impl Strategy<Value = span::Event> {
    (0..4_000_000_000_000_000_u64, "[a-z|]{0,9}", attributes(), 0..3_u32).prop_map(
        |(micros, name, attributes, dropped_attributes_count)| span::Event {
            time_unix_nano: micros * 1000,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = span::Link> {
    let ids = (option::of(1..u128::MAX), option::of(1..u64::MAX));
    let state = prop_oneof![Just(String::new()), Just("a=b|c".to_owned())];
    (ids, state, attributes(), 0..3_u32).prop_map(
        |((trace, id), trace_state, attributes, dropped_attributes_count)| span::Link {
            trace_id: trace.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
            span_id: id.map(|id| id.to_be_bytes().to_vec()).unwrap_or_default(),
            trace_state,
            attributes,
            dropped_attributes_count,
            ..span::Link::default()
        },
    )
}

/// Attributes of events and links, which keep their types.
fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let leaf = prop_oneof![
        Just(None),
        "\\PC{0,9}".prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|flag| Some(Value::BoolValue(flag))),
        any::<i64>().prop_map(|number| Some(Value::IntValue(number))),
        proptest::num::f64::NORMAL.prop_map(|number| Some(Value::DoubleValue(number))),
        (-9..9_i32).prop_map(|number| Some(Value::DoubleValue(number.into()))),
    ];
    let value = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|values| {
                let values = values.into_iter().map(|value| AnyValue { value }).collect();
                Some(Value::ArrayValue(ArrayValue { values }))
            }),
            btree_map("[a-z|{]{0,2}", inner, 0..3)
                .prop_map(|pairs| Some(Value::KvlistValue(KeyValueList { values: key_values(pairs) }))),
        ]
    });
    btree_map("[a-z|{]{0,3}", value, 0..3).prop_map(key_values)
}

fn key_values(pairs: BTreeMap<String, Option<Value>>) -> Vec<KeyValue> {
    pairs.into_iter().map(|(key, value)| key_value(&key, value)).collect()
}

/// Each span with its resource and its scope, in an order of its own.
fn flat(request: &ExportTraceServiceRequest) -> Vec<String> {
    let mut flat = Vec::new();
    for resource in &request.resource_spans {
        for scope in &resource.scope_spans {
            for span in &scope.spans {
                let scope = ScopeSpans { spans: vec![span.clone()], ..scope.clone() };
                let resource = ResourceSpans { scope_spans: vec![scope], ..resource.clone() };
                flat.push(show(&ExportTraceServiceRequest { resource_spans: vec![resource] }));
            }
        }
    }
    flat.sort();
    flat
}

proptest! {
    #[test]
    fn nothing_is_lost_on_the_way_through_zipkin(request in request()) {
        let traces = traces(&request.encode_to_vec());
        let (mut text, mut proto) = (Vec::new(), Vec::new());
        json::encode(&traces, EncodeOptions::default(), &mut text);
        proto::encode(&traces, EncodeOptions::default(), &mut proto);
        let from_json = json::decode(&text, DecodeOptions::default()).unwrap();
        let from_proto = proto::decode(&proto, DecodeOptions::default()).unwrap();
        prop_assert_eq!(from_json.refused.total + from_proto.refused.total, 0);
        prop_assert_eq!(flat(&checked(&from_json)), flat(&request));
        prop_assert_eq!(flat(&checked(&from_proto)), flat(&request));
    }
}
