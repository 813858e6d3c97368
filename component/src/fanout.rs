//! One batch for several consumers.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::consumer::{Batch, Consumer};
use crate::error::ConsumeError;

/// Hands each batch to all of `consumers` at the same time and answers when the last has answered.
///
/// Every consumer is asked, even when another refuses; the refusals are joined to one answer. The copies share their
/// bytes.
#[must_use]
pub fn fanout(mut consumers: Vec<Arc<dyn Consumer>>) -> Arc<dyn Consumer> {
    match consumers.len() {
        1 => consumers.remove(0),
        _ => Arc::new(Fanout { consumers }),
    }
}

struct Fanout {
    consumers: Vec<Arc<dyn Consumer>>,
}

#[async_trait]
impl Consumer for Fanout {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let answers = join_all(self.consumers.iter().map(|next| next.consume(batch.clone()))).await;
        let refusals = answers.into_iter().filter_map(Result::err);
        refusals.reduce(ConsumeError::join).map_or(Ok(()), Err)
    }
}
