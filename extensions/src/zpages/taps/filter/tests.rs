use component::testing::payload;
use otlp::{Signal, json};

use super::*;

/// Two spans of `cart`, one of them `GET /cart` with status 500.
fn spans() -> Payload {
    let text = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}]},
        "scopeSpans":[{"scope":{"name":"http","attributes":[{"key":"team","value":{"stringValue":"shop"}}]},"spans":[
        {"name":"GET /cart","attributes":[{"key":"http.status_code","value":{"intValue":500}},
            {"key":"error","value":{"boolValue":true}}]},
        {"name":"SELECT","attributes":[{"key":"db.rows","value":{"doubleValue":1.5}},
            {"key":"note","value":{"stringValue":"a \"b\" = c"}}]}]}]}]}"#;
    let bytes = json::decode(Signal::Traces, text.as_bytes(), 1 << 20).unwrap();
    Payload::parse(Signal::Traces, bytes.into()).unwrap()
}

#[test]
fn a_filter_lets_through_what_fits_all_its_terms() {
    for (filter, expected) in [
        ("", &[0, 1][..]),
        ("  ", &[0, 1]),
        ("service.name=cart", &[0, 1]),
        ("service.name=basket", &[]),
        ("service.name!=basket", &[0, 1]),
        ("team=shop", &[0, 1]),
        ("http.status_code=500", &[0]),
        ("http.status_code!=500", &[1]),
        ("error=true", &[0]),
        ("error", &[0]),
        ("!error", &[1]),
        ("db.rows=1.5", &[1]),
        ("name=SELECT", &[1]),
        ("name=\"GET /cart\"", &[0]),
        ("name!=SELECT", &[0]),
        (r#"note="a \"b\" = c""#, &[1]),
        ("service.name=cart error", &[0]),
        ("service.name=cart and error", &[0]),
        ("service.name=cart AND !error", &[1]),
        ("error !error", &[]),
        ("note=\"\"", &[]),
        ("note!=\"\"", &[0, 1]),
    ] {
        let parsed = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        assert_eq!(parsed.positions(&spans()), expected, "{filter}");
    }
}

#[test]
fn points_and_records_are_looked_into_as_well() {
    let filter = Filter::parse("service.name=test").unwrap();
    assert_eq!(filter.positions(&payload(Signal::Metrics, 2)), [0, 1]);
    assert_eq!(filter.positions(&payload(Signal::Logs, 2)), [0, 1]);
    let named = Filter::parse("name=1").unwrap();
    assert_eq!(named.positions(&payload(Signal::Metrics, 2)), [1]);
    assert_eq!(named.positions(&payload(Signal::Logs, 2)), <[usize; 0]>::default(), "records have no names");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (filter, expected) in [
        ("=cart", "filter, character 1: expected a key, found `=`"),
        ("a=b !", "filter, character 5: expected a key, found the end"),
        ("a=", "filter, character 3: expected a value; an empty one is `\"\"`"),
        ("a= b", "filter, character 3: expected a value; an empty one is `\"\"`"),
        ("ü=1 b>5", "filter, character 6: expected `=`, `!=` or a blank after the key, found `>`"),
        ("a or b", "filter, character 3: `or` is not known; all terms must hold"),
        ("a=\"b", "filter, character 3: the text has no closing quote"),
        ("a=\"b\"c", "filter, character 6: expected a blank after the value, found `c`"),
        ("!a=b", "filter, character 3: a key after `!` has no value"),
        ("a!b", "filter, character 2: expected `=`, `!=` or a blank after the key, found `!`"),
    ] {
        let error = Filter::parse(filter).expect_err(filter);
        assert_eq!(error.to_string(), expected, "{filter}");
    }
    assert!(Filter::parse(&"a ".repeat(17)).unwrap_err().to_string().contains("more than 16 terms"));
}
