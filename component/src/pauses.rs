//! The pauses between attempts, as `retry_on_failure` wants them.

use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::RetryConfig;

/// The pauses between the attempts for one batch or one request.
pub struct Pauses<'a> {
    config: &'a RetryConfig,
    started: Instant,
    interval: Duration,
}

impl<'a> Pauses<'a> {
    /// The time for trying begins now.
    #[must_use]
    pub fn new(config: &'a RetryConfig) -> Pauses<'a> {
        Pauses { config, started: Instant::now(), interval: config.initial_interval.0 }
    }

    /// The next pause, at least `asked_for` long; `None` when it would end after the time for trying is over,
    /// or nothing is to be tried again.
    pub fn next(&mut self, asked_for: Option<Duration>) -> Option<Duration> {
        if !self.config.enabled {
            return None;
        }
        let spread = self.config.randomization_factor * (2.0 * fastrand::f64() - 1.0);
        let pause = scale(self.interval, 1.0 + spread).max(asked_for.unwrap_or_default());
        self.interval = scale(self.interval, self.config.multiplier).min(self.config.max_interval.0);
        let limit = self.config.max_elapsed_time.0;
        // A server may ask for more time than there is.
        let end = self.started.elapsed().saturating_add(pause);
        (limit.is_zero() || end <= limit).then_some(pause)
    }
}

/// `interval` times `factor`; the longest there is when that cannot be said.
fn scale(interval: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(interval.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}
