//! The collector's own operations (requests received, batches sent): counted by how long they took, a few of each kept
//! to look at.
//!
//! Nothing is measured until somebody watches. Then an operation costs two looks at the clock and one addition to a
//! cache line of this thread's own; a sample is kept only when nobody else is at it, so no request ever waits here.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::telemetry::Counter;

/// The lower bounds of the latency buckets, as on the Go Collector's page.
pub const LATENCIES: [Duration; 9] = [
    Duration::ZERO,
    Duration::from_micros(10),
    Duration::from_micros(100),
    Duration::from_millis(1),
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(100),
];

/// How many samples each bucket keeps.
const SAMPLES: usize = 10;

/// All operations of the process. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Operations(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    watched: Arc<AtomicBool>,
    by_name: Mutex<BTreeMap<String, Operation>>,
}

impl Operations {
    /// Begins to measure, for the rest of the process's life.
    pub fn watch(&self) {
        self.0.watched.store(true, Ordering::Relaxed);
    }

    /// The operation of that name: `receiver/otlp/traces`. The same one when it has been asked for before.
    #[must_use]
    pub fn operation(&self, name: String) -> Operation {
        let mut by_name = self.0.by_name.lock();
        let made = || Operation { watched: self.0.watched.clone(), buckets: Arc::default() };
        by_name.entry(name).or_insert_with(made).clone()
    }

    /// All operations with their names.
    #[must_use]
    pub fn all(&self) -> Vec<(String, Operation)> {
        self.0.by_name.lock().iter().map(|(name, operation)| (name.clone(), operation.clone())).collect()
    }
}

/// One kind of operation. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Operation {
    watched: Arc<AtomicBool>,
    /// One for each of [`LATENCIES`], then one for errors.
    buckets: Arc<[Bucket; LATENCIES.len() + 1]>,
}

#[derive(Debug, Default)]
struct Bucket {
    count: Counter,
    samples: Mutex<VecDeque<Sampled>>,
}

/// One operation that was kept.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// When it began.
    pub began: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// Its spans, data points or log records.
    pub items: usize,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

impl Operation {
    /// The clock at the beginning of one operation; `None` when nobody watches.
    #[must_use]
    pub fn begin(&self) -> Option<Instant> {
        self.watched.load(Ordering::Relaxed).then(Instant::now)
    }

    /// The end of an operation that began at `began`.
    pub fn end<E: Display>(&self, began: Option<Instant>, items: usize, outcome: Result<(), &E>) {
        let Some(began) = began else { return };
        let took = began.elapsed();
        let bucket = match outcome {
            Ok(()) => &self.buckets[latency_bucket(took)],
            Err(_) => &self.buckets[LATENCIES.len()],
        };
        bucket.count.add(1);
        if let Some(mut samples) = bucket.samples.try_lock() {
            samples.truncate(SAMPLES - 1);
            let error = outcome.err().map(ToString::to_string);
            let began = SystemTime::now().checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH);
            samples.push_front(Sampled { began, took, items, error });
        }
    }

    /// How many operations ended in each of [`LATENCIES`], and how many with an error.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.buckets.iter().map(|bucket| bucket.count.value()).collect()
    }

    /// What was kept of a bucket, newest first; the bucket after the last latency has the errors.
    #[must_use]
    pub fn samples(&self, bucket: usize) -> Vec<Sampled> {
        self.buckets
            .get(bucket)
            .map(|bucket| bucket.samples.lock().iter().cloned().collect())
            .unwrap_or_default()
    }
}

fn latency_bucket(took: Duration) -> usize {
    LATENCIES.partition_point(|bound| *bound <= took) - 1
}

#[cfg(test)]
mod tests;
