//! Rules and what becomes of labels.

use proptest::prelude::*;

use super::{Action, Rule, RuleConfig, relabel};
use crate::prometheus::Labels;
use crate::prometheus::names::Validation;

/// `a=1 b=2` as labels.
fn labels(text: &str) -> Labels {
    text.split_whitespace().map(|pair| pair.split_once('=').expect("a pair")).collect()
}

fn shown(labels: &Labels) -> String {
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn rule(action: Action) -> RuleConfig {
    RuleConfig { action, ..RuleConfig::default() }
}

fn from(sources: &[&str], action: Action) -> RuleConfig {
    RuleConfig { source_labels: sources.iter().map(|&name| name.to_owned()).collect(), ..rule(action) }
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// What one rule makes of labels; `dropped` when it drops them.
#[track_caller]
fn check(config: RuleConfig, before: &str, after: &str) {
    let rule = Rule::new(config).expect("a rule");
    let mut labels = labels(before);
    let outcome = if relabel(&[rule], &mut labels) { shown(&labels) } else { "dropped".to_owned() };
    assert_eq!(outcome, after);
}

fn with_port() -> RuleConfig {
    RuleConfig {
        regex: text(r"([^:]+)(?::\d+)?;(\d+)"),
        replacement: text("$1:$2"),
        target_label: "__address__".to_owned(),
        ..from(&["__address__", "port"], Action::Replace)
    }
}

#[test]
fn an_annotated_port_replaces_the_one_of_the_address() {
    check(with_port(), "__address__=10.1.2.3:8080 port=9102", "__address__=10.1.2.3:9102 port=9102");
    check(with_port(), "__address__=10.1.2.3 port=9102", "__address__=10.1.2.3:9102 port=9102");
    check(with_port(), "__address__=10.1.2.3:8080", "__address__=10.1.2.3:8080");
    check(with_port(), "__address__=[fd00::1]:8080 port=9102", "__address__=[fd00::1]:8080 port=9102");
}

#[test]
fn digits_of_other_scripts_are_no_digits() {
    check(with_port(), "__address__=a port=٩", "__address__=a port=٩");
}

#[test]
fn shards_are_those_of_prometheus() {
    for (value, modulus, shard) in [("10.0.0.1:9100", 8, "5"), ("foo", 1000, "696"), ("", 10, "8")] {
        let config =
            RuleConfig { modulus, target_label: "shard".to_owned(), ..from(&["a"], Action::HashMod) };
        let mut labels: Labels = [("a", value)].into_iter().collect();
        assert!(relabel(&[Rule::new(config).expect("a rule")], &mut labels));
        assert_eq!(labels.get("shard"), shard, "{value}");
    }
    let config =
        RuleConfig { modulus: 16, target_label: "s".to_owned(), ..from(&["x", "y"], Action::HashMod) };
    check(config, "x=a y=b", "s=10 x=a y=b");
}

#[test]
fn labelmap_copies_and_leaves_the_original() {
    let config = RuleConfig { regex: text("__meta_kubernetes_node_label_(.+)"), ..rule(Action::LabelMap) };
    check(
        config,
        "__meta_kubernetes_node_label_kubernetes_io_os=linux",
        "__meta_kubernetes_node_label_kubernetes_io_os=linux kubernetes_io_os=linux",
    );
}

#[test]
fn labelmap_looks_at_the_labels_before_it_only() {
    let config = RuleConfig { regex: text("a(.*)"), replacement: text("aa$1"), ..rule(Action::LabelMap) };
    check(config, "a=1", "a=1 aa=1");
}

#[test]
fn replace_sets_keeps_and_removes() {
    let set = |regex: Option<&str>, replacement: Option<&str>| RuleConfig {
        regex: regex.map(str::to_owned),
        replacement: replacement.map(str::to_owned),
        target_label: "t".to_owned(),
        ..from(&["a"], Action::Replace)
    };
    check(set(None, None), "a=1", "a=1 t=1");
    check(set(None, Some("constant")), "b=1", "b=1 t=constant");
    check(set(Some("x(.*)"), None), "a=1 t=old", "a=1 t=old");
    check(set(Some("x(.*)"), None), "a=x t=old", "a=x");
    check(set(None, Some("")), "a=1 t=old", "a=1");
    check(set(Some("(.*)"), Some("${1}_x$$")), "a=1", "a=1 t=1_x$");
    check(set(Some("(.*)"), Some("$1_x")), "a=1 t=old", "a=1");
    check(set(Some(""), Some("empty")), "t=old", "t=empty");
    check(set(Some(""), Some("empty")), "a=1 t=old", "a=1 t=old");
    check(set(Some("(?P<first>.)(?P<rest>.*)"), Some("$rest$first")), "a=abc", "a=abc t=bca");
    check(set(Some("1|2"), Some("y")), "a=12", "a=12");
}

#[test]
fn a_pattern_matches_newlines_and_the_whole_text() {
    let config = RuleConfig { regex: text("a.b"), ..from(&["m"], Action::Keep) };
    let rules = [Rule::new(config).expect("a rule")];
    assert!(relabel(&rules, &mut [("m", "a\nb")].into_iter().collect()));
    assert!(!relabel(&rules, &mut [("m", "xa\nb")].into_iter().collect()));
}

#[test]
fn the_target_of_replace_may_be_a_template() {
    let config = |validation| RuleConfig {
        regex: text("(.*)=(.*)"),
        target_label: "$1".to_owned(),
        replacement: text("$2"),
        validation,
        ..from(&["a"], Action::Replace)
    };
    let rule = Rule::new(config(Validation::Utf8)).expect("a rule");
    let mut found: Labels = [("a", "x.y=1")].into_iter().collect();
    assert!(relabel(&[rule], &mut found));
    assert_eq!(found.get("x.y"), "1");
    let rule = Rule::new(config(Validation::Legacy)).expect("a rule");
    let mut found: Labels = [("a", "x.y=1")].into_iter().collect();
    assert!(relabel(&[rule], &mut found));
    assert_eq!(found.get("x.y"), "", "no legal name, so nothing is set");
}

#[test]
fn keep_and_drop_look_at_the_joined_values() {
    let keep =
        |regex: &str, action| RuleConfig { regex: text(regex), ..from(&["ns", "svc", "port"], action) };
    check(
        keep("default;kubernetes;https", Action::Keep),
        "ns=default svc=kubernetes port=https",
        "ns=default port=https svc=kubernetes",
    );
    check(keep("default;kubernetes;https", Action::Keep), "ns=default svc=kubernetes", "dropped");
    check(keep("default;;", Action::Drop), "ns=default", "dropped");
    let joined = RuleConfig { separator: text(""), regex: text("ab"), ..from(&["x", "y"], Action::Keep) };
    check(joined, "x=a y=b", "x=a y=b");
}

#[test]
fn equality_is_with_the_target() {
    let config = |action| RuleConfig { target_label: "b".to_owned(), ..from(&["a"], action) };
    check(config(Action::KeepEqual), "a=1 b=1", "a=1 b=1");
    check(config(Action::KeepEqual), "a=1 b=2", "dropped");
    check(config(Action::DropEqual), "a=1 b=1", "dropped");
    check(config(Action::DropEqual), "a=1 b=2", "a=1 b=2");
}

#[test]
fn names_are_dropped_and_kept_by_pattern_and_case_is_mapped() {
    let config = |action| RuleConfig { regex: text("a.*"), ..rule(action) };
    check(config(Action::LabelDrop), "a=1 ab=2 b=3", "b=3");
    check(config(Action::LabelKeep), "a=1 ab=2 b=3", "a=1 ab=2");
    let config = |action| RuleConfig { target_label: "t".to_owned(), ..from(&["a"], action) };
    check(config(Action::Lowercase), "a=ÄB", "a=ÄB t=äb");
    check(config(Action::Uppercase), "a=äb", "a=äb t=ÄB");
}

#[test]
fn what_a_rule_lacks_or_does_not_take_is_told() {
    let target = |target: &str, action| RuleConfig { target_label: target.to_owned(), ..rule(action) };
    let table = [
        (rule(Action::Replace), "relabel action `replace` requires a `target_label`"),
        (rule(Action::HashMod), "relabel action `hashmod` requires a `target_label`"),
        (target("t", Action::HashMod), "relabel action `hashmod` requires a `modulus` above 0"),
        (target("t", Action::LabelDrop), "relabel action `labeldrop` takes no `target_label`"),
        (
            RuleConfig { regex: text("x"), ..target("t", Action::KeepEqual) },
            "relabel action `keepequal` takes no `regex`",
        ),
        (
            RuleConfig { replacement: text("x"), ..target("t", Action::Lowercase) },
            "relabel action `lowercase` takes no `replacement`",
        ),
        (
            RuleConfig { validation: Validation::Legacy, ..target("a.b", Action::Replace) },
            "`a.b` is no label name, as `target_label` must be",
        ),
        (RuleConfig { regex: text("a)(b"), ..rule(Action::Keep) }, "unopened group"),
        (RuleConfig { regex: text("a**"), ..rule(Action::Keep) }, "invalid nested repetition operator: `*`"),
    ];
    for (config, words) in table {
        assert_eq!(Rule::new(config).expect_err(words), words);
    }
}

#[test]
fn actions_are_read_in_any_case() {
    assert_eq!("LabelMap".parse(), Ok(Action::LabelMap));
    assert_eq!("keepEqual".parse(), Ok(Action::KeepEqual));
    assert_eq!("relabel".parse::<Action>(), Err("unknown relabel action `relabel`".to_owned()));
}

proptest! {
    /// Every target is in one shard, whatever the number of shards.
    #[test]
    fn shards_leave_neither_gap_nor_double(address in ".{0,40}", shards in 1_u64..6) {
        let kept = (0..shards).filter(|shard| {
            let hashed = RuleConfig {
                modulus: shards,
                target_label: "__tmp_hash".to_owned(),
                ..from(&["__address__"], Action::HashMod)
            };
            let mine = RuleConfig { regex: Some(shard.to_string()), ..from(&["__tmp_hash"], Action::Keep) };
            let rules = [hashed, mine].map(|config| Rule::new(config).expect("a rule"));
            relabel(&rules, &mut [("__address__", address.as_str())].into_iter().collect())
        });
        prop_assert_eq!(kept.count(), 1);
    }

    /// Whatever the rule, what comes out is sorted, without empty values, and without names twice.
    #[test]
    fn labels_stay_labels(
        pairs in proptest::collection::vec(("[a-c_]{0,3}", "[a-c:;]{0,4}"), 0..6),
        action in 0_usize..11,
        regex in prop_oneof![Just("(.*)".to_owned()), "[a-c]{0,2}", Just("(.)(.*)".to_owned())],
        replacement in prop_oneof![Just("$1".to_owned()), "[a-c$12]{0,4}"],
    ) {
        let config = RuleConfig {
            target_label: "a".to_owned(),
            regex: Some(regex),
            replacement: Some(replacement),
            modulus: 3,
            ..from(&["b", "c"], Action::ALL[action].1)
        };
        let mut labels: Labels = pairs.into_iter().collect();
        if let Ok(rule) = Rule::new(config) {
            let _ = relabel(&[rule], &mut labels);
        }
        let names: Vec<_> = labels.iter().map(|(name, _)| name.to_owned()).collect();
        prop_assert!(names.is_sorted_by(|one, next| one < next));
        prop_assert!(labels.iter().all(|(_, value)| !value.is_empty()));
    }
}
