//! Shards: one worker and one channel for each combination of metadata values.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Acknowledge, Batch, ConsumeError, Consumer, Context, Origin};
use otlp::Payload;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::claims::Claim;
use super::config::Config;
use super::metrics::BatchMetrics;
use super::worker::{self, Shard};

/// When a batch is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// How long the first item waits; `None` where nothing waits.
    pub(super) timeout: Option<Duration>,
    /// How many items are enough.
    pub(super) enough: usize,
    /// How many items are sent at once at most.
    pub(super) most: usize,
}

/// A payload on its way to a worker. The two belong together at every moment.
pub(super) struct Arrival {
    pub(super) payload: Payload,
    pub(super) claim: Claim,
}

/// Stands in front of `next` and merges what comes.
pub(super) fn in_shards(config: Config, cx: Context, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    let keys: Vec<_> = config.metadata_keys.iter().map(|key| key.to_lowercase()).collect();
    let spawner =
        Spawner { thresholds: Thresholds::of(&config), metrics: BatchMetrics::register(&cx), cx, next };
    if keys.is_empty() {
        let shard = spawner.spawn(Origin::default());
        return Arc::new(Single { shard, cx: spawner.cx });
    }
    let limit = match config.metadata_cardinality_limit {
        0 => usize::MAX,
        limit => limit as usize,
    };
    Arc::new(Keyed { keys, limit, spawner, shards: Mutex::default() })
}

impl Thresholds {
    fn of(config: &Config) -> Thresholds {
        let is_immediate = config.timeout.is_zero() || config.send_batch_size == 0;
        Thresholds {
            timeout: (!is_immediate).then_some(config.timeout.into()),
            enough: if is_immediate { 1 } else { config.send_batch_size as usize },
            most: if config.send_batch_max_size == 0 {
                usize::MAX
            } else {
                config.send_batch_max_size as usize
            },
        }
    }
}

/// Makes shards.
struct Spawner {
    thresholds: Thresholds,
    metrics: BatchMetrics,
    cx: Context,
    next: Arc<dyn Consumer>,
}

impl Spawner {
    /// A new shard, whose batches have this origin. Its channel is as long as there are cores.
    fn spawn(&self, origin: Origin) -> mpsc::Sender<Arrival> {
        let capacity = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (sender, incoming) = mpsc::channel(capacity);
        let shard = Arc::new(Shard {
            thresholds: self.thresholds,
            origin,
            incoming: tokio::sync::Mutex::new(incoming),
            metrics: self.metrics.clone(),
            cx: self.cx.clone(),
            next: self.next.clone(),
        });
        self.metrics.combinations.add(1);
        self.cx.scope.supervise("send batches", move || worker::run(shard.clone()));
        sender
    }
}

/// All data goes to one shard.
struct Single {
    shard: mpsc::Sender<Arrival>,
    cx: Context,
}

#[async_trait]
impl Consumer for Single {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        hand_over(batch.payload, &self.shard, &self.cx).await
    }
}

/// Data goes to the shard of its clients' metadata.
struct Keyed {
    /// In lower case.
    keys: Vec<String>,
    limit: usize,
    spawner: Spawner,
    shards: Mutex<HashMap<Values, mpsc::Sender<Arrival>>>,
}

/// The values of each key.
type Values = Vec<Vec<String>>;

#[async_trait]
impl Consumer for Keyed {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let shard = self.shard(&batch.origin)?;
        hand_over(batch.payload, &shard, &self.spawner.cx).await
    }
}

impl Keyed {
    fn shard(&self, origin: &Origin) -> Result<mpsc::Sender<Arrival>, ConsumeError> {
        let values = self.values(origin);
        let mut shards = self.shards.lock();
        if let Some(shard) = shards.get(&values) {
            return Ok(shard.clone());
        }
        if shards.len() >= self.limit {
            return Err(ConsumeError::permanent("too many batcher metadata-value combinations"));
        }
        let metadata = origin.metadata.as_ref().map(|metadata| Arc::new(metadata.only(&self.keys)));
        let shard = self.spawner.spawn(Origin { metadata, ..Origin::default() });
        shards.insert(values, shard.clone());
        Ok(shard)
    }

    fn values(&self, origin: &Origin) -> Values {
        let of =
            |key: &String| origin.metadata.as_ref().map_or_else(Vec::new, |known| known.get(key).to_vec());
        self.keys.iter().map(of).collect()
    }
}

/// Waits for room, then hands the payload over. A producer that gives up while it waits takes its payload with it.
async fn hand_over(
    payload: Payload,
    shard: &mpsc::Sender<Arrival>,
    cx: &Context,
) -> Result<(), ConsumeError> {
    let items = payload.items();
    if items == 0 {
        return Ok(());
    }
    let account = cx.accounts.of(payload.signal());
    let Ok(room) = shard.reserve().await else {
        return Err(ConsumeError::retryable("the batch is shutting down"));
    };
    match cx.acknowledge {
        Acknowledge::Held => {
            room.send(Arrival { payload, claim: Claim::held(account, items) });
            Ok(())
        }
        Acknowledge::Delivered => {
            let (claim, answer) = Claim::awaited(account, items);
            room.send(Arrival { payload, claim });
            answer.wait().await
        }
    }
}
