//! Metrics on a page, and Debian's Prometheus that fetches it.

mod hostile;
mod metrics;

use tests::client::Client;
use tests::prometheus::{Prometheus, check_metrics};
use tests::web::{self, Reply};
use tests::{Backend, Collector};

use self::metrics::{
    attributes, counter, exponential, gauge, histogram, one_of_each_kind, request, request_from, summary,
};
use crate::FERROTEL;

/// A collector with OTLP in and the exporter with these settings out.
async fn start(settings: &str) -> Collector {
    let config = format!(
        "
exporters: {{ prometheus: {{ endpoint: '127.0.0.1:0', {settings} }} }}
service: {{ pipelines: {{ metrics: {{ receivers: [otlp], exporters: [prometheus] }} }} }}
"
    );
    FERROTEL.start(&config).await
}

/// Where the exporter listens.
async fn listener(collector: &Collector) -> String {
    collector.listener_of("prometheus", "Serving Prometheus metrics").await
}

async fn page(address: &str, headers: &[(&str, &str)]) -> Reply {
    web::send(address, tests::http::Method::GET, "/metrics", headers, "").await
}

/// Checks that `promtool` can read a page, and that it complains of nothing but the names and texts that are the
/// user's.
async fn assert_promtool_reads(page: &str) {
    let Some(judged) = check_metrics(page).await else { return };
    // 3 is for conventions about names.
    assert!(matches!(judged.code, 0 | 3), "{judged:?}");
    let of_ours = ["no help text", "should have \"_total\"", "metric names should not contain"];
    let ours: Vec<_> =
        judged.stdout.lines().filter(|line| !of_ours.iter().any(|known| line.contains(known))).collect();
    assert_eq!(ours, Vec::<&str>::new());
}

#[tokio::test]
async fn prometheus_gets_every_kind_with_its_value_labels_and_type() {
    let collector = start("send_timestamps: true").await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(request(one_of_each_kind())).await.expect("it is taken");
    let address = listener(&collector).await;
    assert_promtool_reads(&page(&address, &[]).await.text()).await;
    if let Some(prometheus) = Prometheus::scraping(&address, &[]).await {
        let of = "instance=i1, job=shop/cart, otel_scope_name=library";
        prometheus
            .shows(
                "system_io_bytes_total",
                &[&format!("system_io_bytes_total{{{of}, direction=read}} 1234567.5")],
            )
            .await;
        prometheus.shows("temperature_celsius", &[&format!("temperature_celsius{{{of}}} -273.15")]).await;
        let bucket = |le: &str, count: &str| format!("latency_seconds_bucket{{{of}, le={le}}} {count}");
        let buckets = [bucket("0.5", "1"), bucket("1", "3"), bucket("+Inf", "6")];
        prometheus.shows("latency_seconds_bucket", &buckets.each_ref().map(String::as_str)).await;
        prometheus.shows("latency_seconds_sum", &[&format!("latency_seconds_sum{{{of}}} 7.25")]).await;
        prometheus.shows("latency_seconds_count", &[&format!("latency_seconds_count{{{of}}} 6")]).await;
        let quantile = |share: &str, value: &str| format!("rpc_seconds{{{of}, quantile={share}}} {value}");
        let quantiles = [quantile("0.5", "0.25"), quantile("0.99", "NaN")];
        prometheus.shows("rpc_seconds", &quantiles.each_ref().map(String::as_str)).await;
        prometheus.shows("target_info", &["target_info{host_name=h, instance=i1, job=shop/cart} 1"]).await;
        assert_eq!(prometheus.metadata("system_io_bytes_total").await, "counter: a counter");
        assert_eq!(prometheus.metadata("temperature_celsius").await, "gauge: a gauge");
        assert_eq!(prometheus.metadata("latency_seconds").await, "histogram: a histogram");
        assert_eq!(prometheus.metadata("rpc_seconds").await, "summary: a summary");
        assert_eq!(prometheus.metadata("target_info").await, "gauge: Target metadata");
    }
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheus", "metrics").await;
    assert_eq!((account.delivered, account.all_dropped()), (5, 0));
}

#[tokio::test]
async fn prometheus_gets_exemplars_by_open_metrics() {
    let collector = start("enable_open_metrics: true").await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(request(one_of_each_kind())).await.expect("it is taken");
    let address = listener(&collector).await;
    let reply = page(&address, &[("accept", "application/openmetrics-text;version=1.0.0")]).await;
    assert!(reply.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(reply.text().ends_with("# EOF\n"));
    let exemplars = ["--enable-feature=exemplar-storage"];
    if let Some(prometheus) = Prometheus::scraping(&address, &exemplars).await {
        let ids = format!("{{span_id={}, trace_id={}}}", "cd".repeat(8), "ab".repeat(16));
        let of = "instance=i1, job=shop/cart";
        let expected =
            format!("system_io_bytes_total{{direction=read, {of}, otel_scope_name=library}} {ids} 0.75");
        assert_eq!(prometheus.exemplars("system_io_bytes_total").await, [expected]);
        let expected = format!("latency_seconds_bucket{{{of}, le=1.0, otel_scope_name=library}} {ids} 0.75");
        assert_eq!(prometheus.exemplars("latency_seconds_bucket").await, [expected]);
        assert_eq!(prometheus.metadata("system_io_bytes").await, "counter: a counter");
    }
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn prometheus_gets_native_histograms_by_protobuf() {
    let collector = start("").await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(request(one_of_each_kind())).await.expect("it is taken");
    let address = listener(&collector).await;
    let native = ["--enable-feature=native-histograms", "--enable-feature=exemplar-storage"];
    if let Some(prometheus) = Prometheus::scraping(&address, &native).await {
        prometheus
            .shows(
                "histogram_count(size_bytes)",
                &["{instance=i1, job=shop/cart, otel_scope_name=library} 14"],
            )
            .await;
        prometheus
            .shows(
                "histogram_sum(size_bytes)",
                &["{instance=i1, job=shop/cart, otel_scope_name=library} 99.5"],
            )
            .await;
        // Buckets of scale 0: (1, 2], (2, 4], (16, 32] above zero, [-1, -0.5) below, and two values about zero.
        let fraction = |from: &str, to: &str| format!("histogram_fraction({from}, {to}, size_bytes) * 14");
        let of = "{instance=i1, job=shop/cart, otel_scope_name=library}";
        for (from, to, expected) in [("1", "2", "3"), ("2", "4", "4"), ("16", "32", "1"), ("-1", "-0.5", "4")]
        {
            let found = prometheus.query(&fraction(from, to)).await;
            let value: f64 =
                found[0].strip_prefix(of).and_then(|value| value.trim().parse().ok()).expect("a number");
            let expected: f64 = expected.parse().expect("a number");
            assert!((value - expected).abs() < 1e-9, "({from}, {to}]: {value}");
        }
        // The others are what they were.
        prometheus
            .shows(
                "latency_seconds_count",
                &["latency_seconds_count{instance=i1, job=shop/cart, otel_scope_name=library} 6"],
            )
            .await;
        let expected = ["1", "3", "6"];
        let buckets = prometheus.query("latency_seconds_bucket").await;
        assert!(
            expected.iter().all(|count| buckets.iter().any(|line| line.ends_with(&format!("}} {count}"))))
        );
        assert!(!prometheus.exemplars("system_io_bytes_total").await.is_empty());
        assert_eq!(prometheus.metadata("size_bytes").await, "histogram: an exponential histogram");
    }
    let text = page(&address, &[]).await.text();
    assert!(text.contains("size_bytes_count{") && text.contains("le=\"+Inf\"} 14\n"), "{text}");
    collector.assert_books_balance().await;
}

/// The founding configuration's exporter and pipeline, word by word; the port is free for the test by `--set`.
const FOUNDING: &str = r#"
processors:
  batch:
    timeout: 1s
    send_batch_size: 1024
  memory_limiter:
    limit_mib: 512
  resource:
    attributes:
      - key: environment
        value: production
        action: upsert
      - key: cluster
        value: us-west-2
        action: upsert

exporters:
  # Prometheus for metrics
  prometheus:
    endpoint: "0.0.0.0:8889"
    namespace: myapp
    const_labels:
      environment: production

service:
  pipelines:
    metrics:
      receivers: [otlp]
      processors: [memory_limiter, resource, batch]
      exporters: [prometheus]
"#;

#[tokio::test]
async fn the_founding_exporter_runs_as_it_is_written() {
    let collector =
        FERROTEL.start_with(FOUNDING, &["--set", "exporters.prometheus.endpoint=127.0.0.1:0"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client
        .export(request(vec![counter("app.requests", "1", 41.0), gauge("load", "", 0.5)]))
        .await
        .expect("it is taken");
    let address = listener(&collector).await;
    let found = tests::patience::until("the batch arrives", async || {
        let text = page(&address, &[]).await.text();
        text.contains("myapp_app_requests_total").then_some(text)
    });
    let text = found.await;
    let labels = r#"direction="read",environment="production",instance="i1",job="shop/cart",otel_scope_name="library""#;
    assert!(text.contains(&format!("\nmyapp_app_requests_total{{{labels}}} 41\n")), "{text}");
    let info = r#"cluster="us-west-2",environment="production",host_name="h",instance="i1",job="shop/cart""#;
    assert!(text.contains(&format!("\nmyapp_target_info{{{info}}} 1\n")), "{text}");
    assert_promtool_reads(&text).await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_page_needs_its_path_and_the_credentials_that_the_file_asks_for() {
    let config = "
extensions: { bearertokenauth: { token: sesame } }
exporters: { prometheus: { endpoint: '127.0.0.1:0', auth: { authenticator: bearertokenauth } } }
service:
  extensions: [health_check, zpages, bearertokenauth]
  pipelines: { metrics: { receivers: [otlp], exporters: [prometheus] } }
";
    let collector = FERROTEL.start(config).await;
    let address = listener(&collector).await;
    assert_eq!(page(&address, &[]).await.status, 401);
    assert_eq!(page(&address, &[("authorization", "Bearer sesame")]).await.status, 200);
    let elsewhere =
        web::send(&address, tests::http::Method::GET, "/metricz", &[("authorization", "Bearer sesame")], "");
    assert_eq!(elsewhere.await.status, 404);
}

#[tokio::test]
async fn what_one_collector_shows_is_shown_by_the_next_pipeline_too() {
    // The same batch goes to a backend: showing it takes nothing away.
    let backend = Backend::start();
    let config = format!(
        "
exporters:
  prometheus: {{ endpoint: '127.0.0.1:0', sending_queue: {{ queue_size: 10 }} }}
  otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }}
service: {{ pipelines: {{ metrics: {{ receivers: [otlp], exporters: [prometheus, otlp] }} }} }}
",
        backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    let sent = request_from(&attributes(&[]), vec![histogram(), summary(), exponential()]);
    client.export(sent.clone()).await.expect("the queues take it");
    assert_eq!(backend.wait_for_taken(1).await, [sent]);
    collector.assert_books_balance().await;
    let shown = page(&listener(&collector).await, &[]).await.text();
    assert!(shown.contains("size_bytes_count{otel_scope_name=\"library\"} 14"), "{shown}");
}
