//! Something made of files, made again when its time has come.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};

/// What was made last, and when to look again.
pub(super) struct Reloaded<T> {
    interval: Option<Duration>,
    state: Mutex<State<T>>,
}

struct State<T> {
    made: Arc<T>,
    /// What it was made of, to see whether it has changed.
    source: Vec<u8>,
    looked_at: Instant,
    failing: bool,
}

impl<T> Reloaded<T> {
    pub(super) fn new(interval: Option<Duration>, source: Vec<u8>, made: T) -> Reloaded<T> {
        let state = State { made: Arc::new(made), source, looked_at: Instant::now(), failing: false };
        Reloaded { interval, state: Mutex::new(state) }
    }

    /// What there is; made anew first when it is time and `read` finds something else than the last time.
    ///
    /// What cannot be read or used leaves the old one in place.
    pub(super) fn current(
        &self,
        read: impl Fn() -> anyhow::Result<Vec<u8>>,
        make: impl Fn(&[u8]) -> anyhow::Result<T>,
    ) -> Arc<T> {
        let mut state = self.state.lock();
        if self.interval.is_none_or(|interval| state.looked_at.elapsed() < interval) {
            return state.made.clone();
        }
        state.looked_at = Instant::now();
        match read().and_then(|source| state.renew(source, make)) {
            Ok(()) => state.failing = false,
            Err(error) => {
                if !state.failing {
                    warn!(error = format!("{error:#}"), "cannot reload TLS certificates; the old ones stay");
                }
                state.failing = true;
            }
        }
        state.made.clone()
    }
}

impl<T> State<T> {
    fn renew(&mut self, source: Vec<u8>, make: impl Fn(&[u8]) -> anyhow::Result<T>) -> anyhow::Result<()> {
        if source == self.source {
            return Ok(());
        }
        self.made = Arc::new(make(&source)?);
        self.source = source;
        info!("reloaded TLS certificates");
        Ok(())
    }
}
