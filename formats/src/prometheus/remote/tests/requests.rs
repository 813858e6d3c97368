//! How a batch is cut into requests.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::writing::{gauge, number};
use super::*;

/// Series by number, each with times; several points of one series are no rarity.
fn points() -> impl Strategy<Value = Vec<(u8, u64)>> {
    vec((0..9_u8, 0..40_u64), 1..60)
}

fn of(points: &[(u8, u64)]) -> Series {
    let points = points.iter().map(|(series, time)| {
        let name = "x".repeat(usize::from(*series) * 9 + 1);
        number(f64::from(*series), *time, &[("series", &name)])
    });
    series(
        &batch(&[("service.name", "s")], vec![metric("m", "", gauge(points.collect()))]),
        &EncodeOptions::default(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_within_the_size_and_tell_everything_once(points in points(), max in 1..600_usize, two in any::<bool>()) {
        let message = if two { Message::V2 } else { Message::V1 };
        let series = of(&points);
        let whole = tell(message, series.requests(message, usize::MAX));
        prop_assert_eq!(series.requests(message, usize::MAX).count(), 1);
        let requests: Vec<_> = series.requests(message, max).collect();
        for request in &requests {
            prop_assert!(request.body.len() <= max || request.samples == 1, "{} > {max}", request.body.len());
        }
        // Also in the order of each series.
        prop_assert_eq!(&tell(message, requests.clone().into_iter()), &whole);
        let mut told: Vec<_> = requests.iter().flat_map(|request| request.points.clone()).collect();
        told.sort_unstable();
        told.dedup();
        prop_assert_eq!(told.len(), series.points());

        let other = if two { Message::V1 } else { Message::V2 };
        let again = requests.into_iter().flat_map(|request| series.rewrite(request.pieces, other, max));
        prop_assert_eq!(tell(other, again), whole);
    }

    #[test]
    fn a_request_says_when_it_must_not_overtake(points in points(), max in 1..300_usize) {
        let series = of(&points);
        let mut last = None;
        for request in series.requests(Message::V1, max) {
            let message = v1::WriteRequest::decode(&*request.body).unwrap();
            let first = message.timeseries.first().map(|series| series.labels.clone());
            prop_assert_eq!(request.is_continued, last.is_some() && last == first);
            last = message.timeseries.last().map(|series| series.labels.clone());
        }
    }
}

/// What requests tell, by labels, in their order.
fn tell(
    message: Message,
    requests: impl Iterator<Item = Request>,
) -> BTreeMap<Vec<v1::Label>, Vec<(i64, u64)>> {
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for request in requests {
        match message {
            Message::V1 => {
                for series in v1::WriteRequest::decode(&*request.body).unwrap().timeseries {
                    let samples =
                        series.samples.iter().map(|sample| (sample.timestamp, sample.value.to_bits()));
                    told.entry(series.labels).or_default().extend(samples);
                }
            }
            Message::V2 => {
                let request = v2::Request::decode(&*request.body).unwrap();
                for series in &request.timeseries {
                    let samples =
                        series.samples.iter().map(|sample| (sample.timestamp, sample.value.to_bits()));
                    told.entry(request.labels(&series.labels_refs)).or_default().extend(samples);
                }
            }
        }
    }
    told
}
