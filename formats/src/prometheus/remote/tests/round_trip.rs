//! From Prometheus to OTLP and back: what comes out is what went in.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;

/// What a series tells, whatever the version.
#[derive(Debug, Clone, PartialEq, Default)]
struct Told {
    kind: u32,
    help: String,
    /// Time, bits of the value, start.
    samples: Vec<(i64, u64, i64)>,
    histograms: Vec<NativeTold>,
    exemplars: Vec<(Vec<v1::Label>, u64, i64)>,
}

#[derive(Debug, Clone, PartialEq)]
struct NativeTold {
    time: i64,
    start: i64,
    count: u64,
    sum: u64,
    schema: i32,
    zero_count: u64,
    zero_threshold: u64,
    positive: BTreeMap<i64, u64>,
    negative: BTreeMap<i64, u64>,
}

type All = BTreeMap<Vec<v1::Label>, Told>;

fn all() -> impl Strategy<Value = All> {
    let values = "[a-zä/ ]{1,6}";
    let keys = proptest::sample::select(
        ["a", "b_c", "instance", "job", "le", "otel_scope_name", "otel_scope_k"].as_slice(),
    );
    let labels = btree_map(keys, values, 0..5).prop_filter("attributes of a scope need its name", |labels| {
        !labels.contains_key("otel_scope_k") || labels.contains_key("otel_scope_name")
    });
    let name = proptest::sample::select(["x_total", "y", "z_seconds_bucket", "native"].as_slice());
    let samples = btree_map(1..9_000_000_i64, (value(), 0..9_i64), 1..4);
    let natives = btree_map(1..9_000_000_i64, native(), 1..3);
    let parts = (samples, natives, vec(exemplar(), 0..3));
    let series = (name, labels, parts).prop_map(|(name, labels, (samples, natives, mut exemplars))| {
        let mut own: Vec<_> = labels.into_iter().map(|(name, value)| label(name, &value)).collect();
        own.push(label("__name__", name));
        own.sort();
        exemplars.sort_by_key(|(_, _, time)| *time);
        let is_native = name == "native";
        let kind = match name {
            "x_total" => 1,
            "native" | "z_seconds_bucket" => 3,
            _ => 2,
        };
        let mut told = Told { kind, help: name.to_owned(), ..Told::default() };
        if is_native {
            told.histograms =
                natives.into_iter().map(|(time, native)| NativeTold { time, ..native }).collect();
        } else {
            let start = |start| if kind == 1 { start } else { 0 };
            told.samples =
                samples.into_iter().map(|(time, (bits, began))| (time, bits, start(began))).collect();
        }
        // Gauges have no exemplars in Prometheus.
        told.exemplars = if kind == 1 || is_native { exemplars } else { Vec::new() };
        (own, told)
    });
    vec(series, 0..8).prop_map(|series| series.into_iter().collect())
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![Just(STALE), Just(f64::NAN.to_bits()), any::<u64>().prop_filter("", is_plain)]
}

/// Prost leaves out a negative zero, as if it were none.
fn is_plain(bits: &u64) -> bool {
    *bits != STALE && *bits != (-0.0_f64).to_bits()
}

fn native() -> impl Strategy<Value = NativeTold> {
    let side = || btree_map(-30..30_i64, 1..1000_u64, 0..6);
    let parts = (0..9_i64, 0..1000_u64, any::<f64>(), -4..=8_i32, 0..9_u64, 1e-9..1.0_f64);
    (parts, side(), side()).prop_filter_map(
        "",
        |((start, count, sum, schema, zero, threshold), positive, negative)| {
            is_plain(&sum.to_bits()).then(|| NativeTold {
                time: 0,
                start,
                count,
                sum: sum.to_bits(),
                schema,
                zero_count: zero,
                zero_threshold: threshold.to_bits(),
                positive,
                negative,
            })
        },
    )
}

fn exemplar() -> impl Strategy<Value = (Vec<v1::Label>, u64, i64)> {
    let id = option::of("[0-9a-f]{32}");
    (id, option::of("[a-z]{1,5}"), -1e9..1e9_f64, 1..9_000_000_i64).prop_map(|(id, text, value, time)| {
        let id = id.map(|id| label("trace_id", &id));
        let labels = text.map(|text| label("k", &text)).into_iter().chain(id).collect();
        (labels, value.to_bits(), time)
    })
}

fn label(name: &str, value: &str) -> v1::Label {
    v1::Label { name: name.to_owned(), value: value.to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn version_2_comes_back_as_it_was(all in all()) {
        let (decoded, otlp) = read(Message::V2, &write_v2(&all).encode_to_vec());
        prop_assert_eq!(decoded.refused.total, 0, "{:?}", decoded.refused);
        prop_assert_eq!(read_v2(&as_v2(&series(&otlp, &options()))), all);
    }

    #[test]
    fn version_1_comes_back_as_it_was(all in all()) {
        let mut all = all;
        for told in all.values_mut() {
            // It does not know types and starts.
            told.samples.iter_mut().for_each(|sample| sample.2 = 0);
            told.histograms.iter_mut().for_each(|native| native.start = 0);
            (told.kind, told.help) = (0, String::new());
        }
        let (decoded, otlp) = read(Message::V1, &write_v1(&all).encode_to_vec());
        prop_assert_eq!(decoded.refused.total, 0, "{:?}", decoded.refused);
        prop_assert_eq!(read_v1(&as_v1(&series(&otlp, &options()))), all);
    }
}

fn options() -> EncodeOptions {
    EncodeOptions { scope_labels: true, ..EncodeOptions::default() }
}

fn write_v2(all: &All) -> v2::Request {
    let mut request = v2::Request::new();
    for (labels, told) in all {
        let refs = |request: &mut v2::Request, labels: &[v1::Label]| {
            labels
                .iter()
                .flat_map(|label| [request.symbol(&label.name), request.symbol(&label.value)])
                .collect()
        };
        let sample = |(timestamp, bits, start_timestamp): &(i64, u64, i64)| v2::Sample {
            value: f64::from_bits(*bits),
            timestamp: *timestamp,
            start_timestamp: *start_timestamp,
        };
        let mut exemplars = Vec::new();
        for (labels, bits, timestamp) in &told.exemplars {
            let labels_refs = refs(&mut request, labels);
            exemplars.push(v2::Exemplar { labels_refs, value: f64::from_bits(*bits), timestamp: *timestamp });
        }
        let help_ref = request.symbol(&told.help);
        let series = v2::TimeSeries {
            labels_refs: refs(&mut request, labels),
            samples: told.samples.iter().map(sample).collect(),
            histograms: told.histograms.iter().map(write_native).collect(),
            exemplars,
            metadata: Some(v2::Metadata { kind: told.kind, help_ref, unit_ref: 0 }),
            created_timestamp: 0,
        };
        request.timeseries.push(series);
    }
    request
}

fn write_v1(all: &All) -> v1::WriteRequest {
    let exemplar = |(labels, bits, timestamp): &(Vec<v1::Label>, u64, i64)| v1::Exemplar {
        labels: labels.clone(),
        value: f64::from_bits(*bits),
        timestamp: *timestamp,
    };
    let series = |(labels, told): (&Vec<v1::Label>, &Told)| v1::TimeSeries {
        labels: labels.clone(),
        samples: told
            .samples
            .iter()
            .map(|(timestamp, bits, _)| v1::Sample { value: f64::from_bits(*bits), timestamp: *timestamp })
            .collect(),
        exemplars: told.exemplars.iter().map(exemplar).collect(),
        histograms: told.histograms.iter().map(write_native).collect(),
    };
    v1::WriteRequest { timeseries: all.iter().map(series).collect(), metadata: Vec::new() }
}

fn read_v2(request: &v2::Request) -> All {
    let told = |series: &v2::TimeSeries| {
        let metadata = series.metadata.as_ref().unwrap();
        let told = Told {
            kind: metadata.kind,
            help: request.text(metadata.help_ref).to_owned(),
            samples: series
                .samples
                .iter()
                .map(|one| (one.timestamp, one.value.to_bits(), one.start_timestamp))
                .collect(),
            histograms: series.histograms.iter().map(read_native).collect(),
            exemplars: series
                .exemplars
                .iter()
                .map(|one| (request.labels(&one.labels_refs), one.value.to_bits(), one.timestamp))
                .collect(),
        };
        (request.labels(&series.labels_refs), told)
    };
    request.timeseries.iter().map(told).collect()
}

fn read_v1(request: &v1::WriteRequest) -> All {
    let told = |series: &v1::TimeSeries| {
        let told = Told {
            kind: 0,
            help: String::new(),
            samples: series.samples.iter().map(|one| (one.timestamp, one.value.to_bits(), 0)).collect(),
            histograms: series.histograms.iter().map(read_native).collect(),
            exemplars: series
                .exemplars
                .iter()
                .map(|one| (one.labels.clone(), one.value.to_bits(), one.timestamp))
                .collect(),
        };
        (series.labels.clone(), told)
    };
    request.timeseries.iter().map(told).collect()
}

/// One span for each bucket.
fn write_native(told: &NativeTold) -> v1::Histogram {
    let side = |buckets: &BTreeMap<i64, u64>| {
        let (mut next, mut before) = (0, 0);
        let mut sides = (Vec::new(), Vec::new());
        for (index, count) in buckets {
            sides.0.push(v1::Span { offset: (index - next) as i32, length: 1 });
            sides.1.push(count.cast_signed() - before);
            (next, before) = (index + 1, count.cast_signed());
        }
        sides
    };
    let (positive_spans, positive_deltas) = side(&told.positive);
    let (negative_spans, negative_deltas) = side(&told.negative);
    v1::Histogram {
        count_int: told.count,
        sum: f64::from_bits(told.sum),
        schema: told.schema,
        zero_threshold: f64::from_bits(told.zero_threshold),
        zero_count_int: told.zero_count,
        positive_spans,
        positive_deltas,
        negative_spans,
        negative_deltas,
        timestamp: told.time,
        start_timestamp: told.start,
        ..v1::Histogram::default()
    }
}

fn read_native(native: &v1::Histogram) -> NativeTold {
    let side = |spans: &[v1::Span], deltas: &[i64]| {
        let (mut index, mut count, mut at) = (0, 0, 0);
        let mut buckets = BTreeMap::new();
        for span in spans {
            index += i64::from(span.offset);
            for _ in 0..span.length {
                count += deltas[at];
                if count > 0 {
                    buckets.insert(index, count.cast_unsigned());
                }
                (index, at) = (index + 1, at + 1);
            }
        }
        buckets
    };
    NativeTold {
        time: native.timestamp,
        start: native.start_timestamp,
        count: native.count_int,
        sum: native.sum.to_bits(),
        schema: native.schema,
        zero_count: native.zero_count_int,
        zero_threshold: native.zero_threshold.to_bits(),
        positive: side(&native.positive_spans, &native.positive_deltas),
        negative: side(&native.negative_spans, &native.negative_deltas),
    }
}
