//! From text to trees, and texts that are none.

use super::*;
use crate::yaml::to_json;

/// Checks the tree of a sound text, printed as JSON without white space.
#[track_caller]
fn check(text: &str, json: &str) {
    let mut diagnostics = Diagnostics::new();
    let node = parse_value("config.yaml", text, &mut diagnostics);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let json_of_tree: serde_json::Value = serde_json::from_str(&to_json(&node.unwrap())).unwrap();
    assert_eq!(json_of_tree.to_string(), json, "{text}");
}

/// Checks all findings of an unsound text, one per line.
#[track_caller]
fn check_errors(text: &str, errors: &[&str]) {
    let mut diagnostics = Diagnostics::new();
    assert!(parse("c.yaml", text, &mut diagnostics).is_none());
    let found: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(found, errors, "{text}");
}

/// The first of equal keys stays, for the sake of the errors that are still to be found.
fn check_duplicates(text: &str, errors: &[&str], tree: &str) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c.yaml", text, &mut diagnostics).unwrap();
    let found: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(found, errors, "{text}");
    let json: serde_json::Value = serde_json::from_str(&to_json(&node)).unwrap();
    assert_eq!(json.to_string(), tree, "{text}");
}

#[test]
fn keeps_values_and_order() {
    check("b: 1\na: [x, 2.5, ~, true]\nc: {d: 'e'}\n", r#"{"b":1,"a":["x",2.5,null,true],"c":{"d":"e"}}"#);
    check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#);
    check("a:\n- 1\n- 2\n", r#"{"a":[1,2]}"#);
}

#[test]
fn quotes_make_strings() {
    check("[8, '8', \"8\", 'true', ~, '~', yes]", r#"[8,"8","8","true",null,"~","yes"]"#);
}

#[test]
fn tags_choose_the_type() {
    check("[!!str 8, !!int '8', !!float 1, !!null '', !other x, ! 5]", r#"["8",8,1.0,null,"x","5"]"#);
    check_errors("a: !!int x", &["c.yaml:1:4: `x` does not fit its tag `!!int`"]);
    check_errors("a: !!binary aGk=", &["c.yaml:1:4: the tag `!!binary` is not supported; write text"]);
}

#[test]
fn aliases_are_copies_and_merge_keys_fill_in() {
    check("a: &x {k: 1}\nb: *x\n", r#"{"a":{"k":1},"b":{"k":1}}"#);
    check("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", r#"{"a":{"k":1,"l":2},"b":{"k":3,"l":2}}"#);
    check(
        "a: &x {k: 1}\nb: &y {k: 2, l: 3}\nc:\n  <<: [*x, *y]\n  m: 4\n",
        r#"{"a":{"k":1},"b":{"k":2,"l":3},"c":{"m":4,"k":1,"l":3}}"#,
    );
    check("{'<<': 1}", r#"{"<<":1}"#);
    check_errors("a: {<<: 5}", &["c.yaml:1:9: `<<` takes a map or a list of maps"]);
}

#[test]
fn double_colons_are_nested_maps() {
    check("processors::batch::timeout: 2s", r#"{"processors":{"batch":{"timeout":"2s"}}}"#);
    check(
        "a::b: 1\na::c: 2\na: {d: 3}\ne: {f: 4}\ne::g: 5",
        r#"{"a":{"b":1,"c":2,"d":3},"e":{"f":4,"g":5}}"#,
    );
    check("'::1': 1\n'a::': 2", r#"{"::1":1,"a::":2}"#);
    check_duplicates(
        "a::b: 1\na: {b: 2}",
        &["c.yaml:2:5: a::b: duplicate key `b`: it stands in line 1 already"],
        r#"{"a":{"b":1}}"#,
    );
}

#[test]
fn empty_is_an_empty_map() {
    for text in ["", "  \n", "# nothing\n", "---\n", "~", "null"] {
        let node = parse("c.yaml", text, &mut Diagnostics::new()).unwrap();
        assert_eq!(node.value, Value::Map(Vec::new()), "{text:?}");
    }
}

#[test]
fn every_duplicate_key_is_reported() {
    check_duplicates(
        "a: 1\nb: {c: 1, c: 2}\na: 2\n",
        &[
            "c.yaml:2:11: b::c: duplicate key `c`: it stands in line 2 already",
            "c.yaml:3:1: a: duplicate key `a`: it stands in line 1 already",
        ],
        r#"{"a":1,"b":{"c":1}}"#,
    );
}

#[test]
fn unsound_texts_are_refused_with_their_place() {
    check_errors("- 1\n", &["c.yaml:1:1: expected a map of keys at the top, found a list"]);
    check_errors("hello", &["c.yaml:1:1: expected a map of keys at the top, found a single value"]);
    check_errors(
        "a: 1\n---\nb: 2\n",
        &["c.yaml:2:1: a second document begins here; a configuration is a single document"],
    );
    check_errors("{[a]: 1}", &["c.yaml:1:2: a key must be a single value, not a list or a map"]);
    check_errors("a: &x [*x]", &["c.yaml:1:8: an anchor cannot contain itself"]);
    check_errors("a: \"\0\"", &["c.yaml:1:5: a configuration is text, but here is a NUL byte"]);
    for text in ["a: [1", "a: *nobody", "a: 'x", "a: b: c", "a:\n\tb: 1", "a:\n  b: 1\n c: 2"] {
        let mut diagnostics = Diagnostics::new();
        assert!(parse("c.yaml", text, &mut diagnostics).is_none(), "{text}");
        assert!(
            diagnostics
                .iter()
                .all(|error| error.at.is_some() && error.message.starts_with("this is not YAML"))
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let mut diagnostics = Diagnostics::new();
    assert_eq!(decode("c.yaml", b"a: 1\nb: \xff", &mut diagnostics), None);
    let error = diagnostics.iter().next().unwrap().to_string();
    assert_eq!(error, "c.yaml:2:4: a configuration is UTF-8 text, but here is the byte `0xff`");
}

#[test]
fn every_value_and_key_knows_its_place() {
    let node = parse("c.yaml", "a:\n  - b: 'ü'\n    c: 7\n", &mut Diagnostics::new()).unwrap();
    let item = &node.get("a").unwrap().items()[0];
    let (key, value) = item.entries().nth(1).unwrap();
    assert_eq!(key.at.to_string(), "c.yaml:3:5");
    assert_eq!(value.at.to_string(), "c.yaml:3:8");
    assert_eq!(value.text.as_deref(), Some("7"));
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| format!("a: {}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse("c", &nested(MAX_DEPTH - 1), &mut Diagnostics::new()).is_some());
    let blocks: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    let dotted = format!("{}: 1", vec!["a"; 10_000].join("::"));
    for text in [nested(MAX_DEPTH), nested(100_000), "- ".repeat(100_000), blocks, dotted] {
        let mut diagnostics = Diagnostics::new();
        assert!(parse("c", &text, &mut diagnostics).is_none());
        assert_eq!(diagnostics.len(), 1);
    }
}

#[test]
fn aliases_of_aliases_are_bounded() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{below}]\n");
    }
    check_errors(&text, &["c.yaml:6:20: more than 500000 values, copies by aliases included"]);
}

#[test]
fn size_is_bounded() {
    let text = format!("a: {}", "x".repeat(MAX_BYTES));
    check_errors(&text, &["c.yaml:1:1: the text is longer than 16 MiB"]);
    let long_scalar = format!("a: {}", "x".repeat(1 << 20));
    assert!(parse("c", &long_scalar, &mut Diagnostics::new()).is_some());
}

#[test]
fn common_syntax_errors_come_with_a_remedy() {
    for (text, help) in [
        ("a:\n\tb: 1", "indent with spaces: YAML does not take tabs"),
        ("a: b: c", "indent this line like its neighbours, or put a value with `: ` in quotes"),
        ("a:\n  b: 1\n c: 2", "indent this line like its neighbours"),
        ("a: *.log", "a value that begins with `*` needs quotes"),
        ("a: 'x", "close the quotes"),
        ("a: [1", "close the `[` of line 1"),
        ("a: [1, 2\nb: [3]\nc: 4", "close the `[` of line 1"),
        ("a: @x", "a value that begins with this character needs quotes"),
    ] {
        let mut diagnostics = Diagnostics::new();
        assert!(parse("c.yaml", text, &mut diagnostics).is_none());
        assert_eq!(diagnostics.iter().next().unwrap().suggestion.as_deref(), Some(help), "{text}");
    }
}

#[test]
fn endless_duplicates_end() {
    let mut diagnostics = Diagnostics::new();
    assert!(parse("c", &"a: 1\n".repeat(50_000), &mut diagnostics).is_some());
    assert_eq!(diagnostics.len(), 200);
}
