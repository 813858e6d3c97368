//! Trying again, as long as it can help.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, RetryConfig, Scope};
use tokio::time::Instant;
use tracing::debug;

pub(super) fn with_retry(config: RetryConfig, next: Arc<dyn Consumer>, cx: &Context) -> Arc<dyn Consumer> {
    Arc::new(Retry { config, next, component: cx.id.to_string(), scope: cx.scope.clone() })
}

struct Retry {
    config: RetryConfig,
    next: Arc<dyn Consumer>,
    component: String,
    scope: Scope,
}

#[async_trait]
impl Consumer for Retry {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let mut pauses = Pauses::new(&self.config);
        loop {
            let Err(error) = self.next.consume(batch.clone()).await else { return Ok(()) };
            let ConsumeError::Retryable { after, .. } = &error else { return Err(error) };
            let Some(pause) = pauses.next(*after) else { return Err(gave_up(error)) };
            debug!(component = %self.component, error = %error, interval = ?pause, "will send again after a pause");
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                // The collector is going down; one attempt each is all the queue has time for.
                () = self.scope.stopped() => return Err(error),
            }
        }
    }
}

fn gave_up(error: ConsumeError) -> ConsumeError {
    match error {
        ConsumeError::Permanent(_) => error,
        ConsumeError::Retryable { mut source, after } => {
            source.message = format!("no more retries left: {}", source.message);
            ConsumeError::Retryable { source, after }
        }
    }
}

/// The pauses between the attempts for one batch.
struct Pauses<'a> {
    config: &'a RetryConfig,
    started: Instant,
    interval: Duration,
}

impl<'a> Pauses<'a> {
    fn new(config: &'a RetryConfig) -> Pauses<'a> {
        Pauses { config, started: Instant::now(), interval: config.initial_interval.0 }
    }

    /// The next pause, at least `asked_for` long; `None` when it would end after the time for trying is over.
    fn next(&mut self, asked_for: Option<Duration>) -> Option<Duration> {
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
