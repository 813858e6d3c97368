//! Old spellings and oddities: they run, and a warning says what is new.

use tests::client::Client;
use tests::{Backend, samples};

use crate::FERROTEL;
use crate::configs::{all_to, to_nowhere};

#[tokio::test]
async fn old_names_run_and_the_new_ones_are_said() {
    let backend = Backend::start();
    let config = format!(
        "
processors: {{ memory_limiter: {{ limit_mib: 4000 }} }}
exporters:
  otlp: {{ endpoint: 'http://{}', tls: {{ insecure: true }} }}
  logging: {{ loglevel: info }}
service:
  pipelines: {{ traces: {{ receivers: [otlp], processors: [memory_limiter], exporters: [otlp, logging] }} }}
",
        backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("as ever", 2)).await.expect("it is taken");
    backend.wait_for_spans(2).await;
    collector.assert_books_balance().await;

    let warnings: Vec<_> =
        collector.log().lines().into_iter().filter(|line| line.contains("\twarn\t")).collect();
    for (old, new) in
        [("logging", "debug"), ("loglevel", "verbosity"), ("check_interval", "1s"), ("otlp", "otlp_grpc")]
    {
        let said = warnings.iter().any(|line| line.contains(old) && line.contains(new));
        assert!(said, "nothing about `{old}` and `{new}` in {warnings:#?}");
    }
}

#[tokio::test]
async fn extensions_without_a_section_run_with_their_defaults() {
    let config = "{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { nop: }, service: { extensions: [zpages], \
                  pipelines: { traces: { receivers: [otlp], exporters: [nop] } } } }";
    let finished = FERROTEL.run(&["validate", "--config", &format!("yaml:{config}")]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(finished.stderr.contains("zpages"), "a warning says so: {}", finished.stderr);
}

#[tokio::test]
async fn the_old_address_of_the_metrics_runs() {
    let address = "service: { telemetry: { metrics: { address: '127.0.0.1:0', readers: null } } }";
    let collector = FERROTEL.start_with(&to_nowhere(), &["--config", &format!("yaml:{address}")]).await;
    collector.log().wait_for("`address` is the old spelling").await;
    assert!(collector.metrics().await.has("otelcol_process_uptime", &[]));
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_warned_of_and_counts_as_nothing() {
    let exporter = "otlphttp: { endpoint: 'http://localhost:1/${env:FERROTEL_STORY_PATH}' }";
    let collector = FERROTEL.start(&all_to(exporter, "otlphttp")).await;
    let line = collector.log().wait_for("FERROTEL_STORY_PATH").await;
    assert!(
        line.contains("\twarn\t") && line.contains("not set") && line.contains("story.yaml:3:"),
        "{line}"
    );
}

#[tokio::test]
async fn feature_gates_of_the_go_collector_are_read() {
    let collector = FERROTEL.start_with(&to_nowhere(), &["--feature-gates", "-some.gate,+other.gate"]).await;
    for gate in ["some.gate", "other.gate"] {
        let line = collector.log().wait_for(gate).await;
        assert!(line.contains("\twarn\t"), "{line}");
    }
}
