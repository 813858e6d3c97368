//! What is told of jobs and targets to whoever asks: the pages of `zpages`.

use std::collections::BTreeMap;
use std::sync::Arc;

use component::{Choice, DiscoveryStatus, JobStatus, ScrapeStatus, Scraper, TargetState, TargetStatus};
use formats::prometheus::Labels;
use parking_lot::Mutex;

use super::discovery::{Found, Kept};
use super::pool::Made;
use super::scrape::Shared;
use super::target::{self, Built, Id, Target};

/// Of targets that cannot be scraped, how many are described.
const MAX_ERRORS: usize = 10;

/// How one target stands.
#[derive(Debug)]
pub(super) struct Status(Mutex<Standing>);

#[derive(Debug)]
struct Standing {
    target: Arc<Target>,
    last: Option<ScrapeStatus>,
}

impl Status {
    pub(super) fn new(target: Arc<Target>) -> Arc<Status> {
        Arc::new(Status(Mutex::new(Standing { target, last: None })))
    }

    /// A scrape has ended.
    pub(super) fn set(&self, scrape: ScrapeStatus) {
        self.0.lock().last = Some(scrape);
    }

    /// It was discovered anew, maybe with other labels that made the same target.
    pub(super) fn rediscovered(&self, target: &Target) {
        let mut standing = self.0.lock();
        if standing.target.discovered != target.discovered {
            standing.target = Arc::new(target.clone());
        }
    }

    fn state(&self) -> TargetState {
        match &self.0.lock().last {
            None => TargetState::Unknown,
            Some(scrape) if scrape.error.is_some() => TargetState::Down,
            Some(_) => TargetState::Up,
        }
    }

    fn show(&self) -> TargetStatus {
        let state = self.state();
        let standing = self.0.lock();
        TargetStatus {
            url: standing.target.id.url.clone(),
            state,
            labels: pairs(&standing.target.id.public()),
            discovered: pairs(&standing.target.discovered),
            last: standing.last.clone(),
        }
    }
}

/// How one job stands.
pub(super) struct JobBoard {
    pub(super) shared: Arc<Shared>,
    pub(super) found: Found,
    pub(super) targets: Mutex<JobTargets>,
}

/// What was made of what was discovered last.
#[derive(Default)]
pub(super) struct JobTargets {
    pub(super) active: BTreeMap<Arc<Id>, Arc<Status>>,
    pub(super) made: Vec<(Arc<Kept>, Made)>,
}

/// All jobs of a receiver.
pub(super) struct Board(pub(super) Vec<Arc<JobBoard>>);

impl Board {
    fn job(&self, name: &str) -> Option<&JobBoard> {
        self.0.iter().map(|board| &**board).find(|board| board.name() == name)
    }
}

impl JobBoard {
    fn name(&self) -> &str {
        &self.shared.job.config.own.job_name
    }

    fn status(&self) -> JobStatus {
        let targets = self.targets.lock();
        let mut states = [0; 3];
        for status in targets.active.values() {
            states[status.state() as usize] += 1;
        }
        let built = || targets.made.iter().flat_map(|(_, built)| built.iter());
        let dropped = built().filter(|built| matches!(built, Built::Dropped)).count();
        let mut errors: Vec<String> = self.shared.halted.borrow().iter().cloned().collect();
        let wrong = built().filter_map(|built| match built {
            Built::Wrong(why) => Some(format!("a target cannot be scraped: {why}")),
            Built::Kept(_) | Built::Dropped => None,
        });
        errors.extend(wrong.take(MAX_ERRORS));
        drop(targets);
        let discoveries = self.found.standings().into_iter().map(|standing| DiscoveryStatus {
            kind: standing.kind.to_owned(),
            name: standing.name,
            targets: standing.targets,
            failures: standing.failures,
            last_error: standing.last_error,
        });
        JobStatus { job: self.name().to_owned(), states, dropped, errors, discoveries: discoveries.collect() }
    }

    /// Made anew when somebody looks: remembering them would cost memory all the time.
    fn show_dropped(&self, choice: &mut Choice, show: &mut dyn FnMut(Vec<(String, String)>)) {
        let kept = match usize::try_from(self.shared.job.limits.kept_dropped) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(limit) => limit,
        };
        let made = self.targets.lock().made.clone();
        let labels = made.iter().flat_map(|(group, built)| {
            let dropped = built.iter().enumerate().filter(|(_, built)| matches!(built, Built::Dropped));
            dropped.map(move |(index, _)| (group, index))
        });
        for (group, index) in labels.take(kept) {
            if choice.admits(None) {
                let labels = target::discovered(&self.shared.job, group.target(index), &group.labels());
                show(pairs(&labels));
            }
        }
    }
}

impl Scraper for Board {
    fn jobs(&self) -> Vec<JobStatus> {
        self.0.iter().map(|board| board.status()).collect()
    }

    fn targets(&self, job: &str, choice: &mut Choice, show: &mut dyn FnMut(TargetStatus)) {
        let Some(board) = self.job(job) else { return };
        let active: Vec<_> = board.targets.lock().active.values().cloned().collect();
        for status in active {
            if choice.admits(Some(status.state())) {
                show(status.show());
            }
        }
    }

    fn dropped(&self, job: &str, choice: &mut Choice, show: &mut dyn FnMut(Vec<(String, String)>)) {
        if let Some(board) = self.job(job) {
            board.show_dropped(choice, show);
        }
    }
}

fn pairs(labels: &Labels) -> Vec<(String, String)> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
