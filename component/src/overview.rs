//! The running collector as data, for pages that show it.

use std::sync::Arc;

use otlp::Signal;

use crate::account::Account;
use crate::edge::Edge;
use crate::sending::Sending;

/// What runs: as planned, with the books of each edge.
#[derive(Clone, Debug, Default)]
pub struct Overview {
    /// In the file's order.
    pub pipelines: Vec<PipelineOverview>,
    /// In starting order.
    pub extensions: Vec<ExtensionOverview>,
    /// One entry for each pipeline, exporter and connector edge.
    pub ledger: Vec<LedgerEntry>,
    /// Where data passes from one component to the next, in the order in which it flows.
    pub edges: Vec<Edge>,
    /// One entry for each exporter and signal it is sent.
    pub exporters: Vec<ExporterOverview>,
    /// Feature gates given on the command line, with what they were set to.
    pub gates: Vec<(String, bool)>,
}

/// One pipeline: the ids of its components as the file writes them.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the file's keys")]
pub struct PipelineOverview {
    pub id: String,
    pub signal: Signal,
    pub mutates_data: bool,
    pub receivers: Vec<String>,
    pub processors: Vec<String>,
    pub exporters: Vec<String>,
    /// Those of the receivers and exporters that are connectors.
    pub connectors: Vec<String>,
}

/// One exporter, for one signal.
#[derive(Clone, Debug)]
pub struct ExporterOverview {
    /// As the file writes it.
    pub id: String,
    /// What it is sent.
    pub signal: Signal,
    /// Whether it delivers.
    pub sending: Sending,
}

/// One extension.
#[derive(Clone, Debug)]
pub struct ExtensionOverview {
    /// As the file writes it.
    pub id: String,
}

/// The books of one edge, and which edge it is.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// `receiver`, `pipeline` or `exporter`.
    pub kind: &'static str,
    /// Its id.
    pub id: Arc<str>,
    /// Whose items.
    pub signal: Signal,
    /// The books.
    pub account: Account,
}
