//! Settings of the batch processor.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Problem, Processor};
use config::Interval;
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::shards::in_shards;

/// Merges requests into larger ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long the first item of a batch waits at most; 0 sends everything at once.
    pub timeout: Interval,
    /// How many items are enough to send; 0 sends everything at once.
    pub send_batch_size: u32,
    /// How many items are sent at once at most; 0 is no limit.
    pub send_batch_max_size: u32,
    /// Requests are merged only when their clients sent the same values of these.
    pub metadata_keys: Vec<String>,
    /// How many combinations of these values there may be; 0 is no limit.
    pub metadata_cardinality_limit: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            timeout: Interval::from_millis(200),
            send_batch_size: 8192,
            send_batch_max_size: 0,
            metadata_keys: Vec::new(),
            metadata_cardinality_limit: 1000,
        }
    }
}

#[async_trait]
impl Processor for Config {
    const NAME: &'static str = "batch";
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];
    const COUNTED: bool = false;

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.send_batch_max_size > 0 && self.send_batch_max_size < self.send_batch_size {
            let message = format!(
                "must be greater or equal to `send_batch_size`, which is {}, unless it is 0",
                self.send_batch_size
            );
            problems.push(Problem::error("send_batch_max_size", message));
        }
        let mut known = Vec::new();
        for (index, key) in self.metadata_keys.iter().enumerate() {
            let key = key.to_lowercase();
            if known.contains(&key) {
                let message = format!("duplicate entry `{key}` (case-insensitive)");
                problems.push(Problem::error(&format!("metadata_keys::{index}"), message));
            }
            known.push(key);
        }
        problems
    }

    async fn start(self, cx: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(in_shards(self, cx, next))
    }
}
