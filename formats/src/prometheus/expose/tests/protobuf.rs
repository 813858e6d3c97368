//! Protobuf, read by somebody else's decoder.

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;

use super::*;

#[derive(Clone, PartialEq, Message)]
struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    help: Option<String>,
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    metric: Vec<Sample>,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(message, repeated, tag = "1")]
    label: Vec<Label>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Single>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Single>,
    #[prost(message, optional, tag = "4")]
    summary: Option<Quantiles>,
    #[prost(message, optional, tag = "5")]
    untyped: Option<Single>,
    #[prost(int64, optional, tag = "6")]
    timestamp_ms: Option<i64>,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Buckets2>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(string, optional, tag = "2")]
    value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Single {
    #[prost(double, optional, tag = "1")]
    value: Option<f64>,
    #[prost(message, optional, tag = "2")]
    exemplar: Option<Measured>,
    #[prost(message, optional, tag = "3")]
    created: Option<Moment>,
}

#[derive(Clone, PartialEq, Message)]
struct Quantiles {
    #[prost(uint64, optional, tag = "1")]
    count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    quantile: Vec<Pair>,
    #[prost(message, optional, tag = "4")]
    created: Option<Moment>,
}

#[derive(Clone, PartialEq, Message)]
struct Pair {
    #[prost(double, optional, tag = "1")]
    quantile: Option<f64>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct Buckets2 {
    #[prost(uint64, optional, tag = "1")]
    count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    zero_count: Option<u64>,
    #[prost(message, repeated, tag = "9")]
    negative_span: Vec<Spanned>,
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_delta: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    positive_span: Vec<Spanned>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    positive_delta: Vec<i64>,
    #[prost(message, optional, tag = "15")]
    created: Option<Moment>,
    #[prost(message, repeated, tag = "16")]
    exemplars: Vec<Measured>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    upper_bound: Option<f64>,
    #[prost(message, optional, tag = "3")]
    exemplar: Option<Measured>,
}

#[derive(Clone, PartialEq, Message)]
struct Spanned {
    #[prost(sint32, optional, tag = "1")]
    offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    length: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct Measured {
    #[prost(message, repeated, tag = "1")]
    label: Vec<Label>,
    #[prost(double, optional, tag = "2")]
    value: Option<f64>,
    #[prost(message, optional, tag = "3")]
    timestamp: Option<Moment>,
}

#[derive(Clone, PartialEq, Message)]
struct Moment {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// The one sample of the one family.
fn sample(kind: Kind, series: &Series<'_>) -> (MetricFamily, Sample) {
    let bytes = page(Format::Protobuf, "a.name", kind, series);
    let mut rest = &*bytes;
    let mut family = MetricFamily::decode_length_delimited(&mut rest).unwrap();
    assert!(rest.is_empty());
    assert_eq!(
        (family.name.as_deref(), family.help.as_deref()),
        (Some("a.name"), Some("What it \"is\".\\\n"))
    );
    let sample = family.metric.pop().unwrap();
    (family, sample)
}

#[test]
fn numbers_have_labels_times_and_exemplars() {
    let value = read(counter(7.0, vec![exemplar(2.0, 3_500_000_000)])).unwrap();
    let text = "\"a.b\"=\"\\\"\\\\\\n\",c=\"d\"";
    let shown = Series { time: 5_000_000, start: 1_000_000_001, ..series(text, &value) };
    let (family, sample) = self::sample(Kind::Counter, &shown);
    assert_eq!((family.kind, sample.timestamp_ms), (Some(0), Some(5)));
    let labels: Vec<_> = sample
        .label
        .iter()
        .map(|label| (label.name.as_deref().unwrap(), label.value.as_deref().unwrap()))
        .collect();
    assert_eq!(labels, [("a.b", "\"\\\n"), ("c", "d")]);
    let counter = sample.counter.unwrap();
    assert_eq!((counter.value, counter.created), (Some(7.0), Some(Moment { seconds: 1, nanos: 1 })));
    let exemplar = counter.exemplar.unwrap();
    assert_eq!((exemplar.value, exemplar.label.len()), (Some(2.0), 2));
    assert_eq!(exemplar.timestamp, Some(Moment { seconds: 3, nanos: 500_000_000 }));
    let number = Value::Number(1.0, None);
    assert_eq!(self::sample(Kind::Gauge, &series("", &number)).1.gauge.unwrap().value, Some(1.0));
    let (family, sample) = self::sample(Kind::Untyped, &series("", &number));
    assert_eq!((family.kind, sample.untyped.unwrap().value), (Some(3), Some(1.0)));
}

#[test]
fn histograms_and_summaries_are_whole() {
    let value = read(histogram(&[0.5, 1.0], &[1, 2, 3], 4.5, vec![exemplar(9.0, 1)])).unwrap();
    let (family, sample) = self::sample(Kind::Histogram, &series("", &value));
    let histogram = sample.histogram.unwrap();
    assert_eq!((family.kind, histogram.count, histogram.sum), (Some(4), Some(6), Some(4.5)));
    let buckets: Vec<_> = histogram
        .bucket
        .iter()
        .map(|bucket| {
            (bucket.upper_bound.unwrap(), bucket.cumulative_count.unwrap(), bucket.exemplar.is_some())
        })
        .collect();
    assert_eq!(buckets, [(0.5, 1, false), (1.0, 3, false), (f64::INFINITY, 6, true)]);
    assert_eq!((histogram.schema, histogram.zero_threshold), (None, None));

    let value = read(summary(&[(0.5, 2.0)], 3, 4.0)).unwrap();
    let (family, sample) = self::sample(Kind::Summary, &series("", &value));
    let summary = sample.summary.unwrap();
    assert_eq!((family.kind, summary.count, summary.sum), (Some(2), Some(3), Some(4.0)));
    assert_eq!(summary.quantile, [Pair { quantile: Some(0.5), value: Some(2.0) }]);
}

#[test]
fn exponential_histograms_are_native_ones() {
    let point = ExponentialHistogramDataPoint {
        count: 10,
        sum: Some(2.5),
        scale: 3,
        zero_count: 1,
        positive: Some(Buckets { offset: 1, bucket_counts: vec![1, 2, 0, 1] }),
        negative: Some(Buckets { offset: -3, bucket_counts: vec![5] }),
        exemplars: vec![super::exemplar(1.0, 7), super::exemplar(2.0, 0)],
        ..ExponentialHistogramDataPoint::default()
    };
    let value = read(exponential(point)).unwrap();
    let native = sample(Kind::Histogram, &series("", &value)).1.histogram.unwrap();
    let span = |offset, length| Spanned { offset: Some(offset), length: Some(length) };
    assert_eq!((native.count, native.sum, native.schema), (Some(10), Some(2.5), Some(3)));
    assert_eq!((native.zero_count, native.zero_threshold), (Some(1), Some(1e-128)));
    assert_eq!((native.positive_span, native.positive_delta), (vec![span(2, 4)], vec![1, 1, -2, 1]));
    assert_eq!((native.negative_span, native.negative_delta), (vec![span(-2, 1)], vec![5]));
    assert_eq!((native.bucket.len(), native.exemplars.len()), (0, 1));
}

#[test]
fn a_family_that_goes_on_is_a_message_of_its_own() {
    let (mut out, value) = (Vec::new(), Value::Number(1.0, None));
    let mut page = Page::new(Negotiated { format: Format::Protobuf, escaping: Escaping::AllowUtf8 }, true);
    assert!(page.begins_again());
    for _ in 0..2 {
        page.begin(&mut out, &Head { name: "m", help: "", kind: Kind::Gauge });
        assert!(page.series(&mut out, &series("", &value)));
        page.end_family(&mut out);
    }
    page.finish(&mut out);
    let mut rest = &*out;
    for _ in 0..2 {
        assert_eq!(MetricFamily::decode_length_delimited(&mut rest).unwrap().metric.len(), 1);
    }
    assert!(rest.is_empty());
}
