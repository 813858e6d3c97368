//! What receivers scrape, for pages that show it.
//!
//! A receiver puts in a way to ask it; the answer is made when somebody looks, so keeping it costs nothing. The receiver
//! is forgotten when it has gone.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

/// Who can be asked what is scraped. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Targets(Arc<Mutex<Vec<Known>>>);

/// A receiver's id, and the way to ask it while it is there.
type Known = (String, Weak<dyn Scraper>);

impl Targets {
    /// Adds the receiver `id`.
    pub fn add(&self, id: String, scraper: &Arc<dyn Scraper>) {
        let mut known = self.0.lock();
        known.retain(|(_, scraper)| scraper.strong_count() > 0);
        known.push((id, Arc::downgrade(scraper)));
    }

    /// The receivers that are there now, by their ids.
    #[must_use]
    pub fn scrapers(&self) -> Vec<(String, Arc<dyn Scraper>)> {
        let known = self.0.lock();
        let mut found: Vec<_> =
            known.iter().filter_map(|(id, scraper)| Some((id.clone(), scraper.upgrade()?))).collect();
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        found
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Targets").field(&self.0.lock().len()).finish()
    }
}

/// Scrapes targets, in jobs.
pub trait Scraper: Send + Sync {
    /// How all jobs stand.
    fn jobs(&self) -> Vec<JobStatus>;

    /// Shows the targets of one job in a steady order, those that `choice` asks for.
    fn targets(&self, job: &str, choice: &mut Choice, show: &mut dyn FnMut(TargetStatus));

    /// Shows the targets of one job that relabelling dropped, as many as are remembered: their labels.
    fn dropped(&self, job: &str, choice: &mut Choice, show: &mut dyn FnMut(Vec<(String, String)>));
}

/// Which part of a long list is shown.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Only targets in this state.
    pub state: Option<TargetState>,
    /// How many are passed over first; counted down.
    pub skip: usize,
    /// How many are shown; counted down.
    pub take: usize,
}

impl Choice {
    /// Whether the next one is to be shown.
    pub fn admits(&mut self, state: Option<TargetState>) -> bool {
        if self.state.is_some() && self.state != state {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.take == 0 {
            return false;
        }
        self.take -= 1;
        true
    }
}

/// How a target was when it was last scraped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetState {
    /// Its page came.
    Up,
    /// It did not.
    Down,
    /// It has not been scraped yet.
    Unknown,
}

impl TargetState {
    /// As pages write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TargetState::Up => "up",
            TargetState::Down => "down",
            TargetState::Unknown => "unknown",
        }
    }
}

/// How a job stands.
#[derive(Clone, Debug, Default)]
pub struct JobStatus {
    /// Its name.
    pub job: String,
    /// How many targets are up, down and not scraped yet.
    pub states: [usize; 3],
    /// How many targets relabelling dropped.
    pub dropped: usize,
    /// Why it cannot scrape as it should, if so; targets without an address, too many targets.
    pub errors: Vec<String>,
    /// How its targets are found.
    pub discoveries: Vec<DiscoveryStatus>,
}

/// How one way of finding targets stands.
#[derive(Clone, Debug, Default)]
pub struct DiscoveryStatus {
    /// `static`, `file`, `kubernetes`.
    pub kind: String,
    /// Which one of its kind.
    pub name: String,
    /// How many targets it has found.
    pub targets: usize,
    /// How often it failed.
    pub failures: u64,
    /// Why it fails now, if it does.
    pub last_error: Option<String>,
}

/// A target.
#[derive(Clone, Debug)]
pub struct TargetStatus {
    /// What is asked.
    pub url: String,
    /// How it was when it was last scraped.
    pub state: TargetState,
    /// What its samples are labelled with.
    pub labels: Vec<(String, String)>,
    /// Its labels before relabelling.
    pub discovered: Vec<(String, String)>,
    /// Its last scrape.
    pub last: Option<ScrapeStatus>,
}

/// One scrape.
#[derive(Clone, Debug)]
pub struct ScrapeStatus {
    /// When it began.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// Bytes of the page, unpacked.
    pub bytes: usize,
    /// Samples on the page.
    pub samples: usize,
    /// Those that relabelling left.
    pub after_relabel: usize,
    /// Lines that could not be read.
    pub bad_lines: usize,
    /// The first of them, with the reason.
    pub described: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Why its data was not taken.
    pub refused: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_passes_over_what_it_is_told_to() {
        let mut choice = Choice { state: Some(TargetState::Down), skip: 1, take: 1 };
        let (up, down) = (Some(TargetState::Up), Some(TargetState::Down));
        assert_eq!(
            [up, down, up, down, down].map(|state| choice.admits(state)),
            [false, false, false, true, false]
        );
    }
}
