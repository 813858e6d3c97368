//! A request as tables: flat rows of offsets into its bytes.
//!
//! 1. Reading makes a row for every resource, scope, metric, item and attribute, and decodes no value. A view such as
//!    `Span` is a row and the bytes; a getter looks its field up in them.
//! 2. Changing an attribute replaces its row. Changing another field puts the new field into the row's patch, which
//!    lies in the arena and overrides what is on the wire. Dropping an item marks its row.
//! 3. Writing copies what was not touched as it was, unknown fields included, and slices where much in a row was not
//!    touched. A container learns that something in it changed when it happens, so that the others are one copy.

mod edit;
mod fields;
mod logs;
mod metrics;
mod read;
#[cfg(test)]
mod tests;
mod traces;
mod views;
mod write;

use std::fmt;

use bytes::Bytes;

use crate::attributes::{AttributeList, AttributeRow, Store};
use crate::signal::Signal;

pub use edit::{ResourceEdit, ScopeEdit};
pub use logs::{LogRecord, LogsEdit, RecordEdit, ResourceLogs, ScopeLogs};
pub use metrics::{
    Buckets, Exemplar, Metric, MetricEdit, MetricKind, MetricsEdit, Number, Point, PointEdit, Quantile,
    ResourceMetrics, ScopeMetrics,
};
pub use traces::{Event, Link, ResourceSpans, ScopeSpans, Span, SpanEdit, Status, TracesEdit};
pub use views::{Resource, ResourceGroup, Scope, ScopeGroup};

/// A request of any signal, read.
#[derive(Clone)]
pub(crate) struct Tables {
    signal: Signal,
    /// The request as it came.
    source: Bytes,
    /// What was made since; see [`Store`].
    arena: Vec<u8>,
    resources: Vec<ContainerRow>,
    scopes: Vec<ContainerRow>,
    /// Of metrics only.
    metrics: Vec<MetricRow>,
    /// Spans, data points or log records.
    items: Vec<Row>,
    attributes: Vec<AttributeRow>,
    /// Items that were not dropped.
    items_left: usize,
}

/// One message: where it lies, and what was changed in it.
#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// Where its field begins, tag and all.
    start: u32,
    /// Where the message begins.
    body: u32,
    end: u32,
    /// Where its attributes begin and end. They lie in a row unless the message is irregular.
    attributes_start: u32,
    attributes_end: u32,
    attributes: AttributeList,
    /// The numbers of the fields it has, as bits; those above 31 are not noted. Bit 0 tells that it is irregular.
    present: u32,
    /// The numbers of the fields of which the patch counts and not the wire, as bits.
    overridden: u32,
    /// Whole fields, one behind the other.
    patch: u32,
    patch_end: u32,
    is_dropped: bool,
}

/// In [`Row::present`]: fields that should occur once occur twice, or other fields lie between the attributes.
const IRREGULAR: u32 = 1;

/// What one resource or one scope sent.
#[derive(Debug, Clone, Copy, Default)]
struct ContainerRow {
    own: Row,
    /// The `Resource` or the `InstrumentationScope` in it. Without attributes and empty where there is none.
    header: Row,
    /// The range of the field `schema_url`, which is looked for often and may lie behind thousands of children.
    schema_url: (u32, u32),
    /// Of a scope, the position of its resource.
    parent: u32,
    children: Children,
}

/// A metric.
#[derive(Debug, Clone, Copy, Default)]
struct MetricRow {
    own: Row,
    /// The `Gauge` or its like in it.
    data: Row,
    /// The number of the field that `data` is; zero if there is none.
    data_number: u32,
    temporality: i32,
    is_monotonic: bool,
    /// The position of its scope.
    parent: u32,
    children: Children,
}

/// The rows of what lies in a container, on the next level.
#[derive(Debug, Clone, Copy, Default)]
struct Children {
    first: u32,
    end: u32,
    /// Those that were not dropped.
    left: u32,
    /// Whether anything in the container changed, however deep.
    is_changed: bool,
}

impl Tables {
    /// Items that were not dropped.
    pub(crate) fn items(&self) -> usize {
        self.items_left
    }

    fn store(&self) -> Store<'_> {
        Store::new(&self.source, &self.arena)
    }

    fn is_changed(&self) -> bool {
        self.resources.iter().any(|resource| resource.children.is_changed)
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("items", &self.items_left).finish_non_exhaustive()
    }
}

impl Row {
    fn is_changed(&self) -> bool {
        self.attributes.is_changed || self.overridden != 0
    }

    fn is_irregular(&self) -> bool {
        self.present & IRREGULAR != 0
    }
}

impl Children {
    fn new(first: usize, end: usize) -> Self {
        Self { first: first as u32, end: end as u32, left: (end - first) as u32, is_changed: false }
    }

    fn range(&self) -> std::ops::Range<usize> {
        self.first as usize..self.end as usize
    }

    /// Whether there were children and all were dropped.
    fn is_deserted(&self) -> bool {
        self.left == 0 && self.first < self.end
    }
}
