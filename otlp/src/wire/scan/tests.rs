//! The scan against prost, and what it says about broken requests.

use proptest::prelude::*;

use super::samples::{Reference, requests};
use super::*;
use crate::write::Writer;

/// Compares with prost, but for the differences listed at the head of the scan.
fn check_against_prost(signal: Signal, bytes: &[u8]) {
    match (scan(signal, bytes), Reference::read(signal, bytes)) {
        (Ok(items), Ok(reference)) => assert_eq!(items, reference.items(), "{signal} {bytes:02x?}"),
        (Ok(_), Err(error)) => {
            assert!(
                error.to_string().contains("UTF-8"),
                "only prost refuses: {error}\n{signal} {bytes:02x?}"
            );
        }
        (Err(error), Ok(_)) => {
            let is_known = matches!(error.fault, Fault::IdLength { .. });
            assert!(is_known, "only we refuse: {error}\n{signal} {bytes:02x?}");
        }
        (Err(error), Err(_)) => assert!(error.at <= bytes.len(), "{error} of {}", bytes.len()),
    }
}

/// What damage does to bytes: cut, change, insert, repeat.
fn damage(bytes: &mut Vec<u8>, (kind, place, value): (u8, prop::sample::Index, u8)) {
    if bytes.is_empty() {
        return;
    }
    let at = place.index(bytes.len());
    match kind % 6 {
        0 => bytes.truncate(at),
        1 => bytes[at] = value,
        2 => bytes[at] ^= 1 << (value % 8),
        3 => bytes.insert(at, value),
        4 => drop(bytes.remove(at)),
        _ => {
            let end = bytes.len().min(at + usize::from(value % 32));
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sound_requests_are_read_as_prost_reads_them((signal, bytes) in requests()) {
        prop_assert!(scan(signal, &bytes).is_ok());
        check_against_prost(signal, &bytes);
    }

    #[test]
    fn damaged_requests_are_read_as_prost_reads_them(
        (signal, mut bytes) in requests(),
        damages in prop::collection::vec(any::<(u8, prop::sample::Index, u8)>(), 1..4),
    ) {
        for each in damages {
            damage(&mut bytes, each);
            check_against_prost(signal, &bytes);
        }
    }

    #[test]
    fn arbitrary_bytes_are_read_as_prost_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        for signal in Signal::ALL {
            check_against_prost(signal, &bytes);
        }
    }

    #[test]
    fn requests_end_to_end_are_one_request((signal, first) in requests(), (other, second) in requests()) {
        if signal == other {
            let both = [&first[..], &second[..]].concat();
            let apart = scan(signal, &first).unwrap() + scan(signal, &second).unwrap();
            prop_assert_eq!(scan(signal, &both), Ok(apart));
        }
    }
}

#[test]
fn a_request_cut_anywhere_is_read_as_prost_reads_it() {
    for signal in Signal::ALL {
        let bytes = full(schema::request(signal), 0);
        assert!(scan(signal, &bytes).unwrap() > 0);
        for end in 0..bytes.len() {
            check_against_prost(signal, &bytes[..end]);
        }
    }
}

#[test]
fn every_byte_changed_in_every_way_is_read_as_prost_reads_it() {
    let mut bytes = request_of_one_span(&span());
    for at in 0..bytes.len() {
        let original = bytes[at];
        for value in 0..=255 {
            bytes[at] = value;
            check_against_prost(Signal::Traces, &bytes);
        }
        bytes[at] = original;
    }
}

#[test]
fn empty_requests_have_no_items() {
    for signal in Signal::ALL {
        assert_eq!(scan(signal, &[]), Ok(0));
    }
}

#[test]
fn nesting_is_bounded_where_prost_bounds_it() {
    for levels in [1, 30, 31, 32, 33, 46, 47, 48, 49, 50, 5000] {
        let mut value = vec![0x0a, 1, b'x'];
        for _ in 0..levels {
            let mut writer = Writer::new();
            writer.message(5, |array| array.bytes(1, &value));
            value = writer.into_bytes();
        }
        let mut log_record = Writer::new();
        log_record.bytes(5, &value);
        let mut request = Writer::new();
        request.message(1, |resource| resource.message(2, |scope| scope.bytes(2, log_record.as_slice())));
        check_against_prost(Signal::Logs, request.as_slice());
        assert_eq!(scan(Signal::Logs, request.as_slice()).is_ok(), levels <= 48, "{levels} levels");
    }
}

#[test]
fn deep_groups_are_refused_without_using_up_the_stack() {
    let mut bytes = vec![0xfb; 200_000];
    bytes.iter_mut().skip(1).step_by(2).for_each(|byte| *byte = 1);
    assert_eq!(scan(Signal::Traces, &bytes).unwrap_err().fault, Fault::TooDeep);
    check_against_prost(Signal::Traces, &bytes);
}

#[test]
fn points_of_the_type_that_came_last_count() {
    let mut metric = Writer::new();
    metric.message(5, |gauge| (0..3).for_each(|_| gauge.bytes(1, &[])));
    metric.message(7, |sum| (0..2).for_each(|_| sum.bytes(1, &[])));
    metric.message(7, |sum| sum.bytes(1, &[]));
    let mut request = Writer::new();
    request.message(1, |resource| resource.message(2, |scope| scope.bytes(2, metric.as_slice())));
    assert_eq!(scan(Signal::Metrics, request.as_slice()), Ok(3));
    check_against_prost(Signal::Metrics, request.as_slice());
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let in_span =
        |content: &[u8]| scan(Signal::Traces, &request_of_one_span(content)).unwrap_err().to_string();
    let table: [(&[u8], &str); 11] = [
        (
            &[0x2a, 100, b'x'],
            "malformed protobuf at byte 7 in Span: length 100 runs past the end of its message",
        ),
        (&[0x0a, 3, 1, 2, 3], "malformed protobuf at byte 7 in Span: field `trace_id` has 3 bytes"),
        (&[0x22, 1, 1], "malformed protobuf at byte 7 in Span: field `parent_span_id` has 1 bytes"),
        (&[0x28, 1], "malformed protobuf at byte 6 in Span: field `name` has wire type 0"),
        (&[0x30, 0x80], "malformed protobuf at byte 7 in Span: the message ends within a varint"),
        (&[0x39, 1, 2], "malformed protobuf at byte 7 in Span: the message ends within a fixed-size number"),
        (&[0x02, 0], "malformed protobuf at byte 6 in Span: a field number out of range"),
        (&[0x0f], "malformed protobuf at byte 6 in Span: unknown wire type 7"),
        (&[0xfc, 0x01], "malformed protobuf at byte 8 in Span: the end of a group that was not begun"),
        (&[0xfb, 0x01, 0x08], "malformed protobuf at byte 9 in Span: the message ends within a varint"),
        (
            &[0x4a, 4, 0x12, 2, 0x0a, 9],
            "malformed protobuf at byte 11 in AnyValue: length 9 runs past the end of its message",
        ),
    ];
    for (content, expected) in table {
        assert_eq!(in_span(content), expected);
    }
}

fn request_of_one_span(span: &[u8]) -> Vec<u8> {
    let mut request = Writer::new();
    request.message(1, |resource| resource.message(2, |scope| scope.bytes(2, span)));
    request.into_bytes()
}

fn span() -> Vec<u8> {
    let mut span = Writer::new();
    span.bytes(1, &[1; 16]);
    span.bytes(2, &[2; 8]);
    span.text(5, "GET");
    span.varint(6, 2);
    span.fixed64(7, 1_767_225_600_000_000_000);
    for value in
        [&[0x0a, 2, b'o', b'k'][..], &[0x10, 1], &[0x18, 0xc8, 1], &[0x21, 0, 0, 0, 0, 0, 0, 8, 64], &[]]
    {
        span.message(9, |attribute| {
            attribute.text(1, "key");
            attribute.bytes(2, value);
        });
    }
    span.message(15, |status| status.varint(3, 1));
    span.fixed32(16, 0x101);
    span.into_bytes()
}

/// A message with every field set once, a few levels deep.
fn full(message: &'static Message, level: u32) -> Vec<u8> {
    let mut out = Writer::new();
    for field in message.fields {
        match field.kind {
            Kind::Message(child) if level < 7 => out.bytes(field.number, &full(child, level + 1)),
            Kind::Message(_) => out.bytes(field.number, &[]),
            Kind::TraceId => out.bytes(field.number, &[1; 16]),
            Kind::SpanId => out.bytes(field.number, &[1; 8]),
            Kind::Text | Kind::Bytes => out.text(field.number, "text"),
            kind if kind.wire_type() == 0 => out.varint(field.number, 300),
            kind if kind.wire_type() == 1 => out.fixed64(field.number, 300),
            _ => out.fixed32(field.number, 300),
        }
    }
    out.into_bytes()
}
