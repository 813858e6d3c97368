//! Bytes that nobody should send.

use proptest::collection::vec;
use proptest::prelude::*;

use super::reading::v1_series;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_read_or_refused(bytes in vec(any::<u8>(), 0..200), two in any::<bool>()) {
        check(if two { Message::V2 } else { Message::V1 }, &bytes);
    }

    #[test]
    fn a_request_with_a_wrong_byte_is_read_or_refused(at in 0..400_usize, byte in any::<u8>(), cut in 0..400_usize) {
        let mut series = v1_series(&[("__name__", "m_total"), ("job", "j")], &[(1.0, 1), (2.0, 2)]);
        series.histograms.push(v1::Histogram { count_int: 1, positive_spans: vec![v1::Span { offset: 1, length: 2 }], positive_deltas: vec![1, 0], ..v1::Histogram::default() });
        let mut bytes = v1::WriteRequest { timeseries: vec![series.clone(), series], metadata: Vec::new() }.encode_to_vec();
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut % length);
        check(Message::V1, &bytes);
    }
}

/// What is read is a request, of a bounded size.
fn check(message: Message, bytes: &[u8]) {
    let Ok(decoded) = decode(message, bytes, &Known::default(), DecodeOptions { max_bytes: 1 << 20 }) else {
        return;
    };
    let payload = Payload::parse(Signal::Metrics, Bytes::from(decoded.metrics.clone())).unwrap();
    assert_eq!(payload.items(), decoded.points);
    assert!(decoded.metrics.len() <= 64 * bytes.len() + 256, "{} of {}", decoded.metrics.len(), bytes.len());
}

#[test]
fn a_broken_frame_is_an_error_that_says_where() {
    for (message, bytes, at) in [
        (Message::V1, &b"\x0a\x05\x00"[..], 1),
        (Message::V1, b"\x0a\x00\xff", 2),
        (Message::V2, b"\x22\x00\x2a\x7f", 3),
    ] {
        let error =
            decode(message, bytes, &Known::default(), DecodeOptions { max_bytes: 1 << 20 }).unwrap_err();
        assert_eq!(error.at, at, "{error}");
    }
}

/// A tenth of what the receiver allows by default.
const ROOM: usize = 1 << 20;

fn read_within_room(message: Message, bytes: &[u8]) -> Decoded {
    let decoded = decode(message, bytes, &Known::default(), DecodeOptions { max_bytes: ROOM }).unwrap();
    let size = decoded.metrics.len();
    assert!(size <= 2 * ROOM, "{} bytes became {size}", bytes.len());
    decoded
}

#[test]
fn what_is_told_of_a_metric_is_not_told_a_million_times() {
    for (help, targets) in [(100_000, 200), (4000, 1000)] {
        let help = "h".repeat(help);
        let metadata = vec![v1::Metadata {
            kind: 2,
            metric_family_name: "m".to_owned(),
            help,
            ..v1::Metadata::default()
        }];
        let of_target = |target: i32| {
            v1_series(&[("__name__", "m"), ("instance", &target.to_string()), ("job", "j")], &[(1.0, 1)])
        };
        let timeseries = (0..targets).map(of_target).collect();
        let bytes = v1::WriteRequest { timeseries, metadata }.encode_to_vec();
        let decoded = read_within_room(Message::V1, &bytes);
        assert_eq!((decoded.points, decoded.refused.total), (targets as usize, 0));
    }
}

#[test]
fn exemplars_that_name_more_than_there_is_room_for_are_left_out() {
    let mut request = v2::Request::new();
    let value = "v".repeat(900);
    let labels_refs = request.refs(&[("__name__", "m")]);
    let exemplar = v2::Exemplar { labels_refs: request.refs(&[("x", &value)]), ..v2::Exemplar::default() };
    let samples = vec![v2::Sample { timestamp: 1, ..v2::Sample::default() }];
    let exemplars = vec![exemplar; 5000];
    request.timeseries.push(v2::TimeSeries { labels_refs, samples, exemplars, ..v2::TimeSeries::default() });
    let decoded = read_within_room(Message::V2, &request.encode_to_vec());
    assert_eq!((decoded.points, decoded.refused.total), (1, 0));
    assert!((1..5000).contains(&decoded.written.exemplars), "{}", decoded.written.exemplars);
}

#[test]
fn labels_that_name_more_than_there_is_room_for_cost_their_series() {
    let mut request = v2::Request::new();
    let value = "v".repeat(ROOM / 100);
    let names: Vec<_> = (0..200).map(|number| format!("l{number}")).collect();
    let mut labels = vec![("__name__", "m")];
    labels.extend(names.iter().map(|name| (name.as_str(), value.as_str())));
    let labels_refs = request.refs(&labels);
    // It has no sample, so no point would be too large.
    let exemplars = vec![v2::Exemplar::default()];
    request.timeseries.push(v2::TimeSeries { labels_refs, exemplars, ..v2::TimeSeries::default() });
    let decoded = read_within_room(Message::V2, &request.encode_to_vec());
    assert_eq!(decoded.refused.reasons, ["the request means more than is taken at once"]);
}
