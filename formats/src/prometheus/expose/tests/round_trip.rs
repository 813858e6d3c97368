//! What is shown is what a scrape reads: every value in every format that can hold it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;
use crate::prometheus::Labels;
use crate::prometheus::expose::labels::render;
use crate::prometheus::translate::{self, Scrape, Settings, Target, Translator};

type Pairs = BTreeMap<String, String>;

const FORMATS: [(Format, translate::Format); 4] = [
    (Format::Text, translate::Format::Text),
    (Format::Text1, translate::Format::Text),
    (Format::OpenMetrics1, translate::Format::OpenMetrics),
    (Format::Protobuf, translate::Format::Protobuf),
];

/// What a scrape makes of a page with these series.
fn scraped(format: (Format, translate::Format), kind: Kind, all: &BTreeMap<Pairs, Value>) -> Vec<Metric> {
    let mut out = Vec::new();
    let mut page = Page::new(Negotiated { format: format.0, escaping: Escaping::AllowUtf8 }, false);
    page.begin(&mut out, &Head { name: "m_total", help: "What it \"is\".\\\n", kind });
    for (pairs, value) in all {
        let labels = render(pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()).unwrap();
        assert!(page.series(&mut out, &series(&labels, value)));
    }
    page.end_family(&mut out);
    page.finish(&mut out);
    let settings = Settings { native_histograms: true, ..Settings::default() };
    let labels = || [("job", "j"), ("instance", "i")].into_iter().collect::<Labels>();
    let target = Target { labels: labels(), discovered: Labels::new() };
    let scrape = Scrape { at: 1_700_000_000_000, body_bytes: out.len() };
    let outcome = Translator::new(Arc::new(settings), target).page(&out, format.1, scrape, || Duration::ZERO);
    assert_eq!((outcome.error, outcome.bad_lines), (None, 0), "{}", String::from_utf8_lossy(&out));
    let request = ExportMetricsServiceRequest::decode(&*outcome.metrics).unwrap();
    let metrics = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
    metrics.flat_map(|scope| scope.metrics).filter(|metric| metric.name == "m_total").collect()
}

fn pairs(attributes: &[KeyValue]) -> Pairs {
    let text = |attribute: &KeyValue| match attribute.value.clone().unwrap().value.unwrap() {
        Any::StringValue(text) => text,
        other => panic!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}

/// The values of the points of all metrics, by their labels.
fn values(metrics: Vec<Metric>) -> BTreeMap<Pairs, Value> {
    let datas = metrics.into_iter().map(|metric| metric.data.unwrap());
    let with = |attributes: &[KeyValue], data: Data| (pairs(attributes), read(data).unwrap());
    datas
        .flat_map(|data| match data {
            Data::Sum(sum) => {
                let one = |point: NumberDataPoint| {
                    let attributes = point.attributes.clone();
                    with(&attributes, Data::Sum(Sum { data_points: vec![point], ..sum }))
                };
                sum.data_points.clone().into_iter().map(one).collect::<Vec<_>>()
            }
            Data::Histogram(all) => {
                let one = |point: HistogramDataPoint| {
                    let attributes = point.attributes.clone();
                    with(&attributes, Data::Histogram(OtlpHistogram { data_points: vec![point], ..all }))
                };
                all.data_points.clone().into_iter().map(one).collect()
            }
            Data::ExponentialHistogram(all) => {
                let one = |point: ExponentialHistogramDataPoint| {
                    let attributes = point.attributes.clone();
                    with(&attributes, exponential(point))
                };
                all.data_points.into_iter().map(one).collect()
            }
            Data::Summary(all) => {
                let one = |point: SummaryDataPoint| {
                    let attributes = point.attributes.clone();
                    with(&attributes, Data::Summary(OtlpSummary { data_points: vec![point] }))
                };
                all.data_points.into_iter().map(one).collect()
            }
            Data::Gauge(_) => panic!("no gauge was shown"),
        })
        .collect()
}

fn some_pairs() -> impl Strategy<Value = Pairs> {
    btree_map("l_[a-z]{1,3}|\\PC{1,4}\\.", "\\PC{1,6}|[\"\\\\\n,=]{1,4}", 0..4)
}

/// The ids of its exemplar are left out: whether there is one is for other tests.
fn some_counter() -> impl Strategy<Value = Value> {
    prop_oneof![any::<f64>(), (0..1_000_000_i32).prop_map(f64::from)]
        .prop_filter("a number", |number| !number.is_nan())
        .prop_map(|number| Value::Number(number, None))
}

fn some_histogram() -> impl Strategy<Value = Value> {
    (vec((-1000..1000_i32, 0..1_000_000_u64), 0..6), 0..1000_u64, -1e9..1e9_f64).prop_map(
        |(mut buckets, above, sum)| {
            buckets.sort_unstable();
            buckets.dedup_by_key(|(bound, _)| *bound);
            let counts: Vec<u64> = buckets.iter().map(|(_, count)| *count).collect();
            let count = counts.iter().sum::<u64>() + above;
            let bounds = buckets.iter().map(|(bound, _)| f64::from(*bound) / 8.0).collect();
            Value::Histogram(Box::new(Histogram { bounds, counts, count, sum, exemplars: Vec::new() }))
        },
    )
}

fn some_summary() -> impl Strategy<Value = Value> {
    (vec((0..100_u32, any::<f32>()), 0..4), 0..u64::from(u32::MAX), -1e9..1e9_f64).prop_map(
        |(mut shares, count, sum)| {
            shares.sort_by_key(|(share, _)| *share);
            shares.dedup_by_key(|(share, _)| *share);
            let is_number = |(share, value): (u32, f32)| {
                let value = if value.is_nan() { 0.0 } else { f64::from(value) };
                (f64::from(share) / 100.0, value)
            };
            let quantiles = shares.into_iter().map(is_number).collect();
            Value::Summary(Box::new(Summary { count, sum, quantiles }))
        },
    )
}

fn some_side() -> impl Strategy<Value = Side> {
    (-500..500_i64, vec(prop_oneof![Just(0), 1..50_u64], 0..20)).prop_map(|(offset, mut counts)| {
        // As they are read: no empty buckets at the ends.
        while counts.last() == Some(&0) {
            counts.pop();
        }
        let empty = counts.iter().take_while(|count| **count == 0).count();
        counts.drain(..empty);
        let offset = if counts.is_empty() { 0 } else { offset };
        Side { offset, counts }
    })
}

fn some_native() -> impl Strategy<Value = Value> {
    (-4..=8_i32, 0..9_u64, some_side(), some_side(), -1e9..1e9_f64).prop_map(
        |(scale, zero_count, positive, negative, sum)| {
            let count = zero_count + positive.counts.iter().chain(&negative.counts).sum::<u64>();
            Value::Native(Box::new(Native {
                scale,
                zero_count,
                zero_threshold: 0.125,
                count,
                sum,
                positive,
                negative,
                exemplars: Vec::new(),
            }))
        },
    )
}

/// Checks that these series come back as they are.
fn check(
    formats: &[(Format, translate::Format)],
    kind: Kind,
    all: &BTreeMap<Pairs, Value>,
) -> Result<(), TestCaseError> {
    for format in formats {
        prop_assert_eq!(&values(scraped(*format, kind, all)), all, "{:?}", format.0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counters_come_back(all in btree_map(some_pairs(), some_counter(), 1..6)) {
        check(&FORMATS, Kind::Counter, &all)?;
    }

    #[test]
    fn histograms_come_back(all in btree_map(some_pairs(), some_histogram(), 1..6)) {
        check(&FORMATS, Kind::Histogram, &all)?;
    }

    #[test]
    fn summaries_come_back(all in btree_map(some_pairs(), some_summary(), 1..6)) {
        check(&FORMATS, Kind::Summary, &all)?;
    }

    #[test]
    fn native_histograms_come_back_by_protobuf(all in btree_map(some_pairs(), some_native(), 1..6)) {
        check(&FORMATS[3..], Kind::Histogram, &all)?;
    }
}
