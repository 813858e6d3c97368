//! Tables of ids.

use super::*;

#[test]
fn splits_at_the_first_slash_and_trims() {
    for (text, kind, name) in [
        ("otlp", "otlp", None),
        ("otlp/eu", "otlp", Some("eu")),
        (" otlp / eu ", "otlp", Some("eu")),
        ("otlp/a/b.c-d_e", "otlp", Some("a/b.c-d_e")),
        ("otlp/größe", "otlp", Some("größe")),
        ("a", "a", None),
        ("k8s_attributes/1", "k8s_attributes", Some("1")),
    ] {
        let id: ComponentId = text.parse().unwrap();
        assert_eq!((id.kind(), id.name()), (kind, name), "`{text}`");
    }
}

#[test]
fn keeps_its_spelling() {
    assert_eq!("otlp/eu".parse::<ComponentId>().unwrap().to_string(), "otlp/eu");
}

#[test]
fn says_what_is_wrong() {
    for (text, error) in [
        ("", IdError::Empty),
        ("  ", IdError::Empty),
        ("/x", IdError::NoKind("/x".to_owned())),
        ("x/", IdError::NoName("x/".to_owned())),
        ("x/  ", IdError::NoName("x/  ".to_owned())),
        ("2x", IdError::Kind("2x".to_owned())),
        ("a-b", IdError::Kind("a-b".to_owned())),
        ("a.b", IdError::Kind("a.b".to_owned())),
        ("x/a b", IdError::Name("a b".to_owned())),
        ("x/a$", IdError::Name("a$".to_owned())),
        ("x/a\u{7}", IdError::Name("a\u{7}".to_owned())),
        ("x/a<b", IdError::Name("a<b".to_owned())),
    ] {
        assert_eq!(text.parse::<ComponentId>().unwrap_err(), error, "`{text}`");
    }
}

#[test]
fn knows_the_longest_type_and_name() {
    assert!("a".repeat(63).parse::<ComponentId>().is_ok());
    assert!("a".repeat(64).parse::<ComponentId>().is_err());
    assert!(format!("a/{}", "n".repeat(1024)).parse::<ComponentId>().is_ok());
    assert!(format!("a/{}", "n".repeat(1025)).parse::<ComponentId>().is_err());
}
