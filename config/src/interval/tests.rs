//! Tables of durations.

use proptest::prelude::*;

use super::*;

#[test]
fn reads_and_prints_as_go_does() {
    for (text, nanos, printed) in [
        ("0", 0, "0s"),
        ("0s", 0, "0s"),
        ("-0s", 0, "0s"),
        ("+5s", 5_000_000_000, "5s"),
        ("300ms", 300_000_000, "300ms"),
        ("1m30s", 90_000_000_000, "1m30s"),
        ("1.5h", 5_400_000_000_000, "1h30m0s"),
        ("100µs", 100_000, "100µs"),
        ("100μs", 100_000, "100µs"),
        ("100us", 100_000, "100µs"),
        (".5s", 500_000_000, "500ms"),
        ("1.s", 1_000_000_000, "1s"),
        ("1ns", 1, "1ns"),
        ("1.5us", 1_500, "1.5µs"),
        ("3h", 10_800_000_000_000, "3h0m0s"),
        ("90s", 90_000_000_000, "1m30s"),
        ("1s1s", 2_000_000_000, "2s"),
        ("1.000000001s", 1_000_000_001, "1.000000001s"),
        ("0.1234567899s", 123_456_789, "123.456789ms"),
        ("9223372036854775807ns", 9_223_372_036_854_775_807, "2562047h47m16.854775807s"),
    ] {
        let interval: Interval = text.parse().unwrap();
        assert_eq!(interval.as_nanos(), nanos, "`{text}`");
        assert_eq!(interval.to_string(), printed, "`{text}`");
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, message) in [
        ("", "`` is not a duration"),
        ("5", "`5` has no unit: expected `ns`, `us`, `ms`, `s`, `m` or `h` after each number"),
        ("1m30", "`1m30` has no unit: expected `ns`, `us`, `ms`, `s`, `m` or `h` after each number"),
        ("-5s", "a duration must not be negative, found `-5s`"),
        ("1d", "unknown unit `d` in `1d`: expected `ns`, `us`, `ms`, `s`, `m` or `h`"),
        ("1 s", "unknown unit ` s` in `1 s`: expected `ns`, `us`, `ms`, `s`, `m` or `h`"),
        ("s", "`s` is not a duration: expected a number before each unit"),
        (".s", "`.s` is not a duration: expected a number before each unit"),
        ("1.2.3s", "`1.2.3s` is not a duration: expected a number before each unit"),
        ("292471y", "unknown unit `y` in `292471y`: expected `ns`, `us`, `ms`, `s`, `m` or `h`"),
        ("9223372036854775808ns", "a duration must be shorter than 292 years"),
        ("99999999999999999999999999999999999999999999h", "a duration must be shorter than 292 years"),
    ] {
        assert_eq!(text.parse::<Interval>().unwrap_err().to_string(), message);
    }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_the_same(nanos in 0..=i64::MAX as u64) {
        let interval = Interval(Duration::from_nanos(nanos));
        prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
    }

    #[test]
    fn no_text_panics(text in "[-+.0-9nuµmsh ]{0,40}") {
        let _ = text.parse::<Interval>();
    }
}
