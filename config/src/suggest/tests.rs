//! Tables of typing errors.

use super::*;

const NAMES: [&str; 6] =
    ["send_batch_size", "send_batch_max_size", "timeout", "endpoint", "tls", "otlp_http"];

#[test]
fn finds_what_was_meant() {
    for (name, meant) in [
        ("send_bach_size", "send_batch_size"),
        ("sendBatchSize", "send_batch_size"),
        ("send-batch-size", "send_batch_size"),
        ("SEND_BATCH_SIZE", "send_batch_size"),
        ("tiemout", "timeout"),
        ("timeouts", "timeout"),
        ("end_point", "endpoint"),
        ("tsl", "tls"),
        ("otlphttp", "otlp_http"),
    ] {
        assert_eq!(nearest(name, NAMES), Some(meant), "`{name}`");
    }
}

#[test]
fn says_nothing_when_nothing_is_near() {
    for name in ["", "x", "headers", "qqqqqqq", "__", &"a".repeat(10_000)] {
        assert_eq!(nearest(name, NAMES), None, "`{name}`");
    }
}

#[test]
fn lists_names_as_a_sentence_does() {
    assert_eq!(one_of(&[]), "nothing");
    assert_eq!(one_of(&["a"]), "`a`");
    assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    let many: Vec<String> = (0..14).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(one_of(&many).ends_with("`11` or 2 more"));
}
