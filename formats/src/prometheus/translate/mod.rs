//! A scraped page becomes an OTLP request of metrics. See `README.md` for the mapping.
//!
//! A page is read line by line (`reading.rs`) into the cache of what the target exposes (`cache.rs`), whose points are
//! then written (`encode.rs`). A page that differs from the last one in nothing but its numbers takes a shorter way
//! (`replay.rs`).

mod cache;
mod encode;
mod families;
mod labels;
mod point;
mod protobuf;
mod reading;
mod replay;
mod report;
mod resource;
mod role;
mod settings;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use self::cache::Cache;
use self::reading::Reading;
use self::replay::{Recording, Replay};
use self::report::{Facts, Report};
use super::parse::{Lines, OpenMetrics, Reason};

pub use settings::{BadLine, BadLines, DESCRIBED_LINES, Failure, Format, Outcome, Scrape, Settings, Target};

/// Turns the pages of one target, one after the other, into OTLP requests.
///
/// It keeps what the last page held: to say which series are gone, and because the next page is almost the same. That
/// is bounded by a multiple of the page.
#[derive(Debug)]
pub struct Translator {
    cx: Context,
    cache: Cache,
    recording: Recording,
    replay: Option<Replay>,
    /// Numbers of histograms, to be used again.
    scratch: Vec<f64>,
    /// Whether there were reports, which end with the target.
    is_reported: bool,
}

/// What stays the same for all pages of a target.
#[derive(Debug)]
struct Context {
    settings: Arc<Settings>,
    target: Target,
}

impl Translator {
    /// For the pages of `target`.
    #[must_use]
    pub fn new(settings: Arc<Settings>, target: Target) -> Translator {
        Translator {
            cx: Context { settings, target },
            cache: Cache::new(),
            recording: Recording::default(),
            replay: None,
            scratch: Vec::new(),
            is_reported: false,
        }
    }

    /// Whose pages they are.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.cx.target
    }

    /// How they are read.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.cx.settings
    }

    /// A page that came. `took` is asked when all is read, for it is reported.
    pub fn page(
        &mut self,
        page: &[u8],
        format: Format,
        scrape: Scrape,
        took: impl Fn() -> Duration,
    ) -> Outcome {
        let facts = || Facts { is_up: true, took: took(), body_bytes: scrape.body_bytes as f64 };
        if let Some(outcome) = self.replayed(page, format, scrape.at, facts) {
            return outcome;
        }
        self.replay = None;
        if page.is_empty() {
            return self.without_samples(scrape.at, facts(), Outcome::default());
        }
        let mut outcome = Outcome::default();
        match self.read(page, format, scrape.at, &mut outcome) {
            Ok((used, own)) => {
                self.write(own, scrape.at, facts(), &mut outcome);
                self.replay = Replay::new(page, format, &self.recording, &self.cache, &outcome);
                self.cache.end_page(used, own);
                outcome
            }
            Err(reason) => {
                outcome.error = Some(reason.into());
                let outcome = self.without_samples(scrape.at, Facts { is_up: false, ..facts() }, outcome);
                // What part of it was learned from the page is not known any more.
                self.cache.clear();
                outcome
            }
        }
    }

    /// There is no page: all series end, and the target is down. `error` is handed on in the outcome.
    pub fn failed(
        &mut self,
        failure: Failure,
        error: String,
        scrape: Scrape,
        took: impl Fn() -> Duration,
    ) -> Outcome {
        let body_bytes = match failure {
            Failure::BodyTooLarge => -1.0,
            Failure::Other => 0.0,
        };
        self.replay = None;
        let facts = Facts { is_up: false, took: took(), body_bytes };
        self.without_samples(scrape.at, facts, Outcome { error: Some(error), ..Outcome::default() })
    }

    /// The target is not scraped any more: all series end, at `at` milliseconds since 1970, and so do the reports.
    pub fn gone(&mut self, at: i64) -> Outcome {
        let mut outcome = Outcome::default();
        if !self.is_reported {
            return outcome;
        }
        let report = Report::last(&self.cx);
        outcome.stale = report.lines.len();
        self.end_all(at, &report, &mut outcome);
        self.cache.clear();
        (self.replay, self.is_reported) = (None, false);
        outcome
    }

    /// The outcome of a page that is the last one with other numbers.
    fn replayed(
        &mut self,
        page: &[u8],
        format: Format,
        at: i64,
        facts: impl FnOnce() -> Facts,
    ) -> Option<Outcome> {
        let replay = self.replay.as_ref()?;
        let mut outcome = replay.run(page, format, at, &mut self.scratch)?;
        let lines = report::lines(&self.cx, facts(), &outcome);
        replay.report(&mut outcome.metrics, lines.iter().map(|line| line.value));
        Some(outcome)
    }

    /// Reads a page into the cache. How many series it has, and the group of the target.
    fn read(
        &mut self,
        page: &[u8],
        format: Format,
        at: i64,
        outcome: &mut Outcome,
    ) -> Result<(usize, u32), Reason> {
        self.recording.begin(page);
        let mut reading = Reading::new(&self.cx, &mut self.cache, outcome, &mut self.recording, at);
        match format {
            Format::Text => reading.lines(Lines::new(page))?,
            Format::OpenMetrics => reading.lines(OpenMetrics::new(page))?,
            Format::Protobuf => reading.families(page)?,
        }
        let read = (reading.used, reading.own);
        let limit = self.cx.settings.sample_limit;
        if limit > 0 && outcome.after_relabel > limit {
            return Err(format!("{} samples, more than sample_limit {limit}", outcome.after_relabel).into());
        }
        Ok(read)
    }

    /// Writes what was read, what has ended, and the report.
    fn write(&mut self, own: u32, at: i64, facts: Facts, outcome: &mut Outcome) {
        self.cache.finish_points(self.cx.settings.track_timestamps_staleness, outcome);
        let report = Report::new(&self.cx, facts, outcome);
        self.is_reported = true;
        encode::write(&mut self.cache, &report, own, at, &self.cx, outcome);
    }

    /// A scrape without samples: all series end.
    fn without_samples(&mut self, at: i64, facts: Facts, mut outcome: Outcome) -> Outcome {
        let report = Report::new(&self.cx, facts, &outcome);
        self.is_reported = true;
        self.end_all(at, &report, &mut outcome);
        outcome
    }

    fn end_all(&mut self, at: i64, report: &Report, outcome: &mut Outcome) {
        let own = self.cache.begin_page(&self.cx);
        self.cache.end_points(self.cx.settings.track_timestamps_staleness, outcome);
        encode::write(&mut self.cache, report, own, at, &self.cx, outcome);
    }
}

/// Milliseconds since 1970 in nanoseconds, as near as they come.
fn nanos(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0).saturating_mul(1_000_000)
}
