//! Not waiting forever.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Batch, Code, ConsumeError, Consumer};

pub(super) fn with_timeout(limit: Duration, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    Arc::new(Timeout { limit, next })
}

struct Timeout {
    limit: Duration,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl Consumer for Timeout {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        match tokio::time::timeout(self.limit, self.next.consume(batch)).await {
            Ok(answer) => answer,
            Err(_) => {
                let error = ConsumeError::retryable(format!("no answer within {:?}", self.limit));
                Err(error.with_code(Code::DeadlineExceeded))
            }
        }
    }
}
