//! What stands in front of an exporter: queue, batching, retry, timeout. Settings only; the work is done by the
//! pipelines.
//!
//! Keys, defaults and rules are those of the Go Collector's `exporterhelper`.

use std::time::Duration;

use config::{ComponentId, Interval, Optional};
use serde::{Deserialize, Serialize};

use crate::kinds::Problem;

/// What an exporter wants in front of it.
#[derive(Clone, Debug, Default)]
pub struct Delivery {
    /// How long one attempt may take.
    pub timeout: Option<Duration>,
    /// How to try again.
    pub retry: Option<RetryConfig>,
    /// What to keep until it can be sent.
    pub queue: Option<QueueConfig>,
}

/// The keys that most exporters have for it. The queue is there unless it is turned off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliveryConfig {
    /// How to try again.
    pub retry_on_failure: RetryConfig,
    /// What to keep until it can be sent.
    pub sending_queue: Optional<QueueConfig>,
}

impl Default for DeliveryConfig {
    fn default() -> DeliveryConfig {
        DeliveryConfig {
            retry_on_failure: RetryConfig::default(),
            sending_queue: Optional::some(QueueConfig::default()),
        }
    }
}

impl DeliveryConfig {
    /// As settings of the work, each attempt taking at most `timeout` (zero is for ever).
    #[must_use]
    pub fn delivery(&self, timeout: Duration) -> Delivery {
        Delivery {
            timeout: (!timeout.is_zero()).then_some(timeout),
            retry: self.retry_on_failure.enabled.then(|| self.retry_on_failure.clone()),
            queue: self.sending_queue.as_ref().cloned(),
        }
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let retry =
            self.retry_on_failure.check().into_iter().map(|problem| problem.under("retry_on_failure"));
        let queue = self.sending_queue.as_ref().map(QueueConfig::check).unwrap_or_default();
        retry.chain(queue.into_iter().map(|problem| problem.under("sending_queue"))).collect()
    }
}

/// How to try again (`retry_on_failure`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Whether to try again at all.
    pub enabled: bool,
    /// The pause after the first failure.
    pub initial_interval: Interval,
    /// By how much each pause is to be off, at random, as a part of it.
    pub randomization_factor: f64,
    /// By how much the pause grows each time.
    pub multiplier: f64,
    /// The longest pause.
    pub max_interval: Interval,
    /// How long to go on; zero is for ever.
    pub max_elapsed_time: Interval,
}

impl Default for RetryConfig {
    fn default() -> RetryConfig {
        RetryConfig {
            enabled: true,
            initial_interval: Interval::from_secs(5),
            randomization_factor: 0.5,
            multiplier: 1.5,
            max_interval: Interval::from_secs(30),
            max_elapsed_time: Interval::from_secs(300),
        }
    }
}

impl RetryConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(0.0..=1.0).contains(&self.randomization_factor) {
            problems.push(Problem::error("randomization_factor", "must be within 0 and 1"));
        }
        if self.multiplier.is_nan() || self.multiplier < 0.0 {
            problems.push(Problem::error("multiplier", "must not be negative"));
        }
        let limit = self.max_elapsed_time.0;
        if !limit.is_zero() {
            for (key, interval) in
                [("initial_interval", self.initial_interval.0), ("max_interval", self.max_interval.0)]
            {
                if limit < interval {
                    let message = format!("must not be less than `{key}`, unless it is 0 (no limit)");
                    problems.push(Problem::error("max_elapsed_time", message));
                }
            }
        }
        problems
    }
}

/// What to keep until it can be sent (`sending_queue`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueueConfig {
    /// How many requests are sent at the same time.
    pub num_consumers: u32,
    /// How much it holds, counted as `sizer` says. What is being sent counts too.
    pub queue_size: u64,
    /// What is counted; requests when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizer: Option<Sizer>,
    /// Whether to wait for room instead of refusing.
    pub block_on_overflow: bool,
    /// Whether to answer when the data has been sent instead of when it is held.
    pub wait_for_result: bool,
    /// The extension that keeps the queue over a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<ComponentId>,
    /// Whether and how to merge requests.
    pub batch: Optional<BatchConfig>,
}

impl Default for QueueConfig {
    fn default() -> QueueConfig {
        QueueConfig {
            num_consumers: 10,
            queue_size: 1000,
            sizer: None,
            block_on_overflow: false,
            wait_for_result: false,
            storage: None,
            batch: Optional::NONE,
        }
    }
}

impl QueueConfig {
    /// What `queue_size` counts.
    #[must_use]
    pub fn sizer(&self) -> Sizer {
        self.sizer.unwrap_or(Sizer::Requests)
    }

    /// What the sizes of `batch` count: what the queue counts if that was said, else items.
    #[must_use]
    pub fn batch_sizer(&self) -> Sizer {
        let own = self.batch.as_ref().and_then(|batch| batch.sizer);
        own.or(self.sizer).unwrap_or(Sizer::Items)
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.num_consumers == 0 {
            problems.push(Problem::error("num_consumers", "must be greater than 0"));
        }
        if self.queue_size == 0 {
            problems.push(Problem::error("queue_size", "must be greater than 0"));
        }
        if self.storage.is_some() && self.wait_for_result {
            problems.push(Problem::error("wait_for_result", "is not possible together with `storage`"));
        }
        if let Some(batch) = self.batch.as_ref() {
            problems.extend(self.check_batch(batch).into_iter().map(|problem| problem.under("batch")));
        }
        problems
    }

    fn check_batch(&self, batch: &BatchConfig) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.batch_sizer() == Sizer::Requests {
            problems.push(Problem::error("sizer", "must be `items` or `bytes` for a batch, not `requests`"));
        }
        if batch.flush_timeout.is_zero() {
            problems.push(Problem::error("flush_timeout", "must be greater than 0"));
        }
        if batch.max_size > 0 && batch.max_size < batch.min_size {
            problems.push(Problem::error("max_size", "must not be less than `min_size`, unless it is 0"));
        }
        if self.sizer() == self.batch_sizer() && batch.min_size > self.queue_size {
            problems.push(Problem::error("min_size", "must not be greater than `queue_size`"));
        }
        let mut keys: Vec<_> = batch.partition.metadata_keys.iter().map(|key| key.to_lowercase()).collect();
        keys.sort();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("duplicate entry `{}` (in any case)", pair[0]);
            problems.push(Problem::error("partition::metadata_keys", message));
        }
        problems
    }
}

/// How a queue merges requests (`sending_queue::batch`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BatchConfig {
    /// After how long to send what there is.
    pub flush_timeout: Interval,
    /// How much is enough to send.
    pub min_size: u64,
    /// How much at most to send at once; 0 is no limit.
    pub max_size: u64,
    /// What the sizes count; as the queue when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sizer: Option<Sizer>,
    /// What is never merged with each other.
    pub partition: PartitionConfig,
}

impl Default for BatchConfig {
    fn default() -> BatchConfig {
        BatchConfig {
            flush_timeout: Interval::from_millis(200),
            min_size: 8192,
            max_size: 0,
            sizer: None,
            partition: PartitionConfig::default(),
        }
    }
}

/// What is never merged with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PartitionConfig {
    /// Requests are merged only when their clients sent the same values of these.
    pub metadata_keys: Vec<String>,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sizer {
    /// Requests.
    Requests,
    /// Spans, data points, log records.
    Items,
    /// Bytes of OTLP.
    Bytes,
}
