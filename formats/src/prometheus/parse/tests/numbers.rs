//! Numbers in both directions.

use proptest::prelude::*;

use crate::prometheus::parse::number::{NORMAL_NAN, canonical, leading, parse};

#[test]
fn numbers_are_those_of_go() {
    for (text, expected) in [
        ("0", 0.0),
        ("-0", -0.0),
        ("1", 1.0),
        ("+1", 1.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5e1", -5.0),
        ("1e5", 1e5),
        ("1E+05", 1e5),
        ("1.445737e+06", 1445737.0),
        ("1e-7", 1e-7),
        ("0.1", 0.1),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("9007199254740993", 9007199254740992.0),
        ("1.7976931348623157e308", f64::MAX),
        ("5e-324", 5e-324),
        ("1e-999", 0.0),
        ("1e22", 1e22),
        ("1e23", 1e23),
        ("000000000000000000000000000001", 1.0),
        ("Inf", f64::INFINITY),
        ("+inf", f64::INFINITY),
        ("-INF", f64::NEG_INFINITY),
        ("Infinity", f64::INFINITY),
    ] {
        assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Some(expected.to_bits()), "{text}");
        let bytes = format!("{text} 7");
        let found = leading(bytes.as_bytes()).map(|(value, length)| (value.to_bits(), length));
        assert_eq!(found, Some((expected.to_bits(), text.len())), "{text}");
    }
    for text in ["NaN", "nan", "NAN"] {
        assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Some(NORMAL_NAN.to_bits()));
    }
}

#[test]
fn what_go_refuses_is_refused() {
    let refused = [
        "", "-", "+", ".", "e5", "1e", "1e+", "0x1p2", "0x10", "1_0", "1e999", "-1e999", "+nan", "-NaN",
        "in", "infinit", "1.2.3", "1,2", "--1", "1-", "١", "1e5.0",
    ];
    for text in refused {
        assert_eq!(parse(text.as_bytes()), None, "{text}");
        assert_eq!(leading(format!("{text}\n").as_bytes()), None, "{text}");
    }
}

#[test]
fn bounds_are_written_in_one_way() {
    for (value, text) in [
        (1.0, "1.0"),
        (0.5, "0.5"),
        (0.0, "0.0"),
        (1e5, "100000.0"),
        (1e6, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (1e100, "1e+100"),
        (-2.5, "-2.5"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(canonical(value), text);
    }
}

proptest! {
    #[test]
    fn the_short_way_gives_what_the_library_gives(text in "-?[0-9]{0,20}\\.?[0-9]{0,6}([eE][+-]?[0-9]{1,3})?") {
        let library: Option<f64> = text.parse().ok().filter(|value: &f64| value.is_finite());
        let found = leading(text.as_bytes());
        prop_assert_eq!(found.map(|(value, _)| value.to_bits()), library.map(f64::to_bits));
    }

    #[test]
    fn every_double_is_read_as_it_was_written(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(!value.is_nan());
        for text in [format!("{value}"), format!("{value:e}"), canonical(value)] {
            prop_assert_eq!(parse(text.as_bytes()).map(f64::to_bits), Some(bits), "{}", text);
        }
    }
}
