//! From OTLP: tables of what becomes what.

use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    NumberDataPoint, Sum, Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets,
    number_data_point, summary_data_point::ValueAtQuantile,
};

use super::*;

#[test]
fn names_and_labels_are_those_of_prometheus() {
    let resource = [
        ("service.namespace", "shop"),
        ("service.name", "cart"),
        ("service.instance.id", "i1"),
        ("host.name", "h"),
    ];
    let metrics = vec![
        metric(
            "system.io",
            "By/s",
            sum(vec![number(5.0, 7, &[("b.c", "2"), ("b_c", "1"), ("1a", "x"), ("empty", "")])]),
        ),
        metric("cpu.utilization", "1", gauge(vec![number(0.5, 7, &[])])),
    ];
    let options = EncodeOptions { target_info: true, ..EncodeOptions::default() };
    let written = series(&batch(&resource, metrics), &options);
    assert_eq!(
        all_shown(&written),
        [
            r#"{__name__="system_io_bytes_per_second_total",b_c="2;1",instance="i1",job="shop/cart",key_1a="x"} 5@7000"#,
            r#"{__name__="cpu_utilization_ratio",instance="i1",job="shop/cart"} 0.5@7000"#,
            r#"{__name__="target_info",host_name="h",instance="i1",job="shop/cart"} 1@7000"#,
        ]
    );
    assert_eq!((written.points(), written.refused().total), (2, 0));
}

#[test]
fn external_labels_yield_and_scopes_and_resources_add_theirs() {
    let mut request = batch(
        &[("service.name", "a"), ("k8s.pod.name", "p")],
        vec![metric("m", "", gauge(vec![number(1.0, 1, &[("cluster", "own")])]))],
    );
    request.resource_metrics[0].scope_metrics[0].scope = Some(scope("lib", "1.2", &[("k", "v")]));
    let external = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = EncodeOptions {
        external_labels: vec![external("cluster", "other"), external("region", "eu")],
        scope_labels: true,
        resource_labels: Selection { included: vec!["k8s.*".to_owned()], excluded: Vec::new() },
        ..EncodeOptions::default()
    };
    assert_eq!(
        all_shown(&series(&request, &options)),
        [concat!(
            r#"{__name__="m",cluster="own",job="a",k8s_pod_name="p",otel_scope_k="v",otel_scope_name="lib","#,
            r#"otel_scope_version="1.2",region="eu"} 1@1000"#
        )]
    );
}

#[test]
fn a_histogram_becomes_its_classic_series() {
    let point = HistogramDataPoint {
        time_unix_nano: 3 * SECOND,
        count: 4,
        sum: Some(9.5),
        bucket_counts: vec![1, 2, 1],
        explicit_bounds: vec![0.5, 1000000.0],
        exemplars: vec![exemplar(0.7, "4bf92f3577b34da6a3ce929d0e0e4736", &[("long", "x")])],
        ..HistogramDataPoint::default()
    };
    let written = series(
        &batch(&[], vec![metric("h", "s", histogram(vec![point.clone()]))]),
        &EncodeOptions::default(),
    );
    assert_eq!(
        all_shown(&written),
        [
            r#"{__name__="h_seconds_sum"} 9.5@3000"#,
            r#"{__name__="h_seconds_count"} 4@3000"#,
            r#"{__name__="h_seconds_bucket",le="0.5"} 1@3000"#,
            r#"{__name__="h_seconds_bucket",le="1000000"} 3@3000"#,
            r#"{__name__="h_seconds_bucket",le="+Inf"} 4@3000"#,
        ]
    );
    let exemplars: Vec<_> = as_v1(&written).timeseries.into_iter().map(|series| series.exemplars).collect();
    assert_eq!(exemplars.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0, 0, 1, 0]);
    let labels: Vec<_> = exemplars[3][0].labels.iter().map(|label| (&*label.name, &*label.value)).collect();
    assert_eq!(labels, [("long", "x"), ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")]);

    let stale = HistogramDataPoint { flags: 1, sum: None, count: 0, exemplars: Vec::new(), ..point };
    let written =
        series(&batch(&[], vec![metric("h", "", histogram(vec![stale]))]), &EncodeOptions::default());
    let shown = all_shown(&written);
    assert_eq!(shown.len(), 5);
    assert!(shown.iter().all(|series| series.ends_with(" stale@3000")), "{shown:?}");
}

#[test]
fn a_summary_becomes_its_quantiles() {
    let quantile = |quantile, value| ValueAtQuantile { quantile, value };
    let point = SummaryDataPoint {
        time_unix_nano: SECOND,
        count: 3,
        sum: 6.0,
        quantile_values: vec![quantile(0.5, 2.0), quantile(0.99, 3.0)],
        ..SummaryDataPoint::default()
    };
    let data = |point| Data::Summary(Summary { data_points: vec![point] });
    let written = series(&batch(&[], vec![metric("s", "", data(point.clone()))]), &EncodeOptions::default());
    assert_eq!(
        all_shown(&written),
        [
            r#"{__name__="s_sum"} 6@1000"#,
            r#"{__name__="s_count"} 3@1000"#,
            r#"{__name__="s",quantile="0.5"} 2@1000"#,
            r#"{__name__="s",quantile="0.99"} 3@1000"#,
        ]
    );
    let stale = SummaryDataPoint { flags: 1, ..point };
    let shown =
        all_shown(&series(&batch(&[], vec![metric("s", "", data(stale))]), &EncodeOptions::default()));
    assert!(shown.iter().all(|series| series.ends_with(" stale@1000")), "{shown:?}");
}

#[test]
fn an_exponential_histogram_becomes_a_native_one() {
    let buckets = |offset, counts: &[u64]| Some(Buckets { offset, bucket_counts: counts.to_vec() });
    let point = ExponentialHistogramDataPoint {
        time_unix_nano: 2 * SECOND,
        start_time_unix_nano: SECOND,
        count: 9,
        sum: Some(4.5),
        scale: 3,
        zero_count: 1,
        // Index 1 there is 2 here. Two empty buckets are written, three begin a new span.
        positive: buckets(1, &[1, 2, 0, 0, 1, 0, 0, 0, 3]),
        negative: buckets(-3, &[1]),
        ..ExponentialHistogramDataPoint::default()
    };
    let written = native(point.clone());
    assert_eq!((written.count_int, written.sum, written.schema, written.zero_count_int), (9, 4.5, 3, 1));
    assert_eq!((written.timestamp, written.start_timestamp, written.zero_threshold), (2000, 1000, 1e-128));
    assert_eq!(spans(&written.positive_spans), [(2, 5), (3, 1)]);
    assert_eq!(written.positive_deltas, [1, 1, -2, 0, 1, 2]);
    assert_eq!((spans(&written.negative_spans), written.negative_deltas), (vec![(-2, 1)], vec![1]));

    // Two steps down: indices 1..=9 become 0, 1 and 2, each upper bound one more.
    let finer = native(ExponentialHistogramDataPoint { scale: 10, ..point.clone() });
    assert_eq!((finer.schema, spans(&finer.positive_spans)), (8, vec![(1, 3)]));
    assert_eq!(finer.positive_deltas, [3, -2, 2]);

    let stale = native(ExponentialHistogramDataPoint { flags: 1, ..point.clone() });
    assert_eq!((stale.sum.to_bits(), stale.count_int, stale.positive_spans.len()), (STALE, STALE, 0));

    let coarse = ExponentialHistogramDataPoint { scale: -5, ..point };
    let refused =
        series(&batch(&[], vec![metric("e", "", exponential(vec![coarse]))]), &EncodeOptions::default());
    assert_eq!((refused.len(), refused.points(), refused.refused().total), (0, 0, 1));
}

fn native(point: ExponentialHistogramDataPoint) -> v2::Histogram {
    let written =
        series(&batch(&[], vec![metric("e", "", exponential(vec![point]))]), &EncodeOptions::default());
    let of_v1 = as_v1(&written).timeseries[0].histograms[0].clone();
    let of_v2 = as_v2(&written).timeseries[0].histograms[0].clone();
    assert_eq!(v2::Histogram { start_timestamp: 0, ..of_v2.clone() }.encode_to_vec(), of_v1.encode_to_vec());
    of_v2
}

fn spans(spans: &[v1::Span]) -> Vec<(i32, u32)> {
    spans.iter().map(|span| (span.offset, span.length)).collect()
}

#[test]
fn what_prometheus_cannot_hold_costs_itself_and_is_counted() {
    let delta = |points: Vec<NumberDataPoint>| {
        Data::Sum(Sum { data_points: points, aggregation_temporality: 1, is_monotonic: true })
    };
    let valueless = NumberDataPoint { value: None, ..number(0.0, 1, &[]) };
    let metrics = vec![
        metric("delta", "", delta(vec![number(1.0, 1, &[]), number(2.0, 2, &[])])),
        metric("good", "", gauge(vec![number(1.0, 1, &[]), valueless, number(1.0, 1, &[("→", "x")])])),
        metric("→", "", gauge(vec![number(1.0, 1, &[])])),
        metric(
            "unspecified",
            "",
            Data::Histogram(Histogram {
                data_points: vec![HistogramDataPoint::default()],
                aggregation_temporality: 0,
            }),
        ),
    ];
    let written = series(&batch(&[], metrics), &EncodeOptions::default());
    assert_eq!(all_shown(&written), [r#"{__name__="good"} 1@1000"#]);
    assert_eq!((written.points(), written.refused().total), (1, 6), "{:?}", written.refused());
    assert!(written.refused().reasons[0].contains("`delta` is not cumulative"), "{:?}", written.refused());
}

#[test]
fn long_labels_are_not_repeated_for_very_many_buckets() {
    let long = "x".repeat(100_000);
    let point_of = |buckets: usize| HistogramDataPoint {
        attributes: pairs(&[("long", &long)]),
        bucket_counts: vec![1; buckets],
        explicit_bounds: (1..buckets).map(|bound| bound as f64).collect(),
        count: buckets as u64,
        time_unix_nano: 1,
        ..HistogramDataPoint::default()
    };
    let quantiles = vec![ValueAtQuantile::default(); 1_000];
    let summary = SummaryDataPoint {
        attributes: pairs(&[("long", &long)]),
        quantile_values: quantiles,
        ..SummaryDataPoint::default()
    };
    let metrics = vec![
        metric("h", "", histogram(vec![point_of(10), point_of(1_000)])),
        metric("s", "", Data::Summary(Summary { data_points: vec![summary] })),
    ];
    let written = series(&batch(&[], metrics), &EncodeOptions::default());
    assert_eq!((written.points(), written.refused().total), (1, 2), "{:?}", written.refused());
    assert!(written.refused().reasons[0].contains("too long to be repeated"), "{:?}", written.refused());
}

#[test]
fn one_series_is_written_once_in_the_order_of_time() {
    let points = vec![number(3.0, 3, &[]), number(1.0, 1, &[]), number(2.0, 2, &[]), number(9.0, 2, &[])];
    let written = series(&batch(&[], vec![metric("m", "", gauge(points))]), &EncodeOptions::default());
    assert_eq!(all_shown(&written), [r#"{__name__="m"} 1@1000 9@2000 3@3000"#]);
    // The last of two at one time counts.
    assert_eq!((written.points(), written.refused().total), (3, 1));
}

#[test]
fn version_2_tells_each_text_once() {
    let written = series(
        &batch(&[], vec![metric("m", "", gauge(vec![number(1.0, 0, &[("a", "b")])]))]),
        &EncodeOptions::default(),
    );
    let request = as_v2(&written);
    assert_eq!(request.symbols, ["", "__name__", "m", "a", "b"]);
    assert_eq!(request.timeseries[0].labels_refs, [1, 2, 3, 4]);
    let metadata = request.timeseries[0].metadata.as_ref().unwrap();
    assert_eq!((metadata.kind, metadata.help_ref, metadata.unit_ref), (2, 0, 0));
}

#[test]
fn version_2_tells_types_and_when_counters_began() {
    let mut counter =
        metric("c", "s", sum(vec![NumberDataPoint { start_time_unix_nano: SECOND, ..number(1.0, 2, &[]) }]));
    counter.description = "what it is".to_owned();
    let mut untyped =
        metric("u", "", gauge(vec![NumberDataPoint { start_time_unix_nano: SECOND, ..number(1.0, 2, &[]) }]));
    untyped.metadata = pairs(&[("prometheus.type", "unknown")]);
    let request = as_v2(&series(&batch(&[], vec![counter, untyped]), &EncodeOptions::default()));
    let told = |at: usize| {
        let series = &request.timeseries[at];
        let metadata = series.metadata.as_ref().unwrap();
        (
            metadata.kind,
            request.text(metadata.help_ref),
            request.text(metadata.unit_ref),
            series.samples[0].start_timestamp,
        )
    };
    assert_eq!(told(0), (1, "what it is", "s", 1000));
    assert_eq!(told(1), (0, "", "", 0));
}

#[test]
fn version_1_tells_metadata_apart() {
    let mut help = metric("c", "s", sum(vec![number(1.0, 2, &[])]));
    help.description = "what it is".to_owned();
    let written = series(
        &batch(&[], vec![help.clone(), help, metric("g", "", gauge(vec![number(1.0, 2, &[])]))]),
        &EncodeOptions::default(),
    );
    let requests = written.metadata(1 << 20);
    assert_eq!(requests.len(), 1);
    let request = v1::WriteRequest::decode(&*requests[0]).unwrap();
    let told: Vec<_> = request
        .metadata
        .iter()
        .map(|one| (one.kind, &*one.metric_family_name, &*one.help, &*one.unit))
        .collect();
    assert_eq!(told, [(1, "c_seconds_total", "what it is", "s"), (2, "g", "", "")]);
    assert_eq!(written.metadata(1).len(), 2, "a request holds one at least");
}

#[test]
fn exemplars_without_room_keep_their_ids() {
    let long = "x".repeat(128);
    let point = NumberDataPoint {
        exemplars: vec![exemplar(1.0, "4bf92f3577b34da6a3ce929d0e0e4736", &[("k", &long)])],
        ..number(1.0, 1, &[])
    };
    let written =
        as_v2(&series(&batch(&[], vec![metric("c", "", sum(vec![point]))]), &EncodeOptions::default()));
    let exemplar = &written.timeseries[0].exemplars[0];
    let names: Vec<_> = written.labels(&exemplar.labels_refs).into_iter().map(|label| label.name).collect();
    assert_eq!((names, exemplar.value, exemplar.timestamp), (vec!["trace_id".to_owned()], 1.0, 5000));
}

pub(super) fn number(value: f64, seconds: u64, attributes: &[(&str, &str)]) -> NumberDataPoint {
    NumberDataPoint {
        attributes: pairs(attributes),
        time_unix_nano: seconds * SECOND,
        value: Some(number_data_point::Value::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

pub(super) fn gauge(data_points: Vec<NumberDataPoint>) -> Data {
    Data::Gauge(Gauge { data_points })
}

fn sum(data_points: Vec<NumberDataPoint>) -> Data {
    Data::Sum(Sum { data_points, aggregation_temporality: 2, is_monotonic: true })
}

fn histogram(data_points: Vec<HistogramDataPoint>) -> Data {
    Data::Histogram(Histogram { data_points, aggregation_temporality: 2 })
}

fn exponential(data_points: Vec<ExponentialHistogramDataPoint>) -> Data {
    Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality: 2 })
}

fn exemplar(value: f64, trace_id: &str, attributes: &[(&str, &str)]) -> Exemplar {
    let byte = |at: usize| u8::from_str_radix(&trace_id[at..at + 2], 16).unwrap();
    Exemplar {
        filtered_attributes: pairs(attributes),
        time_unix_nano: 5 * SECOND,
        trace_id: (0..trace_id.len()).step_by(2).map(byte).collect(),
        value: Some(exemplar::Value::AsDouble(value)),
        ..Exemplar::default()
    }
}
