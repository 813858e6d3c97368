//! Remote write: what becomes what, both ways, against the messages as prost knows them.

mod hostile;
mod messages;
mod reading;
mod requests;
mod round_trip;
mod writing;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics, metric::Data};
use opentelemetry_proto::tonic::resource::v1::Resource;
use otlp::{Payload, Signal};
use prost::Message as _;

use self::messages::{v1, v2};
use super::*;
use crate::prometheus::Selection;

const SECOND: u64 = 1_000_000_000;

/// One resource and one scope with these metrics.
fn batch(resource: &[(&str, &str)], metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    let resource = Some(Resource { attributes: pairs(resource), ..Resource::default() });
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let group = ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() };
    ExportMetricsServiceRequest { resource_metrics: vec![group] }
}

fn metric(name: &str, unit: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), unit: unit.to_owned(), data: Some(data), ..Metric::default() }
}

fn pairs(attributes: &[(&str, &str)]) -> Vec<KeyValue> {
    attributes.iter().map(|(key, value)| pair(key, value)).collect()
}

fn pair(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn series(request: &ExportMetricsServiceRequest, options: &EncodeOptions) -> Series {
    let payload = Payload::parse(Signal::Metrics, Bytes::from(request.encode_to_vec())).unwrap();
    Series::new(payload.as_metrics().unwrap(), options)
}

/// All of it as one request of version 1.
fn as_v1(series: &Series) -> v1::WriteRequest {
    let mut requests = series.requests(Message::V1, usize::MAX);
    let body = requests.next().map(|request| request.body).unwrap_or_default();
    assert!(requests.next().is_none());
    v1::WriteRequest::decode(&*body).unwrap()
}

/// The same of version 2.
fn as_v2(series: &Series) -> v2::Request {
    let body =
        series.requests(Message::V2, usize::MAX).next().map(|request| request.body).unwrap_or_default();
    v2::Request::decode(&*body).unwrap()
}

/// Reads a request as the first one that was ever seen.
fn read(message: Message, body: &[u8]) -> (Decoded, ExportMetricsServiceRequest) {
    read_knowing(message, body, &Known::default())
}

fn read_knowing(message: Message, body: &[u8], known: &Known) -> (Decoded, ExportMetricsServiceRequest) {
    let decoded = decode(message, body, known, DecodeOptions { max_bytes: 64 << 20 }).unwrap();
    let payload = Payload::parse(Signal::Metrics, Bytes::from(decoded.metrics.clone())).unwrap();
    assert_eq!(payload.items(), decoded.points);
    let request = ExportMetricsServiceRequest::decode(&*decoded.metrics).unwrap();
    (decoded, request)
}

/// A series as text: `{a="b"} 1@2 3@4`, with the bits of NaNs.
fn shown(series: &v1::TimeSeries) -> String {
    let labels: Vec<_> =
        series.labels.iter().map(|label| format!("{}={:?}", label.name, label.value)).collect();
    let mut text = format!("{{{}}}", labels.join(","));
    for sample in &series.samples {
        if sample.value.to_bits() == STALE {
            text += &format!(" stale@{}", sample.timestamp);
        } else {
            text += &format!(" {}@{}", sample.value, sample.timestamp);
        }
    }
    text
}

fn all_shown(series: &Series) -> Vec<String> {
    as_v1(series).timeseries.iter().map(shown).collect()
}

fn scope(name: &str, version: &str, attributes: &[(&str, &str)]) -> InstrumentationScope {
    InstrumentationScope {
        name: name.to_owned(),
        version: version.to_owned(),
        attributes: pairs(attributes),
        ..InstrumentationScope::default()
    }
}
