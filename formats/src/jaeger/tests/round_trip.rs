//! OTLP to Jaeger's protobuf and back.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use super::{payload, traces};
use crate::jaeger::{decode_proto, encode};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn all_is_kept_but_what_jaeger_has_no_place_for(request in requests()) {
        let mut richer = request.clone();
        richer.resource_spans.iter_mut().for_each(enrich);
        prop_assert_eq!(there_and_back(&richer, usize::MAX), request);
    }

    #[test]
    fn spans_are_the_same_however_small_the_requests(request in requests(), limit in 0..2000_usize) {
        let spans = |request: &ExportTraceServiceRequest| -> Vec<Span> {
            let scopes = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
            scopes.flat_map(|scope| scope.spans.clone()).collect()
        };
        prop_assert_eq!(spans(&there_and_back(&request, limit)), spans(&request));
    }
}

fn there_and_back(request: &ExportTraceServiceRequest, limit: usize) -> ExportTraceServiceRequest {
    let payload = payload(&request.encode_to_vec());
    let mut all = ExportTraceServiceRequest::default();
    for request in encode(traces(&payload), limit) {
        assert!(request.body.len() <= limit || request.spans <= 1);
        let decoded = decode_proto(&request.body).unwrap();
        assert_eq!((decoded.spans, decoded.refused.count), (request.spans, 0));
        // Repeated fields are put end to end.
        all.merge(decoded.traces.as_slice()).unwrap();
    }
    all
}

/// Adds all that gets lost.
fn enrich(group: &mut ResourceSpans) {
    group.schema_url = "https://example.com/1".to_owned();
    if let Some(resource) = &mut group.resource {
        resource.dropped_attributes_count = 1;
    }
    for scope in &mut group.scope_spans {
        scope.schema_url = "https://example.com/2".to_owned();
        if let Some(scope) = &mut scope.scope {
            scope.attributes = vec![attribute("scope", Value::BoolValue(true))];
            scope.dropped_attributes_count = 1;
        }
        for span in &mut scope.spans {
            span.flags = 0x101;
            (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) = (1, 2, 3);
            span.events.iter_mut().for_each(|event| event.dropped_attributes_count = 1);
            for link in &mut span.links {
                link.trace_state = "a=1".to_owned();
                link.flags = 1;
                link.dropped_attributes_count = 1;
                link.attributes.push(attribute("link", Value::BoolValue(true)));
            }
        }
    }
}

fn requests() -> impl Strategy<Value = ExportTraceServiceRequest> {
    vec(group(), 0..4).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn group() -> impl Strategy<Value = ResourceSpans> {
    let scopes = btree_map(("[a-z]{0,3}", "[0-9]{0,2}"), vec(span(), 1..5), 1..4);
    let parts = (option::of("[a-z]{1,5}"), attributes(), scopes);
    parts
        .prop_map(|(service_name, mut attributes, scopes)| {
            if let Some(name) = service_name {
                attributes.insert(0, attribute("service.name", Value::StringValue(name)));
            }
            let resource = (!attributes.is_empty()).then(|| Resource { attributes, ..Resource::default() });
            // A version without a name is kept as a tag of the spans.
            let scopes =
                scopes.into_iter().filter(|((name, version), _)| !name.is_empty() || version.is_empty());
            let scope_spans = scopes.map(|((name, version), spans)| {
                let scope = InstrumentationScope { name, version, ..InstrumentationScope::default() };
                let scope = (!scope.name.is_empty()).then_some(scope);
                ScopeSpans { scope, spans, ..ScopeSpans::default() }
            });
            ResourceSpans { resource, scope_spans: scope_spans.collect(), ..ResourceSpans::default() }
        })
        .prop_filter("a resource without anything is left out", |group| {
            group.resource.is_some() || !group.scope_spans.is_empty()
        })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (id::<16>(), id::<8>(), id::<8>(), "[a-z=]{0,9}", "[a-z ]{0,200}", 0..6);
    let times = (any::<u64>(), -i64::MAX..i64::MAX);
    let status = option::of((1..3, "[a-z]{0,5}").prop_map(|(code, message)| Status { code, message }));
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..3));
    (ids, times, status, lists).prop_map(|(ids, (start, duration), status, (attributes, events, links))| {
        let (trace_id, span_id, parent_span_id, trace_state, name, kind) = ids;
        Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: start.saturating_add_signed(duration),
            attributes,
            events,
            links,
            status,
            ..Span::default()
        }
    })
}

/// An id that is not all zeros, or none.
fn id<const N: usize>() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![1 => Just(vec![]), 5 => vec(1..=u8::MAX, N)]
}

fn event() -> impl Strategy<Value = Event> {
    (any::<u64>(), "[a-z]{0,9}", attributes()).prop_map(|(time_unix_nano, name, attributes)| Event {
        time_unix_nano,
        name,
        attributes,
        ..Event::default()
    })
}

/// A link to another trace: no span generated here has a zero in its trace id.
fn link() -> impl Strategy<Value = Link> {
    let ref_type = prop_oneof![Just("child_of"), Just("follows_from")];
    (vec(1..=u8::MAX, 15), vec(any::<u8>(), 8), ref_type).prop_map(|(mut trace_id, mut span_id, ref_type)| {
        trace_id.push(0);
        span_id[0] = 1;
        let attributes = vec![attribute("opentracing.ref_type", Value::StringValue(ref_type.to_owned()))];
        Link { trace_id, span_id, attributes, ..Link::default() }
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let value = prop_oneof![
        "[a-zä-ö ]{0,200}".prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        (-1e9..1e9_f64).prop_map(Value::DoubleValue),
        vec(any::<u8>(), 0..9).prop_map(Value::BytesValue),
    ];
    btree_map("[a-z.]{0,12}", value, 0..6).prop_map(|map| {
        let fit = map.into_iter().filter(|(key, _)| !["error", "event", "hostname"].contains(&key.as_str()));
        fit.map(|(key, value)| attribute(&key, value)).collect()
    })
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}
