//! Telemetry as bytes and as tables: OTLP requests are checked once and then moved, read and edited as bytes.

mod attributes;
mod batch;
#[cfg(test)]
mod fixtures;
pub mod json;
mod payload;
mod rope;
mod signal;
mod tables;
mod value;
pub mod wire;
pub mod write;

pub use attributes::{Attribute, Attributes, AttributesEdit};
pub use batch::Pending;
pub use payload::{Logs, Metrics, Payload, Splitter, Traces};
pub use rope::Rope;
pub use signal::{Signal, UnknownSignal};
pub use tables::{
    Buckets, Event, Exemplar, Link, LogRecord, LogsEdit, Metric, MetricEdit, MetricKind, MetricsEdit, Number,
    Point, PointEdit, Quantile, RecordEdit, Resource, ResourceEdit, ResourceGroup, ResourceLogs,
    ResourceMetrics, ResourceSpans, Scope, ScopeEdit, ScopeGroup, ScopeLogs, ScopeMetrics, ScopeSpans, Span,
    SpanEdit, Status, TracesEdit,
};
pub use value::{AnyValue, Array, Text, Value};
pub use wire::split::Limit;
