//! To OTLP: tables of what becomes what.

use opentelemetry_proto::tonic::metrics::v1::{NumberDataPoint, number_data_point};

use super::*;

#[test]
fn names_say_what_version_1_does_not() {
    let request = v1::WriteRequest {
        timeseries: vec![
            v1_series(&[("__name__", "a_total"), ("x", "1")], &[(5.0, 1)]),
            v1_series(&[("__name__", "b"), ("empty", "")], &[(1.0, 1), (f64::from_bits(STALE), 2)]),
            v1_series(&[("__name__", "h_bucket"), ("le", "1.0")], &[(1.0, 1)]),
        ],
        metadata: Vec::new(),
    };
    let (decoded, otlp) = read(Message::V1, &request.encode_to_vec());
    assert_eq!(
        told(&otlp),
        [
            "a_total counter sum {x=1} 5@1",
            "b unknown gauge {} 1@1",
            "b unknown gauge {} -@2",
            "h_bucket unknown gauge {le=1.0} 1@1"
        ]
    );
    assert_eq!(decoded.written, Written { samples: 4, histograms: 0, exemplars: 0 });
    assert!(decoded.learned.is_empty());
}

#[test]
fn metadata_of_version_1_counts_for_requests_to_come() {
    let about = |name: &str, kind, unit: &str| v1::Metadata {
        kind,
        metric_family_name: name.to_owned(),
        help: "h".to_owned(),
        unit: unit.to_owned(),
    };
    let metadata = vec![about("c", 1, "seconds"), about("h", 3, ""), about("i_info", 6, "")];
    let (decoded, otlp) =
        read(Message::V1, &v1::WriteRequest { timeseries: Vec::new(), metadata }.encode_to_vec());
    assert!(otlp.resource_metrics.is_empty());
    let mut known = Known::default();
    known.learn(decoded.learned);
    let names = ["c", "c_total", "c_created", "h_bucket", "h_count", "i_info", "other"];
    let timeseries = names.iter().map(|name| v1_series(&[("__name__", name)], &[(1.0, 1)])).collect();
    let (_, otlp) = read_knowing(
        Message::V1,
        &v1::WriteRequest { timeseries, metadata: Vec::new() }.encode_to_vec(),
        &known,
    );
    assert_eq!(
        told(&otlp),
        [
            "c counter sum {} 1@1",
            "c_total counter sum {} 1@1",
            "c_created unknown gauge {} 1@1",
            "h_bucket histogram gauge {} 1@1",
            "h_count histogram gauge {} 1@1",
            "i_info info sum {} 1@1",
            "other unknown gauge {} 1@1",
        ]
    );
    let metric = &otlp.resource_metrics[0].scope_metrics[0].metrics[0];
    assert_eq!((&*metric.unit, &*metric.description), ("s", "h"));
}

#[test]
fn targets_and_scopes_become_what_they_were() {
    let own = [
        ("__name__", "m"),
        ("instance", "i"),
        ("job", "shop/cart"),
        ("otel_scope_k", "v"),
        ("otel_scope_name", "lib"),
        ("otel_scope_schema_url", "u"),
        ("otel_scope_version", "1"),
    ];
    let info = [("__name__", "target_info"), ("host_name", "h"), ("instance", "i"), ("job", "shop/cart")];
    let timeseries = vec![v1_series(&own, &[(1.0, 1)]), v1_series(&info, &[(1.0, 1)])];
    let body = v1::WriteRequest { timeseries, metadata: Vec::new() }.encode_to_vec();
    let (decoded, otlp) = read(Message::V1, &body);
    let group = &otlp.resource_metrics[0];
    let full = pairs(&[
        ("service.namespace", "shop"),
        ("service.name", "cart"),
        ("service.instance.id", "i"),
        ("host_name", "h"),
    ]);
    assert_eq!(group.resource.as_ref().unwrap().attributes, full);
    assert_eq!(group.scope_metrics[0].scope.as_ref().unwrap(), &scope("lib", "1", &[("k", "v")]));
    assert_eq!(group.scope_metrics[0].schema_url, "u");
    assert_eq!(told(&otlp), ["m unknown gauge {} 1@1"]);
    assert_eq!((decoded.points, decoded.written.samples), (1, 2), "`target_info` is taken, and is no point");

    // What is known of a target is told of later requests, until it is gone.
    let mut known = Known::default();
    known.learn(decoded.learned);
    let later = |known: &Known| {
        let body = v1::WriteRequest { timeseries: vec![v1_series(&own, &[(1.0, 2)])], metadata: Vec::new() }
            .encode_to_vec();
        let (_, otlp) = read_knowing(Message::V1, &body, known);
        otlp.resource_metrics[0].resource.as_ref().unwrap().attributes.len()
    };
    assert_eq!(later(&known), 4);
    let gone = v1::WriteRequest {
        timeseries: vec![v1_series(&info, &[(f64::from_bits(STALE), 3)])],
        metadata: Vec::new(),
    };
    known.learn(read(Message::V1, &gone.encode_to_vec()).0.learned);
    assert_eq!(later(&known), 3);
}

#[test]
fn one_bad_series_costs_that_series() {
    let good = v1_series(&[("__name__", "good")], &[(1.0, 1)]);
    let two = &[(1.0, 1), (2.0, 2)][..];
    for (bad, items, reason) in [
        (v1_series(&[("a", "b")], two), 2, "a series has no name"),
        (v1_series(&[("__name__", "m"), ("a", "1"), ("a", "2")], two), 2, "the label `a` is there twice"),
        (v1_series(&[("", "x"), ("__name__", "m")], two), 2, "a label has no name"),
        (v1_series(&[("__name__", "m")], &[(1.0, -1)]), 1, "a time of -1 ms is out of range"),
        (v1_series(&[("__name__", "m")], &[(1.0, i64::MAX)]), 1, "out of range"),
    ] {
        let request =
            v1::WriteRequest { timeseries: vec![good.clone(), bad, good.clone()], metadata: Vec::new() };
        let (decoded, _) = read(Message::V1, &request.encode_to_vec());
        assert_eq!((decoded.points, decoded.refused.total), (2, items), "{reason}");
        assert!(decoded.refused.reasons[0].contains(reason), "{:?}", decoded.refused);
    }
    // The frame of the series is whole, what is in it is not.
    let mut body = v1::WriteRequest { timeseries: vec![good], metadata: Vec::new() }.encode_to_vec();
    body.extend_from_slice(b"\x0a\x02\x12\x09\x0a\x03\x0a\x01\xff");
    let (decoded, _) = read(Message::V1, &body);
    assert_eq!((decoded.points, decoded.refused.total), (1, 2));
}

#[test]
fn symbols_out_of_range_cost_a_series_and_a_wrong_first_one_the_request() {
    let mut request = v2::Request::new();
    let labels_refs = request.refs(&[("__name__", "m")]);
    let samples = vec![v2::Sample { value: 1.0, timestamp: 1, start_timestamp: 0 }];
    let series = v2::TimeSeries { labels_refs: labels_refs.clone(), samples, ..v2::TimeSeries::default() };
    let outside = v2::TimeSeries { labels_refs: vec![1, 99], ..series.clone() };
    let half = v2::TimeSeries { labels_refs: vec![1, 2, 1], ..series.clone() };
    let metadata = Some(v2::Metadata { kind: 1, help_ref: 99, unit_ref: 0 });
    let helpless = v2::TimeSeries { metadata, ..series.clone() };
    request.timeseries = vec![outside, half, helpless, series];
    let (decoded, _) = read(Message::V2, &request.encode_to_vec());
    assert_eq!((decoded.points, decoded.refused.total), (1, 3), "{:?}", decoded.refused);
    request.symbols[0] = "x".to_owned();
    let error = decode(
        Message::V2,
        &request.encode_to_vec(),
        &Known::default(),
        DecodeOptions { max_bytes: 1 << 20 },
    );
    assert!(error.unwrap_err().to_string().contains("the first symbol is not the empty text"));
}

#[test]
fn version_2_tells_types_units_and_starts() {
    let mut request = v2::Request::new();
    let labels_refs = request.refs(&[("__name__", "c")]);
    let metadata =
        Some(v2::Metadata { kind: 1, help_ref: request.symbol("help"), unit_ref: request.symbol("seconds") });
    let sample = |start_timestamp| v2::Sample { value: 1.0, timestamp: 9, start_timestamp };
    let series = v2::TimeSeries {
        labels_refs,
        metadata,
        samples: vec![sample(5), sample(0)],
        created_timestamp: 3,
        ..v2::TimeSeries::default()
    };
    request.timeseries.push(series);
    let (_, otlp) = read(Message::V2, &request.encode_to_vec());
    let metric = &otlp.resource_metrics[0].scope_metrics[0].metrics[0];
    assert_eq!((&*metric.name, &*metric.description, &*metric.unit), ("c", "help", "s"));
    let starts: Vec<_> = numbers(metric).iter().map(|point| point.start_time_unix_nano).collect();
    assert_eq!(starts, [5_000_000, 3_000_000]);
}

#[test]
fn a_native_histogram_becomes_an_exponential_one() {
    let native = v2::Histogram {
        count_int: 5,
        sum: 1.5,
        schema: 3,
        zero_threshold: 0.001,
        zero_count_int: 1,
        positive_spans: vec![v1::Span { offset: 2, length: 2 }, v1::Span { offset: 1, length: 1 }],
        positive_deltas: vec![1, 1, -1],
        timestamp: 7,
        ..v2::Histogram::default()
    };
    let point = exponential(&native).unwrap();
    assert_eq!((point.scale, point.count, point.sum, point.zero_count), (3, 5, Some(1.5), 1));
    let positive = point.positive.unwrap();
    assert_eq!((positive.offset, positive.bucket_counts), (1, vec![1, 2, 0, 1]));

    let float = v2::Histogram {
        count_int: 0,
        count_float: 5.9,
        positive_deltas: Vec::new(),
        positive_counts: vec![1.5, 2.0, 1.0],
        ..native.clone()
    };
    assert_eq!(exponential(&float).unwrap().positive.unwrap().bucket_counts, [1, 2, 0, 1]);

    let stale = exponential(&v2::Histogram { sum: f64::from_bits(STALE), ..native.clone() }).unwrap();
    assert_eq!((stale.flags, stale.sum, stale.positive), (1, None, None));

    for (bad, reason) in [
        (v2::Histogram { reset_hint: 3, ..native.clone() }, "may go down"),
        (v2::Histogram { schema: 9, ..native.clone() }, "no schema 9"),
        (v2::Histogram { positive_deltas: vec![1, -2, 1], ..native.clone() }, "less than nothing"),
        (v2::Histogram { positive_deltas: vec![1], ..native.clone() }, "do not match"),
        (v2::Histogram { positive_deltas: vec![1; 4], ..native.clone() }, "do not match"),
        (
            v2::Histogram {
                positive_spans: vec![v1::Span { offset: 0, length: 2 }, v1::Span { offset: -2, length: 1 }],
                ..native.clone()
            },
            "overlap",
        ),
        (
            v2::Histogram {
                positive_spans: vec![v1::Span { offset: 0, length: u32::MAX }],
                ..native.clone()
            },
            "do not match",
        ),
        (v2::Histogram { count_float: -1.0, ..native.clone() }, "counts -1"),
    ] {
        let error = exponential(&bad).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn buckets_far_apart_are_merged_instead_of_filling_memory() {
    let native = v2::Histogram {
        count_int: 2,
        schema: 8,
        positive_spans: vec![
            v1::Span { offset: -2_000_000_000, length: 1 },
            v1::Span { offset: i32::MAX, length: 1 },
        ],
        positive_deltas: vec![1, 0],
        ..v2::Histogram::default()
    };
    let point = exponential(&native).unwrap();
    let positive = point.positive.unwrap();
    assert!(positive.bucket_counts.len() < 600, "{}", positive.bucket_counts.len());
    assert_eq!(positive.bucket_counts.iter().sum::<u64>(), 2);
    assert!(point.scale < -10, "{}", point.scale);
}

#[test]
fn a_native_histogram_with_bounds_becomes_a_histogram() {
    let native = v2::Histogram {
        count_int: 6,
        sum: 1.5,
        schema: -53,
        positive_spans: vec![v1::Span { offset: 1, length: 2 }],
        positive_deltas: vec![2, 2],
        custom_values: vec![0.5, 1.0],
        ..v2::Histogram::default()
    };
    let (_, otlp) = read(Message::V2, &of_histogram(&native));
    let Some(Data::Histogram(data)) = &otlp.resource_metrics[0].scope_metrics[0].metrics[0].data else {
        panic!("{otlp:?}")
    };
    let point = &data.data_points[0];
    assert_eq!(
        (&*point.explicit_bounds, &*point.bucket_counts, point.count),
        (&[0.5, 1.0][..], &[0, 2, 4][..], 6)
    );

    for (bad, reason) in [
        (v2::Histogram { custom_values: vec![1.0, 0.5], ..native.clone() }, "do not rise"),
        (v2::Histogram { custom_values: vec![1.0, f64::NAN], ..native.clone() }, "do not rise"),
        (v2::Histogram { custom_values: vec![0.5], ..native.clone() }, "has no bound"),
    ] {
        let (decoded, _) = read(Message::V2, &of_histogram(&bad));
        assert!(decoded.refused.reasons[0].contains(reason), "{:?}", decoded.refused);
    }
}

#[test]
fn exemplars_find_their_series_though_they_come_apart() {
    let labels = [("__name__", "c_total"), ("a", "b")];
    let exemplar = |name: &str, value: &str| v1::Exemplar {
        labels: vec![v1::Label { name: name.to_owned(), value: value.to_owned() }],
        value: 0.5,
        timestamp: 9,
    };
    let mut apart = v1_series(&labels, &[]);
    apart.exemplars = vec![exemplar("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736")];
    let mut own = v1_series(&labels, &[(1.0, 1), (2.0, 2)]);
    own.exemplars = vec![exemplar("trace_id", "abcd")];
    let request = v1::WriteRequest { timeseries: vec![own, apart], metadata: Vec::new() };
    let (decoded, otlp) = read(Message::V1, &request.encode_to_vec());
    assert_eq!(decoded.written, Written { samples: 2, histograms: 0, exemplars: 2 });
    let points = numbers(&otlp.resource_metrics[0].scope_metrics[0].metrics[0]);
    assert!(points[0].exemplars.is_empty());
    let exemplars = &points[1].exemplars;
    assert_eq!(exemplars[0].filtered_attributes, pairs(&[("trace_id", "abcd")]), "it is too short for an id");
    assert_eq!((exemplars[1].trace_id.len(), exemplars[1].time_unix_nano), (16, 9_000_000));
}

#[test]
fn a_text_that_is_told_once_and_used_often_does_not_fill_memory() {
    let mut request = v2::Request::new();
    let long = "x".repeat(1 << 20);
    let samples = vec![v2::Sample { value: 1.0, timestamp: 1, start_timestamp: 0 }];
    for series in 0..500 {
        let labels_refs = request.refs(&[("__name__", &format!("m{series}")), ("a", &long)]);
        request.timeseries.push(v2::TimeSeries {
            labels_refs,
            samples: samples.clone(),
            ..v2::TimeSeries::default()
        });
    }
    let (decoded, _) = read(Message::V2, &request.encode_to_vec());
    assert_eq!(decoded.points + decoded.refused.total, 500);
    assert!(decoded.metrics.len() <= 64 << 20, "{}", decoded.metrics.len());
    assert!(decoded.points > 25, "{}", decoded.points);
}

fn exponential(
    native: &v2::Histogram,
) -> Result<opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint, String> {
    let (decoded, otlp) = read(Message::V2, &of_histogram(native));
    if let Some(reason) = decoded.refused.reasons.first() {
        return Err(reason.clone());
    }
    match &otlp.resource_metrics[0].scope_metrics[0].metrics[0].data {
        Some(Data::ExponentialHistogram(data)) => Ok(data.data_points[0].clone()),
        other => panic!("{other:?}"),
    }
}

fn of_histogram(native: &v2::Histogram) -> Vec<u8> {
    let mut request = v2::Request::new();
    let labels_refs = request.refs(&[("__name__", "h")]);
    let histograms = vec![native.clone()];
    request.timeseries.push(v2::TimeSeries { labels_refs, histograms, ..v2::TimeSeries::default() });
    request.encode_to_vec()
}

pub(super) fn v1_series(labels: &[(&str, &str)], samples: &[(f64, i64)]) -> v1::TimeSeries {
    let label =
        |(name, value): &(&str, &str)| v1::Label { name: (*name).to_owned(), value: (*value).to_owned() };
    v1::TimeSeries {
        labels: labels.iter().map(label).collect(),
        samples: samples
            .iter()
            .map(|(value, timestamp)| v1::Sample { value: *value, timestamp: *timestamp })
            .collect(),
        ..v1::TimeSeries::default()
    }
}

/// Every number as a line: name, type, data, attributes, value and milliseconds.
fn told(otlp: &ExportMetricsServiceRequest) -> Vec<String> {
    let metrics =
        otlp.resource_metrics.iter().flat_map(|group| &group.scope_metrics).flat_map(|scope| &scope.metrics);
    metrics
        .flat_map(|metric| numbers(metric).iter().map(|point| line(metric, point)).collect::<Vec<_>>())
        .collect()
}

fn line(metric: &Metric, point: &NumberDataPoint) -> String {
    let text = |pair: &KeyValue| match &pair.value.as_ref().unwrap().value {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    let kind = text(&metric.metadata[0]);
    let data = if matches!(metric.data, Some(Data::Sum(_))) { "sum" } else { "gauge" };
    let attributes: Vec<_> =
        point.attributes.iter().map(|pair| format!("{}={}", pair.key, text(pair))).collect();
    let value = match point.value {
        Some(number_data_point::Value::AsDouble(value)) => value.to_string(),
        None if point.flags == 1 => "-".to_owned(),
        other => panic!("{other:?}"),
    };
    format!(
        "{} {kind} {data} {{{}}} {value}@{}",
        metric.name,
        attributes.join(","),
        point.time_unix_nano / 1_000_000
    )
}

fn numbers(metric: &Metric) -> &[NumberDataPoint] {
    match &metric.data {
        Some(Data::Gauge(data)) => &data.data_points,
        Some(Data::Sum(data)) => &data.data_points,
        other => panic!("{other:?}"),
    }
}
