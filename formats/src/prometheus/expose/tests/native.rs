//! Exponential histograms.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use proptest::prelude::*;

use super::*;
use crate::prometheus::expose::native::Span;

fn point(scale: i32, offset: i32, counts: &[u64]) -> ExponentialHistogramDataPoint {
    ExponentialHistogramDataPoint {
        scale,
        count: counts.iter().fold(0, |sum, count| sum.saturating_add(*count)),
        sum: Some(1.5),
        positive: Some(Buckets { offset, bucket_counts: counts.to_vec() }),
        ..ExponentialHistogramDataPoint::default()
    }
}

fn native(scale: i32, offset: i32, counts: &[u64]) -> Native {
    match read(exponential(point(scale, offset, counts))).unwrap() {
        Value::Native(native) => *native,
        other => panic!("{other:?}"),
    }
}

#[test]
fn buckets_are_numbered_from_one_and_gaps_begin_spans() {
    let side = |offset, counts: &[u64]| native(3, offset, counts).positive.spans();
    let span = |offset, length| Span { offset, length };
    assert_eq!(side(1, &[1, 2, 0, 1]), (vec![span(2, 4)], vec![1, 1, -2, 1]));
    assert_eq!(side(-5, &[0, 0, 3, 0, 0, 0, 5, 0]), (vec![span(-2, 1), span(3, 1)], vec![3, 2]));
    assert_eq!(side(7, &[0, 0]), (vec![], vec![]));
    assert_eq!(side(7, &[]), (vec![], vec![]));
}

#[test]
fn what_is_finer_than_prometheus_knows_is_made_coarser_and_what_is_coarser_is_none() {
    let coarse = native(10, -5, &[1, 2, 4, 8, 16, 32, 64]);
    // The indices -5..=1, each divided by four and rounded down: -2, -1 (four times), 0 (twice).
    assert_eq!((coarse.scale, coarse.positive.offset, &*coarse.positive.counts), (8, -2, &[1, 30, 96][..]));
    assert_eq!(native(-4, 0, &[1]).scale, -4);
    assert_eq!(read(exponential(point(-5, 0, &[1]))), Err(Unfit::Scale));
    assert_eq!(read(exponential(point(0, i32::MAX, &[1]))), Err(Unfit::Scale));
    assert_eq!(native(i32::MAX, i32::MIN, &[1, 1]).scale, 8);
}

#[test]
fn a_zero_threshold_of_none_is_a_tiny_one() {
    assert_eq!(native(0, 0, &[1]).zero_threshold, 1e-128);
    let said = ExponentialHistogramDataPoint { zero_threshold: 0.25, ..point(0, 0, &[1]) };
    let Value::Native(native) = read(exponential(said)).unwrap() else { panic!() };
    assert_eq!(native.zero_threshold, 0.25);
}

#[test]
fn sums_are_taken_at_the_coarser_of_two_resolutions() {
    let mut sum = Value::Native(Box::new(native(2, 4, &[1, 1, 1, 1])));
    let mut more = native(1, 10, &[5]);
    (more.zero_count, more.zero_threshold) = (3, 0.5);
    assert!(sum.add(Value::Native(Box::new(more))));
    let Value::Native(sum) = sum else { panic!() };
    assert_eq!((sum.scale, sum.positive.offset), (1, 2));
    assert_eq!(sum.positive.counts, [2, 2, 0, 0, 0, 0, 0, 0, 5]);
    assert_eq!((sum.zero_count, sum.zero_threshold, sum.count, sum.sum), (3, 0.5, 9, 3.0));
}

#[test]
fn a_sum_over_far_ends_takes_no_memory_for_what_lies_between() {
    let mut sum = Value::Native(Box::new(native(8, -200_000, &[1])));
    assert!(sum.add(Value::Native(Box::new(native(8, 200_000, &[1])))));
    let Value::Native(sum) = sum else { panic!() };
    assert_eq!(sum.positive.counts.iter().sum::<u64>(), 2);
    assert!(sum.positive.counts.len() <= 4096 && sum.scale < 8, "{} buckets", sum.positive.counts.len());
    // No number lies there, so the later one is all that stays.
    let mut absurd = Value::Native(Box::new(native(-4, i32::MIN, &[1])));
    let later = Value::Native(Box::new(native(-4, i32::MAX - 9, &[2])));
    assert!(!absurd.add(later.clone()));
    assert_eq!(absurd, later);
}

#[test]
fn text_shows_count_sum_and_the_bucket_of_everything() {
    let value = Value::Native(Box::new(native(0, 0, &[1, 2])));
    let text = samples(Format::Text, "e", Kind::Histogram, &series(r#"a="b""#, &value));
    assert_eq!(text, "e_bucket{a=\"b\",le=\"+Inf\"} 3\ne_sum{a=\"b\"} 1.5\ne_count{a=\"b\"} 3\n");
}

/// The buckets by index, as Prometheus reads spans and deltas.
fn decoded(spans: &[Span], deltas: &[i64]) -> BTreeMap<i64, u64> {
    let (mut index, mut count, mut deltas) = (0, 0_i64, deltas.iter());
    let mut buckets = BTreeMap::new();
    for span in spans {
        index += i64::from(span.offset);
        for _ in 0..span.length {
            count += deltas.next().expect("as many as buckets");
            if count > 0 {
                buckets.insert(index, count.cast_unsigned());
            }
            index += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    buckets
}

proptest! {
    #[test]
    fn spans_hold_every_bucket(offset in -300_i32..300, counts in proptest::collection::vec(prop_oneof![Just(0_u64), 0..9_u64], 0..40)) {
        let (spans, deltas) = native(0, offset, &counts).positive.spans();
        let expected: BTreeMap<i64, u64> =
            (i64::from(offset) + 1..).zip(counts).filter(|(_, count)| *count > 0).collect();
        prop_assert_eq!(decoded(&spans, &deltas), expected);
    }

    #[test]
    fn nothing_is_lost_by_adding_and_coarsening(
        (scale_a, offset_a, counts_a) in (-4..20_i32, -5000..5000_i32, proptest::collection::vec(0..9_u64, 0..30)),
        (scale_b, offset_b, counts_b) in (-4..20_i32, -5000..5000_i32, proptest::collection::vec(0..9_u64, 0..30)),
    ) {
        let total: u64 = counts_a.iter().chain(&counts_b).sum();
        let mut sum = Value::Native(Box::new(native(scale_a, offset_a, &counts_a)));
        let added = sum.add(Value::Native(Box::new(native(scale_b, offset_b, &counts_b))));
        let Value::Native(sum) = sum else { panic!() };
        let expected = if added { total } else { counts_b.iter().sum() };
        prop_assert_eq!(sum.positive.counts.iter().sum::<u64>(), expected);
    }
}
