//! One job as it is needed: what its own section and `global` say together.

use std::collections::BTreeSet;

use component::Problem;
use formats::prometheus::names::Validation;
use formats::prometheus::relabel::Rule;

use super::files;
use super::global::{GlobalConfig, PrometheusConfig};
use super::protocol::{
    DEFAULT_PROTOCOLS, NameEscaping, NameValidation, ScrapeProtocol, accept as accept_value,
};
use super::relabel;
use super::scrape::{Own, ScrapeConfig};
use crate::prometheus::PromDuration;

/// Prometheus' own defaults.
const INTERVAL: PromDuration = PromDuration::from_secs(60);
const TIMEOUT: PromDuration = PromDuration::from_secs(10);

/// One job: how its targets are found and scraped.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The section, for what needs no second look.
    pub(crate) config: ScrapeConfig,
    pub(crate) interval: PromDuration,
    pub(crate) timeout: PromDuration,
    /// The value of the header.
    pub(crate) accept: String,
    pub(crate) fallback: ScrapeProtocol,
    pub(crate) limits: Limits,
    pub(crate) histograms: Histograms,
    pub(crate) extra_metrics: bool,
    pub(crate) validation: Validation,
    /// Of targets.
    pub(crate) rules: Vec<Rule>,
    /// Of samples.
    pub(crate) metric_rules: Vec<Rule>,
}

/// What a job may have; 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) body_bytes: u64,
    pub(crate) samples: u64,
    pub(crate) targets: u64,
    pub(crate) labels: u64,
    pub(crate) label_name_bytes: u64,
    pub(crate) label_value_bytes: u64,
    /// Of dropped targets, how many are remembered; 0 is all.
    pub(crate) kept_dropped: u64,
}

/// How histograms are scraped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Histograms {
    pub(crate) native: bool,
    pub(crate) classic_too: bool,
    pub(crate) to_custom_buckets: bool,
}

/// All jobs of a file, those of `scrape_config_files` last, and what is wrong with them.
pub(super) fn jobs(config: &PrometheusConfig) -> (Vec<Job>, Vec<Problem>) {
    let mut problems = check_global(&config.global);
    let mut names = BTreeSet::new();
    let mut jobs = Vec::new();
    let (from_files, unreadable) = files::sections(config);
    problems.extend(unreadable);
    let written = config.scrape_configs.iter().cloned().enumerate();
    let written = written.map(|(index, section)| (format!("scrape_configs::{index}"), section));
    for (place, section) in written.chain(from_files) {
        let name = section.own.job_name.to_string();
        let mut found = section.check();
        match job(&config.global, section) {
            Ok(job) => jobs.push(job),
            Err(wrong) => found.extend(wrong),
        }
        if !name.is_empty() && !names.insert(name.clone()) {
            found.push(Problem::error("job_name", format!("there is another job `{name}`")));
        }
        problems.extend(found.into_iter().map(|problem| problem.under(&place)));
    }
    if jobs.is_empty() && problems.is_empty() {
        problems.push(Problem::error("", "there is nothing to scrape: expected `scrape_configs`"));
    }
    (jobs, problems)
}

fn check_global(global: &GlobalConfig) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (interval, timeout) = (or(global.scrape_interval, INTERVAL), global.scrape_timeout);
    if timeout > interval {
        let words = format!("`{timeout}` is longer than the interval of `{interval}`");
        problems.push(Problem::error("global::scrape_timeout", words));
    }
    if global.external_labels.keys().any(String::is_empty) {
        problems.push(Problem::error("global::external_labels", "a label must have a name"));
    }
    problems
        .extend(check_protocols(global.scrape_protocols.as_deref()).map(|problem| problem.under("global")));
    problems
}

fn check_protocols(protocols: Option<&[ScrapeProtocol]>) -> Option<Problem> {
    let protocols = protocols?;
    let twice = protocols.iter().enumerate().find(|(index, one)| protocols[..*index].contains(one));
    match twice {
        Some((index, _)) => {
            Some(Problem::error(&format!("scrape_protocols::{index}"), "the same protocol is listed twice"))
        }
        None if protocols.is_empty() => {
            Some(Problem::error("scrape_protocols", "must list at least one protocol"))
        }
        None => None,
    }
}

/// The job that this section and `global` make.
fn job(global: &GlobalConfig, section: ScrapeConfig) -> Result<Job, Vec<Problem>> {
    let own = &section.own;
    let mut problems: Vec<_> = check_protocols(own.scrape_protocols.as_deref()).into_iter().collect();
    let interval = or(own.scrape_interval, or(global.scrape_interval, INTERVAL));
    let timeout = or(own.scrape_timeout, or(global.scrape_timeout, TIMEOUT).min(interval));
    if timeout > interval {
        let words = format!("`{timeout}` is longer than the interval of `{interval}`");
        problems.push(Problem::error("scrape_timeout", words));
    }
    let validation =
        own.metric_name_validation_scheme.or(global.metric_name_validation_scheme).unwrap_or_default();
    let escaping = own.metric_name_escaping_scheme.or(global.metric_name_escaping_scheme);
    if validation == NameValidation::Legacy && escaping == Some(NameEscaping::AllowUtf8) {
        let words = "`allow-utf-8` does not go with `metric_name_validation_scheme: legacy`";
        problems.push(Problem::error("metric_name_escaping_scheme", words));
    }
    let names = match validation {
        NameValidation::Utf8 => Validation::Utf8,
        NameValidation::Legacy => Validation::Legacy,
    };
    let rules = relabel::rules("relabel_configs", &own.relabel_configs, names, &mut problems);
    let metric_rules =
        relabel::rules("metric_relabel_configs", &own.metric_relabel_configs, names, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let histograms = histograms(global, own);
    let accept = accept(global, own, histograms.native, validation, escaping);
    Ok(Job {
        interval,
        timeout,
        accept,
        fallback: own.fallback_scrape_protocol.unwrap_or(ScrapeProtocol::PrometheusText0),
        limits: limits(global, own),
        histograms,
        extra_metrics: own.extra_scrape_metrics.unwrap_or(global.extra_scrape_metrics),
        validation: names,
        rules,
        metric_rules,
        config: section,
    })
}

fn accept(
    global: &GlobalConfig,
    own: &Own,
    native: bool,
    validation: NameValidation,
    escaping: Option<NameEscaping>,
) -> String {
    let escaping = escaping.unwrap_or(match validation {
        NameValidation::Utf8 => NameEscaping::AllowUtf8,
        NameValidation::Legacy => NameEscaping::Underscores,
    });
    let protocols = own.scrape_protocols.as_ref().or(global.scrape_protocols.as_ref()).cloned();
    let protocols = protocols.unwrap_or_else(|| {
        let first = native.then_some(ScrapeProtocol::PrometheusProto);
        first.into_iter().chain(DEFAULT_PROTOCOLS).collect()
    });
    accept_value(&protocols, escaping)
}

fn histograms(global: &GlobalConfig, own: &Own) -> Histograms {
    let classic = own.always_scrape_classic_histograms.or(own.scrape_classic_histograms);
    Histograms {
        native: own.scrape_native_histograms.unwrap_or(global.scrape_native_histograms),
        classic_too: classic.unwrap_or(global.always_scrape_classic_histograms),
        to_custom_buckets: own
            .convert_classic_histograms_to_nhcb
            .unwrap_or(global.convert_classic_histograms_to_nhcb),
    }
}

fn limits(global: &GlobalConfig, own: &Own) -> Limits {
    let or = |own: u64, global: u64| if own == 0 { global } else { own };
    Limits {
        body_bytes: or(own.body_size_limit.0, global.body_size_limit.0),
        samples: or(own.sample_limit, global.sample_limit),
        targets: or(own.target_limit, global.target_limit),
        labels: or(own.label_limit, global.label_limit),
        label_name_bytes: or(own.label_name_length_limit, global.label_name_length_limit),
        label_value_bytes: or(own.label_value_length_limit, global.label_value_length_limit),
        kept_dropped: or(own.keep_dropped_targets, global.keep_dropped_targets),
    }
}

fn or(duration: PromDuration, other: PromDuration) -> PromDuration {
    if duration.is_zero() { other } else { duration }
}
