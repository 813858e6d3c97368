//! Hands the data of some pipelines to others, as it is.

mod config;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Outputs};

pub use config::Config;

struct Forward {
    outputs: Outputs,
}

#[async_trait]
impl Consumer for Forward {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let signal = batch.payload.signal();
        match self.outputs.of(signal) {
            Some(next) => next.consume(batch).await,
            None => Err(ConsumeError::permanent(format!("no pipeline takes {signal} from this connector"))),
        }
    }
}
