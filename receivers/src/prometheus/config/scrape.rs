//! One entry of `scrape_configs`, as the file has it.

use std::collections::BTreeMap;

use component::Problem;
use config::Inline;
use serde::{Deserialize, Serialize};

use super::protocol::{NameEscaping, NameValidation, ScrapeProtocol};
use super::relabel::RelabelConfig;
use super::size::Size;
use crate::prometheus::PromDuration;
use crate::prometheus::Text;
use crate::prometheus::discovery::DiscoveryConfig;
use crate::prometheus::http_config::HttpConfig;

/// One job: what is scraped, how, and how its targets are found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub(crate) struct ScrapeConfig {
    /// What is scraped, and how.
    pub(crate) own: Own,
    /// How its servers are reached.
    pub(crate) http: HttpConfig,
    /// How its targets are found.
    pub(crate) discovery: DiscoveryConfig,
}

/// All keys, as they stand side by side in the file.
type Parts = Inline<(Own, HttpConfig, DiscoveryConfig)>;

impl From<Parts> for ScrapeConfig {
    fn from(Inline((own, http, discovery)): Parts) -> ScrapeConfig {
        ScrapeConfig { own, http, discovery }
    }
}

impl From<ScrapeConfig> for Parts {
    fn from(config: ScrapeConfig) -> Parts {
        Inline((config.own, config.http, config.discovery))
    }
}

/// What is scraped, and how. What is not set, or 0, is as `global` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Own {
    pub(crate) job_name: Text,
    pub(crate) honor_labels: bool,
    pub(crate) honor_timestamps: bool,
    pub(crate) track_timestamps_staleness: bool,
    pub(crate) params: BTreeMap<String, Vec<Text>>,
    pub(crate) scrape_interval: PromDuration,
    pub(crate) scrape_timeout: PromDuration,
    pub(crate) scrape_protocols: Option<Vec<ScrapeProtocol>>,
    pub(crate) fallback_scrape_protocol: Option<ScrapeProtocol>,
    pub(crate) scrape_native_histograms: Option<bool>,
    pub(crate) always_scrape_classic_histograms: Option<bool>,
    /// The older name of `always_scrape_classic_histograms`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scrape_classic_histograms: Option<bool>,
    pub(crate) convert_classic_histograms_to_nhcb: Option<bool>,
    pub(crate) extra_scrape_metrics: Option<bool>,
    pub(crate) metrics_path: Text,
    pub(crate) scheme: Text,
    pub(crate) enable_compression: bool,
    pub(crate) body_size_limit: Size,
    pub(crate) sample_limit: u64,
    pub(crate) target_limit: u64,
    pub(crate) label_limit: u64,
    pub(crate) label_name_length_limit: u64,
    pub(crate) label_value_length_limit: u64,
    pub(crate) native_histogram_bucket_limit: u64,
    pub(crate) native_histogram_min_bucket_factor: f64,
    pub(crate) keep_dropped_targets: u64,
    pub(crate) metric_name_validation_scheme: Option<NameValidation>,
    pub(crate) metric_name_escaping_scheme: Option<NameEscaping>,
    pub(crate) scrape_failure_log_file: Text,
    pub(crate) relabel_configs: Vec<RelabelConfig>,
    pub(crate) metric_relabel_configs: Vec<RelabelConfig>,
}

impl Default for Own {
    fn default() -> Own {
        Own {
            job_name: Text::default(),
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            params: BTreeMap::new(),
            scrape_interval: PromDuration::default(),
            scrape_timeout: PromDuration::default(),
            scrape_protocols: None,
            fallback_scrape_protocol: None,
            scrape_native_histograms: None,
            always_scrape_classic_histograms: None,
            scrape_classic_histograms: None,
            convert_classic_histograms_to_nhcb: None,
            extra_scrape_metrics: None,
            metrics_path: Text::from("/metrics"),
            scheme: Text::from("http"),
            enable_compression: true,
            body_size_limit: Size::default(),
            sample_limit: 0,
            target_limit: 0,
            label_limit: 0,
            label_name_length_limit: 0,
            label_value_length_limit: 0,
            native_histogram_bucket_limit: 0,
            native_histogram_min_bucket_factor: 0.0,
            keep_dropped_targets: 0,
            metric_name_validation_scheme: None,
            metric_name_escaping_scheme: None,
            scrape_failure_log_file: Text::default(),
            relabel_configs: Vec::new(),
            metric_relabel_configs: Vec::new(),
        }
    }
}

impl ScrapeConfig {
    /// What is wrong with it apart from the other jobs and `global`.
    pub(super) fn check(&self) -> Vec<Problem> {
        let own = &self.own;
        let mut problems = self.http.check();
        problems.extend(self.discovery.check());
        if own.job_name.is_empty() {
            problems.push(Problem::error("job_name", "is missing or empty"));
        }
        if !matches!(&*own.scheme, "http" | "https") {
            let words = format!("unknown scheme `{}`, expected `http` or `https`", own.scheme);
            problems.push(Problem::error("scheme", words));
        }
        if own.scrape_classic_histograms.is_some() {
            let words = "is the older name of `always_scrape_classic_histograms`";
            problems.push(Problem::warning("scrape_classic_histograms", words));
        }
        if !own.scrape_failure_log_file.is_empty() {
            let words = "has no effect: failures are in the collector's log and on /debug/targetsz";
            problems.push(Problem::warning("scrape_failure_log_file", words));
        }
        problems.extend(self.check_static());
        problems
    }

    /// Without rules that could change it, an address must be one.
    fn check_static(&self) -> Vec<Problem> {
        if !self.own.relabel_configs.is_empty() {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for (index, group) in self.discovery.static_configs.iter().enumerate() {
            for (at, target) in group.targets.iter().enumerate() {
                if target.contains('/') {
                    let path = format!("static_configs::{index}::targets::{at}");
                    let words = format!("`{target}` is not an address, expected `host` or `host:port`");
                    problems.push(Problem::error(&path, words));
                }
            }
        }
        problems
    }
}
