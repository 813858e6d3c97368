//! The text formats.

use proptest::prelude::*;

use super::*;
use crate::prometheus::expose::number;

#[test]
fn a_counter_is_one_line() {
    let value = read(counter(1.5, Vec::new())).unwrap();
    let text = page(Format::Text, "requests_total", Kind::Counter, &series(r#"a="b""#, &value));
    let expected = "# HELP requests_total What it \"is\".\\\\\\n\n# TYPE requests_total counter\n\
                    requests_total{a=\"b\"} 1.5\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    let text = page(Format::OpenMetrics1, "requests_total", Kind::Counter, &series("", &value));
    let expected =
        "# HELP requests What it \\\"is\\\".\\\\\\n\n# TYPE requests counter\nrequests_total 1.5\n# EOF\n";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

#[test]
fn in_open_metrics_a_counter_without_its_suffix_and_what_has_no_type_are_unknown() {
    let value = Value::Number(1.0, None);
    for kind in [Kind::Counter, Kind::Untyped] {
        let text = page(Format::OpenMetrics1, "requests", kind, &series("", &value));
        let text = String::from_utf8(text).unwrap();
        assert!(text.ends_with("# TYPE requests unknown\nrequests 1.0\n# EOF\n"), "{text}");
    }
}

#[test]
fn buckets_are_cumulative_and_end_with_infinity() {
    let value = read(histogram(&[0.5, 1.0, 2.5], &[1, 0, 2, 4], 12.25, Vec::new())).unwrap();
    let text = samples(Format::Text, "h", Kind::Histogram, &series(r#"a="b""#, &value));
    let expected = "h_bucket{a=\"b\",le=\"0.5\"} 1\nh_bucket{a=\"b\",le=\"1\"} 1\nh_bucket{a=\"b\",le=\"2.5\"} 3\n\
                    h_bucket{a=\"b\",le=\"+Inf\"} 7\nh_sum{a=\"b\"} 12.25\nh_count{a=\"b\"} 7\n";
    assert_eq!(text, expected);
    let text = samples(Format::OpenMetrics1, "h", Kind::Histogram, &series("", &value));
    assert!(text.contains("h_bucket{le=\"1.0\"} 1\n") && text.contains("h_sum 12.25\nh_count 7\n"), "{text}");
}

#[test]
fn exemplars_stand_behind_counters_and_buckets_in_open_metrics_only() {
    let ids = format!("trace_id=\"{}\",span_id=\"{}\"", "ab".repeat(16), "cd".repeat(8));
    let old_and_new = vec![exemplar(1.0, 2_000_000_000), exemplar(2.0, 3_500_000_000)];
    let value = read(counter(7.0, old_and_new.clone())).unwrap();
    let text = samples(Format::OpenMetrics1, "c_total", Kind::Counter, &series("", &value));
    assert_eq!(text, format!("c_total 7.0 # {{{ids}}} 2.0 3.5\n"));
    let text = samples(Format::Text, "c_total", Kind::Counter, &series("", &value));
    assert_eq!(text, "c_total 7\n");

    let mut nameless = exemplar(9.0, 0);
    nameless.trace_id = Vec::new();
    nameless.span_id = Vec::new();
    let exemplars = [old_and_new, vec![nameless]].concat();
    let value = read(histogram(&[2.0], &[1, 1], 3.0, exemplars)).unwrap();
    let text = samples(Format::OpenMetrics0, "h", Kind::Histogram, &series("", &value));
    let expected = format!(
        "h_bucket{{le=\"2.0\"}} 1 # {{{ids}}} 2.0 3.5\nh_bucket{{le=\"+Inf\"}} 2 # {{}} 9.0\nh_sum 3.0\nh_count 2\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn summaries_have_quantiles() {
    let value = read(summary(&[(0.99, 3.0), (0.5, f64::NAN)], 10, 4.5)).unwrap();
    let text = samples(Format::Text, "s", Kind::Summary, &series("", &value));
    assert_eq!(text, "s{quantile=\"0.5\"} NaN\ns{quantile=\"0.99\"} 3\ns_sum 4.5\ns_count 10\n");
}

#[test]
fn timestamps_are_milliseconds_or_seconds() {
    let value = Value::Number(1.0, None);
    let at = Series { time: 1_520_879_607_789_999_999, ..series("", &value) };
    assert_eq!(samples(Format::Text, "g", Kind::Gauge, &at), "g 1 1520879607789\n");
    assert_eq!(samples(Format::OpenMetrics1, "g", Kind::Gauge, &at), "g 1.0 1520879607.789\n");
}

#[test]
fn names_in_utf_8_stand_in_quotes() {
    let value = read(histogram(&[1.0], &[1, 1], 3.0, Vec::new())).unwrap();
    let text = page(Format::Text1, "http.\"time\"", Kind::Histogram, &series("\"a.b\"=\"c\"", &value));
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("# TYPE \"http.\\\"time\\\"\" histogram\n"), "{text}");
    assert!(text.contains("{\"http.\\\"time\\\"_bucket\",\"a.b\"=\"c\",le=\"1\"} 1\n"), "{text}");
    let text = samples(Format::Text1, "a.b", Kind::Gauge, &series("", &Value::Number(2.0, None)));
    assert_eq!(text, "{\"a.b\"} 2\n");
}

#[test]
fn escaped_names_are_legal_and_labels_that_become_one_are_left_out() {
    let value = Value::Number(2.0, None);
    let table = [
        (Escaping::Underscores, "http_status:sum_x{a_b=\"c\"} 2\n"),
        (Escaping::Dots, "http_dot_status:sum__x{a_dot_b=\"c\"} 2\n"),
        (Escaping::Values, "U__http_2e_status:sum__x{U__a_2e_b=\"c\"} 2\n"),
    ];
    for (escaping, expected) in table {
        let negotiated = Negotiated { format: Format::Text, escaping };
        let text = page_with(negotiated, "http.status:sum_x", Kind::Gauge, &series("\"a.b\"=\"c\"", &value));
        assert!(
            String::from_utf8(text.clone()).unwrap().ends_with(expected),
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
    let mut page = Page::new(Negotiated::default(), false);
    let mut out = Vec::new();
    page.begin(&mut out, &Head { name: "m", help: "", kind: Kind::Gauge });
    let before = out.len();
    assert!(!page.series(&mut out, &series("\"a.b\"=\"c\",a_b=\"d\"", &value)));
    assert_eq!(out.len(), before);
}

#[test]
fn numbers_are_written_as_go_writes_them() {
    let table = [
        (0.0, "0", "0.0"),
        (-0.0, "-0", "-0.0"),
        (1.0, "1", "1.0"),
        (-17.0, "-17", "-17.0"),
        (0.1, "0.1", "0.1"),
        (0.0001, "0.0001", "0.0001"),
        (0.000_01, "1e-05", "1e-05"),
        (0.000_123, "0.000123", "0.000123"),
        (1234.5, "1234.5", "1234.5"),
        (999_999.0, "999999", "999999.0"),
        (1e6, "1e+06", "1e+06"),
        (1_234_567.0, "1.234567e+06", "1.234567e+06"),
        (123_456.75, "123456.75", "123456.75"),
        (1e21, "1e+21", "1e+21"),
        (1e100, "1e+100", "1e+100"),
        (5e-324, "5e-324", "5e-324"),
        (f64::MAX, "1.7976931348623157e+308", "1.7976931348623157e+308"),
        (f64::NAN, "NaN", "NaN"),
        (f64::INFINITY, "+Inf", "+Inf"),
        (f64::NEG_INFINITY, "-Inf", "-Inf"),
    ];
    for (value, plain, fractional) in table {
        let mut out = Vec::new();
        number::write(&mut out, value);
        assert_eq!(String::from_utf8(out).unwrap(), plain);
        let mut out = Vec::new();
        number::write_fractional(&mut out, value);
        assert_eq!(String::from_utf8(out).unwrap(), fractional);
    }
}

proptest! {
    #[test]
    fn every_number_reads_back_as_itself(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        let mut out = Vec::new();
        number::write(&mut out, value);
        let text = String::from_utf8(out).unwrap();
        let read: f64 = text.parse().unwrap();
        prop_assert!(read == value || value.is_nan() && read.is_nan(), "{} from {}", text, value);
    }

    #[test]
    fn whole_numbers_read_back_too(whole in -2_000_000_i32..2_000_000) {
        let mut out = Vec::new();
        number::write(&mut out, whole.into());
        let text = String::from_utf8(out).unwrap();
        prop_assert_eq!(text.parse::<f64>().unwrap(), f64::from(whole));
    }
}
