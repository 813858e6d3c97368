//! Trying again, as long as it can help.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, Pauses, RetryConfig, Scope};
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
