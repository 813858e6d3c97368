//! What a component is: what it consumes, what it is given, what it answers.
//!
//! Everything a receiver, processor, exporter, connector or extension needs to know of the world is here, so that
//! none of them imports the crate that wires them together.

mod account;
mod auth;
mod consumer;
mod context;
mod delivery;
mod edge;
mod error;
mod fanout;
mod health;
mod kinds;
mod memory;
mod operations;
mod overview;
mod pauses;
mod pipeline_health;
mod refusal;
mod scope;
mod sending;
mod sharded;
mod targets;
mod telemetry;
pub mod testing;
mod trouble;

pub use account::{Account, Dropped, Refusals, Totals};
pub use auth::{AuthenticationError, Authenticator, Capabilities, Credentials, Identity};
pub use consumer::{Batch, Consumer, Metadata, Origin, transform};
pub use context::{Accounts, Acknowledge, BuildInfo, Context, Kind};
pub use delivery::{BatchConfig, Delivery, DeliveryConfig, PartitionConfig, QueueConfig, RetryConfig, Sizer};
pub use edge::{Edge, Seen, Watcher};
pub use error::{Code, ConsumeError, Fault};
pub use fanout::fanout;
pub use health::{Health, Stage};
pub use kinds::{Connector, Exporter, Extension, Listens, Outputs, Problem, Processor, Receiver, Settings};
pub use memory::{Charge, Memory, Waiting};
pub use operations::{LATENCIES, Operation, Operations, Sampled};
pub use overview::{ExporterOverview, ExtensionOverview, LedgerEntry, Overview, PipelineOverview};
pub use pauses::Pauses;
pub use pipeline_health::{PipelineHealth, Reason};
pub use refusal::REFUSED_ITEMS;
pub use scope::Scope;
pub use sending::{Attempt, Failing, LastError, QueueState, Sending};
pub use targets::{
    Choice, DiscoveryStatus, JobStatus, ScrapeStatus, Scraper, TargetState, TargetStatus, Targets,
};
pub use telemetry::{
    Counter, Description, Family, Gauge, Histogram, Labels, MetricKind, Metrics, Sample, Value,
};
pub use trouble::Trouble;
