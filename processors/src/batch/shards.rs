//! Shards: one worker and one intake for each combination of metadata values.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Acknowledge, Batch, ConsumeError, Consumer, Context, Origin};
use otlp::Payload;
use parking_lot::Mutex;

use super::claims::Claim;
use super::config::Config;
use super::intake::{Closed, Intake};
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
    /// A new shard, whose batches have this origin.
    fn spawn(&self, origin: Origin) -> Arc<Shard> {
        let shard = Arc::new(Shard {
            thresholds: self.thresholds,
            origin,
            intake: Intake::new(self.thresholds.enough),
            metrics: self.metrics.clone(),
            cx: self.cx.clone(),
            next: self.next.clone(),
        });
        self.metrics.combinations.add(1);
        let worked = shard.clone();
        self.cx.scope.supervise("send batches", move || worker::run(worked.clone()));
        shard
    }
}

/// All data goes to one shard.
struct Single {
    shard: Arc<Shard>,
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
    shards: Mutex<HashMap<Values, Arc<Shard>>>,
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
    fn shard(&self, origin: &Origin) -> Result<Arc<Shard>, ConsumeError> {
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
async fn hand_over(payload: Payload, shard: &Shard, cx: &Context) -> Result<(), ConsumeError> {
    let items = payload.items();
    if items == 0 {
        return Ok(());
    }
    let account = cx.accounts.of(payload.signal());
    let closed = |_: Closed| ConsumeError::retryable("the batch is shutting down");
    match cx.acknowledge {
        Acknowledge::Held => {
            shard.intake.push(payload, || (Claim::held(account, items), ())).await.map_err(closed)
        }
        Acknowledge::Delivered => {
            let answer =
                shard.intake.push(payload, || Claim::awaited(account, items)).await.map_err(closed)?;
            answer.wait().await
        }
    }
}
