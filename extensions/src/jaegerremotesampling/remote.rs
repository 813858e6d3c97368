//! Strategies from a Jaeger collector, kept for a while.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::Origin;
use parking_lot::Mutex;
use prost::Message;
use tokio::time::Instant;
use transport::grpc::{Client, Status};

use super::Source;
use super::message::Parameters;

pub(super) const METHOD: &str = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";

/// How long the collector has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names come from clients, so there is no telling how many there are. Beyond this many nothing new is kept.
const MAX_KEPT: usize = 10_000;

/// A Jaeger collector, and what it said.
pub(super) struct Remote {
    client: Client,
    /// How long an answer is good for; zero is not at all.
    keep: Duration,
    kept: Mutex<HashMap<String, (Instant, Bytes)>>,
}

impl Remote {
    pub(super) fn new(client: Client, keep: Duration) -> Remote {
        Remote { client, keep, kept: Mutex::default() }
    }

    fn known(&self, service: &str) -> Option<Bytes> {
        let kept = self.kept.lock();
        let (at, strategy) = kept.get(service)?;
        (at.elapsed() < self.keep).then(|| strategy.clone())
    }

    fn remember(&self, service: &str, strategy: &Bytes) {
        if self.keep.is_zero() {
            return;
        }
        let mut kept = self.kept.lock();
        if kept.len() >= MAX_KEPT {
            kept.retain(|_, (at, _)| at.elapsed() < self.keep);
        }
        if kept.len() < MAX_KEPT || kept.contains_key(service) {
            kept.insert(service.to_owned(), (Instant::now(), strategy.clone()));
        }
    }
}

#[async_trait]
impl Source for Remote {
    async fn strategy(&self, service: &str) -> Result<Bytes, Status> {
        if let Some(strategy) = self.known(service) {
            return Ok(strategy);
        }
        let question = Parameters { service_name: service.to_owned() }.encode_to_vec();
        let (question, origin) = (vec![question.into()], Origin::default());
        let strategy = self.client.unary_within(PATIENCE, METHOD, question, &origin).await?;
        self.remember(service, &strategy);
        Ok(strategy)
    }
}
