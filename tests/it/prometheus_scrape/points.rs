//! What has arrived, by job and metric.

use std::collections::BTreeMap;

use tests::Backend;
use tests::backend::Export;
use tests::proto::common::v1::{KeyValue, any_value::Value as Any};
use tests::proto::metrics::v1::metric::Data;
use tests::proto::metrics::v1::number_data_point::Value;
use tests::proto::metrics::v1::{Metric, NumberDataPoint, ResourceMetrics};

/// The flag of a point that says that there is no value any more.
const NO_VALUE: u32 = 1;

/// A number with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) value: f64,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl Point {
    pub(crate) fn new(value: f64, attributes: &[(&str, &str)]) -> Point {
        let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Point { value, attributes: attributes.collect() }
    }
}

/// The numbers of a metric of a job, in the order in which they came.
pub(crate) fn numbers(backend: &Backend, job: &str, metric: &str) -> Vec<Point> {
    points(backend, job, metric).into_iter().filter(|point| point.flags & NO_VALUE == 0).map(read).collect()
}

/// The points of a metric of a job that say that it has ended.
pub(crate) fn gone(backend: &Backend, job: &str, metric: &str) -> Vec<Point> {
    points(backend, job, metric).into_iter().filter(|point| point.flags & NO_VALUE != 0).map(read).collect()
}

/// The attributes of the job's resource.
pub(crate) fn resource(backend: &Backend, job: &str) -> Option<BTreeMap<String, String>> {
    resources(backend, job).first().map(attributes)
}

/// The metric of a job, of its first scrape.
pub(crate) fn metric(backend: &Backend, job: &str, name: &str) -> Option<Metric> {
    let resources = resources(backend, job);
    let mut metrics =
        resources.iter().flat_map(|resource| &resource.scope_metrics).flat_map(|scope| &scope.metrics);
    metrics.find(|metric| metric.name == name).cloned()
}

fn points(backend: &Backend, job: &str, name: &str) -> Vec<NumberDataPoint> {
    let resources = resources(backend, job);
    let metrics =
        resources.iter().flat_map(|resource| &resource.scope_metrics).flat_map(|scope| &scope.metrics);
    metrics
        .filter(|metric| metric.name == name)
        .flat_map(|metric| match metric.data.clone() {
            Some(Data::Sum(sum)) => sum.data_points,
            Some(Data::Gauge(gauge)) => gauge.data_points,
            _ => Vec::new(),
        })
        .collect()
}

fn resources(backend: &Backend, job: &str) -> Vec<ResourceMetrics> {
    let of_job =
        |resource: &ResourceMetrics| attributes(resource).get("service.name").is_some_and(|name| name == job);
    let taken = backend.taken();
    let all = taken.into_iter().flat_map(|export| match export {
        Export::Metrics(request) => request.resource_metrics,
        Export::Traces(_) | Export::Logs(_) => Vec::new(),
    });
    all.filter(of_job).collect()
}

fn attributes(resource: &ResourceMetrics) -> BTreeMap<String, String> {
    resource.resource.as_ref().map(|resource| texts(&resource.attributes)).unwrap_or_default()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|attribute| (attribute.key.clone(), text(attribute))).collect()
}

fn read(point: NumberDataPoint) -> Point {
    let value = match point.value {
        Some(Value::AsDouble(value)) => value,
        #[expect(clippy::cast_precision_loss, reason = "the stories count to a few thousand")]
        Some(Value::AsInt(value)) => value as f64,
        None => 0.0,
    };
    Point { value, attributes: texts(&point.attributes) }
}
