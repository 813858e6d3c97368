//! What becomes of points.

use std::time::Duration;

use opentelemetry_proto::tonic::metrics::v1::{Histogram, HistogramDataPoint};

use super::*;

#[tokio::test(start_paused = true)]
async fn names_units_and_kinds_are_told_as_prometheus_tells_them() {
    let exporter = exporter("namespace: myapp");
    let with_unit = |metric: Metric, unit: &str| Metric { unit: unit.to_owned(), ..metric };
    let point_of = HistogramDataPoint {
        count: 3,
        sum: Some(4.5),
        explicit_bounds: vec![1.0],
        bucket_counts: vec![2, 1],
        ..HistogramDataPoint::default()
    };
    let data = Histogram { data_points: vec![point_of], aggregation_temporality: CUMULATIVE };
    let one = || vec![point(&[], 1, 1.0)];
    let metrics = vec![
        with_unit(metric("http.server.duration", Data::Histogram(data)), "ms"),
        with_unit(counter("system.io", one()), "By/s"),
        with_unit(gauge("cpu.utilization", one()), "1"),
        with_unit(sum("in.flight", CUMULATIVE, false, one()), "{request}"),
    ];
    exporter.send(metrics).await;
    let expected = "\
# HELP myapp_cpu_utilization_ratio help
# TYPE myapp_cpu_utilization_ratio gauge
myapp_cpu_utilization_ratio 1
# HELP myapp_http_server_duration_milliseconds help
# TYPE myapp_http_server_duration_milliseconds histogram
myapp_http_server_duration_milliseconds_bucket{le=\"1\"} 2
myapp_http_server_duration_milliseconds_bucket{le=\"+Inf\"} 3
myapp_http_server_duration_milliseconds_sum 4.5
myapp_http_server_duration_milliseconds_count 3
# HELP myapp_in_flight help
# TYPE myapp_in_flight gauge
myapp_in_flight 1
# HELP myapp_system_io_bytes_per_second_total help
# TYPE myapp_system_io_bytes_per_second_total counter
myapp_system_io_bytes_per_second_total 1
";
    assert_eq!(exporter.page(), expected);
    assert_eq!(exporter.dropped(), []);
}

#[tokio::test(start_paused = true)]
async fn a_later_point_takes_the_place_of_an_earlier_one_and_an_older_one_is_ignored() {
    let exporter = exporter("");
    exporter.send(vec![gauge("g", vec![point(&[], 10, 1.0)])]).await;
    exporter.send(vec![gauge("g", vec![point(&[], 9, 2.0)])]).await;
    assert_eq!(exporter.samples(), ["g 1"]);
    assert_eq!(exporter.dropped(), [("older than what is shown", 1)]);
    exporter.send(vec![gauge("g", vec![point(&[], 10, 3.0)])]).await;
    assert_eq!(exporter.samples(), ["g 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_order_of_attributes_does_not_matter() {
    let exporter = exporter("");
    exporter.send(vec![gauge("g", vec![point(&[("a", "1"), ("b", "2")], 1, 1.0)])]).await;
    exporter.send(vec![gauge("g", vec![point(&[("b", "2"), ("a", "1")], 2, 2.0)])]).await;
    assert_eq!(exporter.samples(), [r#"g{a="1",b="2"} 2"#]);
}

#[tokio::test(start_paused = true)]
async fn a_point_that_says_there_is_no_value_ends_its_series_and_no_other() {
    let exporter = exporter("");
    let all = || ["a", "b", "c"].map(|name| point(&[("n", name)], 1, 1.0)).to_vec();
    exporter.send(vec![gauge("g", all())]).await;
    let mut next = all();
    (next[0].flags, next[0].value) = (1, None);
    next[1] = point(&[("n", "b")], 2, 5.0);
    exporter.send(vec![gauge("g", next)]).await;
    assert_eq!(exporter.samples(), [r#"g{n="b"} 5"#, r#"g{n="c"} 1"#]);
    assert_eq!(exporter.dropped(), []);
}

#[tokio::test(start_paused = true)]
async fn a_series_that_nobody_updates_is_let_go_of_by_time_and_not_by_scrapes() {
    let exporter = exporter("metric_expiration: 10s");
    exporter.expire(Duration::from_secs(10));
    exporter.send(vec![gauge("old", vec![point(&[], 1, 1.0)]), gauge("new", vec![point(&[], 1, 1.0)])]).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    exporter.send(vec![gauge("new", vec![point(&[], 2, 2.0)])]).await;
    tokio::time::sleep(Duration::from_millis(4_100)).await;
    // Not shown any more before it is let go of.
    assert_eq!(exporter.samples(), ["new 2"]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(exporter.registry.len(), 1);
    assert_eq!(exporter.registry.after(None).unwrap().name.as_ref(), "new");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((exporter.registry.len(), exporter.page()), (0, String::new()));
    // The name is free for a metric of another kind.
    exporter
        .send(vec![
            counter("new", vec![point(&[], 3, 1.0)]),
            sum("old", CUMULATIVE, false, vec![point(&[], 3, 1.0)]),
        ])
        .await;
    assert_eq!(exporter.samples(), ["new_total 1", "old 1"]);
}

#[tokio::test(start_paused = true)]
async fn without_an_expiration_series_stay() {
    let exporter = exporter("metric_expiration: 0s");
    exporter.expire(Duration::ZERO);
    exporter.send(vec![gauge("g", vec![point(&[], 1, 1.0)])]).await;
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(exporter.samples(), ["g 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_scraped_metric_without_a_type_stays_without() {
    let exporter = exporter("");
    let mut untyped = gauge("g", vec![point(&[], 1, 1.0)]);
    untyped.metadata = attributes(&[("prometheus.type", "unknown")]);
    exporter.send(vec![untyped]).await;
    assert!(exporter.page().contains("# TYPE g untyped\n"), "{}", exporter.page());
}

#[tokio::test]
async fn what_many_tasks_write_at_once_is_all_there() {
    let exporter = Arc::new(exporter(""));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4_u32 {
        let exporter = exporter.clone();
        tasks.spawn(async move {
            for round in 0..20_u64 {
                let own = (0..25).map(|series| point(&[("s", &format!("{task} {series}"))], round, 1.0));
                let shared = (0..25).map(|series| point(&[("s", &format!("all {series}"))], round, 1.0));
                exporter.send(vec![gauge("g", own.chain(shared).collect())]).await;
                assert!(exporter.samples().len() >= 50);
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(exporter.registry.len(), 4 * 25 + 25);
}

#[tokio::test(start_paused = true)]
async fn long_labels_are_not_repeated_for_very_many_buckets() {
    let exporter = exporter("");
    let long = "x".repeat(100_000);
    let point_of = |buckets: usize, time: u64| HistogramDataPoint {
        attributes: attributes(&[("long", &long)]),
        bucket_counts: vec![1; buckets],
        explicit_bounds: (1..buckets).map(|bound| bound as f64).collect(),
        time_unix_nano: time,
        ..HistogramDataPoint::default()
    };
    for (buckets, time) in [(1_000, 1), (2, 2), (1_000, 3)] {
        let data =
            Histogram { data_points: vec![point_of(buckets, time)], aggregation_temporality: CUMULATIVE };
        exporter.send(vec![metric("h", Data::Histogram(data))]).await;
    }
    assert_eq!(exporter.samples().len(), 4, "two buckets, sum and count");
    let why = "its labels are too long to be repeated for each of its buckets or quantiles";
    assert_eq!(exporter.dropped(), [(why, 2)]);
}
