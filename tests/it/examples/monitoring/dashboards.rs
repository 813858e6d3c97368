//! What holds for a dashboard whatever it shows.

use std::collections::BTreeSet;

use tests::serde_json::{Value, json};

use super::dashboard;

const NAMES: [&str; 2] = ["collector.json", "application.json"];

#[test]
fn dashboards_are_of_todays_model_and_can_be_provisioned_as_they_are() {
    let mut ids = BTreeSet::new();
    for name in NAMES {
        let dashboard = dashboard(name);
        assert_eq!((&dashboard["schemaVersion"], &dashboard["id"]), (&json!(42), &Value::Null), "{name}");
        let id = dashboard["uid"].as_str().unwrap_or_default().to_owned();
        assert!(!id.is_empty() && id.len() <= 40 && ids.insert(id), "{name}: its uid is not its own");
        assert!(dashboard["title"].is_string() && dashboard.get("dashboard").is_none(), "{name} is wrapped");
        let variables = dashboard["templating"]["list"].as_array().expect("it has variables");
        assert_eq!(variables[0]["name"], "datasource", "{name}");
    }
}

#[test]
fn panels_are_of_kinds_that_exist_and_ask_something() {
    for name in NAMES {
        let panels = panels(name);
        let ids: BTreeSet<_> =
            panels.iter().map(|panel| panel["id"].as_u64().expect("it has an id")).collect();
        assert_eq!(ids.len(), panels.len(), "{name}: two panels have one id");
        for panel in panels.iter().filter(|panel| panel["type"] != "row") {
            let title = panel["title"].as_str().unwrap_or_default();
            // `graph` and `singlestat` are gone from Grafana.
            let kind = panel["type"].as_str().unwrap_or_default();
            assert!(["timeseries", "stat", "table"].contains(&kind), "{name}, {title}: {kind}");
            assert!(
                !title.is_empty() && !panel["description"].as_str().unwrap_or_default().is_empty(),
                "{panel}"
            );
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{name}, {title}: no unit");
            let targets = panel["targets"].as_array().expect("it has targets");
            let letters: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str()).collect();
            assert!(!targets.is_empty() && letters.len() == targets.len(), "{name}, {title}: refId");
            for target in targets {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{name}, {title}");
                assert!(target["expr"].as_str().is_some_and(|text| !text.is_empty()), "{name}, {title}");
            }
        }
    }
}

#[test]
fn panels_stand_side_by_side_on_twenty_four_columns() {
    for name in NAMES {
        let mut taken = BTreeSet::new();
        for panel in panels(name) {
            let place = &panel["gridPos"];
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| place[key].as_u64().expect("a number"));
            assert!(w > 0 && h > 0 && x + w <= 24, "{name}, {}: {place}", panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{name}, {}: over another panel", panel["title"]);
            }
        }
    }
}

#[test]
fn the_error_rate_and_the_load_look_as_people_know_them() {
    let panels = panels("application.json");
    let named = |title: &str| panels.iter().find(|panel| panel["title"] == title).expect("it is there");
    let (rate, load) = (named("Error rate"), named("CPU"));
    assert_eq!((&rate["type"], &rate["options"]["colorMode"]), (&json!("stat"), &json!("background")));
    let steps = &rate["fieldConfig"]["defaults"]["thresholds"]["steps"];
    let steps: Vec<_> = steps.as_array().expect("steps").iter().map(|step| &step["value"]).collect();
    assert_eq!(steps, [&Value::Null, &json!(1), &json!(5)]);
    let defaults = &load["fieldConfig"]["defaults"];
    assert_eq!(
        (&defaults["min"], &defaults["max"], &defaults["unit"]),
        (&json!(0), &json!(100), &json!("percent"))
    );
}

/// Title of the panel and expression, of both dashboards.
pub(super) fn expressions() -> Vec<(String, String)> {
    NAMES.iter().flat_map(|name| expressions_of(name)).collect()
}

pub(super) fn expressions_of(name: &str) -> Vec<(String, String)> {
    let targets = |panel: &Value| panel["targets"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of_panel = |panel: &Value| {
        let title = text(&panel["title"]);
        let of_target = move |target: Value| (title.clone(), text(&target["expr"]));
        targets(panel).into_iter().map(of_target).collect::<Vec<_>>()
    };
    panels(name).iter().flat_map(of_panel).collect()
}

/// The expression as Grafana sends it when all is chosen.
pub(super) fn with_variables(expression: &str) -> String {
    let values = [
        ("$__rate_interval", "1m"),
        ("$__range", "1h"),
        ("$job", ".*"),
        ("$instance", ".*"),
        ("${prefix}", ""),
    ];
    let text = values.iter().fold(expression.to_owned(), |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "a variable that this test does not know: {text}");
    text
}

/// All panels, those of closed rows included.
fn panels(name: &str) -> Vec<Value> {
    let dashboard = dashboard(name);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let panels = list(&dashboard["panels"]);
    let inner = panels.iter().flat_map(|panel| list(&panel["panels"])).collect::<Vec<_>>();
    [panels, inner].concat()
}
