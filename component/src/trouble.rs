//! Repeating trouble is logged when it begins, now and then with a count, and when it ends.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{error, info};

/// How often trouble that goes on is logged.
const REMIND_AFTER: Duration = Duration::from_secs(10);

/// One kind of trouble of one component.
#[derive(Debug)]
pub struct Trouble {
    component: String,
    what: &'static str,
    /// Looked at with every success, so apart from the lock.
    ongoing: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures and items since it was last logged, and in all.
    unsaid: (u64, usize),
    total: (u64, usize),
    said_at: Option<Instant>,
}

impl Trouble {
    /// Trouble that is logged as `what`.
    #[must_use]
    pub fn new(component: String, what: &'static str) -> Trouble {
        Trouble { component, what, ongoing: AtomicBool::new(false), state: Mutex::default() }
    }

    /// It happened: `items` are lost or were sent back.
    pub fn report(&self, items: usize, why: &dyn Display) {
        self.ongoing.store(true, Ordering::Relaxed);
        let mut state = self.state.lock();
        state.unsaid = (state.unsaid.0 + 1, state.unsaid.1 + items);
        state.total = (state.total.0 + 1, state.total.1 + items);
        if state.said_at.is_some_and(|at| at.elapsed() < REMIND_AFTER) {
            return;
        }
        let (times, dropped_items) = std::mem::take(&mut state.unsaid);
        state.said_at = Some(Instant::now());
        error!(component = %self.component, error = %why, dropped_items, times, "{}", self.what);
    }

    /// It went well.
    pub fn over(&self) {
        if !self.ongoing.load(Ordering::Relaxed) || !self.ongoing.swap(false, Ordering::Relaxed) {
            return;
        }
        let State { total: (times, dropped_items), .. } = std::mem::take(&mut *self.state.lock());
        info!(component = %self.component, dropped_items, times, "works again, after: {}", self.what);
    }
}
