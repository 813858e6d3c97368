//! OTLP/JSON documents, those that the protocol's authors publish among them.

use tests::backend::Export;
use tests::prost::Message;
use tests::proto::collector::trace::v1::ExportTraceServiceRequest;
use tests::serde_json;
use tests::{Backend, samples, web};

use crate::FERROTEL;
use crate::configs::straight_to;

/// `examples/` of github.com/open-telemetry/opentelemetry-proto (Apache License 2.0), unchanged.
const TRACE: &str = include_str!("published/trace.json");
const METRICS: &str = include_str!("published/metrics.json");
const LOGS: &str = include_str!("published/logs.json");

#[tokio::test]
async fn the_published_example_of_a_trace_arrives_as_it_is_meant() {
    check("/v1/traces", TRACE, Export::Traces(read(TRACE))).await;
}

#[tokio::test]
async fn the_published_example_of_metrics_arrives_as_it_is_meant() {
    check("/v1/metrics", METRICS, Export::Metrics(read(METRICS))).await;
}

#[tokio::test]
async fn the_published_example_of_logs_arrives_as_it_is_meant() {
    check("/v1/logs", LOGS, Export::Logs(read(LOGS))).await;
}

#[tokio::test]
async fn enums_by_name_and_numbers_as_text_are_understood() {
    let document = r#"{"resource_spans": [{"scopeSpans": [{"spans": [{
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174", "name": "by name",
        "kind": "SPAN_KIND_SERVER", "startTimeUnixNano": "1544712660000000000", "endTimeUnixNano": 1544712661000000000,
        "unheard": {"of": [1, 2]}, "status": {"code": "STATUS_CODE_ERROR"}, "events": null,
        "attributes": [{"key": "nan", "value": {"doubleValue": "NaN"}}, {"key": "n", "value": {"intValue": "-7"}}]
    }]}]}]}"#;
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let reply = web::post(&collector.http().await, "/v1/traces", "application/json", document).await;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (200, r#"{"partialSuccess":{}}"#));
    let span = backend.wait_for_spans(1).await.remove(0);
    assert_eq!((span.name.as_str(), span.kind), ("by name", 2));
    assert_eq!(
        (span.start_time_unix_nano, span.end_time_unix_nano),
        (1_544_712_660_000_000_000, 1_544_712_661_000_000_000)
    );
    assert_eq!(span.status.map(|status| status.code), Some(2));
    assert_eq!(span.attributes.len(), 2);
}

#[tokio::test]
async fn every_field_survives_the_way_out_as_json() {
    let backend = Backend::start();
    let exporter = format!(
        "otlphttp: {{ endpoint: 'http://{}', encoding: json, compression: none }}",
        backend.address()
    );
    let collector = FERROTEL.start(&crate::configs::all_to(&exporter, "otlphttp")).await;
    // The reader of the backend wants values where there are none, and no bytes: what it cannot read is not sent.
    let mut sent = samples::trace_request(vec![samples::span("as JSON")]);
    keep_readable(&mut sent);
    let reply =
        web::post(&collector.http().await, "/v1/traces", "application/x-protobuf", sent.encode_to_vec())
            .await;
    assert_eq!((reply.status.as_u16(), &reply.body[..]), (200, &b"\x0a\x00"[..]));
    assert_eq!(backend.wait_for_taken(1).await, [Export::Traces(sent)]);
    collector.assert_books_balance().await;
}

async fn check(path: &str, document: &'static str, meant: Export) {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let reply = web::post(&collector.http().await, path, "application/json", document).await;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (200, r#"{"partialSuccess":{}}"#));
    assert_eq!(backend.wait_for_taken(1).await, [meant]);
    collector.assert_books_balance().await;
}

fn read<T: tests::serde::de::DeserializeOwned>(document: &str) -> T {
    serde_json::from_str(document).expect("the reference reads its own examples")
}

fn keep_readable(request: &mut ExportTraceServiceRequest) {
    let keep = |attributes: &mut Vec<tests::proto::common::v1::KeyValue>| {
        attributes.retain(|attribute| attribute.value.is_some() && attribute.key != "bytes");
    };
    for part in &mut request.resource_spans {
        part.resource.iter_mut().for_each(|resource| keep(&mut resource.attributes));
        for scope in &mut part.scope_spans {
            scope.scope.iter_mut().for_each(|scope| keep(&mut scope.attributes));
            for span in &mut scope.spans {
                keep(&mut span.attributes);
                span.events.iter_mut().for_each(|event| keep(&mut event.attributes));
                span.links.iter_mut().for_each(|link| keep(&mut link.attributes));
            }
        }
    }
}
