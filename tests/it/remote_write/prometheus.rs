//! Debian's Prometheus as the other side, and the exporter before the receiver.

use tests::client::Client;
use tests::patience::until;
use tests::prometheus::Prometheus;
use tests::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
};
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

#[tokio::test]
async fn the_receiver_takes_what_prometheus_scrapes() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address())).await;
    let target = until("the address of the metrics", async || {
        let line = collector.log().lines().into_iter().find(|line| line.contains("Serving metrics"))?;
        let (_, rest) = line.split_once("\"endpoint\":\"")?;
        rest.split_once('"').map(|(address, _)| address.to_owned())
    })
    .await;
    let config = format!(
        "
global: {{ scrape_interval: 250ms, scrape_timeout: 250ms, external_labels: {{ region: eu }} }}
scrape_configs: [{{ job_name: story, static_configs: [{{ targets: ['{target}'] }}] }}]
remote_write: [{{ url: 'http://{}/api/v1/write', queue_config: {{ batch_send_deadline: 200ms }} }}]
",
        address(&collector).await
    );
    let Some(prometheus) = Prometheus::start(&config, &[]).await else { return };
    let up = until("`up` arrives", async || backend.metrics().into_iter().find(|metric| metric.name == "up"))
        .await;
    let Some(Data::Gauge(up)) = up.data else { panic!("{up:?}") };
    assert_eq!(up.data_points[0].value, Some(number_data_point::Value::AsDouble(1.0)));
    assert_eq!(up.data_points[0].attributes[0].key, "region");
    let found = until("a counter and a resource", async || {
        let metrics = backend.metrics();
        let counter = metrics.into_iter().find(|metric| metric.name.ends_with("_total"))?;
        Some(counter)
    })
    .await;
    let Some(Data::Sum(sum)) = found.data else { panic!("{found:?}") };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
    drop(prometheus);
    collector.assert_books_balance().await;
    let account = collector.account("receiver", "prometheusremotewrite", "metrics").await;
    assert!(account.received > 0 && account.refused == 0, "{account:?}");
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
