//! Requests as prost reads them.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data};
use opentelemetry_proto::tonic::resource::v1::Resource;
use otlp::Signal;
use otlp::wire::schema::{self, Kind, Label, Message};
use otlp::wire::varint::{read_bytes, read_tag, skip};
use prost::Message as _;

/// `prost`'s reading of a request.
#[derive(Debug, Clone)]
pub(crate) enum Reference {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

impl Reference {
    pub(crate) fn read(signal: Signal, bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        match signal {
            Signal::Traces => ExportTraceServiceRequest::decode(bytes).map(Self::Traces),
            Signal::Metrics => ExportMetricsServiceRequest::decode(bytes).map(Self::Metrics),
            Signal::Logs => ExportLogsServiceRequest::decode(bytes).map(Self::Logs),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Traces(request) => request.encode_to_vec(),
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
    }

    pub(crate) fn items(&self) -> usize {
        match self {
            Self::Traces(request) => {
                let scopes = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
                scopes.map(|scope| scope.spans.len()).sum()
            }
            Self::Metrics(request) => {
                let scopes = request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
                scopes.flat_map(|scope| &scope.metrics).map(points).sum()
            }
            Self::Logs(request) => {
                let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum()
            }
        }
    }

    /// Edits the attributes of every resource, in order. A group without a resource gets an empty one.
    pub(crate) fn edit_resources(&mut self, mut edit: impl FnMut(&mut Vec<KeyValue>)) {
        match self {
            Self::Traces(request) => {
                let groups = request.resource_spans.iter_mut();
                groups.for_each(|group| edit_resource(&mut group.resource, &mut edit));
            }
            Self::Metrics(request) => {
                let groups = request.resource_metrics.iter_mut();
                groups.for_each(|group| edit_resource(&mut group.resource, &mut edit));
            }
            Self::Logs(request) => {
                let groups = request.resource_logs.iter_mut();
                groups.for_each(|group| edit_resource(&mut group.resource, &mut edit));
            }
        }
    }
}

fn edit_resource(resource: &mut Option<Resource>, edit: &mut impl FnMut(&mut Vec<KeyValue>)) {
    edit(&mut resource.get_or_insert_default().attributes);
}

fn points(metric: &Metric) -> usize {
    match &metric.data {
        None => 0,
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(summary)) => summary.data_points.len(),
    }
}

/// Whether every value in a scanned request of `signal` is given at once.
///
/// Protobuf merges an `AnyValue` that is given in several parts. No program writes one so, and where tables are
/// concerned, the last part counts.
pub(crate) fn has_whole_values(signal: Signal, bytes: &[u8]) -> bool {
    are_whole(schema::request(signal), bytes).unwrap_or(false)
}

/// `None` when the bytes are no such message.
fn are_whole(message: &'static Message, bytes: &[u8]) -> Option<bool> {
    let (mut at, mut seen) = (0, 0_u32);
    while at < bytes.len() {
        let (tag, value) = read_tag(bytes, at).ok()?;
        at = skip(bytes, value, tag).ok()?;
        let Some(field) = message.field(tag.number) else { continue };
        let Kind::Message(inner) = field.kind else { continue };
        let may_repeat = matches!(field.label, Label::Repeated | Label::Items);
        let is_value = inner.name == "AnyValue" || message.name == "AnyValue";
        let is_second = seen & 1 << field.number != 0;
        seen |= 1 << field.number;
        if is_value && is_second && !may_repeat {
            return Some(false);
        }
        if !are_whole(inner, read_bytes(bytes, value).ok()?.0)? {
            return Some(false);
        }
    }
    Some(true)
}
