//! Labels: of the page, of the target, by rules; and their limits.

use super::{Rendered, Settings, check_points, check_text, labels, text};
use crate::prometheus::relabel::{Action, Rule, RuleConfig};

fn rule(config: RuleConfig) -> Rule {
    Rule::new(config).expect("the rule of a test is right")
}

fn drop_by_name(regex: &str) -> Rule {
    rule(RuleConfig {
        source_labels: vec!["__name__".into()],
        regex: Some(regex.into()),
        action: Action::Drop,
        ..RuleConfig::default()
    })
}

fn resources(settings: Settings, page: &str) -> Vec<String> {
    Rendered::of(&text(settings, page)).resources()
}

#[test]
fn labels_of_the_target_win_and_those_of_the_page_are_exported() {
    let settings = Settings::default();
    let page = "m{job=\"x\",exported_job=\"y\"} 1\n";
    check_text(settings, page, &["m{exported_exported_job=x,exported_job=y} 1"]);
}

#[test]
fn labels_of_the_page_win_where_they_are_honored() {
    let honor = || Settings { honor_labels: true, ..Settings::default() };
    check_text(honor(), "m{job=\"x\",a=\"b\"} 1\n", &["m{a=b} 1"]);
    let found = resources(honor(), "m{job=\"x\",instance=\"other\"} 1\n");
    assert_eq!(found.len(), 2);
    assert!(found[1].starts_with("{service.name=x,service.instance.id=other"), "{found:?}");
}

#[test]
fn external_labels_win_over_all() {
    let external = Settings { external_labels: labels(&["a=outer", "region=eu"]), ..Settings::default() };
    let outcome = text(external, "m{a=\"inner\"} 1\n");
    check_points(&outcome, &["m{a=outer,region=eu} 1"]);
    let up = Rendered::of(&outcome).report("up");
    assert!(up[0].starts_with("up{a=outer,region=eu} 1"), "{up:?}");
}

#[test]
fn rules_drop_and_rewrite_samples() {
    let replace = RuleConfig {
        source_labels: vec!["a".into()],
        target_label: "b".into(),
        replacement: Some("x$1".into()),
        ..RuleConfig::default()
    };
    let settings =
        Settings { metric_relabel: vec![drop_by_name("go_.*"), rule(replace)], ..Settings::default() };
    let outcome = text(settings, "go_a 1\nm{a=\"1\"} 2\n");
    check_points(&outcome, &["m{a=1,b=x1} 2"]);
    assert_eq!((outcome.scraped, outcome.after_relabel, outcome.added), (2, 1, 1));
}

#[test]
fn what_becomes_the_same_series_is_counted_and_the_first_is_kept() {
    let drop_a =
        rule(RuleConfig { regex: Some("a".into()), action: Action::LabelDrop, ..RuleConfig::default() });
    let settings = Settings { metric_relabel: vec![drop_a], ..Settings::default() };
    let outcome = text(settings, "m{a=\"1\"} 1\nm{a=\"2\"} 2\n");
    check_points(&outcome, &["m{} 1"]);
    assert_eq!((outcome.duplicates, outcome.after_relabel), (1, 2));
}

#[test]
fn a_renamed_sample_has_the_family_of_its_new_name() {
    let rename = RuleConfig {
        source_labels: vec!["__name__".into()],
        regex: Some("a".into()),
        target_label: "__name__".into(),
        replacement: Some("b".into()),
        ..RuleConfig::default()
    };
    let settings = Settings { metric_relabel: vec![rule(rename)], ..Settings::default() };
    let outcome = text(settings, "# TYPE b counter\n# TYPE a gauge\na 1\n");
    assert_eq!(Rendered::of(&outcome).families(), ["b (counter, counter, ) "]);
}

#[test]
fn a_sample_without_a_name_is_a_bad_line() {
    let drop_name = rule(RuleConfig {
        regex: Some("__name__".into()),
        action: Action::LabelDrop,
        ..RuleConfig::default()
    });
    let settings = Settings { metric_relabel: vec![drop_name], ..Settings::default() };
    assert_eq!(text(settings, "m{a=\"1\"} 1\n").bad_lines, 1);
}

#[test]
fn a_label_that_is_there_twice_is_a_bad_line() {
    let outcome = text(Settings::default(), "m{a=\"1\",a=\"2\"} 1\nn{__name__=\"x\"} 1\n");
    check_points(&outcome, &[]);
    assert_eq!(outcome.bad_lines, 2);
}

#[test]
fn labels_without_a_value_are_none() {
    check_text(Settings::default(), "m{a=\"\",b=\"1\"} 1\n", &["m{b=1} 1"]);
}

#[test]
fn limits_fail_the_scrape_when_they_are_exceeded() {
    let base = Settings::default;
    // The target's two labels and the name count.
    let page = "m{abc=\"wxyz\"} 1\nn 1\n";
    let cases = [
        (Settings { sample_limit: 2, ..base() }, Settings { sample_limit: 1, ..base() }, "sample_limit 1"),
        (Settings { label_limit: 4, ..base() }, Settings { label_limit: 3, ..base() }, "label_limit 3"),
        (
            Settings { label_name_length_limit: 8, ..base() },
            Settings { label_name_length_limit: 7, ..base() },
            "label_name_length_limit 7",
        ),
        (
            Settings { label_value_length_limit: 6, ..base() },
            Settings { label_value_length_limit: 5, ..base() },
            "label_value_length_limit 5",
        ),
    ];
    for (enough, too_few, told) in cases {
        assert_eq!(text(enough, page).error, None);
        let outcome = text(too_few, page);
        let error = outcome.error.clone().unwrap_or_default();
        assert!(error.ends_with(told), "{error}");
        check_points(&outcome, &[]);
        assert!(Rendered::of(&outcome).report("up")[0].starts_with("up{} 0"));
    }
}

#[test]
fn what_rules_drop_does_not_count_for_the_limit_of_samples() {
    let settings =
        Settings { sample_limit: 1, metric_relabel: vec![drop_by_name("go_.*")], ..Settings::default() };
    assert_eq!(text(settings, "go_a 1\ngo_b 1\nm 1\n").error, None);
}
