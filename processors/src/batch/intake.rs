//! Where producers leave their payloads for a worker.
//!
//! It is a list behind a lock that is held for the length of a push, and not a channel: a channel wakes the worker for
//! each request, which costs more than the request when it is a small one. Here the worker is woken twice a batch, by
//! the first payload, whose waiting begins, and by the one that makes it enough.
//!
//! The list has a bound: as many items as are enough for a batch, or as many payloads as there are cores where these
//! are more; the worker may have as much again. A producer that finds it full waits, and takes its payload along when it
//! gives up.

use std::num::NonZero;
use std::pin::pin;

use otlp::Payload;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::claims::Claim;

/// A payload on its way to a worker. The two belong together at every moment.
pub(super) struct Arrival {
    pub(super) payload: Payload,
    pub(super) claim: Claim,
}

/// What came and has not been taken by the worker.
pub(super) struct Intake {
    enough: usize,
    cores: usize,
    state: Mutex<State>,
    /// Wakes the worker.
    worker: Notify,
    /// Wakes producers that wait for room.
    room: Notify,
}

struct State {
    arrivals: Vec<Arrival>,
    items: usize,
    /// Items that the worker had when it last found nothing here.
    with_worker: usize,
    first_came: Instant,
    is_closed: bool,
}

/// The component is to stop.
#[derive(Debug)]
pub(super) struct Closed;

impl Intake {
    pub(super) fn new(enough: usize) -> Intake {
        let state = State {
            arrivals: Vec::new(),
            items: 0,
            with_worker: 0,
            first_came: Instant::now(),
            is_closed: false,
        };
        Intake {
            enough,
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            state: Mutex::new(state),
            worker: Notify::new(),
            room: Notify::new(),
        }
    }

    /// Leaves a payload here as soon as there is room, with the claim that `claim` makes then beside something to keep.
    pub(super) async fn push<K>(
        &self,
        payload: Payload,
        claim: impl FnOnce() -> (Claim, K),
    ) -> Result<K, Closed> {
        // One that was changed is written now, by its producer, and not by the worker or while the lock is held.
        let _ = payload.size();
        if let Some(state) = self.lock_with_room()? {
            return Ok(self.leave(state, payload, claim));
        }
        loop {
            let mut room = pin!(self.room.notified());
            // From here on no wake-up is missed.
            room.as_mut().enable();
            if let Some(state) = self.lock_with_room()? {
                return Ok(self.leave(state, payload, claim));
            }
            room.await;
        }
    }

    /// Swaps what came for the empty list `taken`, and says when the first of it came. `None` when nothing came; the
    /// worker has `with_worker` items then.
    pub(super) fn take(&self, taken: &mut Vec<Arrival>, with_worker: usize) -> Option<Instant> {
        let mut state = self.state.lock();
        if state.arrivals.is_empty() {
            state.with_worker = with_worker;
            return None;
        }
        std::mem::swap(&mut state.arrivals, taken);
        state.items = 0;
        let first_came = state.first_came;
        drop(state);
        self.room.notify_waiters();
        Some(first_came)
    }

    /// Resolves when there is something to do, or has been since the last time.
    pub(super) async fn filled(&self) {
        self.worker.notified().await;
    }

    /// Takes nothing more. What is here stays until it is taken.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.room.notify_waiters();
    }

    fn lock_with_room(&self) -> Result<Option<MutexGuard<'_, State>>, Closed> {
        let state = self.state.lock();
        if state.is_closed {
            return Err(Closed);
        }
        let has_room = state.items < self.enough || state.arrivals.len() < self.cores;
        Ok(has_room.then_some(state))
    }

    fn leave<K>(
        &self,
        mut state: MutexGuard<'_, State>,
        payload: Payload,
        claim: impl FnOnce() -> (Claim, K),
    ) -> K {
        let (claim, kept) = claim();
        if state.arrivals.is_empty() {
            state.first_came = Instant::now();
        }
        let before = state.items + state.with_worker;
        state.items += payload.items();
        let now = state.items + state.with_worker;
        state.arrivals.push(Arrival { payload, claim });
        drop(state);
        if before == 0 || (before < self.enough && now >= self.enough) {
            self.worker.notify_one();
        }
        kept
    }
}
