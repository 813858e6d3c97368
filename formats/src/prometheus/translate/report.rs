//! What is reported about a scrape, as metrics of the target.

use std::time::Duration;

use super::Context;
use super::role::{Shape, attributes};
use super::settings::Outcome;

/// The metrics about one scrape.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) lines: Vec<ReportLine>,
    /// Fields of each of the points.
    pub(super) attributes: Vec<u8>,
    /// Whether they say that there will be no more.
    pub(super) is_stale: bool,
}

#[derive(Debug)]
pub(super) struct ReportLine {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: f64,
}

/// How a scrape went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) is_up: bool,
    pub(super) took: Duration,
    /// -1 when the body was too large.
    pub(super) body_bytes: f64,
}

impl Report {
    pub(super) fn new(cx: &Context, facts: Facts, outcome: &Outcome) -> Report {
        let mut labels = cx.target.labels.clone();
        cx.settings.external_labels.iter().for_each(|(name, value)| labels.set(name, value));
        let attributes = attributes(&labels, Shape::Gauge);
        Report { lines: lines(cx, facts, outcome), attributes, is_stale: false }
    }

    /// The end of all reports.
    pub(super) fn last(cx: &Context) -> Report {
        let facts = Facts { is_up: false, took: Duration::ZERO, body_bytes: 0.0 };
        Report { is_stale: true, ..Report::new(cx, facts, &Outcome::default()) }
    }
}

/// Their names and descriptions are the same on every scrape, and so is their order.
pub(super) fn lines(cx: &Context, facts: Facts, outcome: &Outcome) -> Vec<ReportLine> {
    let line = |name, description, unit, value| ReportLine { name, description, unit, value };
    let mut lines = vec![
        line("up", "Whether the scrape succeeded", "", f64::from(u8::from(facts.is_up))),
        line("scrape_duration_seconds", "How long the scrape took", "s", facts.took.as_secs_f64()),
        line("scrape_samples_scraped", "How many samples the target exposed", "", outcome.scraped as f64),
        line(
            "scrape_samples_post_metric_relabeling",
            "How many samples metric relabelling left",
            "",
            outcome.after_relabel as f64,
        ),
        line("scrape_series_added", "How many series were not there before", "", outcome.added as f64),
    ];
    if cx.settings.extra_scrape_metrics {
        let settings = &cx.settings;
        lines.extend([
            line(
                "scrape_timeout_seconds",
                "How long a scrape may take",
                "s",
                settings.scrape_timeout.as_secs_f64(),
            ),
            line(
                "scrape_sample_limit",
                "How many samples a scrape may have",
                "",
                settings.sample_limit as f64,
            ),
            line("scrape_body_size_bytes", "How large the unpacked body was", "By", facts.body_bytes),
        ]);
    }
    lines
}
