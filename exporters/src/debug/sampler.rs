//! Not showing everything: so many in each second, then every so many-th.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// Counts begin anew after this.
const TICK: Duration = Duration::from_secs(1);

/// Decides what is shown.
pub(super) struct Sampler {
    initial: u64,
    thereafter: u64,
    window: Mutex<Window>,
}

struct Window {
    began: Instant,
    seen: u64,
}

impl Sampler {
    pub(super) fn new(initial: u64, thereafter: u64) -> Sampler {
        Sampler { initial, thereafter, window: Mutex::new(Window { began: Instant::now(), seen: 0 }) }
    }

    /// Counts one more, and says whether to show it.
    pub(super) fn shows(&self) -> bool {
        let mut window = self.window.lock();
        if window.began.elapsed() >= TICK {
            *window = Window { began: Instant::now(), seen: 0 };
        }
        window.seen += 1;
        match window.seen.checked_sub(self.initial) {
            None | Some(0) => true,
            Some(surplus) => self.thereafter > 0 && surplus.is_multiple_of(self.thereafter),
        }
    }
}
