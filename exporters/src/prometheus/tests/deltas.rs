//! Differences become totals.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint,
};

use super::*;

fn since(start: u64, time: u64, value: f64) -> NumberDataPoint {
    NumberDataPoint { start_time_unix_nano: start, ..point(&[], time, value) }
}

#[tokio::test(start_paused = true)]
async fn a_difference_that_goes_on_where_the_last_one_ended_is_added_and_another_is_a_new_start() {
    let exporter = exporter("");
    for (start, time, value, expected) in [(0, 10, 5.0, "5"), (10, 20, 3.0, "8"), (25, 30, 2.0, "2")] {
        exporter.send(vec![sum("c", DELTA, true, vec![since(start, time, value)])]).await;
        assert_eq!(exporter.samples(), [format!("c_total {expected}")]);
    }
    exporter.send(vec![sum("c", DELTA, true, vec![since(20, 25, 9.0)])]).await;
    assert_eq!(exporter.samples(), ["c_total 2"]);
    assert_eq!(exporter.dropped(), [("older than what is shown", 1)]);
}

#[tokio::test(start_paused = true)]
async fn differences_of_what_may_fall_and_what_does_not_say_what_it_is_cannot_be_shown() {
    let exporter = exporter("");
    let two = || vec![point(&[("a", "1")], 1, 1.0), point(&[("a", "2")], 1, 1.0)];
    exporter
        .send(vec![sum("delta", DELTA, false, two()), sum("unspecified", 0, true, two()), gauge("g", two())])
        .await;
    assert_eq!(exporter.samples().len(), 2);
    let expected = [("a difference of a sum that may fall", 2), ("no aggregation temporality", 2)];
    assert_eq!(exporter.dropped(), expected);
}

fn buckets(start: u64, time: u64, bounds: &[f64], counts: &[u64]) -> Metric {
    let point = HistogramDataPoint {
        start_time_unix_nano: start,
        time_unix_nano: time,
        count: counts.iter().sum(),
        sum: Some(1.0),
        explicit_bounds: bounds.to_vec(),
        bucket_counts: counts.to_vec(),
        ..HistogramDataPoint::default()
    };
    metric("h", Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: DELTA }))
}

#[tokio::test(start_paused = true)]
async fn histograms_are_added_bucket_by_bucket_and_never_twice() {
    let exporter = exporter("");
    let first_and_last = |exporter: &Exporter| {
        let lines = exporter.samples();
        (lines[0].clone(), lines.last().unwrap().clone())
    };
    let shows = |bucket: &str, count: &str| (format!("h_bucket{{le={bucket}"), format!("h_count {count}"));
    exporter.send(vec![buckets(5, 10, &[1.0], &[1, 2])]).await;
    exporter.send(vec![buckets(10, 20, &[1.0], &[3, 4])]).await;
    assert_eq!(first_and_last(&exporter), shows("\"1\"} 4", "10"));
    // It begins before the last one ended: some of it was counted before.
    exporter.send(vec![buckets(15, 30, &[1.0], &[9, 9])]).await;
    assert_eq!(first_and_last(&exporter), shows("\"1\"} 4", "10"));
    assert_eq!(exporter.dropped(), [("covers time that was counted before", 1)]);
    // Other bounds, and a gap in time.
    exporter.send(vec![buckets(20, 30, &[2.0], &[5, 6])]).await;
    assert_eq!(first_and_last(&exporter), shows("\"2\"} 5", "11"));
    exporter.send(vec![buckets(35, 40, &[2.0], &[1, 0])]).await;
    assert_eq!(first_and_last(&exporter), shows("\"2\"} 1", "1"));
}

#[tokio::test(start_paused = true)]
async fn exponential_histograms_are_added_too() {
    let exporter = exporter("");
    for (start, time, scale) in [(5, 10, 3), (10, 20, 2)] {
        let point = ExponentialHistogramDataPoint {
            start_time_unix_nano: start,
            time_unix_nano: time,
            count: 3,
            sum: Some(2.5),
            scale,
            positive: Some(Buckets { offset: 0, bucket_counts: vec![1, 2] }),
            ..ExponentialHistogramDataPoint::default()
        };
        let data = ExponentialHistogram { data_points: vec![point], aggregation_temporality: DELTA };
        exporter.send(vec![metric("e", Data::ExponentialHistogram(data))]).await;
    }
    assert_eq!(exporter.samples(), ["e_bucket{le=\"+Inf\"} 6", "e_sum 5", "e_count 6"]);
}
