//! When each request is due.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A steady rate, or none.
pub(super) struct Pace {
    start: Instant,
    /// Nothing when requests are sent as fast as they are taken.
    between: Option<Duration>,
}

impl Pace {
    /// `rate` is spans a second, 0 being as fast as possible.
    pub(super) fn new(rate: u64, spans: usize, start: Instant) -> Pace {
        let between = (rate > 0).then(|| Duration::from_secs_f64(spans as f64 / rate as f64));
        Pace { start, between }
    }

    /// Waits until the request of that number is due.
    pub(super) async fn turn(&self, number: usize) {
        if let Some(between) = self.between {
            sleep_until(self.start + between.mul_f64(number as f64)).await;
        }
    }
}
