//! The collector's own metrics, by the names that dashboards know.

use tests::client::Client;
use tests::patience::until;
use tests::web::post;
use tests::{Answer, Backend, samples, tonic::Code, web};

use crate::FERROTEL;
use crate::configs::queued_with;

#[tokio::test]
async fn the_go_collectors_metrics_count_what_passes() {
    let backend = Backend::start();
    let config = format!(
        "
processors: {{ attributes: {{ actions: [{{ key: seen, value: true, action: insert }}] }}, batch: {{ timeout: 10ms }} }}
exporters: {{ otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }} }}
service:
  pipelines:
    traces: {{ receivers: [otlp], processors: [attributes, batch], exporters: [otlp] }}
    metrics: {{ receivers: [otlp], processors: [batch], exporters: [otlp] }}
    logs: {{ receivers: [otlp], exporters: [otlp] }}
",
        backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("span", 5)).await.expect("it is taken");
    client.export(samples::points("point", 4)).await.expect("it is taken");
    client.export(samples::records("record", 3)).await.expect("it is taken");
    post(&collector.http().await, "/v1/logs", "application/json", RECORD).await;
    backend.wait_for_taken(4).await;
    collector.assert_books_balance().await;

    let metrics = collector.metrics().await;
    let grpc = [("receiver", "otlp"), ("transport", "grpc")];
    let http = [("receiver", "otlp"), ("transport", "http")];
    let (host, port) =
        backend.address().split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a port");
    let exporter = [("exporter", "otlp"), ("server_address", host.as_str()), ("server_port", port.as_str())];
    let queue = [("exporter", "otlp"), ("data_type", "traces")];
    let processor = [("processor", "attributes"), ("otel_signal", "traces")];
    for (name, labels, value) in [
        ("otelcol_receiver_accepted_spans", &grpc[..], 5.0),
        ("otelcol_receiver_refused_spans", &grpc, 0.0),
        ("otelcol_receiver_accepted_metric_points", &grpc, 4.0),
        ("otelcol_receiver_accepted_log_records", &grpc, 3.0),
        ("otelcol_receiver_accepted_log_records", &http, 1.0),
        ("otelcol_processor_incoming_items", &processor, 5.0),
        ("otelcol_processor_outgoing_items", &processor, 5.0),
        ("otelcol_exporter_sent_spans", &exporter, 5.0),
        ("otelcol_exporter_sent_metric_points", &exporter, 4.0),
        ("otelcol_exporter_sent_log_records", &exporter, 4.0),
        ("otelcol_exporter_queue_size", &queue, 0.0),
        ("otelcol_exporter_queue_capacity", &queue, 1000.0),
        ("otelcol_processor_batch_batch_send_size_count", &[("processor", "batch")], 2.0),
        ("otelcol_processor_batch_batch_send_size_sum", &[("processor", "batch")], 9.0),
        ("otelcol_processor_batch_timeout_trigger_send", &[("processor", "batch")], 2.0),
    ] {
        assert!(metrics.has(name, labels), "{name} {labels:?} is not among {:#?}", metrics.names());
        assert_eq!(metrics.sum(name, labels), value, "{name} {labels:?}");
    }
    for name in
        ["otelcol_process_uptime", "otelcol_process_cpu_seconds", "otelcol_process_memory_rss", "target_info"]
    {
        assert!(metrics.sum(name, &[]) > 0.0, "{name}");
    }
}

#[tokio::test]
async fn a_full_queue_and_a_failure_are_counted() {
    let backend = Backend::start();
    backend.always_answer(Answer::refuse(Code::InvalidArgument));
    let collector =
        FERROTEL.start(&queued_with(&backend.address(), "{ num_consumers: 1, queue_size: 1 }")).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("lost", 2)).await.expect("the queue takes it");
    until("the failure is counted", async || {
        let failed =
            collector.metrics().await.sum("otelcol_exporter_send_failed_spans", &[("exporter", "otlp")]);
        (failed == 2.0).then_some(())
    })
    .await;
    backend.always_answer(Answer::Stall);
    client.export(samples::spans("stuck", 3)).await.expect("the queue takes it");
    client.export(samples::spans("refused", 4)).await.expect_err("the queue is full");
    let metrics = collector.metrics().await;
    assert_eq!(metrics.sum("otelcol_exporter_enqueue_failed_spans", &[("exporter", "otlp")]), 4.0);
    assert_eq!(
        metrics.sum("otelcol_exporter_queue_size", &[("exporter", "otlp"), ("data_type", "traces")]),
        1.0
    );
    assert_eq!(
        metrics.sum("otelcol_exporter_in_flight_requests", &[("exporter", "otlp"), ("data_type", "traces")]),
        1.0
    );
}

#[tokio::test]
async fn metrics_are_served_at_one_address_only() {
    let collector = FERROTEL.start(&crate::configs::to_nowhere()).await;
    let line = collector.log().wait_for("Serving metrics").await;
    let address = line.split('"').find(|part| part.starts_with("127.0.0.1:")).expect("it names its address");
    let reply = web::get(address, "/metrics").await;
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"), "{reply:?}");
    assert_eq!(web::get(address, "/").await.status, 404);
}

const RECORD: &str =
    r#"{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "a line"}}]}]}]}"#;
