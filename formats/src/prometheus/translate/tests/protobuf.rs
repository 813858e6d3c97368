//! Families in protobuf, written by prost from the messages of the Prometheus client model.

use prost::Message;

use super::{AT, Rendered, Settings, check_points, scrape, translator};
use crate::prometheus::translate::{Format, Outcome};

#[derive(Clone, PartialEq, Message)]
struct Family {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    help: String,
    #[prost(int32, tag = "3")]
    kind: i32,
    #[prost(message, repeated, tag = "4")]
    metrics: Vec<Metric>,
    #[prost(string, tag = "5")]
    unit: String,
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, optional, tag = "2")]
    gauge: Option<Number>,
    #[prost(message, optional, tag = "3")]
    counter: Option<Number>,
    #[prost(message, optional, tag = "4")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "5")]
    untyped: Option<Number>,
    #[prost(int64, tag = "6")]
    timestamp_ms: i64,
    #[prost(message, optional, tag = "7")]
    histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Number {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(message, optional, tag = "2")]
    exemplar: Option<Exemplar>,
    #[prost(message, optional, tag = "3")]
    created: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(double, tag = "2")]
    value: f64,
    #[prost(message, optional, tag = "3")]
    time: Option<Time>,
}

#[derive(Clone, PartialEq, Message)]
struct Time {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    quantiles: Vec<Quantile>,
}

#[derive(Clone, PartialEq, Message)]
struct Quantile {
    #[prost(double, tag = "1")]
    quantile: f64,
    #[prost(double, tag = "2")]
    value: f64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, tag = "1")]
    count: u64,
    #[prost(double, tag = "2")]
    sum: f64,
    #[prost(message, repeated, tag = "3")]
    buckets: Vec<Bucket>,
    #[prost(sint32, tag = "5")]
    schema: i32,
    #[prost(double, tag = "6")]
    zero_threshold: f64,
    #[prost(uint64, tag = "7")]
    zero_count: u64,
    #[prost(message, repeated, tag = "9")]
    negative_spans: Vec<Span>,
    // Written one by one, as proto2 does.
    #[prost(sint64, repeated, packed = "false", tag = "10")]
    negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "12")]
    positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "13")]
    positive_deltas: Vec<i64>,
    #[prost(message, optional, tag = "15")]
    created: Option<Time>,
    #[prost(message, repeated, tag = "16")]
    exemplars: Vec<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
struct Bucket {
    #[prost(uint64, tag = "1")]
    cumulative: u64,
    #[prost(double, tag = "2")]
    bound: f64,
    #[prost(message, optional, tag = "3")]
    exemplar: Option<Exemplar>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}

const COUNTER: i32 = 0;
const GAUGE: i32 = 1;
const SUMMARY: i32 = 2;
const UNTYPED: i32 = 3;
const HISTOGRAM: i32 = 4;
const GAUGE_HISTOGRAM: i32 = 5;

fn number(value: f64) -> Option<Number> {
    Some(Number { value, ..Number::default() })
}

fn family(name: &str, kind: i32, metrics: Vec<Metric>) -> Family {
    Family { name: name.into(), kind, metrics, ..Family::default() }
}

fn histogram(histogram: Histogram) -> Vec<Metric> {
    vec![Metric { histogram: Some(histogram), ..Metric::default() }]
}

fn page(families: &[Family]) -> Vec<u8> {
    families.iter().flat_map(|family| family.encode_length_delimited_to_vec()).collect()
}

fn read(settings: Settings, families: &[Family]) -> Outcome {
    scrape(&mut translator(settings), &page(families), Format::Protobuf, AT)
}

fn native() -> Settings {
    Settings { native_histograms: true, ..Settings::default() }
}

/// The native histogram of three buckets in two spans.
fn sparse() -> Histogram {
    Histogram {
        count: 4,
        sum: 9.5,
        schema: 3,
        zero_threshold: 0.001,
        zero_count: 1,
        positive_spans: vec![Span { offset: 2, length: 2 }, Span { offset: 1, length: 1 }],
        positive_deltas: vec![1, 1, -1],
        ..Histogram::default()
    }
}

#[test]
fn every_type_is_read() {
    let labels = vec![Label { name: "a.b".into(), value: "c".into() }];
    let counter = Number { value: 1.0, created: Some(Time { seconds: 5, nanos: 7_000_000 }), exemplar: None };
    let summary = Summary { count: 2, sum: 3.0, quantiles: vec![Quantile { quantile: 0.5, value: 1.5 }] };
    let families = [
        Family {
            help: "Help.".into(),
            unit: "seconds".into(),
            ..family(
                "c_seconds",
                COUNTER,
                vec![Metric { labels, counter: Some(counter), ..Metric::default() }],
            )
        },
        family("g", GAUGE, vec![Metric { gauge: number(2.0), timestamp_ms: 1234, ..Metric::default() }]),
        family("u", UNTYPED, vec![Metric { untyped: number(f64::NAN), ..Metric::default() }]),
        family("s", SUMMARY, vec![Metric { summary: Some(summary), ..Metric::default() }]),
    ];
    let outcome = read(Settings::default(), &families);
    check_points(&outcome, &["c_seconds{a.b=c} 1 since 5007", "g{} 2 @1234", "u{} NaN", "s{} 2/3 0.5=1.5"]);
    let rendered = Rendered::of(&outcome);
    assert_eq!(rendered.families()[0], "c_seconds (counter, counter, s) Help.");
    assert_eq!(outcome.scraped, 6);
}

#[test]
fn a_classic_histogram_gets_its_last_bucket() {
    let exemplar = Exemplar {
        labels: vec![Label { name: "x".into(), value: "y".into() }],
        value: 0.5,
        time: Some(Time { seconds: 1, nanos: 0 }),
    };
    let buckets = vec![Bucket { cumulative: 2, bound: 1.0, exemplar: Some(exemplar) }];
    let outcome = read(
        Settings::default(),
        &[family(
            "h",
            HISTOGRAM,
            histogram(Histogram { count: 3, sum: 4.5, buckets, ..Histogram::default() }),
        )],
    );
    check_points(&outcome, &["h{} 3/4.5 [1.0] [2, 1] # {x=y} / 0.5 @1000"]);
    assert_eq!(outcome.scraped, 4, "count, sum, one bucket and the last");
}

#[test]
fn a_native_histogram_has_its_gaps_filled() {
    let outcome = read(native(), &[family("h", HISTOGRAM, histogram(sparse()))]);
    check_points(&outcome, &["h{} 4/9.5 scale 3 zero 1<=0.001 + 1:[1, 2, 0, 1] -"]);
}

#[test]
fn negative_buckets_and_a_start_are_read() {
    let whole = Histogram {
        negative_spans: vec![Span { offset: -1, length: 2 }],
        negative_deltas: vec![3, -1],
        created: Some(Time { seconds: 9, nanos: 0 }),
        ..sparse()
    };
    let outcome = read(native(), &[family("h", HISTOGRAM, histogram(whole))]);
    let expected = "h{} 4/9.5 scale 3 zero 1<=0.001 + 1:[1, 2, 0, 1] - -2:[3, 2] since 9000";
    check_points(&outcome, &[expected]);
}

#[test]
fn a_histogram_of_both_kinds_is_read_as_asked_for() {
    let both = Histogram { buckets: vec![Bucket { cumulative: 2, bound: 1.0, exemplar: None }], ..sparse() };
    let families = [family("h", HISTOGRAM, histogram(both))];
    let (classic, exponential) =
        ("h{} 4/9.5 [1.0] [2, 2]", "h{} 4/9.5 scale 3 zero 1<=0.001 + 1:[1, 2, 0, 1] -");
    check_points(&read(Settings::default(), &families), &[classic]);
    check_points(&read(native(), &families), &[exponential]);
    let always = Settings { always_classic_histograms: true, ..native() };
    check_points(&read(always, &families), &[exponential, classic]);
}

#[test]
fn buckets_are_merged_until_they_are_few_and_wide_enough() {
    let families = [family("h", HISTOGRAM, histogram(sparse()))];
    let few = Settings { bucket_limit: 2, ..native() };
    check_points(&read(few, &families), &["h{} 4/9.5 scale 1 zero 1<=0.001 + 0:[3, 1] -"]);
    let wide = Settings { min_bucket_factor: 1.4, ..native() };
    check_points(&read(wide, &families), &["h{} 4/9.5 scale 1 zero 1<=0.001 + 0:[3, 1] -"]);
}

#[test]
fn buckets_that_cannot_be_merged_fail_the_scrape() {
    let apart = Histogram {
        schema: -4,
        positive_spans: vec![Span { offset: 0, length: 3 }],
        positive_deltas: vec![1, 0, 0],
        ..sparse()
    };
    let few = Settings { bucket_limit: 2, ..native() };
    let outcome = read(few, &[family("h", HISTOGRAM, histogram(apart))]);
    let error = "`h` has more buckets than native_histogram_bucket_limit 2";
    assert_eq!(outcome.error.as_deref(), Some(error));
}

#[test]
fn buckets_far_apart_do_not_become_many() {
    let far = |offset| Histogram {
        positive_spans: vec![Span { offset: 0, length: 1 }, Span { offset, length: 1 }],
        positive_deltas: vec![1, 0],
        ..sparse()
    };
    let outcome = read(native(), &[family("h", HISTOGRAM, histogram(far(100_000)))]);
    assert!(outcome.metrics.len() < 4096, "{}", outcome.metrics.len());
    assert_eq!(Rendered::of(&outcome).points().len(), 1);
    let outcome = read(native(), &[family("h", HISTOGRAM, histogram(far(i32::MAX)))]);
    assert_eq!((outcome.bad_lines, outcome.error), (1, None));
}

#[test]
fn a_native_histogram_that_contradicts_itself_costs_its_metric() {
    let broken = [
        Histogram { positive_deltas: vec![1, 1], ..sparse() },
        Histogram { positive_deltas: vec![1, -2, 1], ..sparse() },
        Histogram { schema: 9, ..sparse() },
        Histogram { schema: -53, ..sparse() },
    ];
    for broken in broken {
        let mut metrics = histogram(broken);
        metrics.extend(histogram(sparse()));
        let outcome = read(native(), &[family("h", HISTOGRAM, metrics)]);
        assert_eq!((Rendered::of(&outcome).points().len(), outcome.bad_lines), (1, 1));
    }
}

#[test]
fn the_exemplars_of_a_native_histogram_need_a_time() {
    let exemplar = |time| Exemplar { labels: Vec::new(), value: 0.5, time };
    let exemplars = vec![exemplar(None), exemplar(Some(Time { seconds: 2, nanos: 0 }))];
    let outcome = read(native(), &[family("h", HISTOGRAM, histogram(Histogram { exemplars, ..sparse() }))]);
    let points = Rendered::of(&outcome).points();
    assert!(points[0].ends_with(&format!("@{AT} # {{}} / 0.5 @2000")), "{points:?}");
}

#[test]
fn gauge_histograms_are_dropped_and_counted() {
    let outcome = read(native(), &[family("h", GAUGE_HISTOGRAM, histogram(sparse()))]);
    check_points(&outcome, &[]);
    assert_eq!(outcome.unsupported, 1);
}

#[test]
fn a_page_that_is_cut_off_fails() {
    let whole = page(&[family("g", GAUGE, vec![Metric { gauge: number(2.0), ..Metric::default() }])]);
    let outcome = scrape(&mut translator(native()), &whole[..whole.len() - 1], Format::Protobuf, AT);
    assert_eq!(outcome.error.as_deref(), Some("a family is cut off"));
}

#[test]
fn a_family_that_cannot_be_read_costs_itself() {
    let mut bytes = b"\x03\x0a\xff\xff".to_vec();
    bytes.extend(page(&[family("g", GAUGE, vec![Metric { gauge: number(2.0), ..Metric::default() }])]));
    let outcome = scrape(&mut translator(native()), &bytes, Format::Protobuf, AT);
    check_points(&outcome, &["g{} 2"]);
    assert_eq!((outcome.bad_lines, outcome.described[0].line), (1, 1));
}

#[test]
fn long_labels_are_not_repeated_for_very_many_buckets() {
    let labels = vec![Label { name: "long".into(), value: "x".repeat(100_000) }];
    let buckets = (0..1_000_u32).map(|bound| Bucket { bound: f64::from(bound), ..Bucket::default() });
    let wide = Histogram { buckets: buckets.collect(), ..Histogram::default() };
    let wide = Metric { labels, histogram: Some(wide), ..Metric::default() };
    let good = Metric { gauge: number(2.0), ..Metric::default() };
    let families = [family("h", HISTOGRAM, vec![wide]), family("g", GAUGE, vec![good])];
    let outcome = read(Settings::default(), &families);
    check_points(&outcome, &["g{} 2"]);
    assert_eq!(outcome.bad_lines, 1);
    assert!(outcome.described[0].reason.contains("too long to be repeated"), "{:?}", outcome.described);
}

#[test]
fn the_next_page_finds_the_same_series() {
    let families = [family("h", HISTOGRAM, histogram(sparse()))];
    let mut translator = translator(native());
    let first = scrape(&mut translator, &page(&families), Format::Protobuf, AT);
    let second = scrape(&mut translator, &page(&families), Format::Protobuf, AT);
    assert_eq!((first.added, second.added, second.stale), (1, 0, 0));
    let third = scrape(&mut translator, b"", Format::Protobuf, AT);
    check_points(&third, &["h{} stale scale 0 zero 0<=0 + -"]);
}
