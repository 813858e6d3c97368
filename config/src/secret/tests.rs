//! Nobody sees a secret.

use serde::{Deserialize, Serialize};

use super::*;
use crate::diagnostic::Diagnostics;
use crate::parse::parse;
use crate::path::Path;
use crate::print::to_node;
use crate::read;
use crate::yaml::to_yaml;

#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    token: Secret,
    headers: SecretMap,
}

fn read_text(text: &str) -> (Option<Config>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", text, &mut diagnostics).unwrap();
    let value = read(&node, &Path::root(), &mut diagnostics);
    (value, diagnostics)
}

#[track_caller]
fn check_headers(text: &str, expected: &[(&str, &str)]) {
    let (value, diagnostics) = read_text(text);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let headers = value.unwrap().headers;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name, value.expose())).collect();
    assert_eq!(headers, expected, "{text}");
}

#[test]
fn maps_are_sorted_and_lists_keep_their_order() {
    check_headers("headers: {b: '1', a: '2'}", &[("a", "2"), ("b", "1")]);
    check_headers("headers: [{name: b, value: '1'}, {name: a, value: '2'}]", &[("b", "1"), ("a", "2")]);
    check_headers("headers: {a: }", &[("a", "")]);
    check_headers("headers:", &[]);
}

#[test]
fn names_given_twice_are_an_error() {
    let (_, diagnostics) = read_text("headers: [{name: a, value: x}, {name: a, value: y}, {name: a}]");
    let error = diagnostics.iter().next().unwrap().to_string();
    assert_eq!(error, "c:1:1: headers: duplicate names in the list: `a`, `a`");
}

#[test]
fn no_printout_shows_a_secret_unless_asked() {
    let config = read_text("token: hunter2\nheaders: {authorization: hunter2}").0.unwrap();
    let redacted = to_yaml(&to_node(&config, Secrets::Redact).unwrap());
    assert_eq!(redacted, "token: \"[REDACTED]\"\nheaders:\n  authorization: \"[REDACTED]\"\n");
    for text in
        [redacted, format!("{config:?}"), config.token.to_string(), serde_json::to_string(&config).unwrap()]
    {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let revealed = to_yaml(&to_node(&config, Secrets::Reveal).unwrap());
    assert_eq!(revealed, "token: hunter2\nheaders:\n  authorization: hunter2\n");
    assert!(!serde_json::to_string(&config).unwrap().contains("hunter2"));
}

#[test]
fn no_finding_shows_a_secret() {
    for text in [
        "token: 70777",
        "token: [hunter2]",
        "{token: {a: hunter2}}",
        "headers: {a: 70777}",
        "headers: {a: [hunter2]}",
        "headers: [{name: a, valu: hunter2}]",
        "headers: [{name: a, value: 70777}]",
        "headers: [hunter2]",
        "headers: hunter2",
        "tokn: hunter2",
        "{token: hunter2, headrs: 5}",
        "{headrs: {a: hunter2}}",
    ] {
        let (value, diagnostics) = read_text(text);
        assert!(value.is_none(), "{text}");
        let shown = format!("{diagnostics}{}", diagnostics.to_json());
        assert!(!shown.contains("hunter2") && !shown.contains("70777"), "{shown}");
    }
}
