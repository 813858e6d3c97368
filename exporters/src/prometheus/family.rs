//! A family: all series of one name.
//!
//! 1. A series is found by its identity, and walked over in the order of its labels.
//! 2. Who updates series shares the family's lock with others who do, and with those who look for series to show. Only to
//!    add or to remove series it is taken alone.
//! 3. A family that was found empty is retired and never used again: who still holds it looks for a new one.

use std::borrow::Borrow;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::ops::Bound;
use std::sync::Arc;

use formats::prometheus::expose::{Kind, Value};
use otlp::{MetricKind, Point};
use parking_lot::{Mutex, RwLock};

use super::identity::{AsItIs, Identity};
use super::refused::Reason;

/// All series of one name.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: Arc<str>,
    /// The first description that came.
    pub(super) help: Box<str>,
    pub(super) kind: Kind,
    all: RwLock<All>,
}

#[derive(Debug, Default)]
struct All {
    found: HashMap<u64, Arc<Series>, BuildHasherDefault<AsItIs>>,
    sorted: BTreeSet<ByLabels>,
    is_retired: bool,
}

/// One series.
#[derive(Debug)]
pub(super) struct Series {
    identity: Identity,
    /// Rendered.
    pub(super) labels: Box<str>,
    state: Mutex<State>,
}

/// What is known of a series.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) value: Value,
    /// When its last point was taken, and when what that point covers began.
    pub(super) time: u64,
    pub(super) start: u64,
    /// When its last point came, by our own clock.
    pub(super) received: u64,
}

/// Why a series was not added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAdded {
    /// It has come in the meantime, or the family is retired.
    Again,
    Refused(Reason),
}

/// A series in the order of its labels.
#[derive(Debug)]
struct ByLabels(Arc<Series>);

impl Family {
    pub(super) fn new(name: Arc<str>, help: &str, kind: Kind) -> Family {
        Family { name, help: help.into(), kind, all: RwLock::default() }
    }

    /// Lets a known series take a point in; `None` when it is not known.
    pub(super) fn update(
        &self,
        identity: Identity,
        point: &Point<'_>,
        is_delta: bool,
        now: u64,
    ) -> Option<Result<(), Reason>> {
        let all = self.all.read();
        let series = all.found.get(&identity.key)?;
        if series.identity != identity {
            return Some(Err(Reason::SameSeries));
        }
        Some(series.take(point, is_delta, now))
    }

    /// Notes that a series is still there; `false` when it is not.
    pub(super) fn touch(&self, identity: Identity, now: u64) -> bool {
        let all = self.all.read();
        let found = all.found.get(&identity.key).filter(|series| series.identity == identity);
        found.map(|series| series.state.lock().received = now).is_some()
    }

    /// Whether there is room for one more.
    pub(super) fn has_room(&self, limit: usize) -> bool {
        limit == 0 || self.len() < limit
    }

    pub(super) fn add(
        &self,
        identity: Identity,
        labels: Box<str>,
        state: State,
        limit: usize,
    ) -> Result<(), NotAdded> {
        let mut all = self.all.write();
        if all.is_retired || all.found.contains_key(&identity.key) {
            return Err(NotAdded::Again);
        }
        if limit > 0 && all.found.len() >= limit {
            return Err(NotAdded::Refused(Reason::SeriesLimit));
        }
        let series = Arc::new(Series { identity, labels, state: Mutex::new(state) });
        if !all.sorted.insert(ByLabels(series.clone())) {
            return Err(NotAdded::Refused(Reason::SameSeries));
        }
        all.found.insert(identity.key, series);
        Ok(())
    }

    /// Removes a series, if it is there.
    pub(super) fn remove(&self, identity: Identity) {
        self.all.write().remove(identity, |_| true);
    }

    /// Up to `count` series behind `last`, or from the first.
    pub(super) fn part(&self, last: Option<&Series>, count: usize) -> Vec<Arc<Series>> {
        let all = self.all.read();
        let from = last.map_or(Bound::Unbounded, |series| Bound::Excluded(&*series.labels));
        let range = all.sorted.range::<str, _>((from, Bound::Unbounded));
        range.take(count).map(|series| series.0.clone()).collect()
    }

    /// Removes those among `series` for which nothing has come since `deadline`.
    pub(super) fn expire(&self, series: &[Arc<Series>], deadline: u64) {
        let is_old = |series: &Series| series.state.lock().received < deadline;
        let old: Vec<_> = series.iter().filter(|series| is_old(series)).collect();
        if old.is_empty() {
            return;
        }
        let mut all = self.all.write();
        for series in old {
            // One that was updated in the meantime stays.
            all.remove(series.identity, is_old);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.all.read().found.len()
    }

    /// Retires the family if it has no series.
    pub(super) fn retire(&self) -> bool {
        let mut all = self.all.write();
        all.is_retired = all.found.is_empty();
        all.is_retired
    }
}

impl All {
    fn remove(&mut self, identity: Identity, is_wanted: impl Fn(&Series) -> bool) {
        let found = self.found.get(&identity.key).filter(|series| series.identity == identity);
        let Some(series) = found.filter(|series| is_wanted(series)).cloned() else { return };
        self.found.remove(&identity.key);
        self.sorted.remove(&*series.labels);
    }
}

impl Series {
    /// Shows its state; nobody can change it meanwhile.
    pub(super) fn with<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock())
    }

    fn take(&self, point: &Point<'_>, is_delta: bool, now: u64) -> Result<(), Reason> {
        let next = State::read(point, self.labels.len(), now)?;
        let mut state = self.state.lock();
        if next.time < state.time {
            return Err(Reason::Older);
        }
        if is_delta {
            return state.add(next, point.kind());
        }
        *state = next;
        Ok(())
    }
}

impl State {
    /// What is known when a point is all there is. `labels` is how many bytes the labels of its series have.
    pub(super) fn read(point: &Point<'_>, labels: usize, now: u64) -> Result<State, Reason> {
        let value = Value::read(point).map_err(Reason::Unfit)?;
        value.check_width(labels).map_err(Reason::Unfit)?;
        let (time, start) = (point.time_unix_nano(), point.start_time_unix_nano());
        Ok(State { value, time, start, received: now })
    }

    /// Adds what has come since. What does not begin where the last point ended is a new start; of histograms, it must
    /// not have begun before that.
    fn add(&mut self, since: State, kind: MetricKind) -> Result<(), Reason> {
        if since.start == self.time {
            if !self.value.add(since.value) {
                self.start = since.start;
            }
            (self.time, self.received) = (since.time, since.received);
            return Ok(());
        }
        if since.start < self.time && kind != MetricKind::Sum {
            return Err(Reason::Overlap);
        }
        *self = since;
        Ok(())
    }
}

impl Borrow<str> for ByLabels {
    fn borrow(&self) -> &str {
        &self.0.labels
    }
}

impl PartialEq for ByLabels {
    fn eq(&self, other: &ByLabels) -> bool {
        self.0.labels == other.0.labels
    }
}

impl Eq for ByLabels {}

impl PartialOrd for ByLabels {
    fn partial_cmp(&self, other: &ByLabels) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByLabels {
    fn cmp(&self, other: &ByLabels) -> std::cmp::Ordering {
        self.0.labels.cmp(&other.0.labels)
    }
}
