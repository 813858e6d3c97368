//! JSON in both directions, by tables of odd inputs and against prost and serde.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wire::scan::samples::{Reference, requests};
use crate::wire::scan::scan;

const NO_LIMIT: usize = usize::MAX;

fn read(signal: Signal, text: &str) -> Result<Vec<u8>, String> {
    let bytes = decode(signal, text.as_bytes(), NO_LIMIT).map_err(|error| error.to_string())?;
    scan(signal, &bytes).expect("what was read from JSON is a request");
    Ok(bytes)
}

fn write(signal: Signal, bytes: &[u8]) -> String {
    let mut out = Vec::new();
    encode(signal, bytes, &mut out).expect("a request");
    String::from_utf8(out).expect("JSON is UTF-8")
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// What remains of one item with `members`, after reading and writing it.
struct Place {
    signal: Signal,
    start: &'static str,
    end: &'static str,
    pointer: &'static str,
}

const SPAN: Place = Place {
    signal: Signal::Traces,
    start: r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"#,
    end: "}]}]}]}",
    pointer: "/resourceSpans/0/scopeSpans/0/spans/0",
};

const POINT: Place = Place {
    signal: Signal::Metrics,
    start: r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"#,
    end: "}]}}]}]}]}",
    pointer: "/resourceMetrics/0/scopeMetrics/0/metrics/0/gauge/dataPoints/0",
};

const METRIC: Place = Place {
    signal: Signal::Metrics,
    start: r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"#,
    end: "}]}]}]}",
    pointer: "/resourceMetrics/0/scopeMetrics/0/metrics/0",
};

const LOG_RECORD: Place = Place {
    signal: Signal::Logs,
    start: r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"#,
    end: "}]}]}]}",
    pointer: "/resourceLogs/0/scopeLogs/0/logRecords/0",
};

impl Place {
    fn with(&self, members: &str) -> Result<Value, String> {
        let text = format!("{}{members}{}", self.start, self.end);
        let written = value(&write(self.signal, &read(self.signal, &text)?));
        Ok(written.pointer(self.pointer).expect("the item").clone())
    }

    fn check(&self, table: &[(&str, &str)]) {
        for (members, expected) in table {
            let remains = self.with(members).unwrap_or_else(|error| panic!("{error}: {members}"));
            assert_eq!(remains.to_string(), *expected, "{members}");
        }
    }

    fn refuses(&self, table: &[(&str, &str)]) {
        for (members, expected) in table {
            let error = self.with(members).expect_err(members);
            assert!(error.contains(expected), "{members}: {error}");
        }
    }
}

#[test]
fn ids_are_hexadecimal_of_either_case() {
    SPAN.check(&[
        (
            r#""traceId":"5B8EFFF798038103D269B633813FC60C""#,
            r#"{"traceId":"5b8efff798038103d269b633813fc60c","status":{}}"#,
        ),
        (r#""spanId":"EEE19b7ec3c1b174""#, r#"{"spanId":"eee19b7ec3c1b174","status":{}}"#),
        (r#""spanId":"\u0065ee19b7ec3c1b174""#, r#"{"spanId":"eee19b7ec3c1b174","status":{}}"#),
        (r#""traceId":"","parentSpanId":"""#, r#"{"status":{}}"#),
        (r#""traceId":null"#, r#"{"status":{}}"#),
        (r#""traceId":"5b8efff798038103d269b633813fc60c","traceId":"""#, r#"{"status":{}}"#),
    ]);
    SPAN.refuses(&[
        (r#""traceId":"5b8eff""#, "`traceId` must be 32 hexadecimal digits, or empty"),
        (r#""traceId":"5b8efff798038103d269b633813fc60x""#, "`traceId` must be 32 hexadecimal digits"),
        (r#""spanId":"eee19b7ec3c1b1745""#, "`spanId` must be 16 hexadecimal digits"),
        (r#""traceId":"W47/95gDgQPSabYzgT/GDA==""#, "`traceId` must be 32 hexadecimal digits"),
        (r#""traceId":5"#, "found `5`, expected a string"),
    ]);
}

#[test]
fn integers_are_numbers_or_text() {
    SPAN.check(&[
        (
            r#""startTimeUnixNano":"1544712660000000000""#,
            r#"{"startTimeUnixNano":"1544712660000000000","status":{}}"#,
        ),
        (
            r#""startTimeUnixNano":1544712660000000000"#,
            r#"{"startTimeUnixNano":"1544712660000000000","status":{}}"#,
        ),
        (
            r#""endTimeUnixNano":18446744073709551615"#,
            r#"{"endTimeUnixNano":"18446744073709551615","status":{}}"#,
        ),
        (r#""startTimeUnixNano":1.5447e9"#, r#"{"startTimeUnixNano":"1544700000","status":{}}"#),
        (r#""droppedAttributesCount":"3""#, r#"{"droppedAttributesCount":3,"status":{}}"#),
        (r#""droppedAttributesCount":4294967295"#, r#"{"droppedAttributesCount":4294967295,"status":{}}"#),
        (r#""flags":257"#, r#"{"flags":257,"status":{}}"#),
        (r#""flags":"257","flags":0"#, r#"{"status":{}}"#),
    ]);
    POINT.check(&[
        (r#""asInt":"-9223372036854775808""#, r#"{"asInt":"-9223372036854775808"}"#),
        (r#""asInt":-5"#, r#"{"asInt":"-5"}"#),
        (r#""asInt":0"#, r#"{"asInt":"0"}"#),
    ]);
    SPAN.refuses(&[
        (r#""startTimeUnixNano":null"#, "found `n`, expected a number"),
        (r#""startTimeUnixNano":-1"#, "`-1` is out of range, expected 0 to 18446744073709551615"),
        (r#""startTimeUnixNano":18446744073709551616"#, "out of range"),
        (r#""startTimeUnixNano":99999999999999999999999"#, "`99999999999999999999999` is not an integer"),
        (r#""startTimeUnixNano":"""#, "`` is not an integer"),
        (r#""startTimeUnixNano":1.5"#, "`1.5` is not an integer"),
        (r#""droppedAttributesCount":4294967296"#, "expected 0 to 4294967295"),
        (r#""flags":true"#, "found `t`, expected a number"),
    ]);
}

#[test]
fn doubles_are_numbers_or_text() {
    POINT.check(&[
        (r#""asDouble":1.5"#, r#"{"asDouble":1.5}"#),
        (r#""asDouble":"1.5""#, r#"{"asDouble":1.5}"#),
        (r#""asDouble":5"#, r#"{"asDouble":5}"#),
        (r#""asDouble":0"#, r#"{"asDouble":0}"#),
        (r#""asDouble":"NaN""#, r#"{"asDouble":"NaN"}"#),
        (r#""asDouble":"Infinity""#, r#"{"asDouble":"Infinity"}"#),
        (r#""asDouble":"-Infinity""#, r#"{"asDouble":"-Infinity"}"#),
        (r#""asDouble":-1e-300"#, r#"{"asDouble":-1e-300}"#),
    ]);
    POINT.refuses(&[
        (r#""asDouble":1e999"#, "`1e999` is not a number"),
        (r#""asDouble":"one""#, "`one` is not a number"),
        (r#""asDouble":NaN"#, "found `N`, expected a number"),
        (r#""asDouble":null"#, "expected a number"),
    ]);
}

#[test]
fn enumerations_are_numbers_or_names() {
    SPAN.check(&[
        (r#""kind":2"#, r#"{"kind":2,"status":{}}"#),
        (r#""kind":"2""#, r#"{"kind":2,"status":{}}"#),
        (r#""kind":"SPAN_KIND_SERVER""#, r#"{"kind":2,"status":{}}"#),
        (r#""kind":77"#, r#"{"kind":77,"status":{}}"#),
        (r#""kind":-1"#, r#"{"kind":-1,"status":{}}"#),
        (r#""status":{"code":"STATUS_CODE_ERROR"}"#, r#"{"status":{"code":2}}"#),
    ]);
    LOG_RECORD
        .check(&[(r#""severityNumber":"SEVERITY_NUMBER_WARN2""#, r#"{"severityNumber":14,"body":{}}"#)]);
    METRIC.check(&[(
        r#""sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","isMonotonic":true}"#,
        r#"{"sum":{"aggregationTemporality":1,"isMonotonic":true}}"#,
    )]);
    SPAN.refuses(&[
        (r#""kind":"server""#, "`server` is not a number or a name like `SPAN_KIND_UNSPECIFIED`"),
        (r#""kind":null"#, "expected a number"),
    ]);
}

#[test]
fn names_are_in_either_spelling_and_others_are_skipped() {
    SPAN.check(&[
        (r#""start_time_unix_nano":5"#, r#"{"startTimeUnixNano":"5","status":{}}"#),
        (r#""StartTimeUnixNano":5"#, r#"{"status":{}}"#),
        (r#""new":{"a":[1,"x\n",null,true,{"b":-1.5e3}]},"name":"n""#, r#"{"name":"n","status":{}}"#),
        (r#""\u006eame":"n""#, r#"{"name":"n","status":{}}"#),
        (r#" "name" : "n" , "kind" : 1 "#, r#"{"name":"n","kind":1,"status":{}}"#),
    ]);
    let old = r#"{"resource_spans":[{"scope_spans":[{"spans":[{"trace_state":"a=b"}]}]}]}"#;
    assert!(write(Signal::Traces, &read(Signal::Traces, old).unwrap()).contains(r#""traceState":"a=b""#));
}

#[test]
fn null_stands_for_what_is_absent() {
    SPAN.check(&[
        (r#""attributes":null,"name":null,"status":null"#, r#"{"status":{}}"#),
        (r#""attributes":[{"key":null,"value":null}]"#, r#"{"attributes":[{"value":{}}],"status":{}}"#),
        (r#""attributes":[null]"#, r#"{"attributes":[{"value":{}}],"status":{}}"#),
    ]);
    METRIC.check(&[(
        r#""histogram":{"dataPoints":[{"sum":null,"min":null,"max":0}]}"#,
        r#"{"histogram":{"dataPoints":[{"max":0}]}}"#,
    )]);
    assert_eq!(read(Signal::Logs, "null"), Ok(Vec::new()));
    assert_eq!(read(Signal::Logs, r#"{"resourceLogs":null}"#), Ok(Vec::new()));
}

#[test]
fn values_are_of_every_kind() {
    let table = [
        (r#"{"stringValue":""}"#, r#"{"stringValue":""}"#),
        (r#"{"boolValue":false}"#, r#"{"boolValue":false}"#),
        (r#"{"intValue":0}"#, r#"{"intValue":"0"}"#),
        (r#"{"doubleValue":"NaN"}"#, r#"{"doubleValue":"NaN"}"#),
        (r#"{"arrayValue":{}}"#, r#"{"arrayValue":{}}"#),
        (r#"{"kvlistValue":{}}"#, r#"{"kvlistValue":{}}"#),
        (
            r#"{"arrayValue":{"values":[{},{"intValue":1}]}}"#,
            r#"{"arrayValue":{"values":[{},{"intValue":"1"}]}}"#,
        ),
        (r#"{"bytesValue":"AQIDBA=="}"#, r#"{"bytesValue":"AQIDBA=="}"#),
        (r#"{"bytesValue":"\/\/8="}"#, r#"{"bytesValue":"//8="}"#),
        (r#"{"stringValue":"a","intValue":"1"}"#, r#"{"intValue":"1"}"#),
        (r#"{"intValue":"1","stringValue":null}"#, r#"{"intValue":"1"}"#),
        ("{}", "{}"),
    ];
    for (read, written) in table {
        let (members, expected) = (format!(r#""body":{read}"#), format!(r#"{{"body":{written}}}"#));
        LOG_RECORD.check(&[(&members, &expected)]);
    }
    LOG_RECORD.refuses(&[
        (r#""body":{"bytesValue":"A"}"#, "bytes are not in base64"),
        (r#""body":{"boolValue":null}"#, "expected `true` or `false`"),
        (r#""body":"text""#, "expected an object for AnyValue"),
    ]);
}

#[test]
fn a_name_that_occurs_twice_merges() {
    SPAN.check(&[
        (r#""name":"a","name":"b""#, r#"{"name":"b","status":{}}"#),
        (r#""name":"a","name":"""#, r#"{"status":{}}"#),
        (
            r#""attributes":[{"key":"a"}],"name":"n","attributes":[{"key":"b"}]"#,
            r#"{"name":"n","attributes":[{"key":"a","value":{}},{"key":"b","value":{}}],"status":{}}"#,
        ),
        (r#""status":{"code":1},"status":{"message":"m"}"#, r#"{"status":{"code":1,"message":"m"}}"#),
    ]);
    METRIC.check(&[(
        r#""sum":{"isMonotonic":true},"gauge":{"dataPoints":[]},"gauge":{"dataPoints":[{}]}"#,
        r#"{"gauge":{"dataPoints":[{}]}}"#,
    )]);
}

#[test]
fn text_has_its_escapes_replaced() {
    let table = [
        (r"\u00e4\n\t\\\/\b\f\r\u0000", "ä\n\t\\/\u{8}\u{c}\r\0"),
        (r"\ud83e\udd80!", "🦀!"),
        (r"\ud83e", "\u{fffd}"),
        (r"\ud83ex", "\u{fffd}x"),
        (r"\udd80\ud83e", "\u{fffd}\u{fffd}"),
        (r"\ud83e\n", "\u{fffd}\n"),
        (r"\uD83E\u0041", "\u{fffd}A"),
        ("ünïcode 🦀", "ünïcode 🦀"),
    ];
    for (escaped, text) in table {
        let remains = SPAN.with(&format!(r#""name":"{escaped}""#)).unwrap();
        assert_eq!(remains["name"], text);
    }
    SPAN.refuses(&[
        (r#""name":"\x""#, "unknown escape"),
        (r#""name":"\u12g4""#, "unknown escape"),
        ("\"name\":\"a\nb\"", "control character 0x0a in a string"),
    ]);
}

#[test]
fn what_is_not_utf8_is_replaced() {
    let text = b"{\"resourceSpans\":[{\"schemaUrl\":\"a\xffb\"}]}";
    let bytes = decode(Signal::Traces, text, NO_LIMIT).unwrap();
    assert!(write(Signal::Traces, &bytes).contains("a\u{fffd}b"));
    let resource = [0x0a, 5, 0x1a, 3, b'a', 0xff, b'b'];
    assert_eq!(write(Signal::Traces, &resource), r#"{"resourceSpans":[{"schemaUrl":"a�b","resource":{}}]}"#);
}

#[test]
fn errors_say_where() {
    let table = [
        ("", "line 1, column 1: the text ends where an object for ExportTraceServiceRequest was expected"),
        ("[]", "line 1, column 1: found `[`, expected an object for ExportTraceServiceRequest"),
        ("{} x", "line 1, column 4: found `x`, expected nothing after the request"),
        ("{\n  \"resourceSpans\": {}\n}", "line 2, column 20: found `{`, expected `[`"),
        ("{\"resourceSpans\":[{]}", "line 1, column 20: found `]`, expected a name"),
        ("{\"resourceSpans\":[{},]}", "line 1, column 22: found `]`, expected an object for ResourceSpans"),
        ("{\"a\":1,}", "line 1, column 8: found `}`, expected a name"),
        ("{\"a\" 1}", "line 1, column 6: found `1`, expected `:`"),
        ("{\"a\":tru}", "line 1, column 6: found `t`, expected `true` or `false`"),
        ("{\"a\":\"b", "line 1, column 8: the text ends within a string"),
    ];
    for (text, expected) in table {
        assert_eq!(
            read(Signal::Traces, text).unwrap_err(),
            format!("malformed JSON at {expected}"),
            "{text}"
        );
    }
}

#[test]
fn nesting_and_size_are_bounded() {
    for (levels, is_read) in [(48, true), (49, false), (50_000, false)] {
        let body =
            ["{\"arrayValue\":{\"values\":[".repeat(levels), "{}".to_owned(), "]}}".repeat(levels)].concat();
        let text = format!("{}\"body\":{body}{}", LOG_RECORD.start, LOG_RECORD.end);
        let bytes = read(Signal::Logs, &text);
        assert_eq!(bytes.is_ok(), is_read, "{levels} levels");
        bytes.into_iter().for_each(|bytes| assert!(write(Signal::Logs, &bytes).contains(&body)));
    }
    let unknown = "[".repeat(100_000);
    LOG_RECORD.refuses(&[(&format!("\"new\":{unknown}"), "nested deeper than 100 levels")]);
    let large = r#"{"resourceLogs":[{"schemaUrl":"more than ten bytes"}]}"#;
    let error = decode(Signal::Logs, large.as_bytes(), 10).unwrap_err().to_string();
    assert!(error.contains("the request is larger than 10 bytes"), "{error}");
}

#[test]
fn the_examples_are_read_as_serde_reads_them_and_survive_a_round_trip() {
    let examples = [
        (Signal::Traces, include_str!("../../tests/data/trace.json"), 2),
        (Signal::Metrics, include_str!("../../tests/data/metrics.json"), 6),
        (Signal::Logs, include_str!("../../tests/data/logs.json"), 1),
        (Signal::Logs, include_str!("../../tests/data/events.json"), 1),
    ];
    for (signal, text, items) in examples {
        let bytes = read(signal, text).unwrap();
        assert_eq!(scan(signal, &bytes), Ok(items));
        let written = write(signal, &bytes);
        assert_eq!(read(signal, &written).unwrap(), bytes);
    }
    for text in [examples[2].1, examples[3].1] {
        let by_serde: ExportLogsServiceRequest = serde_json::from_str(text).unwrap();
        let bytes = read(Signal::Logs, text).unwrap();
        assert_eq!(Reference::read(Signal::Logs, &bytes).unwrap(), Reference::Logs(by_serde));
    }
}

#[test]
fn bytes_that_are_no_request_are_refused_and_leave_no_trace() {
    let mut out = b"before".to_vec();
    for bytes in [&[0x0a][..], &[0x0a, 5, 1], &[0x08, 1], &[0x0a, 2, 0x1a, 9], &[0x0f]] {
        assert!(encode(Signal::Traces, bytes, &mut out).is_err());
        assert_eq!(out, b"before");
    }
}

/// What serde makes of a request; it writes all defaults, and `null` where there is nothing.
fn serde_text(reference: &Reference) -> Vec<u8> {
    let text = match reference {
        Reference::Traces(request) => serde_json::to_vec(request),
        Reference::Metrics(request) => serde_json::to_vec(request),
        Reference::Logs(request) => serde_json::to_vec(request),
    };
    text.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again((signal, bytes) in requests()) {
        let text = write(signal, &bytes);
        let again = read(signal, &text).unwrap();
        prop_assert_eq!(value(&write(signal, &again)), value(&text));
    }

    #[test]
    fn what_is_written_does_not_depend_on_the_order_of_fields((signal, bytes) in requests()) {
        if let Ok(reference) = Reference::read(signal, &bytes) {
            let ordered = write(signal, &reference.to_bytes());
            prop_assert_eq!(value(&write(signal, &bytes)), value(&ordered));
        }
    }

    #[test]
    fn what_serde_writes_is_read_as_prost_reads_the_bytes((signal, bytes) in requests()) {
        if let Ok(reference) = Reference::read(signal, &bytes) {
            let text = serde_text(&reference);
            let read = decode(signal, &text, NO_LIMIT)?;
            prop_assert_eq!(Reference::read(signal, &read)?, reference, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn damaged_text_is_refused_or_read_but_never_a_panic(
        (signal, bytes) in requests(),
        damages in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
    ) {
        let mut text = write(signal, &bytes).into_bytes();
        for (place, byte) in damages {
            let at = place.index(text.len());
            text[at] = if byte < 128 { b"{}[]\":,\\0n\xff u"[usize::from(byte) % 13] } else { byte - 128 };
            match decode(signal, &text, NO_LIMIT) {
                Ok(bytes) => prop_assert!(scan(signal, &bytes).is_ok()),
                Err(error) => prop_assert!(error.at <= 3 * text.len()),
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_make_the_writer_panic(
        (signal, mut bytes) in requests(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        if !bytes.is_empty() {
            let at = place.index(bytes.len());
            bytes[at] = byte;
            let mut out = Vec::new();
            if encode(signal, &bytes, &mut out).is_ok() {
                prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
            }
        }
    }
}
