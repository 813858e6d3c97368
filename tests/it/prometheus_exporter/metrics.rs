//! Metrics of every kind, as an SDK would send them.

use tests::backend::Export;
use tests::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use tests::proto::common::v1::any_value::Value;
use tests::proto::common::v1::{InstrumentationScope, KeyValue};
use tests::proto::metrics::v1::exponential_histogram_data_point::Buckets;
use tests::proto::metrics::v1::metric::Data;
use tests::proto::metrics::v1::number_data_point::Value as Number;
use tests::proto::metrics::v1::summary_data_point::ValueAtQuantile;
use tests::proto::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
};
use tests::proto::resource::v1::Resource;
use tests::samples::attribute;

const CUMULATIVE: i32 = 2;

pub(super) fn attributes(pairs: &[(&str, &str)]) -> Vec<KeyValue> {
    pairs.iter().map(|(key, value)| attribute(key, Value::StringValue((*value).to_owned()))).collect()
}

/// Metrics of the resource `shop/cart`, instance `i1`.
pub(super) fn request(metrics: Vec<Metric>) -> Export {
    let resource = [
        ("service.namespace", "shop"),
        ("service.name", "cart"),
        ("service.instance.id", "i1"),
        ("host.name", "h"),
    ];
    request_from(&attributes(&resource), metrics)
}

pub(super) fn request_from(resource: &[KeyValue], metrics: Vec<Metric>) -> Export {
    let scope = InstrumentationScope { name: "library".to_owned(), ..InstrumentationScope::default() };
    let scope = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
    let resource = Resource { attributes: resource.to_vec(), ..Resource::default() };
    let resource = ResourceMetrics {
        resource: Some(resource),
        scope_metrics: vec![scope],
        ..ResourceMetrics::default()
    };
    Export::Metrics(ExportMetricsServiceRequest { resource_metrics: vec![resource] })
}

pub(super) fn one_of_each_kind() -> Vec<Metric> {
    vec![
        counter("system.io", "By", 1_234_567.5),
        gauge("temperature", "Cel", -273.15),
        histogram(),
        exponential(),
        summary(),
    ]
}

pub(super) fn counter(name: &str, unit: &str, value: f64) -> Metric {
    let point = NumberDataPoint {
        attributes: attributes(&[("direction", "read")]),
        exemplars: vec![exemplar()],
        ..number(value)
    };
    let sum = Sum { data_points: vec![point], aggregation_temporality: CUMULATIVE, is_monotonic: true };
    metric(name, unit, "a counter", Data::Sum(sum))
}

pub(super) fn gauge(name: &str, unit: &str, value: f64) -> Metric {
    metric(name, unit, "a gauge", Data::Gauge(Gauge { data_points: vec![number(value)] }))
}

/// A gauge with one point for each list of attributes.
pub(super) fn gauges(name: &str, points: impl IntoIterator<Item = (Vec<KeyValue>, f64)>) -> Metric {
    let point = |(attributes, value)| NumberDataPoint { attributes, ..number(value) };
    let data_points = points.into_iter().map(point).collect();
    metric(name, "", "a gauge", Data::Gauge(Gauge { data_points }))
}

pub(super) fn histogram() -> Metric {
    let point = HistogramDataPoint {
        time_unix_nano: now(),
        count: 6,
        sum: Some(7.25),
        explicit_bounds: vec![0.5, 1.0],
        bucket_counts: vec![1, 2, 3],
        exemplars: vec![exemplar()],
        ..HistogramDataPoint::default()
    };
    let data = Histogram { data_points: vec![point], aggregation_temporality: CUMULATIVE };
    metric("latency", "s", "a histogram", Data::Histogram(data))
}

pub(super) fn exponential() -> Metric {
    let point = ExponentialHistogramDataPoint {
        time_unix_nano: now(),
        count: 14,
        sum: Some(99.5),
        scale: 0,
        zero_count: 2,
        positive: Some(Buckets { offset: 0, bucket_counts: vec![3, 4, 0, 0, 1] }),
        negative: Some(Buckets { offset: -1, bucket_counts: vec![4] }),
        ..ExponentialHistogramDataPoint::default()
    };
    let data = ExponentialHistogram { data_points: vec![point], aggregation_temporality: CUMULATIVE };
    metric("size", "By", "an exponential histogram", Data::ExponentialHistogram(data))
}

pub(super) fn summary() -> Metric {
    let at = |quantile, value| ValueAtQuantile { quantile, value };
    let point = SummaryDataPoint {
        time_unix_nano: now(),
        count: 10,
        sum: 2.5,
        quantile_values: vec![at(0.5, 0.25), at(0.99, f64::NAN)],
        ..SummaryDataPoint::default()
    };
    metric("rpc", "s", "a summary", Data::Summary(Summary { data_points: vec![point] }))
}

fn metric(name: &str, unit: &str, description: &str, data: Data) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description: description.to_owned(),
        data: Some(data),
        metadata: Vec::new(),
    }
}

fn number(value: f64) -> NumberDataPoint {
    NumberDataPoint {
        time_unix_nano: now(),
        value: Some(Number::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn exemplar() -> Exemplar {
    Exemplar {
        time_unix_nano: now(),
        trace_id: vec![0xab; 16],
        span_id: vec![0xcd; 8],
        value: Some(exemplar::Value::AsDouble(0.75)),
        ..Exemplar::default()
    }
}

/// Prometheus takes nothing that is old.
fn now() -> u64 {
    let now =
        std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_nanos()).expect("before 2554")
}
