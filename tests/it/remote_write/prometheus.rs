//! Debian's Prometheus as the other side, and the exporter before the receiver.

use tests::client::Client;
use tests::patience::until;
use tests::prometheus::Prometheus;
use tests::proto::common::v1::{KeyValue, any_value::Value};
use tests::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
};
use tests::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tests::tokio::net::TcpListener;
use tests::tokio::runtime::Handle;
use tests::tokio::task::JoinHandle;
use tests::{Backend, Collector};

use super::{counter, gauge, metric, now, number, receiving, send, sending};
use crate::FERROTEL;

const SECOND: u64 = 1_000_000_000;

#[tokio::test]
async fn prometheus_takes_what_the_exporter_sends() {
    let arguments = ["--web.enable-remote-write-receiver", "--enable-feature=native-histograms"];
    let Some(prometheus) = Prometheus::start("global: {}\n", &arguments).await else { return };
    let settings = format!("endpoint: 'http://{}/api/v1/write'", prometheus.address());
    let collector = FERROTEL.start(&sending(&settings)).await;
    let client = Client::connect(&collector.grpc().await).await;
    let time = now() - 2 * SECOND;
    let histogram = |point| {
        metric("h", Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 }))
    };
    let point = HistogramDataPoint {
        time_unix_nano: time,
        count: 4,
        sum: Some(9.5),
        bucket_counts: vec![1, 2, 1],
        explicit_bounds: vec![0.5, 2.0],
        ..HistogramDataPoint::default()
    };
    send(
        &client,
        vec![
            counter("c", vec![number(5.0, time)]),
            gauge("g", vec![number(-1.5, time)]),
            histogram(point.clone()),
            native(time),
        ],
    )
    .await;
    let labels = r#"instance="i1", job="shop""#;
    let own = |name: &str, value: &str| format!("{name}{{{labels}}} {value}");
    prometheus.shows("c_total", &[&own("c_total", "5")]).await;
    prometheus.shows("g", &[&own("g", "-1.5")]).await;
    let bucket = |le: &str, value: &str| format!("h_bucket{{{labels}, le=\"{le}\"}} {value}");
    prometheus.shows("h_bucket", &[&bucket("+Inf", "4"), &bucket("0.5", "1"), &bucket("2", "3")]).await;
    prometheus.shows("h_sum", &[&own("h_sum", "9.5")]).await;
    prometheus.shows("h_count", &[&own("h_count", "4")]).await;
    prometheus.shows("histogram_count(n)", &[&own("", "6")]).await;
    prometheus.shows("histogram_sum(n)", &[&own("", "4.5")]).await;
    // What has ended is gone at once.
    let ended = NumberDataPoint { flags: 1, value: None, ..number(0.0, time + SECOND) };
    let ended_histogram = HistogramDataPoint { time_unix_nano: time + SECOND, flags: 1, ..point };
    send(&client, vec![gauge("g", vec![ended]), histogram(ended_histogram)]).await;
    prometheus.shows("g", &[]).await;
    prometheus.shows("{__name__=~\"h_.+\"}", &[]).await;
    prometheus.shows("c_total", &[&own("c_total", "5")]).await;
    collector.assert_books_balance().await;
    let account = collector.account("exporter", "prometheusremotewrite", "metrics").await;
    assert_eq!((account.received, account.delivered), (6, 6));
}

/// What the scraped target shows.
const PAGE: &str = r#"# TYPE jobs counter
jobs{queue="a"} 7
# TYPE h histogram
h_bucket{le="1"} 2
h_bucket{le="+Inf"} 3
h_sum 4.5
h_count 3
made_total 9
"#;

#[tokio::test]
async fn the_receiver_takes_what_prometheus_scrapes() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address())).await;
    let (target, serving) = serve_page().await;
    let config = format!(
        "
global: {{ scrape_interval: 250ms, scrape_timeout: 250ms, external_labels: {{ region: eu }} }}
scrape_configs: [{{ job_name: story, static_configs: [{{ targets: ['{target}'] }}] }}]
remote_write:
  - url: 'http://{}/api/v1/write'
    queue_config: {{ batch_send_deadline: 200ms }}
    metadata_config: {{ send: true, send_interval: 500ms }}
",
        address(&collector).await
    );
    let Some(prometheus) = Prometheus::start(&config, &[]).await else { return };
    for (name, attributes, is_sum, value) in [
        ("up", &["region=eu"][..], false, 1.0),
        ("made_total", &["region=eu"], true, 9.0),
        ("h_sum", &["region=eu"], false, 4.5),
        ("h_bucket", &["le=+Inf", "region=eu"], false, 3.0),
        // Prometheus tells its type apart, and it has no name that says it.
        ("jobs", &["queue=a", "region=eu"], true, 7.0),
    ] {
        let look = async || {
            let has = |metric: &Metric| {
                metric.name == name && points(metric, is_sum).contains(&(attributes.join(","), value))
            };
            backend.metrics().iter().any(has).then_some(())
        };
        until(&format!("{name} {attributes:?} arrives"), look).await;
    }
    serving.abort();
    // What has ended is told.
    let look = async || {
        let flags = |metric: Metric| match metric.data {
            Some(Data::Sum(sum)) => sum.data_points.iter().any(|point| point.flags == 1),
            _ => false,
        };
        backend.metrics().into_iter().any(|metric| metric.name == "made_total" && flags(metric)).then_some(())
    };
    until("a stale marker arrives", look).await;
    drop(prometheus);
    collector.assert_books_balance().await;
    let account = collector.account("receiver", "prometheusremotewrite", "metrics").await;
    assert!(account.received > 0 && account.refused == 0, "{account:?}");
}

/// Attributes and value of each point, if the metric is of that kind.
fn points(metric: &Metric, is_sum: bool) -> Vec<(String, f64)> {
    let points = match &metric.data {
        Some(Data::Sum(sum)) if is_sum && sum.is_monotonic && sum.aggregation_temporality == 2 => {
            &sum.data_points
        }
        Some(Data::Gauge(gauge)) if !is_sum => &gauge.data_points,
        _ => return Vec::new(),
    };
    let text = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => format!("{}={text}", pair.key),
        other => format!("{}={other:?}", pair.key),
    };
    let shown = |point: &NumberDataPoint| match point.value {
        Some(number_data_point::Value::AsDouble(value)) => {
            Some((point.attributes.iter().map(text).collect::<Vec<_>>().join(","), value))
        }
        _ => None,
    };
    points.iter().filter_map(shown).collect()
}

/// A target that shows [`PAGE`], until it is aborted.
async fn serve_page() -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    let serving = Handle::current().spawn(async move {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n";
        let answer = format!("{head}content-length: {}\r\n\r\n{PAGE}", PAGE.len());
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            // Whether the scraper hears the answer is its own affair.
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, serving)
}

#[tokio::test]
async fn the_exporter_and_the_receiver_understand_each_other_in_version_2() {
    let backend = Backend::start();
    let last = FERROTEL.start(&receiving(&backend.address())).await;
    let settings = format!(
        "endpoint: 'http://{}/api/v1/write', protobuf_message: io.prometheus.write.v2.Request",
        address(&last).await
    );
    let first = FERROTEL.start(&sending(&settings)).await;
    let client = Client::connect(&first.grpc().await).await;
    let time = now() / 1_000_000 * 1_000_000;
    let exemplar = Exemplar {
        time_unix_nano: time,
        trace_id: vec![0x5b; 16],
        span_id: vec![0xee; 8],
        value: Some(exemplar::Value::AsDouble(0.5)),
        ..Exemplar::default()
    };
    let point = NumberDataPoint {
        start_time_unix_nano: time - SECOND,
        exemplars: vec![exemplar.clone()],
        ..number(5.0, time)
    };
    send(&client, vec![counter("c", vec![point.clone()]), native(time)]).await;
    let metrics =
        until("both metrics arrive", async || Some(backend.metrics()).filter(|metrics| metrics.len() >= 2))
            .await;
    let find = |name: &str| metrics.iter().find(|metric| metric.name == name).cloned().expect("it is there");
    let Some(Data::Sum(sum)) = find("c_total").data else { panic!("{metrics:?}") };
    assert_eq!(sum.data_points, [point]);
    let (Some(Data::ExponentialHistogram(sent)), Some(Data::ExponentialHistogram(arrived))) =
        (native(time).data, find("n").data)
    else {
        panic!("{metrics:?}")
    };
    let mut expected = sent.data_points[0].clone();
    expected.zero_threshold = 1e-128;
    assert_eq!(arrived.data_points, [expected]);
    first.assert_books_balance().await;
    last.assert_books_balance().await;
    let metrics = first.metrics().await;
    assert_eq!(metrics.sum("otelcol_exporter_prometheusremotewrite_written_samples", &[]), 1.0);
    assert_eq!(metrics.sum("otelcol_exporter_prometheusremotewrite_written_histograms", &[]), 1.0);
    assert_eq!(metrics.sum("otelcol_exporter_prometheusremotewrite_written_exemplars", &[]), 1.0);
}

async fn address(collector: &Collector) -> String {
    collector.listener_of("prometheusremotewrite", "Starting remote write server").await
}

/// An exponential histogram of six observations.
fn native(time_unix_nano: u64) -> Metric {
    let point = ExponentialHistogramDataPoint {
        time_unix_nano,
        start_time_unix_nano: time_unix_nano - SECOND,
        count: 6,
        sum: Some(4.5),
        scale: 3,
        zero_count: 1,
        positive: Some(Buckets { offset: 1, bucket_counts: vec![1, 2, 0, 1] }),
        negative: Some(Buckets { offset: -3, bucket_counts: vec![1] }),
        ..ExponentialHistogramDataPoint::default()
    };
    metric(
        "n",
        Data::ExponentialHistogram(ExponentialHistogram {
            data_points: vec![point],
            aggregation_temporality: 2,
        }),
    )
}
