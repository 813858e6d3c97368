//! What the file says about it, and the way to start it.

pub(super) mod files;
pub(super) mod global;
pub(super) mod job;
pub(super) mod protocol;
pub(super) mod relabel;
pub(super) mod scrape;
pub(super) mod size;

use async_trait::async_trait;
use component::{Context, Outputs, Problem, Receiver};
use config::Interval;
use otlp::Signal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::global::PrometheusConfig;
pub(super) use self::job::{Histograms, Job};
use super::{Text, run};

/// Scrapes targets as a Prometheus server does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// A `prometheus.yml`.
    pub(crate) config: PrometheusConfig,
    /// Leaves `_total` and units out of names.
    pub(crate) trim_metric_suffixes: bool,
    /// Targets from a target allocator: not supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target_allocator: Option<Value>,
    /// The API of a Prometheus server: not supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_server: Option<Value>,
    /// Scrapes every target once more when the collector stops.
    pub(crate) scrape_on_shutdown: bool,
    /// Read for compatibility: targets are scraped as soon as they are found.
    pub(crate) discovery_reload_on_startup: bool,
    /// How long to wait before the first scrape of each target.
    pub(crate) initial_scrape_offset: Interval,
    /// Read for compatibility.
    pub(crate) report_extra_scrape_metrics: bool,
    /// Read for compatibility.
    pub(crate) use_start_time_metric: bool,
    /// Read for compatibility.
    pub(crate) start_time_metric_regex: Text,
}

#[async_trait]
impl Receiver for Config {
    const NAME: &'static str = "prometheus";
    const SIGNALS: &'static [Signal] = &[Signal::Metrics];

    fn check(&self) -> Vec<Problem> {
        let mut problems = self.check_own();
        problems.extend(self.config.ignored().into_iter().map(|problem| problem.under("config")));
        let (_, found) = self.jobs();
        problems.extend(found.into_iter().map(|problem| problem.under("config")));
        problems
    }

    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()> {
        // Without a pipeline for metrics it is not started.
        let Some(next) = outputs.metrics else { return Ok(()) };
        run::start(&self, &cx, next)
    }
}

impl Config {
    /// The jobs, and what is wrong with them.
    pub(super) fn jobs(&self) -> (Vec<Job>, Vec<Problem>) {
        job::jobs(&self.config)
    }

    /// What is wrong, or odd, about the receiver's own keys.
    fn check_own(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.target_allocator.is_some() {
            let words = "is not supported: targets are found by the collector itself; to share them among several, \
                         use `action: hashmod` with `action: keep` in `relabel_configs`";
            problems.push(Problem::error("target_allocator", words));
        }
        if self.api_server.as_ref().is_some_and(|server| server["enabled"] != Value::Bool(false)) {
            let words = "is not supported: targets are shown by the extension `zpages` on /debug/targetsz";
            problems.push(Problem::error("api_server", words));
        }
        if self.use_start_time_metric || !self.start_time_metric_regex.is_empty() {
            let key =
                if self.use_start_time_metric { "use_start_time_metric" } else { "start_time_metric_regex" };
            let words = "has no effect: start times are those that targets expose";
            problems.push(Problem::warning(key, words));
        }
        if self.report_extra_scrape_metrics {
            let words = "has no effect: use `extra_scrape_metrics` in `config::global` or a scrape config";
            problems.push(Problem::warning("report_extra_scrape_metrics", words));
        }
        problems
    }
}
