//! Merging what waits in a queue into requests of a useful size.
//!
//! One task reads the queue, so the order within a partition is kept. Elements are merged, and cut, at item borders;
//! each request that is sent remembers which elements it is made of, so that every element is settled exactly.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use component::{Batch, BatchConfig, ConsumeError, Consumer, Metadata, Origin, Scope, Sizer};
use otlp::{Limit, Pending, Signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::queue::{Held, Shared};

/// More live partitions than this are not kept apart in memory: the oldest is sent early (the Go Collector's limit).
const MAX_PARTITIONS: usize = 10_000;

/// Reads the queue until it is stopped and empty; sends what is big enough or old enough.
pub(super) async fn run_batcher(
    shared: Arc<Shared>,
    next: Arc<dyn Consumer>,
    signal: Signal,
    scope: Scope,
) -> anyhow::Result<()> {
    let config = shared.config.batch.as_ref().cloned().unwrap_or_default();
    let sizer = shared.config.batch_sizer();
    let slots = Arc::new(Semaphore::new(shared.config.num_consumers as usize));
    let mut batcher = Batcher { config, sizer, signal, next, slots, scope, partitions: HashMap::new() };
    loop {
        let due = batcher.due();
        tokio::select! {
            taken = shared.take(&batcher.scope) => match taken {
                Some((batch, held)) => batcher.add(batch, held).await,
                None => break,
            },
            () = sleep_until(due) => batcher.send_due().await,
        }
    }
    batcher.send_all().await;
    Ok(())
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

struct Batcher {
    config: BatchConfig,
    sizer: Sizer,
    signal: Signal,
    next: Arc<dyn Consumer>,
    /// One permit for each request that may be sent at the same time.
    slots: Arc<Semaphore>,
    scope: Scope,
    partitions: HashMap<Vec<Vec<String>>, Partition>,
}

/// What is merged with each other.
struct Partition {
    pending: Pending,
    /// The elements that `pending` is made of, in order, with how many of their items are still in it.
    parts: VecDeque<(Arc<Held>, usize)>,
    origin: Origin,
    since: Instant,
}

impl Batcher {
    /// When the oldest partition has waited long enough.
    fn due(&self) -> Option<Instant> {
        let oldest = self.partitions.values().map(|partition| partition.since).min()?;
        Some(oldest + self.config.flush_timeout.0)
    }

    async fn add(&mut self, batch: Batch, held: Arc<Held>) {
        let key = self.key(&batch.origin);
        if !self.partitions.contains_key(&key) && self.partitions.len() >= MAX_PARTITIONS {
            self.send_oldest().await;
        }
        let partition = self.partitions.entry(key.clone()).or_insert_with(|| Partition {
            pending: Pending::new(self.signal),
            parts: VecDeque::new(),
            origin: merged_origin(&self.config, &batch.origin),
            since: Instant::now(),
        });
        partition.parts.push_back((held.clone(), held.items));
        partition.pending.push(batch.payload);
        while let Some(partition) = self.partitions.get_mut(&key) {
            if partition.size(self.sizer) < self.config.min_size.max(1) {
                break;
            }
            let request = partition.take(limit(self.sizer, self.config.max_size));
            if partition.pending.is_empty() {
                self.partitions.remove(&key);
            }
            self.send(request).await;
        }
    }

    async fn send_due(&mut self) {
        let now = Instant::now();
        let old = |partition: &Partition| partition.since + self.config.flush_timeout.0 <= now;
        let keys: Vec<_> = self
            .partitions
            .iter()
            .filter(|(_, partition)| old(partition))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.send_partition(&key).await;
        }
    }

    async fn send_oldest(&mut self) {
        let oldest = self.partitions.iter().min_by_key(|(_, partition)| partition.since);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.send_partition(&key).await;
        }
    }

    async fn send_all(&mut self) {
        let keys: Vec<_> = self.partitions.keys().cloned().collect();
        for key in keys {
            self.send_partition(&key).await;
        }
    }

    async fn send_partition(&mut self, key: &[Vec<String>]) {
        let Some(mut partition) = self.partitions.remove(key) else { return };
        while !partition.pending.is_empty() {
            let request = partition.take(limit(self.sizer, self.config.max_size));
            self.send(request).await;
        }
    }

    /// Sends a request as a task of its own, when there is a free slot.
    async fn send(&self, request: Request) {
        let slot = self.slots.clone().acquire_owned().await;
        let slot = slot.expect("the semaphore is never closed");
        self.scope.spawn_request(request.send(self.next.clone(), slot));
    }

    /// The values that keep this client's data apart.
    fn key(&self, origin: &Origin) -> Vec<Vec<String>> {
        let values = |name: &String| {
            let metadata = origin.metadata.as_deref();
            metadata.map(|metadata| metadata.get(name).to_vec()).unwrap_or_default()
        };
        self.config.partition.metadata_keys.iter().map(values).collect()
    }
}

impl Partition {
    fn size(&self, sizer: Sizer) -> u64 {
        match sizer {
            Sizer::Bytes => self.pending.bytes() as u64,
            Sizer::Items | Sizer::Requests => self.pending.items() as u64,
        }
    }

    /// Cuts off one request, with the elements it is made of.
    fn take(&mut self, limit: Limit) -> Request {
        let payload = self.pending.take(limit).expect("it is not empty");
        let mut missing = payload.items();
        let mut parts = Vec::new();
        while missing > 0 {
            let Some((held, left)) = self.parts.front_mut() else { break };
            let taken = missing.min(*left);
            parts.push((held.clone(), taken));
            *left -= taken;
            missing -= taken;
            if *left == 0 {
                self.parts.pop_front();
            }
        }
        self.since = Instant::now();
        Request { batch: Batch { payload, origin: self.origin.clone() }, parts }
    }
}

/// A merged request, and the elements it is made of with how many items each gave.
struct Request {
    batch: Batch,
    parts: Vec<(Arc<Held>, usize)>,
}

impl Request {
    async fn send(self, next: Arc<dyn Consumer>, slot: OwnedSemaphorePermit) {
        let answer: Result<(), ConsumeError> = next.consume(self.batch).await;
        for (held, items) in self.parts {
            held.settle(items, answer.clone());
        }
        drop(slot);
    }
}

fn limit(sizer: Sizer, max_size: u64) -> Limit {
    let max = match usize::try_from(max_size) {
        Ok(0) | Err(_) => usize::MAX,
        Ok(max) => max,
    };
    match sizer {
        Sizer::Bytes => Limit::bytes(max),
        Sizer::Items | Sizer::Requests => Limit::items(max),
    }
}

/// What a merged request still knows of its clients: what they have in common by the partition.
fn merged_origin(config: &BatchConfig, first: &Origin) -> Origin {
    let keys = &config.partition.metadata_keys;
    let kept = |metadata: &Arc<Metadata>| Arc::new(metadata.only(keys));
    let metadata = first.metadata.as_ref().filter(|_| !keys.is_empty()).map(kept);
    Origin { metadata, ..Origin::default() }
}
