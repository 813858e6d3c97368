//! Patterns of keys.

use super::matches;

#[test]
fn patterns_have_wildcards() {
    let table = [
        ("*", "anything", true),
        ("a.*", "a.b", true),
        ("a.*", "ab", false),
        ("*.id", "service.instance.id", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b", "ba", false),
        ("", "", true),
        ("", "a", false),
    ];
    for (pattern, text, expected) in table {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
    assert!(!matches(&"*a".repeat(50), &"a".repeat(49)));
}
