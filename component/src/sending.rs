//! Whether an exporter delivers: what its attempts to send say.
//!
//! 1. Each attempt is noted, before any retry. The first failure begins a trouble; any success ends it.
//! 2. An exporter fails when its trouble has lasted for [`PATIENCE`]: until now as long as something waits to be sent,
//!    else until the last failure. So one bad batch with nothing behind it is no failing, and silence is none.
//! 3. It fails as well when attempts are under way and none has been answered for [`STALLED`].
//!
//! A backend that is lost is known as such within ten seconds, with the usual time-out of five.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::time::Instant;

/// A retry that succeeds within this is everyday life.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longer than backends take that are well.
const STALLED: Duration = Duration::from_secs(8);

/// Errors are for people; longer ones are cut.
const MAX_TEXT: usize = 400;

/// What is known of one exporter's sending of one signal. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Sending(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Looked at with every success, so apart from the lock.
    is_troubled: AtomicBool,
    state: Mutex<State>,
    /// Only where an attempt can take long: those of others would share the lock for nothing.
    under_way: OnceLock<Mutex<UnderWay>>,
    queue: OnceLock<Box<dyn Fn() -> QueueState + Send + Sync>>,
}

#[derive(Default)]
struct State {
    trouble: Option<Trouble>,
    last_error: Option<LastError>,
}

struct Trouble {
    since: Instant,
    began: SystemTime,
    last: Instant,
}

struct UnderWay {
    attempts: usize,
    /// When the first of them began, or the last answer came.
    quiet_since: Instant,
}

/// Something that went wrong, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// In the words of whom it befell.
    pub text: String,
    /// When it happened.
    pub at: SystemTime,
}

impl LastError {
    /// It happened now.
    pub fn now(why: &dyn Display) -> LastError {
        let mut text = why.to_string();
        if text.len() > MAX_TEXT {
            text.truncate(text.floor_char_boundary(MAX_TEXT));
            text.push('…');
        }
        LastError { text, at: SystemTime::now() }
    }
}

/// Why an exporter does not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// The last error.
    pub why: String,
    /// Since when nothing has been delivered.
    pub since: SystemTime,
}

/// What a sending queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// How much of the capacity is taken, by what waits and by what is being sent.
    pub used: u64,
    /// In the queue's own measure.
    pub capacity: u64,
    /// What it is measured in: `requests`, `items` or `bytes`.
    pub sizer: &'static str,
    /// How long the oldest has been in it; nothing when it is empty.
    pub oldest: Option<Duration>,
    /// Whether a full queue lets producers wait instead of refusing.
    pub blocks: bool,
}

impl QueueState {
    /// Whether it takes nothing more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.used >= self.capacity
    }
}

impl Sending {
    /// Minds the time that attempts take, too.
    pub fn mind_time(&self) {
        let nothing = || Mutex::new(UnderWay { attempts: 0, quiet_since: Instant::now() });
        self.0.under_way.get_or_init(nothing);
    }

    /// There is a queue, and `state` looks at it.
    pub fn has_queue(&self, state: impl Fn() -> QueueState + Send + Sync + 'static) {
        // There is one queue, made once.
        let _ = self.0.queue.set(Box::new(state));
    }

    /// An attempt begins. It ends when it is dropped.
    #[must_use]
    pub fn attempt(&self) -> Attempt<'_> {
        if let Some(under_way) = self.0.under_way.get() {
            let mut under_way = under_way.lock();
            if under_way.attempts == 0 {
                under_way.quiet_since = Instant::now();
            }
            under_way.attempts += 1;
        }
        Attempt(&self.0)
    }

    /// Why it does not deliver; nothing when it does, or has nothing to deliver.
    #[must_use]
    pub fn failing(&self) -> Option<Failing> {
        let now = Instant::now();
        let stalled = self.0.stalled(now);
        let waits = self.0.has_attempts() || self.queue().is_some_and(|queue| queue.used > 0);
        let state = self.0.state.lock();
        let Some(trouble) = &state.trouble else { return stalled };
        let lasted = if waits { now - trouble.since } else { trouble.last - trouble.since };
        let why = state.last_error.as_ref().map(|error| error.text.clone()).unwrap_or_default();
        (lasted >= PATIENCE).then_some(Failing { why, since: trouble.began })
    }

    /// The last attempt that failed, however long ago.
    #[must_use]
    pub fn last_error(&self) -> Option<LastError> {
        self.0.state.lock().last_error.clone()
    }

    /// What the queue holds; nothing where there is none.
    #[must_use]
    pub fn queue(&self) -> Option<QueueState> {
        self.0.queue.get().map(|state| state())
    }
}

impl std::fmt::Debug for Sending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sending").field("failing", &self.failing()).finish_non_exhaustive()
    }
}

impl Inner {
    fn has_attempts(&self) -> bool {
        self.under_way.get().is_some_and(|under_way| under_way.lock().attempts > 0)
    }

    fn stalled(&self, now: Instant) -> Option<Failing> {
        let under_way = self.under_way.get()?.lock();
        let quiet = now.saturating_duration_since(under_way.quiet_since);
        if under_way.attempts == 0 || quiet < STALLED {
            return None;
        }
        let since = SystemTime::now().checked_sub(quiet).unwrap_or(SystemTime::UNIX_EPOCH);
        Some(Failing { why: format!("no answer for {} s", quiet.as_secs()), since })
    }

    fn answered(&self) {
        if let Some(under_way) = self.under_way.get() {
            under_way.lock().quiet_since = Instant::now();
        }
    }
}

/// One attempt to send.
pub struct Attempt<'a>(&'a Inner);

impl Attempt<'_> {
    /// The other side took it.
    pub fn succeeded(self) {
        self.0.answered();
        if self.0.is_troubled.load(Ordering::Relaxed) {
            self.0.is_troubled.store(false, Ordering::Relaxed);
            self.0.state.lock().trouble = None;
        }
    }

    /// It did not arrive, or was refused.
    pub fn failed(self, why: &dyn Display) {
        self.0.answered();
        let now = Instant::now();
        let mut state = self.0.state.lock();
        state.last_error = Some(LastError::now(why));
        let began = SystemTime::now();
        state.trouble.get_or_insert(Trouble { since: now, began, last: now }).last = now;
        self.0.is_troubled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(under_way) = self.0.under_way.get() {
            under_way.lock().attempts -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
