//! Values read and added to.

use super::*;

fn as_histogram(value: Value) -> Histogram {
    match value {
        Value::Histogram(histogram) => *histogram,
        other => panic!("{other:?}"),
    }
}

#[test]
fn bounds_that_are_said_twice_are_one_and_infinity_is_none() {
    let read = |bounds: &[f64], counts: &[u64]| read(histogram(bounds, counts, 0.0, Vec::new()));
    let value = as_histogram(read(&[1.0, 1.0, 2.0, f64::INFINITY], &[1, 2, 3, 4, 5]).unwrap());
    assert_eq!((value.bounds, value.counts, value.count), (vec![1.0, 2.0], vec![3, 3], 15));
    for bounds in [[2.0, 1.0], [f64::NAN, 1.0], [1.0, f64::NAN]] {
        assert_eq!(read(&bounds, &[1, 1, 1]), Err(Unfit::Bounds), "{bounds:?}");
    }
    let value = as_histogram(read(&[], &[]).unwrap());
    assert_eq!((value.bounds.len(), value.counts.len()), (0, 0));
}

#[test]
fn numbers_are_added_and_the_later_exemplar_stays() {
    let mut value = read(counter(1.0, vec![exemplar(1.0, 1)])).unwrap();
    assert!(value.add(read(counter(2.0, Vec::new())).unwrap()));
    let Value::Number(sum, Some(kept)) = &value else { panic!("{value:?}") };
    assert_eq!((*sum, kept.value), (3.0, 1.0));
    assert!(value.add(read(counter(4.0, vec![exemplar(4.0, 2)])).unwrap()));
    let Value::Number(sum, Some(kept)) = &value else { panic!("{value:?}") };
    assert_eq!((*sum, kept.value), (7.0, 4.0));
}

#[test]
fn histograms_are_added_bucket_by_bucket() {
    let bounds = [1.0, 2.0];
    let mut value = read(histogram(&bounds, &[1, 2, 3], 10.0, vec![exemplar(0.5, 1)])).unwrap();
    let more = read(histogram(&bounds, &[4, 0, u64::MAX - 4], 0.5, vec![exemplar(9.0, 2)])).unwrap();
    assert!(value.add(more));
    let sum = as_histogram(value);
    assert_eq!((&*sum.counts, sum.count, sum.sum), (&[5, 2][..], u64::MAX, 10.5));
    assert_eq!(sum.exemplars.iter().map(|(bucket, _)| *bucket).collect::<Vec<_>>(), [0, 2]);
}

#[test]
fn a_histogram_with_other_bounds_takes_the_place_of_the_first() {
    let mut value = read(histogram(&[1.0], &[1, 2], 10.0, Vec::new())).unwrap();
    let other = read(histogram(&[2.0], &[5, 6], 1.0, Vec::new())).unwrap();
    assert!(!value.add(other.clone()));
    assert_eq!(value, other);
}

#[test]
fn a_point_without_a_value_is_none() {
    let point = NumberDataPoint::default();
    let data = Data::Sum(Sum { data_points: vec![point], aggregation_temporality: 2, is_monotonic: true });
    assert_eq!(read(data), Err(Unfit::NoValue));
}
