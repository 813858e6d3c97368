//! The file that people have: it runs as it is, says what is old in it, and delivers as soon as somebody is there.

mod around;
mod everything;
mod told;

use tests::client::Client;
use tests::collector::free_address;
use tests::{Backend, Collector, patience, samples, web};

use crate::FERROTEL;
use crate::examples::root;
use crate::examples::starts::start;

/// What is old or odd, and what the warning about it has in it.
const WARNINGS: [(&str, &str); 8] = [
    ("exporters::otlp", "otlp_grpc"),
    ("exporters::logging", "debug"),
    ("exporters::logging::loglevel", "verbosity"),
    ("processors::memory_limiter::check_interval", "1s"),
    ("service::telemetry::metrics", "readers"),
    ("service::extensions::0", "health_check"),
    ("service::extensions::1", "pprof"),
    ("service::extensions::2", "zpages"),
];

#[tokio::test]
async fn the_file_that_people_have_is_valid_and_its_old_parts_are_named() {
    let path = file();
    let finished = FERROTEL.run(&["validate", "--config", &path]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(!finished.stderr.contains("error"), "{}", finished.stderr);
    let blocks: Vec<_> = finished.stderr.split("\n\n").collect();
    for (place, new) in WARNINGS {
        let said = blocks.iter().any(|block| {
            block.starts_with(&format!("warning: {place}")) && block.contains(new) && block.contains(&path)
        });
        assert!(said, "nothing about {place} and `{new}` in:\n{}", finished.stderr);
    }
}

#[tokio::test]
async fn it_starts_where_nobody_is_and_delivers_from_the_moment_somebody_is() {
    let mut tempo = Backend::start();
    tempo.go_away();
    let (jaeger, nobody) = (free_address(), free_address());
    let soon = "{ initial_interval: 50ms, max_interval: 100ms }";
    let collector = start(
        &file(),
        &[
            format!("exporters.otlp.endpoint=http://{}", tempo.address()),
            format!("exporters.otlp.retry_on_failure={soon}"),
            format!("exporters.jaeger.endpoint={jaeger}"),
            format!("exporters.jaeger.retry_on_failure={soon}"),
            // The names of the file are of a cluster; nobody outside of this machine is asked for them.
            format!("receivers.prometheus.config.scrape_configs=[{{ job_name: myapp, static_configs: [{{ targets: ['{nobody}'] }}] }}]"),
        ],
    )
    .await;
    send(&collector).await;
    assert_eq!(web::get(collector.health(), "/").await.status, 200, "a backend that is away is no illness");

    tempo.come_back().await;
    let behind_jaeger = Backend::start();
    let _old = FERROTEL.start(&old_jaeger(&jaeger, &behind_jaeger.address())).await;
    assert_eq!(tempo.wait_for_spans(3).await.len(), 3);
    // Beside them may be what a scrape says of itself.
    let of_the_app =
        || tempo.metrics().into_iter().filter(|metric| metric.name.starts_with("points")).count();
    patience::until_equal("points of the app", 2, async || of_the_app()).await;
    assert_eq!(tempo.records().len(), 0, "records are for the log only");
    let mut names: Vec<_> = behind_jaeger.wait_for_spans(3).await.into_iter().map(|span| span.name).collect();
    names.sort();
    assert_eq!(names, ["of an app 0", "of an app 1", "of zipkin"]);
    assert_page(&collector).await;
    let received = collector.account("receiver", "otlp", "traces").await;
    assert_eq!((received.received, received.delivered), (2, 2));
}

/// Spans by OTLP and by Zipkin, points, records.
async fn send(collector: &Collector) {
    let client = Client::connect(&collector.listener_of("otlp", "Starting GRPC server").await).await;
    client.export(samples::spans("of an app", 2)).await.expect("they are taken");
    client.export(samples::points("points", 2)).await.expect("they are taken");
    client.export(samples::records("records", 4)).await.expect("they are taken");
    let span = r#"[{"traceId":"1","id":"2","name":"of zipkin"}]"#;
    let reply = web::post(&collector.zipkin().await, "/api/v2/spans", "application/json", span).await;
    assert_eq!(reply.status, 202);
}

/// The page for Prometheus has the points, under the namespace and with the label of the file.
async fn assert_page(collector: &Collector) {
    let address = collector.listener_of("prometheus", "Serving Prometheus metrics").await;
    let page = web::get(&address, "/metrics").await.text();
    let series = page.lines().find(|line| line.starts_with("myapp_points"));
    let series = series.unwrap_or_else(|| panic!("no points on the page:\n{page}"));
    assert!(series.contains(r#"environment="production""#), "{series}");
}

/// A Jaeger of the time of the file.
fn old_jaeger(address: &str, backend: &str) -> String {
    format!(
        "
receivers: {{ jaeger: {{ protocols: {{ grpc: {{ endpoint: '{address}' }} }} }} }}
exporters: {{ otlp: {{ endpoint: '{backend}', tls: {{ insecure: true }} }} }}
service: {{ pipelines: {{ traces: {{ receivers: [jaeger], exporters: [otlp] }} }} }}
"
    )
}

fn file() -> String {
    root().join("examples/otel-collector.yaml").display().to_string()
}
