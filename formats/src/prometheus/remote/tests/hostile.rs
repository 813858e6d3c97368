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
