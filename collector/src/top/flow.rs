//! The flow page's JSON, as far as the table needs it.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Flow {
    pub(super) command: String,
    pub(super) program_version: String,
    pub(super) now: String,
    pub(super) uptime: f64,
    pub(super) stage: String,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) components: Vec<Component>,
    pub(super) edges: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) signal: String,
    pub(super) receivers: Vec<String>,
    pub(super) processors: Vec<String>,
    pub(super) exporters: Vec<String>,
    pub(super) connectors: Vec<String>,
    pub(super) live: bool,
    pub(super) ready: bool,
    pub(super) delivering: bool,
    pub(super) reasons: Vec<Reason>,
    pub(super) books: Books,
    pub(super) sign: Sign,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    pub(super) component: String,
    pub(super) why: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sign {
    pub(super) words: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Component {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) signal: String,
    pub(super) books: Books,
    pub(super) queue: Option<Queue>,
    pub(super) last_error: Option<Noted>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Books {
    pub(super) received: u64,
    pub(super) delivered: u64,
    pub(super) refused: u64,
    pub(super) dropped: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Queue {
    pub(super) used: u64,
    pub(super) capacity: u64,
    pub(super) oldest: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Noted {
    pub(super) text: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Edge {
    pub(super) name: String,
    pub(super) items: u64,
}

impl Flow {
    /// What has passed that edge.
    pub(super) fn passed(&self, edge: &str) -> Option<u64> {
        self.edges.iter().find(|found| found.name == edge).map(|found| found.items)
    }

    pub(super) fn component(&self, kind: &str, id: &str, signal: &str) -> Option<&Component> {
        self.components.iter().find(|found| found.kind == kind && found.id == id && found.signal == signal)
    }

    pub(super) fn pipeline(&self, id: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|found| found.id == id)
    }
}
