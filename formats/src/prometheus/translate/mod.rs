//! A scraped page becomes an OTLP request of metrics.

mod settings;

use std::sync::Arc;
use std::time::Duration;

pub use settings::{BadLine, BadLines, DESCRIBED_LINES, Failure, Format, Outcome, Scrape, Settings, Target};

/// Turns the pages of one target, one after the other, into OTLP requests.
///
/// It keeps what the last page held: to say which series are gone, and because the next page is almost the same.
#[derive(Debug)]
pub struct Translator {
    settings: Arc<Settings>,
    target: Target,
}

impl Translator {
    /// For the pages of `target`.
    #[must_use]
    pub fn new(settings: Arc<Settings>, target: Target) -> Translator {
        Translator { settings, target }
    }

    /// Whose pages they are.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How they are read.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A page that came. `took` is asked when all is read, for it is reported.
    pub fn page(
        &mut self,
        page: &[u8],
        format: Format,
        scrape: Scrape,
        took: impl Fn() -> Duration,
    ) -> Outcome {
        let _ = (page, format, scrape, took());
        Outcome::default()
    }

    /// There is no page: all series end, and the target is down. `error` is handed on in the outcome.
    pub fn failed(
        &mut self,
        failure: Failure,
        error: String,
        scrape: Scrape,
        took: impl Fn() -> Duration,
    ) -> Outcome {
        let _ = (failure, scrape, took());
        Outcome { error: Some(error), ..Outcome::default() }
    }

    /// The target is not scraped any more: all series end, at `at` milliseconds since 1970, and so do the reports.
    pub fn gone(&mut self, at: i64) -> Outcome {
        let _ = at;
        Outcome::default()
    }
}
