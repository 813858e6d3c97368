//! Values as text, and values of odd shapes.

use super::{AnyValue, Text, Value};

#[test]
fn every_kind_of_value_has_a_text() {
    let cases: [(AnyValue, &str); 14] = [
        (AnyValue::Empty, ""),
        ("plain".into(), "plain"),
        (true.into(), "true"),
        ((-3).into(), "-3"),
        (1.0.into(), "1"),
        (0.25.into(), "0.25"),
        (1e21.into(), "1e+21"),
        (1.5e-9.into(), "1.5e-9"),
        (f64::NAN.into(), "NaN"),
        (f64::NEG_INFINITY.into(), "-Inf"),
        (vec![1, 2, 3].into(), "AQID"),
        (AnyValue::Array(vec![AnyValue::Empty, "a\"\n\u{1}".into()]), r#"[null,"a\"\n\u0001"]"#),
        (AnyValue::Map(vec![("b".into(), 1.into()), ("a".into(), false.into())]), r#"{"a":false,"b":1}"#),
        (AnyValue::Array(vec![]), "[]"),
    ];
    for (value, text) in cases {
        assert_eq!(value.to_text(), text);
        let mut wire = Vec::new();
        value.write(&mut wire);
        assert_eq!(Value::read(&wire).to_text(), text);
    }
}

#[test]
fn the_last_member_of_the_oneof_counts() {
    assert_eq!(Value::read(b"\x0a\x01t\x18\x07"), Value::Int(7));
    assert_eq!(Value::read(b"\x18\x07\x0a\x01t"), Value::Text(Text::from("t")));
    assert_eq!(Value::read(b""), Value::Empty);
}

#[test]
fn text_that_is_not_utf_8_shows_replacement_characters() {
    let text = Text::new(b"a\xffb");
    assert_eq!(text.to_str(), "a\u{fffd}b");
    assert_eq!(text.as_bytes(), b"a\xffb");
    assert_ne!(text, "a\u{fffd}b");
}

#[test]
fn what_lies_too_deep_is_left_empty() {
    let mut wire = Vec::new();
    for _ in 0..50_000 {
        // An array with one value in it; lengths are as long as they may be.
        let mut outer = Vec::with_capacity(wire.len() + 16);
        crate::wire::message::put_message(&mut outer, 5, |out| {
            crate::wire::message::put_bytes(out, 1, &wire)
        });
        wire = outer;
        if wire.len() > 20_000 {
            break;
        }
    }
    assert!(Value::read(&wire).to_text().starts_with("[[[["));
}
