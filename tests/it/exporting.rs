//! What a backend sees of the exporters.

use tests::client::Client;
use tests::proto::trace::v1::Span;
use tests::{Backend, samples};

use crate::FERROTEL;
use crate::configs::all_to;

#[tokio::test]
async fn every_compression_over_http_is_understood_by_others() {
    let backend = Backend::start();
    for compression in ["none", "gzip", "zlib", "deflate", "zstd", "snappy", "lz4"] {
        let exporter =
            format!("otlphttp: {{ endpoint: 'http://{}', compression: {compression} }}", backend.address());
        check(&backend, &exporter, "otlphttp", compression).await;
    }
}

#[tokio::test]
async fn every_compression_over_grpc_is_understood_by_others() {
    let backend = Backend::start();
    for compression in ["none", "gzip", "zstd"] {
        let connection = format!("endpoint: '{}', tls: {{ insecure: true }}", backend.address());
        let exporter = format!("otlp: {{ {connection}, compression: {compression} }}");
        check(&backend, &exporter, "otlp", compression).await;
    }
}

#[tokio::test]
async fn collectors_understand_each_other_whatever_the_compression() {
    let backend = Backend::start();
    let last = FERROTEL.start(&crate::configs::straight_to(&backend.address())).await;
    let (grpc, http) = (last.grpc().await, last.http().await);
    let mut spans = 0;
    for exporter in [
        format!("otlp: {{ endpoint: '{grpc}', tls: {{ insecure: true }}, compression: snappy }}"),
        format!("otlp: {{ endpoint: '{grpc}', tls: {{ insecure: true }}, compression: zstd }}"),
        format!("otlphttp: {{ endpoint: 'http://{http}', compression: x-snappy-framed }}"),
        format!("otlphttp: {{ endpoint: 'http://{http}', encoding: json, compression: lz4 }}"),
    ] {
        let id = exporter.split(':').next().expect("an id");
        let first = FERROTEL.start(&all_to(&exporter, id)).await;
        let client = Client::connect(&first.grpc().await).await;
        client.export(samples::spans("relayed", 3)).await.expect("the queue takes it");
        spans += 3;
        let arrived = backend.wait_for_spans(spans).await;
        let arrived = with_empty_values(arrived[spans - 1].clone());
        assert_eq!(arrived, with_empty_values(samples::span("relayed 2")), "{exporter}");
        first.assert_books_balance().await;
    }
    last.assert_books_balance().await;
}

#[tokio::test]
async fn configured_headers_and_the_name_of_the_program_are_sent() {
    let backend = Backend::start();
    let headers = "headers: { x-tenant: shop, x-empty: '' }";
    let config = format!(
        "
exporters:
  otlp: {{ endpoint: '{address}', tls: {{ insecure: true }}, {headers} }}
  otlphttp: {{ endpoint: 'http://{address}', {headers} }}
service: {{ pipelines: {{ logs: {{ receivers: [otlp], exporters: [otlp, otlphttp] }} }} }}
",
        address = backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::records("record", 1)).await.expect("the queues take it");
    for asked in backend.wait_for_asked(2).await {
        assert_eq!(asked.headers["x-tenant"], "shop");
        assert_eq!(asked.headers["x-empty"], "");
        let agent = asked.headers["user-agent"].to_str().expect("text").to_lowercase();
        assert!(agent.contains("ferrotel"), "{agent}");
    }
    collector.assert_books_balance().await;
}

/// JSON says `{}` where protobuf has no value at all; they mean the same.
fn with_empty_values(mut span: Span) -> Span {
    let of_events = span.events.iter_mut().map(|event| &mut event.attributes);
    let of_links = span.links.iter_mut().map(|link| &mut link.attributes);
    for attribute in of_events.chain(of_links).chain([&mut span.attributes]).flatten() {
        attribute.value.get_or_insert_default();
    }
    span
}

async fn check(backend: &Backend, exporter: &str, id: &str, compression: &str) {
    let collector = FERROTEL.start(&all_to(exporter, id)).await;
    let client = Client::connect(&collector.grpc().await).await;
    let before = backend.taken().len();
    let sent = [
        samples::spans(compression, 20),
        samples::points(compression, 20),
        samples::records(compression, 20),
    ];
    for export in &sent {
        client.export(export.clone()).await.expect("the queue takes it");
    }
    let taken = backend.wait_for_taken(before + sent.len()).await;
    for export in &sent {
        assert!(taken[before..].contains(export), "{compression}: one signal is not what was sent");
    }
    let header = if id == "otlp" { "grpc-encoding" } else { "content-encoding" };
    for asked in &backend.asked()[before..] {
        let named = asked.headers.get(header).map_or("none", |value| value.to_str().expect("text"));
        assert_eq!(named.replace("identity", "none"), compression);
    }
    collector.assert_books_balance().await;
}
