//! What OTLP/gRPC answers.

use tests::client::Client;
use tests::patience::until;
use tests::prost::Message;
use tests::tonic::Code;
use tests::tonic::codec::CompressionEncoding;
use tests::web::{grpc, grpc_frame};
use tests::wire::{EXPORT_TRACES, pack};
use tests::{Backend, Collector, samples};

use crate::FERROTEL;
use crate::configs::{straight_to, to_nowhere};

#[tokio::test]
async fn every_field_of_every_signal_arrives() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    let sent = [samples::spans("span", 3), samples::points("point", 3), samples::records("record", 3)];
    for export in sent.clone() {
        client.export(export).await.expect("it is taken");
    }
    assert_eq!(backend.taken(), sent);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn compressed_messages_are_taken() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let address = collector.grpc().await;
    for compression in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let client = Client::connect(&address).await.compressing(compression);
        client.export(samples::spans("packed", 5)).await.expect("it is taken");
    }
    let request = samples::trace_request(vec![samples::span("packed by snappy")]).encode_to_vec();
    let message = pack("x-snappy-framed", &request);
    let reply = grpc(&address, EXPORT_TRACES, &[("grpc-encoding", "snappy")], true, &message).await;
    assert_eq!((reply.grpc_status(), reply.grpc_message().as_str()), (0, ""));
    assert_eq!(backend.spans().len(), 11);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn an_unknown_compression_is_unimplemented() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let reply = grpc(&collector.grpc().await, EXPORT_TRACES, &[("grpc-encoding", "br")], true, b"x").await;
    assert_eq!(reply.grpc_status(), Code::Unimplemented as i32, "{reply:?}");
}

#[tokio::test]
async fn an_unknown_service_is_unimplemented() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let address = collector.grpc().await;
    for path in ["/some.Service/Method", "/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/"] {
        let reply = grpc(&address, path, &[], false, b"").await;
        assert_eq!(reply.grpc_status(), Code::Unimplemented as i32, "{path}: {reply:?}");
    }
}

#[tokio::test]
async fn a_malformed_message_is_an_internal_error_that_names_the_place() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let reply = grpc(&collector.grpc().await, EXPORT_TRACES, &[], false, &[0x0a, 0x05, 0x0a]).await;
    assert_eq!(reply.grpc_status(), Code::Internal as i32);
    assert!(reply.grpc_message().contains("byte"), "{}", reply.grpc_message());
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_message_that_is_cut_short_is_an_error_and_not_a_hang() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let address = collector.grpc().await;
    for frame in [vec![], vec![0, 0, 0], vec![0, 0, 0, 0, 9, 1, 2]] {
        let reply = grpc_frame(&address, EXPORT_TRACES, &[], frame).await;
        assert!(reply.grpc_status() > 0, "{reply:?}");
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_before_it_is_read() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let address = collector.grpc().await;
    let client = Client::connect(&address).await;
    let refused = client.export(samples::spans("many", 20_000)).await.expect_err("it is larger than 4 MiB");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    // Only the head, which promises a gigabyte.
    let reply = grpc_frame(&address, EXPORT_TRACES, &[], vec![0, 0x40, 0, 0, 0]).await;
    assert_eq!(reply.grpc_status(), Code::ResourceExhausted as i32, "{reply:?}");
    let bomb = pack("gzip", &vec![0; 64 << 20]);
    let reply = grpc(&address, EXPORT_TRACES, &[("grpc-encoding", "gzip")], true, &bomb).await;
    assert_eq!(reply.grpc_status(), Code::ResourceExhausted as i32, "{reply:?}");
    client.export(samples::spans("few", 10)).await.expect("the connection lives on");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn the_health_service_says_serving() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let reply = grpc(&collector.grpc().await, "/grpc.health.v1.Health/Check", &[], false, b"").await;
    // A frame with the message `status: SERVING`.
    assert_eq!((reply.grpc_status(), &reply.body[..]), (0, &[0, 0, 0, 0, 2, 8, 1][..]));
}

#[tokio::test]
async fn above_the_soft_limit_of_memory_the_client_is_told_to_come_back_and_that_is_counted() {
    let collector = FERROTEL.start(&memory_limited("limit_mib: 4000, spike_limit_mib: 3999")).await;
    refused_for_memory(&collector).await;
    let metrics = collector.metrics().await;
    assert!(
        metrics.sum("otelcol_receiver_refused_spans", &[("receiver", "otlp"), ("transport", "grpc")]) >= 1.0
    );
    assert!(
        metrics.sum("otelcol_processor_memory_limiter_refused_spans", &[("processor", "memory_limiter")])
            >= 1.0
    );
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn above_the_hard_limit_of_memory_nothing_is_let_in() {
    let collector = FERROTEL.start(&memory_limited("limit_mib: 2, spike_limit_mib: 1")).await;
    refused_for_memory(&collector).await;
    assert_eq!(tests::web::get(collector.health(), "/").await.status, 200, "it still answers");
    collector.assert_books_balance().await;
}

fn memory_limited(limits: &str) -> String {
    format!(
        "
processors: {{ memory_limiter: {{ check_interval: 10ms, {limits} }} }}
exporters: {{ nop: }}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], processors: [memory_limiter], exporters: [nop] }} }} }}
"
    )
}

/// No program fits into the limits of these stories.
async fn refused_for_memory(collector: &Collector) {
    let client = Client::connect(&collector.grpc().await).await;
    let refused = until("it refuses", async || client.export(samples::spans("pressed", 1)).await.err()).await;
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains("memory"), "{refused:?}");
}
