//! References and what they stand for.

use super::*;
use crate::parse::parse;
use crate::yaml::to_json;

fn environment(scheme: &str, opaque: &str) -> Result<Resolved, String> {
    let text = match (scheme, opaque) {
        ("env", "WHICH") => "PORT",
        ("env", "PORT") => "8080",
        ("env", "OCTAL") => "0123",
        ("env", "QUOTED") => "\"x\"",
        ("env", "EMPTY") => "",
        ("env", "MAP") => "{a: 1, b: ['${env:PORT}', x]}",
        ("env", "NO_YAML") => "[a",
        ("env", "DOLLARS") => "a$$b",
        ("env", "CHAIN") => "${env:PORT}",
        ("env", "LOOP") => "${env:LOOP}",
        ("env", "GROW") => "${env:GROW}x${env:GROW}",
        ("env", "DEEP") => "{a: '${env:DEEP}'}",
        ("env", "WIDE") => "['${env:WIDE}', '${env:WIDE}']",
        ("file", "a.yaml") => "b: 1\nc: ${env:PORT}\n",
        ("file", "a.txt") => "text\n",
        ("https", "//host/x") => "[1, 2]",
        ("env", _) => return Ok(Resolved::Unset),
        _ => return Err(format!("the scheme `{scheme}` is not supported")),
    };
    Ok(Resolved::Text(text.to_owned()))
}

fn expand_text(text: &str) -> (Node, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", text, &mut diagnostics).unwrap();
    let node = expand(node, &environment, &mut diagnostics);
    let found = diagnostics.iter().map(|found| format!("{}: {found}", found.severity)).collect();
    (node, found)
}

/// Checks what a value becomes, as JSON, without any finding.
#[track_caller]
fn check(value: &str, json: &str) {
    let (node, found) = expand_text(&format!("v: {value}"));
    assert_eq!(found, [""; 0], "{value}");
    let value_of_tree: serde_json::Value = serde_json::from_str(&to_json(node.get("v").unwrap())).unwrap();
    assert_eq!(value_of_tree.to_string(), json, "{value}");
}

#[track_caller]
fn check_found(value: &str, expected: &[&str]) {
    assert_eq!(expand_text(&format!("v: {value}")).1, expected, "{value}");
}

#[test]
fn a_whole_value_takes_its_yaml_type() {
    check("${env:PORT}", "8080");
    check("'${PORT}'", "8080");
    check("${env:OCTAL}", "83");
    check("${env:QUOTED}", r#""\"x\"""#);
    check("${env:MAP}", r#"{"a":1,"b":[8080,"x"]}"#);
    check("${env:NO_YAML}", r#""[a""#);
    check("${env:CHAIN}", "8080");
    check("${file:a.yaml}", r#"{"b":1,"c":8080}"#);
    check("${file:a.txt}", r#""text\n""#);
    check("'${https://host/x}'", "[1,2]");
    check("'${yaml:[1, a]}'", r#"[1,"a"]"#);
}

#[test]
fn a_whole_value_keeps_its_text_for_string_fields() {
    for (value, text) in [("${env:OCTAL}", "0123"), ("${env:PORT}", "8080"), ("'${yaml:[a,b]}'", "[a,b]")] {
        let (node, _) = expand_text(&format!("v: {value}"));
        assert_eq!(node.get("v").unwrap().text.as_deref(), Some(text));
    }
}

#[test]
fn inside_a_longer_string_it_is_text() {
    check("http://${env:WHICH}:${env:PORT}/", r#""http://PORT:8080/""#);
    check("x${env:OCTAL}", r#""x0123""#);
    check("x${env:QUOTED}", r#""x\"x\"""#);
    check("x-${file:a.txt}", r#""x-text\n""#);
}

#[test]
fn inner_references_come_first() {
    check("${env:${env:WHICH}}", "8080");
    check("${${WHICH}}", "8080");
    check("${env:NOBODY:-${env:PORT}}", "8080");
}

#[test]
fn a_default_counts_only_when_the_variable_is_not_set() {
    check("${env:NOBODY:-7}", "7");
    check("${env:NOBODY:-a:-b}", r#""a:-b""#);
    check("'${env:NOBODY:-}'", r#""""#);
    check("'${env:NOBODY:-[a, b]}'", r#"["a","b"]"#);
    check("${env:PORT:-7}", "8080");
    check("http://${env:NOBODY:-localhost}/", r#""http://localhost/""#);
    check_found("${env:EMPTY:-7}", &["info: c:1:4: v: the environment variable `EMPTY` is set to nothing"]);
}

#[test]
fn the_default_scheme_takes_defaults_too() {
    check("${NOBODY:-7}", "7");
    check("${NO_BODY:-7}", "7");
    check("${PORT:-7}", "8080");
    check("a${NOBODY:-}b", r#""ab""#);
}

#[test]
fn dollars_without_a_reference_stay() {
    check("$PORT", r#""$PORT""#);
    check("$1", r#""$1""#);
    check("a$", r#""a$""#);
    check("${PORT", r#""${PORT""#);
    check("PORT}", r#""PORT}""#);
}

#[test]
fn two_dollars_are_one() {
    check("$$", r#""$""#);
    check("$${env:PORT}", r#""${env:PORT}""#);
    check("$$${env:PORT}", r#""$8080""#);
    check("$$$${env:PORT}", r#""$${env:PORT}""#);
    check("$$1", r#""$1""#);
    check("${env:DOLLARS}", r#""a$b""#);
}

#[test]
fn an_escaped_reference_ends_the_expansion_of_its_string() {
    check("$${env:PORT} ${env:PORT}", r#""${env:PORT} ${env:PORT}""#);
    check("${env:PORT} $${env:PORT}", r#""8080 ${env:PORT}""#);
}

#[test]
fn groups_of_regular_expressions_stay_as_they_are() {
    check("/nodes/${1}/proxy", r#""/nodes/${1}/proxy""#);
    check("${1}:${2} ${env:PORT}", r#""${1}:${2} 8080""#);
    check("$${1} and $$1", r#""${1} and $1""#);
    check("'${10}'", r#""${10}""#);
    check_found(
        "${1a}",
        &[
            "error: c:1:4: v: `1a` cannot be the name of an environment variable: expected letters, digits and \
           underscores",
        ],
    );
}

#[test]
fn keys_are_never_expanded() {
    let (node, _) = expand_text("${env:PORT}: ${env:PORT}");
    assert!(node.child("${env:PORT}").is_some());
}

#[test]
fn not_set_and_set_to_nothing_are_null_and_said_so() {
    for name in ["NOBODY", "EMPTY"] {
        let (node, _) = expand_text(&format!("v: ${{env:{name}}}"));
        assert!(node.get("v").unwrap().is_null());
    }
    check_found(
        "${NOBODY}",
        &["warning: c:1:4: v: the environment variable `NOBODY` is not set, so this is empty"],
    );
    check_found("${EMPTY}", &["info: c:1:4: v: the environment variable `EMPTY` is set to nothing"]);
}

#[test]
fn says_what_is_wrong_with_a_reference() {
    for (value, message) in [
        (
            "${env:a.b}",
            "`a.b` cannot be the name of an environment variable: expected letters, digits and underscores",
        ),
        ("${}", "`` cannot be the name of an environment variable: expected letters, digits and underscores"),
        ("${s3:bucket}", "the scheme `s3` is not supported"),
        ("${a_b:c}", "`${a_b:c}` is neither `${NAME}` nor `${scheme:…}`"),
        ("${env:$PORT}", "`${env:$PORT}` has a `$` where none can be"),
        ("${env:LOOP}", "`${…}` leads to further `${…}` more than 1000 times"),
    ] {
        check_found(value, &[&format!("error: c:1:4: v: {message}")]);
    }
}

#[test]
fn what_comes_out_is_found_where_the_reference_stands() {
    let (node, _) = expand_text("x: 1\nv:\n  - ${env:MAP}");
    let map = &node.get("v").unwrap().items()[0];
    assert_eq!(map.origin, Origin::Reference("${env:MAP}".into()));
    assert!(
        map.entries().all(|(key, node)| key.at.line == 3 && node.at.line == 3 && &*node.at.source == "c")
    );
}

#[test]
fn hostile_references_are_bounded() {
    for value in ["${env:GROW}", "${env:DEEP}", "${env:WIDE}"] {
        let (_, found) = expand_text(&format!("v: {value}"));
        assert!(
            !found.is_empty() && found.iter().all(|found| found.starts_with("error")),
            "{value}: {found:?}"
        );
    }
}
