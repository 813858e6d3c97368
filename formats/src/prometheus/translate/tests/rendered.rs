//! An OTLP request of metrics as lines that a test can read.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogramDataPoint, HistogramDataPoint, Metric, NumberDataPoint, SummaryDataPoint,
    metric::Data, number_data_point,
};
use otlp::{Payload, Signal};
use prost::Message;

use crate::prometheus::translate::Outcome;

/// A request that was read back.
pub(super) struct Rendered {
    pub(super) request: ExportMetricsServiceRequest,
}

impl Rendered {
    /// Reads what came of a scrape; it must hold as many points as it says.
    pub(super) fn of(outcome: &Outcome) -> Rendered {
        let payload = Payload::parse(Signal::Metrics, outcome.metrics.clone().into());
        assert_eq!(payload.expect("it is a request").items(), outcome.points);
        let request = ExportMetricsServiceRequest::decode(outcome.metrics.as_slice());
        Rendered { request: request.expect("it is a request") }
    }

    /// One line for each point, but for those of the report: `name{attributes} value @milliseconds`.
    pub(super) fn points(&self) -> Vec<String> {
        let is_report = |line: &String| line.starts_with("up") || line.starts_with("scrape_");
        self.all_points().into_iter().filter(|line| !is_report(line)).collect()
    }

    pub(super) fn all_points(&self) -> Vec<String> {
        self.metrics().flat_map(points).collect()
    }

    /// The values of the report, by name.
    pub(super) fn report(&self, name: &str) -> Vec<String> {
        self.all_points().into_iter().filter(|line| line.starts_with(&format!("{name}{{"))).collect()
    }

    /// One line for each metric: `name (kind, type, unit) description`.
    pub(super) fn families(&self) -> Vec<String> {
        self.metrics()
            .map(family)
            .filter(|line| !line.starts_with("up") && !line.starts_with("scrape_"))
            .collect()
    }

    /// One line for each resource.
    pub(super) fn resources(&self) -> Vec<String> {
        let resources = self.request.resource_metrics.iter();
        resources.map(|group| attributes(&group.resource.clone().unwrap_or_default().attributes)).collect()
    }

    /// One line for each scope: `name version{attributes} schema_url`.
    pub(super) fn scopes(&self) -> Vec<String> {
        let scopes = self.request.resource_metrics.iter().flat_map(|group| &group.scope_metrics);
        let line = |group: &opentelemetry_proto::tonic::metrics::v1::ScopeMetrics| {
            let scope = group.scope.clone().unwrap_or_default();
            format!("{} {}{} {}", scope.name, scope.version, attributes(&scope.attributes), group.schema_url)
        };
        scopes.map(line).collect()
    }

    fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.request
            .resource_metrics
            .iter()
            .flat_map(|group| &group.scope_metrics)
            .flat_map(|group| &group.metrics)
    }
}

fn family(metric: &Metric) -> String {
    let kind = match metric.data.as_ref().expect("a metric has data") {
        Data::Gauge(_) => "gauge",
        Data::Sum(sum) if sum.is_monotonic => "counter",
        Data::Sum(_) => "sum",
        Data::Histogram(_) => "histogram",
        Data::ExponentialHistogram(_) => "exponential",
        Data::Summary(_) => "summary",
    };
    let told = attributes(&metric.metadata);
    let told = told.strip_prefix("{prometheus.type=").and_then(|told| told.strip_suffix('}'));
    let told = told.expect("a metric tells the type it had");
    format!("{} ({kind}, {told}, {}) {}", metric.name, metric.unit, metric.description)
}

fn points(metric: &Metric) -> Vec<String> {
    let name = &metric.name;
    let lines: Vec<String> = match metric.data.as_ref().expect("a metric has data") {
        Data::Gauge(gauge) => gauge.data_points.iter().map(number).collect(),
        Data::Sum(sum) => {
            assert_eq!(sum.aggregation_temporality, 2);
            sum.data_points.iter().map(number).collect()
        }
        Data::Histogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2);
            histogram.data_points.iter().map(histogram_point).collect()
        }
        Data::ExponentialHistogram(histogram) => {
            assert_eq!(histogram.aggregation_temporality, 2);
            histogram.data_points.iter().map(exponential).collect()
        }
        Data::Summary(summary) => summary.data_points.iter().map(summary_point).collect(),
    };
    lines.iter().map(|line| format!("{name}{line}")).collect()
}

fn number(point: &NumberDataPoint) -> String {
    let value = match point.value {
        Some(number_data_point::Value::AsDouble(value)) => format!("{value}"),
        other => format!("{other:?}"),
    };
    let value = stale(point.flags).unwrap_or(value);
    let times = times(point.start_time_unix_nano, point.time_unix_nano);
    format!("{} {value}{times}{}", attributes(&point.attributes), exemplars(&point.exemplars))
}

fn histogram_point(point: &HistogramDataPoint) -> String {
    let (sum, count) = (point.sum.map_or("none".to_owned(), |sum| sum.to_string()), point.count);
    let totals = stale(point.flags).unwrap_or(format!("{count}/{sum}"));
    let times = times(point.start_time_unix_nano, point.time_unix_nano);
    let (bounds, counts) = (&point.explicit_bounds, &point.bucket_counts);
    let exemplars = exemplars(&point.exemplars);
    format!("{} {totals} {bounds:?} {counts:?}{times}{exemplars}", attributes(&point.attributes))
}

fn exponential(point: &ExponentialHistogramDataPoint) -> String {
    let side = |side: &Option<
        opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets,
    >| {
        side.as_ref().map_or(String::new(), |side| format!(" {}:{:?}", side.offset, side.bucket_counts))
    };
    let totals = format!("{}/{}", point.count, point.sum.unwrap_or_default());
    let totals = stale(point.flags).unwrap_or(totals);
    let zero = format!("zero {}<={}", point.zero_count, point.zero_threshold);
    let (positive, negative) = (side(&point.positive), side(&point.negative));
    let times = times(point.start_time_unix_nano, point.time_unix_nano);
    let exemplars = exemplars(&point.exemplars);
    let attributes = attributes(&point.attributes);
    format!("{attributes} {totals} scale {} {zero} +{positive} -{negative}{times}{exemplars}", point.scale)
}

fn summary_point(point: &SummaryDataPoint) -> String {
    let totals = stale(point.flags).unwrap_or(format!("{}/{}", point.count, point.sum));
    let quantiles = point.quantile_values.iter().map(|one| format!(" {}={}", one.quantile, one.value));
    let quantiles: String = quantiles.collect();
    let times = times(point.start_time_unix_nano, point.time_unix_nano);
    format!("{} {totals}{quantiles}{times}", attributes(&point.attributes))
}

fn stale(flags: u32) -> Option<String> {
    (flags == 1).then(|| "stale".to_owned())
}

fn times(start: u64, time: u64) -> String {
    let start = if start > 0 { format!(" since {}", start / 1_000_000) } else { String::new() };
    format!(" @{}{start}", time / 1_000_000)
}

fn exemplars(exemplars: &[Exemplar]) -> String {
    let line = |exemplar: &Exemplar| {
        let value = match exemplar.value {
            Some(opentelemetry_proto::tonic::metrics::v1::exemplar::Value::AsDouble(value)) => value,
            ref other => panic!("{other:?}"),
        };
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (trace, span) = (hex(&exemplar.trace_id), hex(&exemplar.span_id));
        let filtered = attributes(&exemplar.filtered_attributes);
        format!(" # {filtered} {trace}/{span} {value} @{}", exemplar.time_unix_nano / 1_000_000)
    };
    exemplars.iter().map(line).collect()
}

fn attributes(attributes: &[KeyValue]) -> String {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    let pairs: Vec<_> =
        attributes.iter().map(|attribute| format!("{}={}", attribute.key, text(attribute))).collect();
    format!("{{{}}}", pairs.join(","))
}
