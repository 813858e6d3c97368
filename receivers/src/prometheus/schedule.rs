//! When a target is scraped. Pure.
//!
//! Every target has its own place within the interval, the same in every run: targets are spread evenly, and a restart
//! does not move their samples.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// As Prometheus: timestamps this close to the grid are put on it, for they compress better there.
const TOLERANCE: Duration = Duration::from_millis(2);

/// How long until the first scrape of a target whose place is `spread`.
pub(super) fn first(now: SystemTime, interval: Duration, spread: u64) -> Duration {
    let interval = nanos(interval).max(1);
    let now = nanos(now.duration_since(UNIX_EPOCH).unwrap_or_default());
    let place = u128::from(spread) % interval;
    Duration::from_nanos(u64::try_from((interval + place - now % interval) % interval).unwrap_or(u64::MAX))
}

/// The grid of one target's timestamps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    next: SystemTime,
    interval: Duration,
}

impl Grid {
    /// A grid with a point at `start`.
    pub(super) fn new(start: SystemTime, interval: Duration) -> Grid {
        Grid { next: start, interval: interval.max(Duration::from_millis(1)) }
    }

    /// The timestamp of a scrape that begins `now`: the point of the grid, when that is near.
    pub(super) fn align(&mut self, now: SystemTime) -> SystemTime {
        let Ok(after) = now.duration_since(self.next) else { return now };
        let missed = nanos(after) / nanos(self.interval);
        let whole = nanos(self.interval).saturating_mul(missed);
        self.next += Duration::from_nanos(u64::try_from(whole).unwrap_or(u64::MAX));
        let off = now.duration_since(self.next).unwrap_or_default();
        if off <= TOLERANCE.min(self.interval / 100) { self.next } else { now }
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn nanos(duration: Duration) -> u128 {
    duration.as_nanos()
}
