//! Who takes data, and what is passed from hand to hand.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use otlp::Payload;

use crate::auth::Identity;
use crate::error::ConsumeError;

/// Takes batches: a processor, a fan-out, a queue, a retry, an exporter, a connector.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// Takes `batch` and answers for it.
    ///
    /// `Ok` is the acknowledgement: delivered, or held by a queue that has promised to deliver it. Dropping the
    /// future gives the batch up: no half-done state across an `await`.
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError>;
}

/// One export request on its way through a pipeline.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The telemetry.
    pub payload: Payload,
    /// Where it came from.
    pub origin: Origin,
}

impl Batch {
    /// A batch of unknown origin, as a component makes for itself.
    #[must_use]
    pub fn new(payload: Payload) -> Batch {
        Batch { payload, origin: Origin::default() }
    }

    /// How many spans, data points or log records there are.
    #[must_use]
    pub fn items(&self) -> usize {
        self.payload.items()
    }
}

/// Where a batch came from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The receiver's word for its transport, as in the label of its metrics: `grpc`, `http`, `udp_thrift_compact`.
    pub transport: &'static str,
    /// The client's address, where there is one.
    pub peer: Option<SocketAddr>,
    /// Request headers, kept when the receiver was told to (`include_metadata`).
    pub metadata: Option<Arc<Metadata>>,
    /// Who the client proved to be.
    pub identity: Option<Arc<Identity>>,
}

/// Headers of a client's request: lower-case names, one or more values each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(Vec<(String, Vec<String>)>);

impl Metadata {
    /// Adds a value to those of `name`.
    pub fn add(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value.to_owned()),
            None => self.0.push((name, vec![value.to_owned()])),
        }
    }

    /// All values of `name`, in any case; empty when there are none.
    #[must_use]
    pub fn get(&self, name: &str) -> &[String] {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or(&[], |(_, values)| values)
    }

    /// All names with their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The part of it that has these names: what survives a batch that is keyed by them.
    #[must_use]
    pub fn only(&self, names: &[String]) -> Metadata {
        let keep =
            |(name, _): &&(String, Vec<String>)| names.iter().any(|kept| kept.eq_ignore_ascii_case(name));
        Metadata(self.0.iter().filter(keep).cloned().collect())
    }
}

/// A processor that is a plain function of the batch: `None` ends the batch here, successfully.
///
/// The function itself says (by [`crate::Context::dropped`]) what it took out.
pub fn transform<F>(next: Arc<dyn Consumer>, change: F) -> Arc<dyn Consumer>
where
    F: Fn(Batch) -> Result<Option<Batch>, ConsumeError> + Send + Sync + 'static,
{
    Arc::new(Transform { change, next })
}

struct Transform<F> {
    change: F,
    next: Arc<dyn Consumer>,
}

#[async_trait]
impl<F> Consumer for Transform<F>
where
    F: Fn(Batch) -> Result<Option<Batch>, ConsumeError> + Send + Sync + 'static,
{
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        match (self.change)(batch)? {
            Some(batch) => self.next.consume(batch).await,
            None => Ok(()),
        }
    }
}
