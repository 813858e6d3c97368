//! Prometheus' text format.

use std::time::{Duration, Instant};

use super::said;
use crate::prometheus::parse::{Dialect, Lines, Reader};

#[track_caller]
fn check(page: &str, expected: &[&str]) {
    assert_eq!(said(page.as_bytes(), Dialect::Text), expected, "{page:?}");
}

#[test]
fn samples_are_read_however_they_are_spaced() {
    check("a 1", &["a{} 1"]);
    check("a 1\n", &["a{} 1"]);
    check("  a\t \t1  \n", &["a{} 1"]);
    check("\n \n\t\na 1\n\n", &["a{} 1"]);
    check("a{} 1", &["a{} 1"]);
    check("a {b=\"c\"} 1", &["a{b=\"c\"} 1"]);
    check("a{ b = \"c\" , d=\"e\" , } 1", &["a{b=\"c\",d=\"e\"} 1"]);
    check("a{b=\"c\"}1", &["a{b=\"c\"} 1"]);
    check("a{b=\"c\"d=\"e\"} 1", &["a{b=\"c\",d=\"e\"} 1"]);
    check(":a:b_1 1", &[":a:b_1{} 1"]);
}

#[test]
fn a_timestamp_is_digits() {
    check("a 1 1234\na 1 1234  \na 1\t1234", &["a{} 1 @1234"; 3]);
    let more = "! there is more behind the value than a timestamp";
    check("a 1 -1\na 1 1.5\na 1 x\na 1 2 3\n", &[more; 4]);
    check("a 1 99999999999999999999\n", &["! the timestamp is out of range"]);
}

#[test]
fn labels_may_hold_any_text() {
    check(r#"a{b="\"\\\n\x"} 1"#, &[r#"a{b="\"\\\n\\x"} 1"#]);
    check("a{b=\"c\nd}\"} 1\ne 2", &["a{b=\"c\\nd}\"} 1", "e{} 2"]);
    check("a{b=\"{}#,=\"} 1", &["a{b=\"{}#,=\"} 1"]);
    check("a{b=\"ü\"} 1", &["a{b=\"ü\"} 1"]);
}

#[test]
fn names_may_be_quoted() {
    check("{\"a.b\"} 1", &["a.b{} 1"]);
    check("{\"a.b\",c=\"d\",\"e f\"=\"g\"} 1", &["a.b{c=\"d\",e f=\"g\"} 1"]);
    check("{c=\"d\",\"a.b\"} 1", &["a.b{c=\"d\"} 1"]);
    check("# TYPE \"a.b\" counter\n# HELP \"a \\\"b\" c\n", &["TYPE a.b counter", "HELP a \"b \"c\""]);
    check("{\"a\",\"b\"} 1", &["! expected `=`, found `}`"]);
    check("a{\"b\"} 1", &["! expected `=`, found `}`"]);
    check("{b=\"c\"} 1", &["! a sample has no name"]);
}

#[test]
fn comments_say_nothing() {
    check("# a\n#\n#HELP a b\n# HELP\n# TYPE\n# HELPa b\n# EOF\n #x\na 1 \n", &["a{} 1"]);
}

#[test]
fn help_is_the_rest_of_the_line() {
    check("# HELP a b  c \n", &["HELP a \"b  c \""]);
    check("#  HELP\ta\t b\n", &["HELP a \" b\""]);
    check("# HELP a\n# HELP a \n", &["HELP a \"\"", "HELP a \"\""]);
    check("# HELP a \\n\\\\\\\"\\x\n", &["HELP a \"\\n\\\\\\\\\\\"\\\\x\""]);
    check("# HELP 1 b\n", &["! a metric's name is missing"]);
}

#[test]
fn a_type_is_one_of_five_words() {
    check(
        "# TYPE a counter\n# TYPE a gauge\n# TYPE a histogram\n# TYPE a summary\n# TYPE a untyped\n",
        &["TYPE a counter", "TYPE a gauge", "TYPE a histogram", "TYPE a summary", "TYPE a unknown"],
    );
    check(
        "# TYPE a Counter\n# TYPE a  gauge\n# TYPE a gauge \n# TYPE a\n# TYPE a info\n",
        &[
            "! unknown type `Counter`",
            "! unknown type ` gauge`",
            "! unknown type `gauge `",
            "! unknown type ``",
            "! unknown type `info`",
        ],
    );
}

#[test]
fn a_bad_line_ends_where_the_line_ends() {
    let unread = "! expected a series: a name, or labels in braces";
    check("a{b=\"c\nd 1\n", &[unread, "d{} 1"]);
    check("a{b=\"c\" 1\nd 1\n", &[unread, "d{} 1"]);
    check("1a 1\nd 1\n", &[unread, "d{} 1"]);
    check("a\nd 1\n", &["! the value is not a number", "d{} 1"]);
    check("a \nd 1\n", &["! the value is not a number", "d{} 1"]);
    check("a 1\r\nd 1\n", &["! the value is not a number", "d{} 1"]);
    check("a{b=c} 1\n", &["! expected `\"`, found `c`"]);
    check("a{1=\"c\"} 1\n", &["! expected a label's name, found `1`"]);
    check("a{,b=\"c\"} 1\n", &["! expected a label's name, found `,`"]);
    check("a{b=\"c\",,d=\"e\"} 1\n", &["! expected a label's name, found `,`"]);
    check("a{b:c=\"d\"} 1\n", &["! expected `=`, found `:`"]);
    check("a{}{} 1\n", &["! the value is not a number"]);
    check("a{b=\"c\"} 1 # {} 1\n", &["! there is more behind the value than a timestamp"]);
}

#[test]
fn bytes_that_are_not_utf8_cost_their_line() {
    let said = said(b"a{b=\"\xff\"} 1\n# HELP a \xff\nc 1\n", Dialect::Text);
    let bad = "! there are bytes that are not UTF-8";
    assert_eq!(said, [bad, bad, "c{} 1"]);
}

#[test]
fn no_input_is_looked_through_again_and_again() {
    // Each of these lines leaves something open that only the end of the page would close.
    for line in ["a{\n", "a{b=\"\\\n", "{\\\"\n", "a{b=\"\\\"\n", "{\"a\\\"\n", "{\"\n", "a{b=\"c\n"] {
        let page = line.repeat(300_000);
        let begin = clock();
        let mut lines = Lines::new(page.as_bytes());
        let bad = std::iter::from_fn(|| lines.next(b"")).filter(Result::is_err).count();
        assert!(bad > 0, "{line:?}");
        assert!(begin.elapsed() < Duration::from_secs(15), "{line:?}");
    }
}

#[expect(clippy::disallowed_methods, reason = "how long reading takes is what is tested")]
fn clock() -> Instant {
    Instant::now()
}
