//! Points in, pages out.

mod names;
mod native;
mod pages;
mod protobuf;
mod values;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar as OtlpExemplar, ExponentialHistogram, ExponentialHistogramDataPoint,
    Histogram as OtlpHistogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics,
    Sum, Summary as OtlpSummary, SummaryDataPoint, exemplar, number_data_point,
};
use otlp::{Payload, Signal};
use prost::Message;

use super::*;
use crate::prometheus::names::Escaping;

/// The value of the one point of `data`.
fn read(data: Data) -> Result<Value, Unfit> {
    let metric = Metric { name: "m".to_owned(), data: Some(data), ..Metric::default() };
    let scope = ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() };
    let resource = ResourceMetrics { scope_metrics: vec![scope], ..ResourceMetrics::default() };
    let request = ExportMetricsServiceRequest { resource_metrics: vec![resource] };
    let payload = Payload::parse(Signal::Metrics, Bytes::from(request.encode_to_vec())).unwrap();
    let metrics = payload.as_metrics().unwrap();
    let (_, point) = metrics.points().next().unwrap();
    Value::read(&point)
}

fn counter(value: f64, exemplars: Vec<OtlpExemplar>) -> Data {
    let value = Some(number_data_point::Value::AsDouble(value));
    let point = NumberDataPoint { value, exemplars, ..NumberDataPoint::default() };
    Data::Sum(Sum { data_points: vec![point], aggregation_temporality: 2, is_monotonic: true })
}

fn histogram(bounds: &[f64], counts: &[u64], sum: f64, exemplars: Vec<OtlpExemplar>) -> Data {
    let point = HistogramDataPoint {
        count: counts.iter().sum(),
        sum: Some(sum),
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
        exemplars,
        ..HistogramDataPoint::default()
    };
    Data::Histogram(OtlpHistogram { data_points: vec![point], aggregation_temporality: 2 })
}

fn exponential(point: ExponentialHistogramDataPoint) -> Data {
    Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![point], aggregation_temporality: 2 })
}

fn exemplar(value: f64, time: u64) -> OtlpExemplar {
    OtlpExemplar {
        time_unix_nano: time,
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        value: Some(exemplar::Value::AsDouble(value)),
        ..OtlpExemplar::default()
    }
}

/// The page of that format with one family of one series.
fn page(format: Format, name: &str, kind: Kind, series: &Series<'_>) -> Vec<u8> {
    page_with(Negotiated { format, escaping: Escaping::AllowUtf8 }, name, kind, series)
}

fn page_with(negotiated: Negotiated, name: &str, kind: Kind, series: &Series<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut page = Page::new(negotiated, false);
    page.begin(&mut out, &Head { name, help: "What it \"is\".\\\n", kind });
    assert!(page.series(&mut out, series));
    page.end_family(&mut out);
    page.finish(&mut out);
    out
}

/// The same as text, without the lines in front of the samples.
fn samples(format: Format, name: &str, kind: Kind, series: &Series<'_>) -> String {
    let page = String::from_utf8(page(format, name, kind, series)).unwrap();
    page.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn series<'a>(labels: &'a str, value: &'a Value) -> Series<'a> {
    Series { labels, value, time: 0, start: 0 }
}

/// A histogram of the latest shape that no point has yet.
fn summary(quantiles: &[(f64, f64)], count: u64, sum: f64) -> Data {
    let values = quantiles.iter().map(|(quantile, value)| {
        opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile {
            quantile: *quantile,
            value: *value,
        }
    });
    let point =
        SummaryDataPoint { count, sum, quantile_values: values.collect(), ..SummaryDataPoint::default() };
    Data::Summary(OtlpSummary { data_points: vec![point] })
}
