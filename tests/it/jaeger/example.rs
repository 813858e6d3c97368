//! The example of a migration, as it stands in `examples/`.

use std::net::UdpSocket;

use tests::Backend;
use tests::client::Client;
use tests::samples;

use super::hostile::packet;
use super::{Way, receiving};
use crate::FERROTEL;
use crate::first_run::start_moved;

#[tokio::test]
async fn the_example_of_a_migration_sends_to_the_new_backend_and_to_the_old_jaeger() {
    let (backend, behind_jaeger) = (Backend::start(), Backend::start());
    let old = FERROTEL.start(&receiving(&behind_jaeger.address())).await;
    let old = old.listener_of("jaeger", Way::Grpc.words()).await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/jaeger-migration.yaml");
    let sets = [
        format!("exporters.otlp_grpc.endpoint={}", backend.address()),
        format!("exporters.jaeger.endpoint={old}"),
        format!("extensions.jaegerremotesampling.source.remote.endpoint={old}"),
    ];
    let mut arguments = vec!["--config", example];
    sets.iter().for_each(|set| arguments.extend(["--set", set]));
    let protocols = ["grpc", "thrift_http", "thrift_compact", "thrift_binary"];
    let mut listeners = protocols.map(|name| format!("receivers.jaeger.protocols.{name}")).to_vec();
    listeners.push("receivers.zipkin".to_owned());
    listeners.extend(["grpc", "http"].map(|name| format!("receivers.otlp.protocols.{name}")));
    listeners.extend(["grpc", "http"].map(|name| format!("extensions.jaegerremotesampling.{name}")));
    let listeners: Vec<_> = listeners.iter().map(String::as_str).collect();
    let collector = start_moved(&arguments, &listeners).await;

    let new = Client::connect(&collector.listener_of("otlp", Way::Grpc.words()).await).await;
    new.export(samples::spans("new client", 1)).await.expect("it is taken");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let agent = collector.listener_of("jaeger", Way::Compact.words()).await;
    socket.send_to(&packet(Way::Compact, b"old client"), agent).expect("loopback takes packets");
    let of_zipkin = r#"[{"traceId":"1","id":"2","name":"library of zipkin"}]"#;
    let zipkin = collector.zipkin().await;
    let reply = tests::web::post(&zipkin, "/api/v2/spans", "application/json", of_zipkin).await;
    assert_eq!(reply.status.as_u16(), 202);
    for sink in [&backend, &behind_jaeger] {
        let mut names: Vec<_> = sink.wait_for_spans(3).await.into_iter().map(|span| span.name).collect();
        names.sort();
        assert_eq!(names, ["library of zipkin", "new client 0", "old client"]);
    }
    let sampling = collector.listener_of("jaegerremotesampling", Way::Http.words()).await;
    let reply = tests::web::get(&sampling, "/sampling?service=shop").await;
    let default = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}"#;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (200, default));
    collector.assert_books_balance().await;
}

/// The two sections as many files have them, written for the Go Collector of that time.
const OLD_FILE: &str = "
receivers:
  jaeger:
    protocols:
      grpc:
        endpoint: 0.0.0.0:14250
      thrift_http:
        endpoint: 0.0.0.0:14268
      thrift_compact:
        endpoint: 0.0.0.0:6831
exporters:
  jaeger:
    endpoint: jaeger:14250
    tls:
      insecure: true
service:
  pipelines:
    traces: { receivers: [jaeger], exporters: [jaeger] }
";

#[tokio::test]
async fn an_old_file_with_jaeger_in_and_out_is_valid_as_it_is() {
    let finished = FERROTEL.run(&["validate", "--config", &format!("yaml:{OLD_FILE}")]).await;
    assert_eq!((finished.code, finished.stderr.contains("warning")), (0, false), "{}", finished.stderr);
}

#[tokio::test]
async fn remote_sampling_in_the_receiver_is_an_error_that_names_the_extension() {
    let old = OLD_FILE.replace(
        "    protocols:",
        "    remote_sampling: { host_endpoint: 'localhost:5778' }\n    protocols:",
    );
    let finished = FERROTEL.run(&["validate", "--config", &format!("yaml:{old}")]).await;
    assert_eq!(finished.code, 3);
    let told = ["receivers::jaeger::remote_sampling", "jaegerremotesampling"];
    assert!(told.iter().all(|word| finished.stderr.contains(word)), "{}", finished.stderr);
}
