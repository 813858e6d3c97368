//! Everything that can be wrong about an action, and what hostile values do.

use component::{Origin, Problem};
use otlp::{AnyValue, Attribute};
use proptest::prelude::*;

use super::{ActionConfig, Actions, Constant};
use crate::cases::{describe, settings};

#[test]
fn each_mistake_is_found_where_it_is() {
    let table = [
        ("{ value: 1, action: insert }", "key", "missing required field `key`"),
        ("{ key: a, value: 1 }", "action", "missing required field `action`, expected"),
        ("{ key: a, action: rename }", "action", "unknown action `rename`, expected"),
        ("{ key: a, action: insert }", "", "needs one of `value`"),
        ("{ key: a, value: 1, from_attribute: b, action: upsert }", "", "needs only one of"),
        ("{ key: a, from_context: b, from_attribute: b, action: upsert }", "", "needs only one of"),
        (
            "{ key: a, value: 1, pattern: x, action: insert }",
            "pattern",
            "does not belong to the action `insert`",
        ),
        ("{ key: a, value: 1, converted_type: int, action: Update }", "converted_type", "does not belong"),
        ("{ key: a, value: 1, action: delete }", "value", "does not belong to the action `delete`"),
        (
            "{ key: a, converted_type: int, action: hash }",
            "converted_type",
            "does not belong to the action `hash`",
        ),
        ("{ key: a, from_attribute: b, action: hash }", "from_attribute", "does not belong"),
        ("{ action: delete }", "", "needs `key`, `pattern` or both"),
        ("{ pattern: '(', action: delete }", "pattern", "invalid pattern `(`: "),
        ("{ key: a, action: extract }", "pattern", "missing required field `pattern`"),
        ("{ key: a, pattern: 'a.b', action: extract }", "pattern", "has no named group"),
        ("{ key: a, pattern: '(a)(?P<b>.)', action: extract }", "pattern", "has a group without a name"),
        ("{ key: a, pattern: '(?=a)', action: extract }", "pattern", "invalid pattern"),
        ("{ key: a, action: convert }", "converted_type", "missing required field `converted_type`"),
        (
            "{ key: a, converted_type: float, action: convert }",
            "converted_type",
            "unknown type `float`, expected",
        ),
        (
            "{ key: a, converted_type: int, default_value: 1, action: convert }",
            "default_value",
            "does not belong",
        ),
    ];
    for (yaml, field, start) in table {
        let config: ActionConfig = settings(yaml).unwrap();
        let problems = Actions::parse(&[config], "actions").err().unwrap_or_default();
        let [Problem::Error { path, message }] = &problems[..] else { panic!("{yaml}: {problems:?}") };
        let expected: Vec<_> = ["actions", "0", field].into_iter().filter(|key| !key.is_empty()).collect();
        assert_eq!(path, &expected, "{yaml}");
        assert!(message.starts_with(start), "{yaml}: {message}");
    }
}

#[test]
fn all_mistakes_of_all_actions_are_found() {
    let configs: Vec<ActionConfig> = ["{ action: insert }", "{ key: a, action: delete }", "{ action: no }"]
        .map(|yaml| settings(yaml).unwrap())
        .to_vec();
    let problems = Actions::parse(&configs, "actions").err().unwrap();
    assert_eq!(problems.len(), 3, "{problems:?}");
}

#[test]
fn a_value_that_fits_no_attribute_is_refused() {
    let refused =
        settings::<ActionConfig>("{ key: a, value: 18446744073709551615, action: insert }").unwrap_err();
    assert!(refused.contains("is too large"), "{refused}");
}

#[test]
fn an_empty_value_is_none() {
    let config: ActionConfig = settings("{ key: a, value: , action: insert }").unwrap();
    assert_eq!(config.value, None);
}

#[test]
fn settings_are_printed_as_they_were_written() {
    let yaml = "{ key: a, action: upsert, value: { b: [1, 1.5, true, x] } }";
    let config: ActionConfig = settings(yaml).unwrap();
    let printed = config::to_yaml(&config::to_node(&config, config::Secrets::Redact).unwrap());
    assert_eq!(settings::<ActionConfig>(&printed).unwrap(), config, "{printed}");
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(AnyValue::Empty),
        any::<String>().prop_map(AnyValue::String),
        any::<bool>().prop_map(AnyValue::Bool),
        any::<i64>().prop_map(AnyValue::Int),
        any::<f64>()
            .prop_filter("NaN is equal to nothing", |number| !number.is_nan())
            .prop_map(AnyValue::Double),
        any::<Vec<u8>>().prop_map(AnyValue::Bytes),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(AnyValue::Array),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(AnyValue::Map),
        ]
    })
}

proptest! {
    /// Whatever the values are: every action leaves a valid request with as many items.
    #[test]
    fn actions_never_break_a_request(value in any_value(), key in "[a-c]", bytes in any::<Vec<u8>>()) {
        let actions = [
            "{ key: b, from_attribute: a, action: upsert }",
            "{ key: a, action: convert, converted_type: int }",
            "{ key: a, action: convert, converted_type: double }",
            "{ key: a, action: convert, converted_type: string }",
            "{ key: a, pattern: '(?P<c>.*)', action: extract }",
            "{ pattern: '[ab]', action: hash }",
            "{ pattern: 'c|\u{FFFD}', action: delete }",
        ];
        let configs: Vec<ActionConfig> = actions.iter().map(|yaml| settings(yaml).unwrap()).collect();
        let hostile = Attribute::new(&key, value.clone());
        let mut payload = component::testing::payload(otlp::Signal::Traces, 3);
        let actions = Actions::parse(&configs, "actions").unwrap_or_else(|problems| panic!("{problems:?}"));
        let prepared = actions.prepare(&Origin::default());
        payload.edit_resources(|edit| {
            edit.upsert(&hostile);
            edit.set_raw("a", otlp::Value::Text(otlp::Text::new(&bytes)));
            prepared.apply(edit);
        });
        let written = payload.to_rope().to_contiguous();
        let again = otlp::Payload::parse(otlp::Signal::Traces, written).unwrap();
        prop_assert_eq!(again.items(), 3);
        prop_assert_eq!(describe(&again).len(), 3);
    }

    /// A value that goes into the configuration comes out of an attribute as it was.
    #[test]
    fn a_copied_value_is_the_value(value in any_value()) {
        let config = ActionConfig {
            key: "k".to_owned(),
            action: "upsert".to_owned(),
            value: Some(Constant(value.clone())),
            ..ActionConfig::default()
        };
        let mut payload = component::testing::payload(otlp::Signal::Logs, 1);
        let actions = Actions::parse(&[config], "actions").unwrap_or_else(|problems| panic!("{problems:?}"));
        payload.edit_resources(|edit| actions.prepare(&Origin::default()).apply(edit));
        let logs = payload.as_logs().unwrap();
        let resource = logs.records().next().unwrap().resource();
        prop_assert_eq!(resource.attributes().get("k").unwrap().to_owned(), value);
    }
}
