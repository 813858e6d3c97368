//! One limiter for all pipelines that name it.
//!
//! A processor is started for each pipeline by itself, and nothing it is given knows of the others. So the limiters that
//! run are listed here, by the process they run in (a test may have several) and their id; a list of weak references
//! owns nothing. With several limiters the smallest budget counts.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use component::{Context, Overview};
use parking_lot::Mutex;

use super::limiter::{Limiter, Limits, Measure};

static RUNNING: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

struct Entry {
    /// The same for all components of a process.
    process: Weak<ArcSwap<Overview>>,
    limiter: Weak<Limiter>,
}

/// The limiter with this id and these limits, the same for all that ask.
pub(super) fn limiter(cx: &Context, limits: Limits, measure: Measure) -> Arc<Limiter> {
    let mut running = RUNNING.lock();
    running.retain(|entry| entry.limiter.strong_count() > 0);
    let process = Arc::downgrade(&cx.overview);
    let known = running
        .iter()
        .filter(|entry| entry.process.ptr_eq(&process))
        .filter_map(|entry| entry.limiter.upgrade());
    let known = known.into_iter().find(|limiter| *limiter.id() == cx.id && limiter.limits() == limits);
    if let Some(known) = known {
        return known;
    }
    let made = Arc::new(Limiter::new(cx.id.clone(), limits, measure, cx.memory.clone()));
    running.push(Entry { process, limiter: Arc::downgrade(&made) });
    drop(running);
    apply_budgets(&made);
    made
}

/// Tells the process' account of memory the smallest budget of all limiters beside and including this one.
pub(super) fn apply_budgets(limiter: &Arc<Limiter>) {
    let running = RUNNING.lock();
    let own = Arc::downgrade(limiter);
    let Some(process) =
        running.iter().find(|entry| entry.limiter.ptr_eq(&own)).map(|entry| entry.process.clone())
    else {
        return;
    };
    let beside = running
        .iter()
        .filter(|entry| entry.process.ptr_eq(&process))
        .filter_map(|entry| entry.limiter.upgrade());
    let smallest = beside.map(|limiter| limiter.budget()).min();
    limiter.memory().set_limit(smallest);
}
