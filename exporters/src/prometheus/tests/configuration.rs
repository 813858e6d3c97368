//! What the file may say.

use std::time::Duration;

use component::{Exporter as _, Problem};
use formats::prometheus::names::Strategy;

use super::*;

pub(super) fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

/// Errors and warnings about the settings: where, and whether it is an error.
fn problems(text: &str) -> Vec<(String, bool)> {
    let place = |problem| match problem {
        Problem::Error { path, .. } => (path.join("::"), true),
        Problem::Warning { path, .. } => (path.join("::"), false),
    };
    read(text).check().into_iter().map(place).collect()
}

#[test]
fn defaults_are_those_of_the_go_collector() {
    let config = read("{ endpoint: '0.0.0.0:8889' }");
    assert_eq!(*config.own.metric_expiration, Duration::from_secs(300));
    assert_eq!(config.own.names().strategy, Strategy::UnderscoreEscapingWithSuffixes);
    let own = &config.own;
    assert!(!own.send_timestamps && !own.enable_open_metrics && !own.without_scope_info);
    assert_eq!(own.series_limit, 0);
    let delivery = config.delivery();
    assert!(delivery.queue.is_none() && delivery.retry.is_none() && delivery.timeout.is_none());
    assert_eq!(config.listens_on()[0].address, "0.0.0.0:8889");
}

#[test]
fn the_settings_of_an_http_server_stand_beside_its_own() {
    let config = read(
        "{ endpoint: 'a:1', namespace: myapp, const_labels: { environment: production }, idle_timeout: 5s }",
    );
    assert_eq!(
        (config.own.namespace.as_str(), *config.server.idle_timeout),
        ("myapp", Duration::from_secs(5))
    );
    assert_eq!(config.own.const_labels["environment"], "production");
    assert_eq!(config.check(), []);
}

#[test]
fn what_is_wrong_is_found_by_reading() {
    for text in ["{ endpoint: 'a:1', name_space: x }", "{ endpoint: 'a:1', translation_strategy: Other }"] {
        let mut diagnostics = Diagnostics::new();
        let node = config::parse("test", text, &mut diagnostics).unwrap();
        assert!(config::read::<Config>(&node, &Path::root(), &mut diagnostics).is_none(), "{text}");
    }
}

#[test]
fn what_is_wrong_or_old_is_found_by_checking() {
    let error = |path: &str| vec![(path.to_owned(), true)];
    let warning = |path: &str| vec![(path.to_owned(), false)];
    assert_eq!(problems("{}"), error("endpoint"));
    assert_eq!(problems("{ endpoint: ' ' }"), error("endpoint"));
    assert_eq!(problems("{ endpoint: 'a:1', const_labels: { a-b: c } }"), error("const_labels::a-b"));
    assert_eq!(problems("{ endpoint: 'a:1', const_labels: { __a: c } }"), error("const_labels::__a"));
    let utf8 = "{ endpoint: 'a:1', const_labels: { a.b: c }, translation_strategy: NoTranslation }";
    assert_eq!(problems(utf8), []);
    assert_eq!(problems("{ endpoint: 'a:1', const_labels: { job: c } }"), warning("const_labels::job"));
    assert_eq!(problems("{ endpoint: 'a:1', add_metric_suffixes: false }"), warning("add_metric_suffixes"));
    let queue = "{ endpoint: 'a:1', sending_queue: { queue_size: 0 } }";
    assert_eq!(problems(queue), error("sending_queue::queue_size"));
    let old = "{ endpoint: 'a:1', resource_to_telemetry_conversion: { enabled: true } }";
    assert_eq!(problems(old), warning("resource_to_telemetry_conversion"));
    let both = "{ endpoint: 'a:1', resource_to_telemetry_conversion: { enabled: true }, \
                resource_constant_labels: { included: ['*'] } }";
    assert_eq!(problems(both).last(), error("resource_constant_labels").last());
}

#[test]
fn the_old_switch_for_suffixes_counts_unless_a_strategy_is_set() {
    let strategy = |text: &str| read(&format!("{{ endpoint: 'a:1', {text} }}")).own.names().strategy;
    assert_eq!(strategy("add_metric_suffixes: false"), Strategy::UnderscoreEscapingWithoutSuffixes);
    let set = "add_metric_suffixes: false, translation_strategy: NoUTF8EscapingWithSuffixes";
    assert_eq!(strategy(set), Strategy::NoUtf8EscapingWithSuffixes);
    assert_eq!(strategy("translation_strategy: ''"), Strategy::UnderscoreEscapingWithSuffixes);
}

#[test]
fn a_queue_stands_in_front_when_the_file_says_so() {
    let config = read("{ endpoint: 'a:1', sending_queue: { queue_size: 7 } }");
    assert_eq!(config.delivery().queue.map(|queue| queue.queue_size), Some(7));
}
