//! What the file may say. Requests and answers are in the stories.

use std::time::Duration;

use component::{Exporter as _, Pauses, Problem};
use config::{Diagnostics, Path};
use otlp::Signal;

use super::Config;

const ENDPOINT: &str = "endpoint: 'http://a:9090/api/v1/write'";

#[test]
fn defaults_are_those_of_the_go_collector() {
    let config = read(&format!("{{ {ENDPOINT} }}"));
    assert_eq!(config.check(), []);
    let delivery = config.delivery();
    let queue = delivery.queue.unwrap();
    assert_eq!((queue.num_consumers, queue.queue_size), (1, 10_000));
    assert!(delivery.retry.is_none() && delivery.timeout.is_none(), "a second retry would break the order");
    assert_eq!(config.client.timeout.0, Duration::from_secs(5));
    let retry = &config.own.retry_on_failure;
    let [first, longest, all] =
        [retry.initial_interval, retry.max_interval, retry.max_elapsed_time].map(|time| time.0);
    assert_eq!(first, Duration::from_millis(50));
    assert_eq!((longest, all), (Duration::from_secs(30), Duration::from_secs(300)), "those of all exporters");
    assert_eq!(config.own.max_batch_size_bytes, 3_000_000);
    let off = read(&format!("{{ {ENDPOINT}, remote_write_queue: {{ enabled: false, queue_size: 0 }} }}"));
    assert!(off.delivery().queue.is_none() && off.check().is_empty());
}

#[test]
fn the_connection_stands_in_either_place_but_not_in_both() {
    let config = read(&format!("{{ http: {{ {ENDPOINT} }} }}"));
    assert_eq!(config.check(), []);
    let labels: Vec<_> = config.labels(Signal::Metrics).into_iter().map(|(_, value)| value).collect();
    assert_eq!(labels, ["a", "9090", "/api/v1/write"]);
    check(&format!("{{ http: {{ {ENDPOINT} }}, timeout: 1s }}"), &["http"]);
    check("{ http: {} }", &["http::endpoint"]);
}

#[test]
fn what_cannot_work_is_found_before_anything_starts() {
    check("{}", &["endpoint"]);
    check("{ endpoint: 'a:9090' }", &["endpoint"]);
    let wrong = "compression: gzip, external_labels: { a: '' }, max_batch_size_bytes: -1, translation_strategy: Other, \
                 max_batch_request_parallelism: 0, remote_write_queue: { queue_size: 0, num_consumers: -1 }";
    let paths = [
        "compression",
        "translation_strategy",
        "external_labels",
        "remote_write_queue::queue_size",
        "remote_write_queue::num_consumers",
        "max_batch_size_bytes",
        "max_batch_request_parallelism",
    ];
    check(&format!("{{ {ENDPOINT}, {wrong} }}"), &paths);
    let both =
        "resource_constant_labels: { included: ['*'] }, resource_to_telemetry_conversion: { enabled: true }";
    check(&format!("{{ {ENDPOINT}, {both} }}"), &["resource_constant_labels"]);
    check(
        &format!("{{ {ENDPOINT}, retry_on_failure: {{ multiplier: -1 }} }}"),
        &["retry_on_failure::multiplier"],
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_more_time_than_there_is_is_given_up() {
    let config = read(&format!("{{ {ENDPOINT} }}")).own.retry_on_failure;
    let mut pauses = Pauses::new(&config);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(pauses.next(Some(Duration::from_secs(2))).is_some());
    assert_eq!(pauses.next(Some(Duration::from_secs(u64::MAX))), None);
}

#[test]
fn names_in_utf_8_need_version_2() {
    let strategy = "translation_strategy: NoTranslation";
    check(&format!("{{ {ENDPOINT}, {strategy} }}"), &["translation_strategy"]);
    let v2 = "protobuf_message: io.prometheus.write.v2.Request";
    check(&format!("{{ {ENDPOINT}, {strategy}, {v2} }}"), &[]);
}

#[test]
fn what_is_old_or_without_effect_is_a_warning() {
    let old =
        "wal: { directory: /tmp/wal }, export_created_metric: { enabled: true }, headers: { User-Agent: me }";
    let problems = read(&format!("{{ {ENDPOINT}, {old} }}")).check();
    assert_eq!(paths(&problems), ["headers", "wal", "export_created_metric"]);
    assert!(problems.iter().all(|problem| matches!(problem, Problem::Warning { .. })), "{problems:?}");
}

fn check(text: &str, expected: &[&str]) {
    let problems = read(text).check();
    assert_eq!(paths(&problems), expected, "{problems:?}");
    assert!(problems.iter().all(|problem| matches!(problem, Problem::Error { .. })), "{problems:?}");
}

fn paths(problems: &[Problem]) -> Vec<String> {
    let path = |problem: &Problem| match problem {
        Problem::Error { path, .. } | Problem::Warning { path, .. } => path.join("::"),
    };
    problems.iter().map(path).collect()
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}
