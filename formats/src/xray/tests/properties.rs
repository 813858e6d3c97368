//! What holds for all spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_document_is_json_within_the_limits(request in requests(), index_all: bool, indexed: bool) {
        let payload = Payload::parse(Signal::Traces, Bytes::from(request.encode_to_vec())).unwrap();
        let names = ["a", "otel.resource.a", "http.method", "x y"].map(str::to_owned);
        let options = Options {
            index_all_attributes: index_all,
            indexed_attributes: names.into_iter().filter(|_| indexed).collect(),
            aws_log_groups: vec!["g".to_owned()],
        };
        let (documents, refused) = translated(&payload, &options);
        let mut spans: Vec<usize> = documents.iter().map(|document| document.span).collect();
        spans.dedup();
        prop_assert_eq!(spans.len() + refused.count, payload.items());
        for document in documents {
            prop_assert!(document.text.len() <= MAX_DOCUMENT_BYTES);
            let json: Value = serde_json::from_str(&document.text).unwrap();
            let name = json["name"].as_str().unwrap();
            prop_assert!((1..=200).contains(&name.len()), "{}", name);
            prop_assert!(json["start_time"].is_number());
            prop_assert!(json["end_time"].is_number() || json["in_progress"] == true);
            for (key, value) in json["annotations"].as_object().into_iter().flatten() {
                prop_assert!(key.chars().all(|letter| letter.is_ascii_alphanumeric() || "._".contains(letter)));
                prop_assert!(!value.is_null() && !value.is_array() && !value.is_object());
            }
        }
    }
}

fn requests() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let group = (attributes(), vec(span(), 0..4)).prop_map(|(attributes, spans)| ResourceSpans {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
        ..ResourceSpans::default()
    });
    vec(group, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (id(16), id(8), id(8), "\\PC{0,20}", -1..7);
    let status = (0..4, "\\PC{0,9}").prop_map(|(code, message)| Status { code, message });
    let lists = (attributes(), vec(event(), 0..3), vec(link(), 0..3));
    (ids, any::<(u64, u64)>(), status, lists).prop_map(|(ids, times, status, (attributes, events, links))| {
        Span {
            trace_id: ids.0,
            span_id: ids.1,
            parent_span_id: ids.2,
            name: ids.3,
            kind: ids.4,
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            attributes,
            events,
            links,
            status: Some(status),
            ..Span::default()
        }
    })
}

/// An id, rarely none.
fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![1 => Just(vec![]), 1 => Just(vec![0; length]), 9 => vec(any::<u8>(), length)]
}

fn link() -> impl Strategy<Value = Link> {
    (id(16), id(8), attributes()).prop_map(|(trace_id, span_id, attributes)| Link {
        trace_id,
        span_id,
        attributes,
        ..Link::default()
    })
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop_oneof![Just("exception"), Just("HTTP request failure"), Just("other")];
    let trace = "(\tat |Caused by: |  File \"|    at |   at | in |\n|[a-z/(),: 0-9])*";
    (name, attributes(), trace, any::<u64>()).prop_map(|(name, mut attributes, trace, time)| {
        attributes.push(attribute("exception.stacktrace".to_owned(), Some(Any::StringValue(trace))));
        Event { name: name.to_owned(), attributes, time_unix_nano: time, ..Event::default() }
    })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let known = vec![
        "aws.span.kind",
        "aws.xray.annotations",
        "aws.xray.inprogress",
        "aws.xray.metadata.default",
        "http.method",
        "aws.xray.metadata.n",
        "http.url",
        "url.query",
        "server.address",
        "server.port",
        "db.system",
        "db.name",
        "rpc.system",
        "cloud.platform",
        "cloud.provider",
        "service.name",
        "telemetry.sdk.language",
        "a",
        "x y",
        "x-y",
        "otel.resource.a",
        "service.version",
        "aws.log.group.names",
        "service.instance.id",
        "peer.service",
    ];
    let key = prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,9}"];
    vec((key, value()), 0..9)
        .prop_map(|pairs| pairs.into_iter().map(|(key, value)| attribute(key, value)).collect())
}

fn value() -> impl Strategy<Value = Option<Any>> {
    let words = vec![
        "LOCAL_ROOT",
        "aws-api",
        "mysql",
        "aws",
        "aws_elastic_beanstalk",
        "aws_ecs",
        "java",
        "python",
        "javascript",
        "dotnet",
        "go",
        "{\"a\":[1,{\"b\":null}],\"a\":2}",
        "{\"a\":1",
        "{\"a\":1e999}",
        "\u{1}\"\\",
        "otel.resource.a",
    ];
    let leaf = prop_oneof![
        4 => prop::sample::select(words).prop_map(|word| Some(Any::StringValue(word.to_owned()))),
        2 => "\\PC{0,40}".prop_map(|text| Some(Any::StringValue(text))),
        1 => (1..50_000_usize).prop_map(|length| Some(Any::StringValue("\n".repeat(length)))),
        1 => any::<bool>().prop_map(|flag| Some(Any::BoolValue(flag))),
        1 => any::<i64>().prop_map(|number| Some(Any::IntValue(number))),
        1 => any::<f64>().prop_map(|number| Some(Any::DoubleValue(number))),
        1 => vec(any::<u8>(), 0..9).prop_map(|bytes| Some(Any::BytesValue(bytes))),
        1 => Just(None),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| {
                let values = values.into_iter().map(|value| AnyValue { value }).collect();
                Some(Any::ArrayValue(ArrayValue { values }))
            }),
            vec(("[ab]{0,2}", inner), 0..4).prop_map(|pairs| {
                let values = pairs.into_iter().map(|(key, value)| attribute(key, value)).collect();
                Some(Any::KvlistValue(KeyValueList { values }))
            }),
        ]
    })
}

fn attribute(key: String, value: Option<Any>) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value }), ..KeyValue::default() }
}
