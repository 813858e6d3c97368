//! What can be wrong with the settings.

use component::{DeliveryConfig, Problem};
use config::Defaults as _;
use formats::prometheus::names::{Names, Strategy};
use transport::compression::Encoding;

use super::config::{ClientDefaults, Config, Own, ProtobufMessage};

/// Headers that are the protocol's.
pub(super) const OWN_HEADERS: [&str; 4] =
    ["content-encoding", "content-type", "user-agent", "x-prometheus-remote-write-version"];

pub(super) fn all(config: &Config) -> Vec<Problem> {
    let retry =
        DeliveryConfig { retry_on_failure: config.own.retry_on_failure.clone(), ..DeliveryConfig::default() };
    [connection(config), names(config), sizes(config), old(config), retry.check()].concat()
}

fn connection(config: &Config) -> Vec<Problem> {
    let client = config.client();
    let mut problems = client.check();
    if config.own.http.is_some() {
        problems = problems.into_iter().map(|problem| problem.under("http")).collect();
        if config.client != ClientDefaults::defaults() {
            let words = "settings of the connection stand either in `http` or beside it, not both";
            problems.push(Problem::error("http", words));
        }
    }
    if client.endpoint.is_empty() {
        let words = "endpoint required: the whole URL, such as `http://localhost:9090/api/v1/write`";
        problems.push(Problem::error(&config.at("endpoint"), words));
    }
    if client.compression != Encoding::Snappy {
        problems.push(Problem::error(&config.at("compression"), "remote write is packed with `snappy`"));
    }
    for (name, _) in client.headers.iter() {
        if OWN_HEADERS.contains(&&*name.to_ascii_lowercase()) {
            let words = format!("the header `{name}` is the protocol's and is not changed");
            problems.push(Problem::warning(&config.at("headers"), words));
        }
    }
    problems
}

fn names(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    match config.strategy() {
        None => {
            let known = Strategy::ALL.map(|(name, _)| format!("`{name}`")).join(", ");
            let found = config.own.translation_strategy.as_deref().unwrap_or_default();
            let words = format!("invalid translation_strategy: `{found}`, expected one of {known}");
            problems.push(Problem::error("translation_strategy", words));
        }
        Some(strategy) if strategy.keeps_utf8() && config.own.protobuf_message == ProtobufMessage::V1 => {
            let words = "names in UTF-8 need `protobuf_message: io.prometheus.write.v2.Request`";
            problems.push(Problem::error("translation_strategy", words));
        }
        Some(_) => (),
    }
    for (name, value) in &config.own.external_labels {
        if name.is_empty() || value.is_empty() {
            problems.push(Problem::error("external_labels", "a label needs a name and a value"));
        } else if let Err(words) = (Names::default()).label(name) {
            problems.push(Problem::error("external_labels", words));
        }
    }
    problems
}

fn sizes(config: &Config) -> Vec<Problem> {
    let Own { remote_write_queue: queue, max_batch_size_bytes, max_batch_request_parallelism, .. } =
        &config.own;
    let mut problems = Vec::new();
    if queue.enabled && queue.queue_size < 1 {
        let words = "must be greater than 0: a queue without room takes nothing";
        problems.push(Problem::error("remote_write_queue::queue_size", words));
    }
    if queue.num_consumers < 0 {
        problems.push(Problem::error("remote_write_queue::num_consumers", "must not be negative"));
    }
    if *max_batch_size_bytes < 0 {
        problems.push(Problem::error("max_batch_size_bytes", "must not be negative"));
    }
    if max_batch_request_parallelism.is_some_and(|count| count < 1) {
        problems.push(Problem::error("max_batch_request_parallelism", "must be greater than 0"));
    }
    problems
}

fn old(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    let choice = &config.own.resource_constant_labels;
    if !choice.included.is_empty() && config.own.resource_to_telemetry_conversion.enabled {
        let words =
            "only one of `resource_constant_labels` and `resource_to_telemetry_conversion` may be set";
        problems.push(Problem::error("resource_constant_labels", words));
    }
    if config.own.wal.is_some() {
        let words = "there is no write-ahead log: what waits is in `remote_write_queue`, in memory, and its \
                         senders wait when it is full";
        problems.push(Problem::warning("wal", words));
    }
    if config.own.export_created_metric.enabled {
        let words = "has no effect: when a series began is told by `protobuf_message: \
                         io.prometheus.write.v2.Request`";
        problems.push(Problem::warning("export_created_metric", words));
    }
    problems
}
