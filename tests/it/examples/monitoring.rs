//! Rules and dashboards: right by Prometheus's own word, and about metrics that are there.

mod dashboards;
mod workloads;

use std::collections::BTreeSet;
use std::path::PathBuf;

use tests::serde_json::{self, Value};

use super::{read, root, said, tool};

/// Debian's, as in the other stories with it.
const PROMTOOL: &str = "/usr/bin/promtool";

#[test]
fn the_rules_are_rules_and_say_what_they_should() {
    for arguments in [
        ["check", "rules", "collector.rules.yml", "application.rules.yml"],
        ["test", "rules", "collector.test.yml", "application.test.yml"],
    ] {
        let arguments: Vec<_> = arguments.iter().map(|word| in_folder(word)).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let Some(output) = tool(PROMTOOL, &arguments) else { return };
        assert!(output.status.success(), "{}", said(&output));
    }
}

#[test]
fn each_alert_has_a_test_and_says_what_it_is_about() {
    for kind in ["collector", "application"] {
        let (rules, tests) = (text(&format!("{kind}.rules.yml")), text(&format!("{kind}.test.yml")));
        let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
        assert!(alerts.len() > 5, "{alerts:?}");
        for alert in &alerts {
            let fires = tests
                .split("- alertname: ")
                .any(|test| test.lines().next() == Some(alert) && test.contains("exp_labels"));
            assert!(fires, "no test in which {alert} fires");
        }
        for part in ["severity: ", "summary: ", "description: "] {
            assert_eq!(rules.matches(part).count(), alerts.len(), "{part} in {kind}.rules.yml");
        }
    }
}

#[test]
fn every_expression_of_the_dashboards_is_read_by_prometheus() {
    let mut rules = "groups: [{ name: dashboards, rules: [\n".to_owned();
    for (number, (_, expression)) in dashboards::expressions().iter().enumerate() {
        let expression = serde_json::json!(dashboards::with_variables(expression));
        rules += &format!("{{ record: expression_{number}, expr: {expression} }},\n");
    }
    let file = std::env::temp_dir().join(format!("ferrotel-dashboards-{}.yml", std::process::id()));
    std::fs::write(&file, rules + "] }]\n").expect("a temporary file can be written");
    let output = tool(PROMTOOL, &["check", "rules", &file.display().to_string()]);
    std::fs::remove_file(&file).expect("the file is ours");
    let Some(output) = output else { return };
    assert!(output.status.success(), "{}", said(&output));
}

fn in_folder(word: &str) -> String {
    if word.ends_with(".yml") { folder().join(word).display().to_string() } else { word.to_owned() }
}

fn folder() -> PathBuf {
    root().join("examples/monitoring")
}

fn text(name: &str) -> String {
    read(&folder().join(name))
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap_or_else(|error| panic!("{name} is not JSON: {error}"))
}

/// The metrics of ours that a text names; what may follow a name, such as `(_total)?`, left out.
fn metrics_in(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("otelcol_") || word.starts_with("ferrotel_")).collect()
}
