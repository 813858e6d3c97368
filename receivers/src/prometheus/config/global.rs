//! The `global` section, and the sections that are for a Prometheus server.

use std::collections::BTreeMap;

use component::Problem;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::protocol::{NameEscaping, NameValidation, ScrapeProtocol};
use super::scrape::ScrapeConfig;
use super::size::Size;
use crate::prometheus::PromDuration;
use crate::prometheus::Text;

/// A `prometheus.yml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PrometheusConfig {
    pub(crate) global: GlobalConfig,
    pub(crate) scrape_configs: Vec<ScrapeConfig>,
    pub(crate) scrape_config_files: Vec<Text>,
    pub(crate) rule_files: Vec<Text>,
    pub(crate) alerting: Option<Value>,
    pub(crate) remote_write: Option<Value>,
    pub(crate) remote_read: Option<Value>,
    pub(crate) storage: Option<Value>,
    pub(crate) tracing: Option<Value>,
    pub(crate) otlp: Option<Value>,
    pub(crate) runtime: Option<Value>,
}

/// What holds for all jobs that do not say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GlobalConfig {
    /// 1m when 0.
    pub(crate) scrape_interval: PromDuration,
    /// 10s when 0, or the interval when that is shorter.
    pub(crate) scrape_timeout: PromDuration,
    pub(crate) evaluation_interval: PromDuration,
    pub(crate) rule_query_offset: PromDuration,
    pub(crate) external_labels: BTreeMap<String, Text>,
    pub(crate) scrape_protocols: Option<Vec<ScrapeProtocol>>,
    pub(crate) body_size_limit: Size,
    pub(crate) sample_limit: u64,
    pub(crate) target_limit: u64,
    pub(crate) label_limit: u64,
    pub(crate) label_name_length_limit: u64,
    pub(crate) label_value_length_limit: u64,
    pub(crate) keep_dropped_targets: u64,
    pub(crate) metric_name_validation_scheme: Option<NameValidation>,
    pub(crate) metric_name_escaping_scheme: Option<NameEscaping>,
    pub(crate) scrape_native_histograms: bool,
    pub(crate) convert_classic_histograms_to_nhcb: bool,
    pub(crate) always_scrape_classic_histograms: bool,
    pub(crate) extra_scrape_metrics: bool,
    pub(crate) scrape_failure_log_file: Text,
    pub(crate) query_log_file: Text,
}

/// Who does what this receiver does not.
const RULES: &str = "a Prometheus server does";
const QUERIES: &str = "a Prometheus server answers queries";

impl PrometheusConfig {
    /// One warning for each setting that only a Prometheus server makes use of.
    pub(super) fn ignored(&self) -> Vec<Problem> {
        let is_set = |section: &Option<Value>| section.as_ref().is_some_and(|section| !is_empty(section));
        let global = &self.global;
        [
            (!self.rule_files.is_empty(), "rule_files", format!("rules are not evaluated here; {RULES}")),
            (is_set(&self.alerting), "alerting", format!("alerts are not sent from here; {RULES}")),
            (
                is_set(&self.remote_write),
                "remote_write",
                "nothing is written from here; the exporter `prometheusremotewrite` does".to_owned(),
            ),
            (is_set(&self.remote_read), "remote_read", format!("nothing is read here; {QUERIES}")),
            (is_set(&self.storage), "storage", format!("nothing is stored here; {RULES}")),
            (
                is_set(&self.tracing),
                "tracing",
                "the collector's own telemetry is set in `service`".to_owned(),
            ),
            (is_set(&self.otlp), "otlp", "the receiver `otlp` takes OTLP".to_owned()),
            (is_set(&self.runtime), "runtime", format!("it is for a Prometheus server; {QUERIES}")),
            (
                !global.evaluation_interval.is_zero(),
                "global::evaluation_interval",
                format!("rules are not evaluated here; {RULES}"),
            ),
            (
                !global.rule_query_offset.is_zero(),
                "global::rule_query_offset",
                format!("rules are not evaluated here; {RULES}"),
            ),
            (
                !global.query_log_file.is_empty(),
                "global::query_log_file",
                format!("there are no queries here; {QUERIES}"),
            ),
            (
                !global.scrape_failure_log_file.is_empty(),
                "global::scrape_failure_log_file",
                "failures are in the collector's log and on /debug/targetsz".to_owned(),
            ),
        ]
        .into_iter()
        .filter(|(is_set, ..)| *is_set)
        .map(|(_, path, words)| Problem::warning(path, format!("has no effect: {words}")))
        .collect()
    }
}

/// `alerting: {}`, `remote_write: []` and `alerting: { alertmanagers: [] }` ask for nothing.
fn is_empty(section: &Value) -> bool {
    match section {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
