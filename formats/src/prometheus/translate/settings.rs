//! What a scrape is read by, and what comes of it.

use std::time::Duration;

use crate::prometheus::Labels;
use crate::prometheus::names::Validation;
use crate::prometheus::relabel::Rule;

/// How many bad lines an outcome describes; the others are counted.
pub const DESCRIBED_LINES: usize = 5;

/// How the pages of a job are read. A limit of 0 is none.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether labels of the page win over those of the target.
    pub honor_labels: bool,
    /// Whether timestamps of the page count.
    pub honor_timestamps: bool,
    /// Whether series with timestamps of their own get stale markers too.
    pub track_timestamps_staleness: bool,
    /// Applied to every sample of the page (`metric_relabel_configs`).
    pub metric_relabel: Vec<Rule>,
    /// Set on every sample at last, over what was there.
    pub external_labels: Labels,
    /// Samples after relabelling; one more fails the scrape.
    pub sample_limit: usize,
    /// Labels of a sample after relabelling, its name included; one more fails the scrape.
    pub label_limit: usize,
    /// Bytes of a label's name; a longer one fails the scrape.
    pub label_name_length_limit: usize,
    /// Bytes of a label's value; a longer one fails the scrape.
    pub label_value_length_limit: usize,
    /// Whether native histograms are taken from protobuf.
    pub native_histograms: bool,
    /// Whether the buckets of a histogram are taken too where it is native.
    pub always_classic_histograms: bool,
    /// Buckets of a native histogram; more are merged, and what cannot be merged fails the scrape.
    pub bucket_limit: usize,
    /// The least factor from one bucket's bound to the next; finer native histograms are merged. 0 for any.
    pub min_bucket_factor: f64,
    /// Whether `_total` and words of the unit are cut from the names of metrics.
    pub trim_metric_suffixes: bool,
    /// Whether the limits of the scrape are reported as metrics too (`extra_scrape_metrics`).
    pub extra_scrape_metrics: bool,
    /// The time that a scrape may take, for that report.
    pub scrape_timeout: Duration,
    /// Which names metrics and labels may have.
    pub validation: Validation,
    /// What a line that cannot be read costs.
    pub bad_lines: BadLines,
    /// The version of the program, which the default scope tells.
    pub version: String,
}

/// What a line that cannot be read costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadLines {
    /// That line.
    #[default]
    CostThemselves,
    /// The scrape, as in Prometheus.
    FailTheScrape,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            metric_relabel: Vec::new(),
            external_labels: Labels::new(),
            sample_limit: 0,
            label_limit: 0,
            label_name_length_limit: 0,
            label_value_length_limit: 0,
            native_histograms: false,
            always_classic_histograms: false,
            bucket_limit: 0,
            min_bucket_factor: 0.0,
            trim_metric_suffixes: false,
            extra_scrape_metrics: false,
            scrape_timeout: Duration::from_secs(10),
            validation: Validation::Utf8,
            bad_lines: BadLines::CostThemselves,
            version: String::new(),
        }
    }
}

/// Whose pages they are.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The labels that its samples get, `job` and `instance` among them; none begins with `__`.
    pub labels: Labels,
    /// The labels as they were discovered, before relabelling; the resource is described by them.
    pub discovered: Labels,
}

/// The form of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' text, 0.0.4 and 1.0.0.
    Text,
    /// OpenMetrics, 0.0.1 and 1.0.0.
    OpenMetrics,
    /// `io.prometheus.client.MetricFamily`, each behind its length.
    Protobuf,
}

impl Format {
    /// The form that a `Content-Type` tells; its parameters do not matter.
    #[must_use]
    pub fn from_content_type(value: &str) -> Option<Format> {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        let known = [
            ("text/plain", Format::Text),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("application/vnd.google.protobuf", Format::Protobuf),
        ];
        known.iter().find(|(name, _)| media_type.eq_ignore_ascii_case(name)).map(|(_, format)| *format)
    }
}

/// When a page was asked for, and how much came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scrape {
    /// When it was asked for, in milliseconds since 1970: the time of all samples without one of their own.
    pub at: i64,
    /// How many bytes the body had when it was unpacked.
    pub body_bytes: usize,
}

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The body was larger than it may be.
    BodyTooLarge,
    /// Anything else: no connection, another status, no time left.
    Other,
}

/// What came of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// An `ExportMetricsServiceRequest`; it holds [`Outcome::points`] data points.
    pub metrics: Vec<u8>,
    /// How many data points there are, reports and stale markers included.
    pub points: usize,
    /// Samples on the page.
    pub scraped: usize,
    /// Those that metric relabelling left.
    pub after_relabel: usize,
    /// Series that were not on the page before.
    pub added: usize,
    /// Points that say that there is no value any more.
    pub stale: usize,
    /// Samples of a series that was on the page already.
    pub duplicates: usize,
    /// Samples that OTLP has no place for: of gauge histograms.
    pub unsupported: usize,
    /// Histograms and summaries that were not whole or contradict themselves.
    pub incomplete: usize,
    /// Lines that could not be read.
    pub bad_lines: usize,
    /// The first of them.
    pub described: Vec<BadLine>,
    /// Why the scrape failed, if it did.
    pub error: Option<String>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counts from 1; in protobuf it is the number of the family.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}
