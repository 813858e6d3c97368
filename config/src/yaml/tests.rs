//! Printing and reading back.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::diagnostic::Diagnostics;
use crate::parse::parse_value;
use crate::tree::{Key, Position};

fn node(value: Value) -> Node {
    Node::new(value, Position::nowhere())
}

#[test]
fn only_texts_that_would_be_misread_are_quoted() {
    for plain in ["x", "localhost:4317", "http://host/a?b=c", "a b", "größe", "1.2.3", "5s", "a#b"] {
        assert_eq!(string(plain), plain);
    }
    for quoted in [
        "",
        " ",
        " a",
        "a ",
        "8",
        "0x1F",
        "1.5",
        ".inf",
        "true",
        "null",
        "~",
        "yes",
        "On",
        "n",
        "2001-01-01",
        "- a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "[a",
        "{a",
        "'a",
        "\"a",
        "%a",
        "@a",
        "`a",
        "a\nb",
        "a\tb",
        "<<",
        "---",
        "...",
        "a\u{85}b",
        "a\u{feff}",
        "a\u{2028}b",
        "🦀",
    ] {
        assert!(string(quoted).starts_with('"'), "{quoted:?}");
    }
}

#[test]
fn nests_in_blocks() {
    let text = "a:\n  - b: 1\n    c:\n      - d\n  - - 1\n    - 2\n  - []\ne: {}\n";
    let parsed = parse_value("c", text, &mut Diagnostics::new()).unwrap();
    assert_eq!(to_yaml(&parsed), text);
}

#[test]
fn json_has_the_same_shape() {
    let parsed = parse_value("c", "a: [1, .inf]\nb: x", &mut Diagnostics::new()).unwrap();
    assert_eq!(to_json(&parsed), "{\n  \"a\": [\n    1,\n    null\n  ],\n  \"b\": \"x\"\n}\n");
}

fn scalars() -> impl Strategy<Value = Node> {
    let text = prop_oneof![
        any::<String>(),
        "[-+.0-9eExX_:oa-f]{0,10}",
        "[ \\-?:,\\[\\]{}#&*!|>'\"%@`~<=a\\n\\t]{0,8}",
    ];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| Value::Int(number.into())),
        any::<u64>().prop_map(|number| Value::Int(number.into())),
        any::<f64>()
            .prop_filter("not a number equals nothing", |number| !number.is_nan())
            .prop_map(Value::Float),
        text.prop_map(|text| Value::String(Arc::from(text))),
    ]
    .prop_map(node)
}

fn trees() -> impl Strategy<Value = Node> {
    scalars().prop_recursive(5, 40, 6, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Seq);
        // A key with `::` would be expanded; that is another tree.
        let key = any::<String>().prop_filter("expanded", |key| !key.contains("::"));
        let map = prop::collection::btree_map(key, inner, 0..6).prop_map(|entries| {
            let key = |text: String| Key { text: Arc::from(text), at: Position::nowhere() };
            Value::Map(entries.into_iter().map(|(text, node)| (key(text), node)).collect())
        });
        prop_oneof![list, map].prop_map(node)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back_the_same(tree in trees()) {
        let text = to_yaml(&tree);
        let mut diagnostics = Diagnostics::new();
        let parsed = parse_value("printed", &text, &mut diagnostics);
        prop_assert!(diagnostics.is_empty(), "{}\n{}", text, diagnostics);
        prop_assert_eq!(parsed.unwrap(), tree, "{}", text);
    }

    #[test]
    fn no_text_panics(text in "[-?:,\\[\\]{}#&*!|>'\"%@`~<=a1 \\n\\t$\\u{feff}\\\\]{0,60}") {
        let mut diagnostics = Diagnostics::new();
        if let Some(node) = parse_value("c", &text, &mut diagnostics) {
            let unset = |_: &str, _: &str| Ok(crate::Resolved::Unset);
            let node = crate::expand(node, &unset, &mut diagnostics);
            let _ = crate::read::<serde_json::Value>(&node, &crate::Path::root(), &mut diagnostics);
        }
        let _ = diagnostics.to_string();
    }
}
