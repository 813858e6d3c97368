use bytes::Bytes;
use otlp::{Payload, Signal};

use super::{Counts, detailed, go, normal};

/// Renders a request written in JSON, and compares.
fn check(signal: Signal, request: &str, as_lines: &str, as_dump: &str) {
    let bytes = otlp::json::decode(signal, request.as_bytes(), 1 << 20).unwrap();
    let payload = Payload::parse(signal, Bytes::from(bytes)).unwrap();
    let (lines, dump) = (normal(&payload), detailed(&payload));
    assert!(lines == as_lines, "{lines}");
    assert!(dump == as_dump, "{dump}");
}

#[test]
fn spans_look_as_in_the_go_collector() {
    let request = include_str!("../testdata/traces.json");
    let (as_lines, as_dump) =
        (include_str!("../testdata/traces.normal"), include_str!("../testdata/traces.detailed"));
    check(Signal::Traces, request, as_lines, as_dump);
}

#[test]
fn metrics_look_as_in_the_go_collector() {
    let request = include_str!("../testdata/metrics.json");
    let (as_lines, as_dump) =
        (include_str!("../testdata/metrics.normal"), include_str!("../testdata/metrics.detailed"));
    check(Signal::Metrics, request, as_lines, as_dump);
}

#[test]
fn log_records_look_as_in_the_go_collector() {
    let request = include_str!("../testdata/logs.json");
    let (as_lines, as_dump) =
        (include_str!("../testdata/logs.normal"), include_str!("../testdata/logs.detailed"));
    check(Signal::Logs, request, as_lines, as_dump);
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    for (value, shortest, fixed) in [
        (0.0, "0", "0.000000"),
        (-1.5, "-1.5", "-1.500000"),
        (1e20, "100000000000000000000", "100000000000000000000.000000"),
        (1e21, "1e+21", "1000000000000000000000.000000"),
        (0.0001, "0.0001", "0.000100"),
        (0.00001234, "1.234e-05", "0.000012"),
        (f64::INFINITY, "+Inf", "+Inf"),
        (f64::NEG_INFINITY, "-Inf", "-Inf"),
        (f64::NAN, "NaN", "NaN"),
    ] {
        assert_eq!(go::shortest(value), shortest);
        assert_eq!(go::fixed(value), fixed);
    }
}

#[test]
fn names_and_times_are_written_as_go_writes_them() {
    assert_eq!(
        [0, 1, 4, 9, 12, 21, 24, 25, -1].map(go::severity).join(" "),
        "Unspecified Trace Trace4 Info Info4 Fatal Fatal4  "
    );
    assert_eq!(go::span_kind(9), "");
    assert_eq!(go::time(0), "1970-01-01 00:00:00 +0000 UTC");
    assert_eq!(go::time(u64::MAX), "1969-12-31 23:59:59.999999999 +0000 UTC");
    assert_eq!(go::time(1 << 63), "1677-09-21 00:12:43.145224192 +0000 UTC");
    assert_eq!(go::id(&[0; 16]), "");
    assert_eq!(go::id(&[0, 255]), "00ff");
}

#[test]
fn a_batch_is_counted_in_one_line() {
    let line = |signal| Counts::of(&component::testing::payload(signal, 2)).line();
    assert_eq!(line(Signal::Traces), "Traces\t{\"resource spans\": 1, \"spans\": 2}\n");
    assert_eq!(
        line(Signal::Metrics),
        "Metrics\t{\"resource metrics\": 1, \"metrics\": 2, \"data points\": 2}\n"
    );
    assert_eq!(line(Signal::Logs), "Logs\t{\"resource logs\": 1, \"log records\": 2}\n");
}
