//! The pipelines: what is to run, running it, and answering for every item on the way.

mod config;
mod delivery;
mod graph;
mod health;
mod ledger;
mod observe;
mod plan;
mod registry;

pub use config::{PipelineConfig, PipelineId};
pub use graph::{Environment, Graph, StopReport};
pub use plan::Plan;
pub use registry::{Entry, Registry};
