//! OTLP to Jaeger and back.

use tests::backend::Export;
use tests::client::Client;
use tests::proto::trace::v1::Span;
use tests::samples::{self, MOMENT};
use tests::tonic::Code;
use tests::{Answer, Backend};

use super::{Way, receiving};
use crate::FERROTEL;

#[tokio::test]
async fn what_is_exported_to_jaeger_and_received_from_it_is_the_same() {
    let backend = Backend::start();
    let receiver = FERROTEL.start(&receiving(&backend.address())).await;
    let jaeger = receiver.listener_of("jaeger", Way::Grpc.words()).await;
    let exporter = FERROTEL.start(&exporting(&jaeger)).await;
    let sent = samples::trace_request(vec![a_span("one", 1), a_span("two", 2)]);
    let client = Client::connect(&exporter.grpc().await).await;
    client.export(Export::Traces(sent.clone())).await.expect("it is taken");
    assert_eq!(backend.wait_for_spans(2).await, sent.resource_spans[0].scope_spans[0].spans);
    let [Export::Traces(arrived)] = &backend.taken()[..] else { panic!("one request of traces") };
    let scope = arrived.resource_spans[0].scope_spans[0].scope.clone().unwrap_or_default();
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("library", "1.2.3"));
    exporter.assert_books_balance().await;
    receiver.assert_books_balance().await;
}

#[tokio::test]
async fn a_jaeger_that_refuses_for_now_gets_it_again() {
    let backend = Backend::start();
    backend.answer([Answer::refuse(Code::Unavailable), Answer::refuse(Code::Unavailable)]);
    let no_queue = "sending_queue: { enabled: false }, retry_on_failure: { enabled: false }";
    let config = receiving(&backend.address()).replace("tls: {", &format!("{no_queue}, tls: {{"));
    let receiver = FERROTEL.start(&config).await;
    let jaeger = receiver.listener_of("jaeger", Way::Grpc.words()).await;
    let exporter = FERROTEL.start(&exporting(&jaeger)).await;
    let client = Client::connect(&exporter.grpc().await).await;
    client.export(samples::spans("again", 3)).await.expect("it is taken");
    backend.wait_for_spans(3).await;
    exporter.assert_books_balance().await;
    receiver.assert_books_balance().await;
    let booked = exporter.account("exporter", "jaeger", "traces").await;
    assert_eq!((booked.received, booked.delivered), (3, 3));
    let booked = receiver.account("receiver", "jaeger", "traces").await;
    assert_eq!((booked.received, booked.delivered, booked.refused), (9, 3, 6));
}

fn exporting(jaeger: &str) -> String {
    let retry = "retry_on_failure: { initial_interval: 20ms, max_interval: 50ms }";
    format!(
        "
exporters:
  jaeger: {{ endpoint: '{jaeger}', tls: {{ insecure: true }}, {retry} }}
service:
  pipelines:
    traces: {{ receivers: [otlp], exporters: [jaeger] }}
"
    )
}

/// A span with everything that Jaeger can hold.
fn a_span(name: &str, number: u8) -> Span {
    let attributes = || {
        let keep = ["text", "truth", "whole", "fraction", "bytes"];
        let all = samples::attributes();
        all.into_iter().filter(|attribute| keep.contains(&attribute.key.as_str())).collect::<Vec<_>>()
    };
    let mut span = samples::span(name);
    span.span_id = vec![number; 8];
    span.attributes = attributes();
    (span.flags, span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) =
        (0, 0, 0, 0);
    span.events[0].attributes = attributes();
    span.events[0].dropped_attributes_count = 0;
    let link = &mut span.links[0];
    link.trace_id = vec![7; 16];
    let ref_type = tests::proto::common::v1::any_value::Value::StringValue("follows_from".to_owned());
    link.attributes = vec![samples::attribute("opentracing.ref_type", ref_type)];
    (link.flags, link.dropped_attributes_count) = (0, 0);
    link.trace_state = String::new();
    span.end_time_unix_nano = MOMENT + 1_000_000;
    span
}
