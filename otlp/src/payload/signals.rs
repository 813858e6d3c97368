//! Payloads whose signal is known.

use super::{Form, Payload};
use crate::attributes::AttributesEdit;
use crate::rope::Rope;
use crate::signal::Signal;

/// One export request of spans.
#[derive(Debug, Clone)]
pub struct Traces(pub(crate) Form);

/// One export request of data points.
#[derive(Debug, Clone)]
pub struct Metrics(pub(crate) Form);

/// One export request of log records.
#[derive(Debug, Clone)]
pub struct Logs(pub(crate) Form);

impl Traces {
    /// How many spans there are.
    pub fn items(&self) -> usize {
        self.0.items()
    }

    /// Whether there are no spans.
    pub fn is_empty(&self) -> bool {
        self.items() == 0
    }

    /// How many bytes it takes as protobuf. After a change this writes it, once.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// The request as protobuf.
    pub fn to_rope(&self) -> Rope {
        self.0.to_rope()
    }

    /// Lets `edit` change the attributes of every resource. What it leaves as it is costs next to nothing.
    pub fn edit_resources(&mut self, edit: impl FnMut(&mut AttributesEdit<'_>)) {
        self.0.edit_resources(Signal::Traces, edit);
    }
}

impl Metrics {
    /// How many data points there are.
    pub fn items(&self) -> usize {
        self.0.items()
    }

    /// Whether there are no data points.
    pub fn is_empty(&self) -> bool {
        self.items() == 0
    }

    /// How many bytes it takes as protobuf. After a change this writes it, once.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// The request as protobuf.
    pub fn to_rope(&self) -> Rope {
        self.0.to_rope()
    }

    /// Lets `edit` change the attributes of every resource. What it leaves as it is costs next to nothing.
    pub fn edit_resources(&mut self, edit: impl FnMut(&mut AttributesEdit<'_>)) {
        self.0.edit_resources(Signal::Metrics, edit);
    }
}

impl Logs {
    /// How many log records there are.
    pub fn items(&self) -> usize {
        self.0.items()
    }

    /// Whether there are no log records.
    pub fn is_empty(&self) -> bool {
        self.items() == 0
    }

    /// How many bytes it takes as protobuf. After a change this writes it, once.
    pub fn size(&self) -> usize {
        self.0.size()
    }

    /// The request as protobuf.
    pub fn to_rope(&self) -> Rope {
        self.0.to_rope()
    }

    /// Lets `edit` change the attributes of every resource. What it leaves as it is costs next to nothing.
    pub fn edit_resources(&mut self, edit: impl FnMut(&mut AttributesEdit<'_>)) {
        self.0.edit_resources(Signal::Logs, edit);
    }
}

impl From<Traces> for Payload {
    fn from(traces: Traces) -> Self {
        Self::Traces(traces)
    }
}

impl From<Metrics> for Payload {
    fn from(metrics: Metrics) -> Self {
        Self::Metrics(metrics)
    }
}

impl From<Logs> for Payload {
    fn from(logs: Logs) -> Self {
        Self::Logs(logs)
    }
}
