//! The table of plain scalars.

use super::*;

#[track_caller]
fn check(expected: &Value, texts: &[&str]) {
    for text in texts {
        assert_eq!(resolve(text), *expected, "`{text}`");
    }
}

#[test]
fn nothing_tilde_and_null_are_null() {
    check(&Value::Null, &["", "~", "null", "Null", "NULL"]);
}

#[test]
fn only_true_and_false_are_booleans() {
    check(&Value::Bool(true), &["true", "True", "TRUE"]);
    check(&Value::Bool(false), &["false", "False", "FALSE"]);
    for text in ["yes", "no", "on", "off", "y", "n", "Yes", "ON", "tRUE", "nULL"] {
        check(&Value::String(text.into()), &[text]);
    }
}

#[test]
fn integers_come_in_go_s_spellings() {
    for (text, number) in [
        ("0", 0),
        ("-0", 0),
        ("8080", 8080),
        ("+5", 5),
        ("-5", -5),
        ("1_000", 1000),
        ("0777", 511),
        ("-017", -15),
        ("0o17", 15),
        ("-0o17", -15),
        ("0x1F", 31),
        ("0xdead_beef", 0xdead_beef),
        ("0b11", 3),
        ("-0b11", -3),
        ("9223372036854775807", i128::from(i64::MAX)),
        ("-9223372036854775808", i128::from(i64::MIN)),
        ("18446744073709551615", i128::from(u64::MAX)),
    ] {
        check(&Value::Int(number), &[text]);
    }
}

#[test]
fn floats_have_a_point_or_an_exponent_or_are_too_large_for_integers() {
    for (text, number) in [
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.5e1", -5.0),
        ("1e3", 1000.0),
        ("6.02E+2", 602.0),
        ("08", 8.0),
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        (".inf", f64::INFINITY),
        ("-.Inf", f64::NEG_INFINITY),
        ("+.INF", f64::INFINITY),
    ] {
        check(&Value::Float(number), &[text]);
    }
    assert!(matches!(resolve(".nan"), Value::Float(number) if number.is_nan()));
}

#[test]
fn everything_else_is_text() {
    for text in [
        "-",
        "+",
        ".",
        "..",
        "1e",
        "0x",
        "0xfg",
        "0o8",
        "0b2",
        "1.2.3",
        "1:30",
        "--5",
        "+-5",
        "0x-5",
        "1e999",
        "inf",
        "nan",
        "-.",
        "5s",
        "2001-01-01",
        "2001-12-14T21:59:43.10-05:00",
        "localhost:4317",
        "<<",
        "e5",
        "１",
    ] {
        check(&Value::String(text.into()), &[text]);
    }
}

#[test]
fn knows_what_go_takes_for_a_time() {
    assert!(looks_like_timestamp("2001-01-01"));
    assert!(!looks_like_timestamp("2001"));
    assert!(!looks_like_timestamp("trace-2001"));
}
