//! Collectors that are well, full, and at odds with their backend: between them they show every metric.

use tests::backend::{Answer, Export};
use tests::client::Client;
use tests::prometheus::Prometheus;
use tests::tonic::Code;
use tests::{Backend, Collector, patience, samples, web};

use super::{dashboards, metrics_in, text};
use crate::FERROTEL;

#[tokio::test]
async fn every_metric_that_rules_and_dashboards_name_is_on_a_page() {
    let workloads = Workloads::start().await;
    let mut shown = Vec::new();
    for collector in &workloads.collectors {
        let metrics = collector.metrics().await;
        shown.extend(metrics.names().into_iter().map(str::to_owned));
    }
    for name in ["collector.rules.yml", "collector.json", "application.json"] {
        let text = text(name);
        let missing: Vec<_> =
            metrics_in(&text).into_iter().filter(|metric| !is_shown(metric, &shown)).collect();
        assert!(missing.is_empty(), "{name} names {missing:?}, which is on no page: {shown:#?}");
    }
}

#[tokio::test]
async fn every_panel_about_the_collector_shows_something_in_a_real_prometheus() {
    let workloads = Workloads::start().await;
    let mut targets = Vec::new();
    for collector in &workloads.collectors {
        targets.push(format!("'{}'", collector.metrics_address().await));
    }
    let config = format!(
        "global: {{ scrape_interval: 250ms, scrape_timeout: 250ms }}\n\
         scrape_configs: [{{ job_name: ferrotel, static_configs: [{{ targets: [{}] }}] }}]\n",
        targets.join(", ")
    );
    let Some(prometheus) = Prometheus::start(&config, &[]).await else { return };
    for (title, expression) in dashboards::expressions_of("collector.json") {
        let expression = dashboards::with_variables(&expression);
        patience::until(&format!("`{title}` shows something: {expression}"), async || {
            let found = prometheus.query(&expression).await;
            (!found.is_empty()).then_some(())
        })
        .await;
    }
}

fn is_shown(metric: &str, shown: &[String]) -> bool {
    shown.iter().any(|name| name == metric)
}

struct Workloads {
    collectors: Vec<Collector>,
    /// Gone with the story.
    _backends: Vec<Backend>,
}

impl Workloads {
    async fn start() -> Workloads {
        let (well, odd, away) = (Backend::start(), Backend::start(), Backend::start());
        odd.always_answer(Answer::refuse(Code::InvalidArgument));
        away.always_answer(Answer::Stall);
        let collectors = vec![
            delivering(&well).await,
            refusing().await,
            dropping(&odd, "sending_queue: { num_consumers: 1 }").await,
            overflowing(&away).await,
        ];
        Workloads { collectors, _backends: vec![well, odd, away] }
    }
}

/// Batches of one item and batches that wait, all of them taken.
async fn delivering(backend: &Backend) -> Collector {
    let exporter = format!("otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }}", backend.address());
    let processors = "
receivers:
  jaeger: { protocols: { thrift_compact: { endpoint: '127.0.0.1:0' } } }
processors:
  memory_limiter: { check_interval: 1s, limit_percentage: 90 }
  batch/full: { send_batch_size: 1, timeout: 1m }
  batch: { timeout: 10ms }
";
    let config = config(processors, &exporter, "memory_limiter, batch/full, batch");
    let config = config.replacen("receivers: [otlp]", "receivers: [otlp, jaeger]", 1);
    let collector = FERROTEL.start(&config).await;
    send(&collector).await.into_iter().for_each(|answer| answer.expect("it is taken"));
    backend.wait_for_taken(3).await;
    collector.assert_books_balance().await;
    collector
}

/// A soft limit that the process alone is above, under a hard one with room for requests; and one that cannot be read.
async fn refusing() -> Collector {
    let processors =
        "processors: { memory_limiter: { check_interval: 1s, limit_mib: 1000, spike_limit_mib: 999 } }";
    let collector = FERROTEL.start(&config(processors, "nop:", "memory_limiter")).await;
    send(&collector).await.into_iter().for_each(|answer| drop(answer.expect_err("it is refused")));
    let reply = web::post(&collector.http().await, "/v1/traces", "application/json", "no JSON").await;
    assert_eq!(reply.status, 400);
    collector
}

/// A backend that takes nothing.
async fn dropping(backend: &Backend, delivery: &str) -> Collector {
    let exporter =
        format!("otlp: {{ endpoint: '{}', tls: {{ insecure: true }}, {delivery} }}", backend.address());
    let collector = FERROTEL.start(&config("", &exporter, "")).await;
    send(&collector).await.into_iter().for_each(|answer| answer.expect("the queue takes it"));
    backend.wait_for_asked(3).await;
    collector.assert_books_balance().await;
    collector
}

/// A backend that never answers, and a queue with room for one.
async fn overflowing(backend: &Backend) -> Collector {
    let delivery = "sending_queue: { queue_size: 1, num_consumers: 1 }, timeout: 1m";
    let exporter =
        format!("otlp: {{ endpoint: '{}', tls: {{ insecure: true }}, {delivery} }}", backend.address());
    let collector = FERROTEL.start(&config("", &exporter, "")).await;
    let mut refused = 0;
    for _ in 0..3 {
        refused += send(&collector).await.into_iter().filter(Result::is_err).count();
    }
    assert!(refused >= 3, "a full queue refuses: {refused}");
    collector
}

fn config(processors: &str, exporter: &str, chain: &str) -> String {
    let id = exporter.split(':').next().unwrap_or_default();
    let pipeline = format!("{{ receivers: [otlp], processors: [{chain}], exporters: [{id}] }}");
    format!(
        "{processors}
exporters: {{ {exporter} }}
service:
  telemetry: {{ metrics: {{ level: detailed }} }}
  pipelines: {{ traces: {pipeline}, metrics: {pipeline}, logs: {pipeline} }}
"
    )
}

/// One request of each signal.
async fn send(collector: &Collector) -> Vec<Result<(), String>> {
    let client = Client::connect(&collector.grpc().await).await;
    let mut answers = Vec::new();
    for export in [samples::spans("s", 1), samples::points("p", 1), samples::records("r", 1)] {
        answers.push(answer(&client, export).await);
    }
    answers
}

async fn answer(client: &Client, export: Export) -> Result<(), String> {
    client.export(export).await.map(drop).map_err(|error| error.to_string())
}
