//! Typed reading: what is taken, what is refused, and that all of it is found in one run.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::expand::{Resolved, expand};
use crate::id::ComponentId;
use crate::interval::Interval;
use crate::parse::parse;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    endpoint: String,
    queue_size: u32,
    offset: i8,
    ratio: f64,
    enabled: bool,
    timeout: Interval,
    keys: Vec<String>,
    sizer: Sizer,
    maybe: Option<u16>,
    inner: Inner,
    list: Vec<Inner>,
    labels: BTreeMap<String, String>,
    parts: BTreeMap<ComponentId, Inner>,
    anything: Option<serde_json::Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sizer {
    Requests,
    Items,
    BytesSent,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Inner {
    size: u8,
    name: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: "localhost:4317".to_owned(),
            queue_size: 1000,
            offset: 1,
            ratio: 0.5,
            enabled: true,
            timeout: Interval::from_secs(5),
            keys: vec!["a".to_owned()],
            sizer: Sizer::Requests,
            maybe: Some(1),
            inner: Inner { size: 3, name: "x".to_owned() },
            list: Vec::new(),
            labels: BTreeMap::new(),
            parts: BTreeMap::new(),
            anything: None,
        }
    }
}

/// Expands (`ON=true`, `PORT=0123`, `EMPTY=`, `LIST=[a, b]`, `WORD=abc`) and reads.
fn read_text<T: DeserializeOwned>(text: &str) -> (Option<T>, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c.yaml", text, &mut diagnostics).unwrap();
    let environment = |_: &str, name: &str| {
        Ok(match name {
            "ON" => Resolved::Text("true".to_owned()),
            "PORT" => Resolved::Text("0123".to_owned()),
            "EMPTY" => Resolved::Text(String::new()),
            "LIST" => Resolved::Text("[a, b]".to_owned()),
            "WORD" => Resolved::Text("abc".to_owned()),
            "FIVE" => Resolved::Text("5s".to_owned()),
            _ => Resolved::Unset,
        })
    };
    let node = expand(node, &environment, &mut Diagnostics::new());
    let value = read(&node, &Path::from(["exporters", "otlp"]), &mut diagnostics);
    (value, diagnostics)
}

/// Checks a configuration that is fine against a change of the default.
#[track_caller]
fn check(text: &str, change: impl FnOnce(&mut Config)) {
    let (value, diagnostics) = read_text::<Config>(text);
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let mut expected = Config::default();
    change(&mut expected);
    assert_eq!(value, Some(expected), "{text}");
}

/// Checks all errors, as `line:column path: message (help)`.
#[track_caller]
fn check_errors<T: DeserializeOwned + std::fmt::Debug>(text: &str, errors: &[&str]) {
    let (value, diagnostics) = read_text::<T>(text);
    assert!(value.is_none(), "{text}: {value:?}");
    let found: Vec<String> = diagnostics
        .iter()
        .map(|error| {
            let at = error.at.as_ref().unwrap();
            let path = error.path.to_string().replacen("exporters::otlp", "", 1);
            let help = error.suggestion.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
            format!("{}:{} {path}: {}{help}", at.line, at.column, error.message)
        })
        .collect();
    assert_eq!(found, errors, "{text}");
}

#[test]
fn takes_each_type_as_written() {
    check("endpoint: x\nqueue_size: 7\noffset: -3\nratio: 0.1\nenabled: false", |config| {
        config.endpoint = "x".to_owned();
        (config.queue_size, config.offset, config.ratio, config.enabled) = (7, -3, 0.1, false);
    });
    check("timeout: 1m30s\nsizer: bytes_sent\nmaybe: 9", |config| {
        config.timeout = Interval::from_secs(90);
        (config.sizer, config.maybe) = (Sizer::BytesSent, Some(9));
    });
    check("inner: {size: 4}\nlist: [{name: b}]\nlabels: {k: v}", |config| {
        config.inner = Inner { size: 4, name: String::new() };
        config.list = vec![Inner { size: 0, name: "b".to_owned() }];
        config.labels = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    });
    check("parts: {otlp/eu: {size: 1}, otlp: }", |config| {
        config.parts.insert("otlp".parse().unwrap(), Inner::default());
        config.parts.insert("otlp/eu".parse().unwrap(), Inner { size: 1, name: String::new() });
    });
    check("anything: {a: [1, ~, x]}", |config| {
        config.anything = Some(serde_json::json!({"a": [1, null, "x"]}));
    });
}

#[test]
fn takes_the_few_conversions_there_are() {
    check("ratio: 1", |config| config.ratio = 1.0);
    check("queue_size: 1e6", |config| config.queue_size = 1_000_000);
    check("keys: a,b", |config| config.keys = vec!["a".to_owned(), "b".to_owned()]);
    check("keys: ''", |config| config.keys = Vec::new());
    check("keys: [c]", |config| config.keys = vec!["c".to_owned()]);
    check("timeout: 5", |config| config.timeout = Interval("5ns".parse::<Interval>().unwrap().0));
    check("queue_size: 0x10", |config| config.queue_size = 16);
}

#[test]
fn null_keeps_defaults() {
    check("", |_| ());
    check("endpoint:\nqueue_size:\nratio:\nenabled:\ntimeout:\nkeys:\nsizer:", |_| ());
    check("inner:\nmaybe:", |config| {
        config.inner = Inner::default();
        config.maybe = None;
    });
    check("list: [~]\nlabels: {k: ~}", |config| {
        config.list = vec![Inner::default()];
        config.labels = BTreeMap::from([("k".to_owned(), String::new())]);
    });
}

#[test]
fn an_unset_or_empty_variable_is_the_zero_value() {
    for variable in ["${env:EMPTY}", "${env:NOBODY}", "${NOBODY}"] {
        let text = "endpoint: X\nqueue_size: X\nratio: X\nenabled: X\ntimeout: X\nkeys: X\nmaybe: X"
            .replace('X', variable);
        check(&text, |config| {
            config.endpoint = String::new();
            (config.queue_size, config.ratio, config.enabled) = (0, 0.0, false);
            (config.timeout, config.keys, config.maybe) = (Interval::ZERO, Vec::new(), None);
        });
    }
}

#[test]
fn a_reference_has_its_yaml_type_and_its_text() {
    check("queue_size: ${env:PORT}\nendpoint: ${env:PORT}", |config| {
        config.queue_size = 0o123;
        config.endpoint = "0123".to_owned();
    });
    check("enabled: '${ON}'\nkeys: ${LIST}\nendpoint: ${LIST}\ntimeout: ${FIVE}", |config| {
        config.enabled = true;
        config.keys = vec!["a".to_owned(), "b".to_owned()];
        config.endpoint = "[a, b]".to_owned();
    });
}

#[test]
fn units_and_quotes_that_do_not_belong_there_are_pointed_out() {
    check_errors::<Config>(
        "endpoint: x\nqueue_size: 512MB\nenabled: 'true'",
        &[
            "2:13 ::queue_size: expected an integer, found the string `512MB` (write a plain number, such as `512`)",
            "3:10 ::enabled: expected `true` or `false`, found the string `true` (remove the quotes: `true`)",
        ],
    );
}

#[test]
fn nothing_else_converts() {
    check_errors::<Config>(
        "endpoint: 8\nqueue_size: '8'\noffset: 1.5\nratio: x\nenabled: yes\ntimeout: '5'\nkeys: 5\nsizer: item\n\
         maybe: true\ninner: 5\nlist: [a]\nlabels: {k: 1}",
        &[
            "1:11 ::endpoint: expected a string, found the integer `8` (put it in quotes: `\"8\"`)",
            "2:13 ::queue_size: expected an integer, found the string `8` (remove the quotes: `8`)",
            "3:9 ::offset: expected an integer, found the number `1.5`",
            "4:8 ::ratio: expected a number, found the string `x`",
            "5:10 ::enabled: expected `true` or `false`, found the string `yes` (write `true`)",
            "6:10 ::timeout: `5` has no unit: expected `ns`, `us`, `ms`, `s`, `m` or `h` after each number",
            "7:7 ::keys: expected a list, found the integer `5` (write `[5]`)",
            "8:8 ::sizer: unknown value `item` (did you mean `items`?)",
            "9:8 ::maybe: expected an integer, found the boolean `true`",
            "10:8 ::inner: expected a map, found the integer `5`",
            "11:8 ::list::0: expected a map, found the string `a`",
            "12:13 ::labels::k: expected a string, found the integer `1` (put it in quotes: `\"1\"`)",
        ],
    );
}

#[test]
fn values_out_of_range_are_errors() {
    check_errors::<Config>(
        "queue_size: -1\noffset: 128\nmaybe: 65536\ninner: {size: 256}\ntimeout: -5s",
        &[
            "1:13 ::queue_size: expected an integer from 0 to 4294967295, found the integer `-1`",
            "2:9 ::offset: expected an integer from -128 to 127, found the integer `128`",
            "3:8 ::maybe: expected an integer from 0 to 65535, found the integer `65536`",
            "4:15 ::inner::size: expected an integer from 0 to 255, found the integer `256`",
            "5:10 ::timeout: a duration must not be negative, found `-5s`",
        ],
    );
}

#[test]
fn unknown_keys_are_found_at_every_depth_with_the_nearest_name() {
    check_errors::<Config>(
        "queue_sise: 1\ninner:\n  nmae: x\nlist:\n  - {sizes: 1}\nparts: {otlp: {zzz: 1}}\nendpoint: 7",
        &[
            "1:1 : unknown key `queue_sise` (did you mean `queue_size`?)",
            "3:3 ::inner: unknown key `nmae` (did you mean `name`?)",
            "5:6 ::list::0: unknown key `sizes` (did you mean `size`?)",
            "6:16 ::parts::otlp: unknown key `zzz`",
            "7:11 ::endpoint: expected a string, found the integer `7` (put it in quotes: `\"7\"`)",
        ],
    );
}

#[test]
fn keys_of_maps_are_checked_where_they_stand() {
    check_errors::<Config>(
        "parts:\n  a-b: {}\n  ok: {size: x}\n  '/x': {}",
        &[
            "2:3 ::parts: invalid type `a-b`: expected a letter, then at most 62 letters, digits or underscores",
            "3:14 ::parts::ok::size: expected an integer, found the string `x`",
            "4:3 ::parts: in the id `/x` the part before `/` must not be empty",
        ],
    );
}

#[test]
fn errors_name_the_variable_that_a_value_came_from() {
    check_errors::<Config>(
        "queue_size: ${env:WORD}\nsizer: ${WORD}\nenabled: ${LIST}",
        &[
            "1:13 ::queue_size: expected an integer, found the string `abc` from `${env:WORD}`",
            "2:8 ::sizer: unknown value `abc` from `${WORD}`",
            "3:10 ::enabled: expected `true` or `false`, found a list from `${LIST}`",
        ],
    );
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the reading is looked at")]
struct Required {
    endpoint: String,
    size: u8,
    kind: Sizer,
    inner: Option<Box<Required>>,
}

#[test]
fn all_missing_keys_are_found() {
    check_errors::<Required>("kind: items", &["1:1 : missing key `endpoint`", "1:1 : missing key `size`"]);
    check_errors::<Required>(
        "kind: items\nendpoint: 5\nsize: 1\ninner:\n  kind: items\n  size: 300\n",
        &[
            "2:11 ::endpoint: expected a string, found the integer `5` (put it in quotes: `\"5\"`)",
            "4:1 ::inner: missing key `endpoint`",
            "6:9 ::inner::size: expected an integer from 0 to 255, found the integer `300`",
        ],
    );
    check_errors::<Required>(
        "{}",
        &["1:1 : missing key `endpoint`", "1:1 : missing key `size`", "1:1 : missing key `kind`"],
    );
}

#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "Limits")]
struct Checked;

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    limit: u32,
    spike: u32,
}

impl TryFrom<Limits> for Checked {
    type Error = String;

    fn try_from(limits: Limits) -> Result<Self, String> {
        if limits.spike >= limits.limit {
            return Err("`spike` must be smaller than `limit`".to_owned());
        }
        Ok(Self)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pair {
    one: Option<Checked>,
    other: Option<Checked>,
    size: u8,
}

#[test]
fn custom_checks_are_errors_of_the_right_node() {
    check_errors::<Pair>(
        "one: {limit: 1, spike: 2}\nother:\n  limit: 3\n  spike: 3\nsize: -1",
        &[
            "1:1 ::one: `spike` must be smaller than `limit`",
            "2:1 ::other: `spike` must be smaller than `limit`",
            "5:7 ::size: expected an integer from 0 to 255, found the integer `-1`",
        ],
    );
}

#[test]
fn a_check_says_nothing_about_defaults_that_stand_in_for_errors() {
    check_errors::<Pair>(
        "one: {limit: many, spike: 2}",
        &["1:14 ::one::limit: expected an integer, found the string `many`"],
    );
}

#[test]
fn broken_references_are_not_reported_twice() {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c.yaml", "queue_size: ${file:x}\nratio: y", &mut diagnostics).unwrap();
    let fails = |_: &str, opaque: &str| Err(format!("cannot read `{opaque}`"));
    let node = expand(node, &fails, &mut diagnostics);
    assert!(read::<Config>(&node, &Path::root(), &mut diagnostics).is_none());
    let found: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "c.yaml:1:13: queue_size: cannot read `x`",
            "c.yaml:2:8: ratio: expected a number, found the string `y`",
        ]
    );
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Point,
    Circle(Inner),
    Square { size: u8 },
}

#[derive(Debug, PartialEq, Deserialize)]
struct Shapes {
    shapes: Vec<Shape>,
}

#[test]
fn variants_may_have_content() {
    let (value, diagnostics) =
        read_text::<Shapes>("shapes: [point, {circle: {size: 2}}, {square: {size: 3}}]");
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let circle = Shape::Circle(Inner { size: 2, name: String::new() });
    assert_eq!(value.unwrap().shapes, [Shape::Point, circle, Shape::Square { size: 3 }]);
    check_errors::<Shapes>(
        "shapes: [pint, {circle: {sise: 2}}, {squares: {size: 3}}, 5]",
        &[
            "1:10 ::shapes::0: unknown value `pint` (did you mean `point`?)",
            "1:26 ::shapes::1::circle: unknown key `sise` (did you mean `size`?)",
            "1:37 ::shapes::2: unknown value `squares` (did you mean `square`?)",
            "1:59 ::shapes::3: expected `point`, `circle` or `square`, found the integer `5`",
        ],
    );
}

#[test]
fn hundreds_of_errors_end() {
    let text: String = (0..3000).map(|number| format!("- {{size: x{number}}}\n  \n")).collect();
    let indented = text.replace("- ", "  - ");
    let (value, diagnostics) = read_text::<Config>(&format!("list:\n{indented}"));
    assert!(value.is_none());
    assert_eq!(diagnostics.len(), 200);
}

#[test]
fn the_deepest_tree_fits_the_stack() {
    let depth = crate::MAX_DEPTH - 1;
    let text = format!("anything: {}{}", "[".repeat(depth), "]".repeat(depth));
    let (value, diagnostics) = read_text::<Config>(&text);
    assert!(value.is_some(), "{diagnostics}");
}

fn texts() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec![
        "endpoint",
        "queue_size",
        "offset",
        "ratio",
        "enabled",
        "timeout",
        "keys",
        "sizer",
        "maybe",
        "inner",
        "list",
        "labels",
        "parts",
        "anything",
        "other",
        "<<",
    ]);
    let values = prop::sample::select(vec![
        "",
        "~",
        "1",
        "-1",
        "1.5",
        "'8'",
        "true",
        "yes",
        "5s",
        "abc",
        "items",
        "[]",
        "[a, ~, 1]",
        "{}",
        "{size: 1}",
        "{size: x, nmae: 1}",
        "[{size: 300}, {name: ~}, 5]",
        "{otlp: {size: 1}, a-b: ~}",
        "${ON}",
        "${NOBODY}",
        "${LIST}",
        "${WORD:-x}",
        "{a: {b: {c: }}}",
        "&x {size: 2}",
        "!!str 5",
        "99999999999999999999999",
    ]);
    prop::collection::btree_map(keys, values, 0..10)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| format!("{key}: {value}\n")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_is_a_value_or_an_error(text in texts()) {
        let mut diagnostics = Diagnostics::new();
        if let Some(node) = parse("c.yaml", &text, &mut diagnostics) {
            let (value, diagnostics) = read_text::<Config>(&text);
            prop_assert_eq!(value.is_none(), diagnostics.has_errors(), "{}\n{}", text, diagnostics);
            let (value, diagnostics) = read_text::<Required>(&text);
            prop_assert_eq!(value.is_none(), diagnostics.has_errors(), "{}\n{}", text, diagnostics);
            prop_assert!(node.size() > 0);
        }
    }
}
