//! What one job counts and logs: what the edges of the pipelines cannot see.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use component::{Context, Counter, Description, Trouble};
use formats::prometheus::translate::Outcome;
use parking_lot::Mutex;

/// Named as the Go Collector's scrapers name theirs.
const SCRAPED: Description = Description {
    name: "otelcol_scraper_scraped_metric_points",
    help: "Number of samples that were scraped",
    unit: "{datapoints}",
};
const ERRORED: Description = Description {
    name: "otelcol_scraper_errored_metric_points",
    help: "Number of samples that could not be read or have no place in OTLP, by reason",
    unit: "{datapoints}",
};
const FAILED: Description = Description {
    name: "otelcol_receiver_prometheus_failed_scrapes",
    help: "Number of scrapes that failed, by reason",
    unit: "{scrapes}",
};

/// Why a scrape failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// No connection, or it broke.
    Unreachable,
    /// No whole page in time.
    Timeout,
    /// An answer that is no page.
    Status,
    /// The page is larger than it may be.
    BodySizeLimit,
    /// The collector has no memory for the page.
    Memory,
    /// Packed or written in a way that is not known.
    ContentType,
    /// The page cannot be read, or has more than it may.
    Page,
    /// The job has more targets than it may.
    TargetLimit,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::Unreachable => "unreachable",
            Reason::Timeout => "timeout",
            Reason::Status => "status",
            Reason::BodySizeLimit => "body_size_limit",
            Reason::Memory => "memory",
            Reason::ContentType => "content_type",
            Reason::Page => "page",
            Reason::TargetLimit => "target_limit",
        }
    }
}

/// How the scrapes of one job go.
pub(super) struct Health {
    cx: Context,
    job: String,
    scraped: Counter,
    failed: Mutex<BTreeMap<Reason, Counter>>,
    errored: Mutex<BTreeMap<&'static str, Counter>>,
    /// Targets whose last scrape failed.
    down: AtomicUsize,
    /// Targets whose last page had lines that could not be read.
    odd: AtomicUsize,
    failing: Trouble,
    bad_lines: Trouble,
    refused: Trouble,
}

impl Health {
    pub(super) fn new(cx: &Context, job: &str) -> Health {
        let component = format!("{} {}", cx.kind, cx.id);
        let trouble = |what| Trouble::new(component.clone(), what);
        Health {
            scraped: cx.metrics.counter(SCRAPED, labels(cx, job)),
            failed: Mutex::default(),
            errored: Mutex::default(),
            down: AtomicUsize::new(0),
            odd: AtomicUsize::new(0),
            failing: trouble("scrapes fail"),
            bad_lines: trouble("samples are left out"),
            refused: trouble("scraped data is not taken"),
            cx: cx.clone(),
            job: job.to_owned(),
        }
    }

    /// A scrape failed, of a target that went well before.
    pub(super) fn went_down(&self) {
        self.down.fetch_add(1, Ordering::Relaxed);
    }

    /// A target that was down is up, or is not scraped any more.
    pub(super) fn came_back(&self) {
        if self.down.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.failing.over();
        }
    }

    /// A target's page has lines that cannot be read, and had none before.
    pub(super) fn became_odd(&self) {
        self.odd.fetch_add(1, Ordering::Relaxed);
    }

    /// All lines of a page can be read again, or it is not scraped any more.
    pub(super) fn became_clean(&self) {
        if self.odd.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.bad_lines.over();
        }
    }

    /// A scrape failed.
    pub(super) fn failed(&self, url: &str, reason: Reason, words: &str) {
        let name = reason.as_str();
        let mut failed = self.failed.lock();
        let counter = failed.entry(reason).or_insert_with(|| self.counter(FAILED, name));
        counter.add(1);
        drop(failed);
        self.failing.report(0, &format!("job `{}`: `{url}`: {words}", self.job));
    }

    /// What there was on a page.
    pub(super) fn count(&self, url: &str, outcome: &Outcome) {
        self.scraped.add(outcome.scraped as u64);
        let left_out = [
            ("bad_line", outcome.bad_lines),
            ("duplicate", outcome.duplicates),
            ("unsupported", outcome.unsupported),
            ("incomplete", outcome.incomplete),
        ];
        for (reason, samples) in left_out.into_iter().filter(|(_, samples)| *samples > 0) {
            let mut errored = self.errored.lock();
            errored.entry(reason).or_insert_with(|| self.counter(ERRORED, reason)).add(samples as u64);
        }
        if let Some(first) = outcome.described.first() {
            let words = format!("job `{}`: `{url}`: line {}: {}", self.job, first.line, first.reason);
            self.bad_lines.report(outcome.bad_lines, &words);
        }
    }

    /// The pipeline did not take `points`.
    pub(super) fn refused(&self, points: usize, words: &str) {
        self.refused.report(points, &format!("job `{}`: {words}; the next scrape replaces it", self.job));
    }

    /// The pipeline took what it was given.
    pub(super) fn taken(&self) {
        self.refused.over();
    }

    fn counter(&self, what: Description, reason: &str) -> Counter {
        let mut labels = labels(&self.cx, &self.job);
        labels.push(("reason", reason.to_owned()));
        self.cx.metrics.counter(what, labels)
    }
}

fn labels(cx: &Context, job: &str) -> component::Labels {
    vec![("receiver", cx.id.to_string()), ("scraper", job.to_owned())]
}
