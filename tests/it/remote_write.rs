//! Remote write, out and in.

mod endpoint;
mod prometheus;

use std::time::{SystemTime, UNIX_EPOCH};

use tests::backend::Export;
use tests::client::Client;
use tests::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use tests::proto::common::v1::any_value::Value;
use tests::proto::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
};
use tests::proto::resource::v1::Resource;
use tests::samples::attribute;

/// Metrics by OTLP to the exporter with these settings.
fn sending(settings: &str) -> String {
    format!(
        "
exporters:
  prometheusremotewrite: {{ {settings} }}
service:
  pipelines:
    metrics: {{ receivers: [otlp], exporters: [prometheusremotewrite] }}
"
    )
}

/// Remote write to a backend of OTLP, which the sender hears.
fn receiving(address: &str) -> String {
    let delivery = "sending_queue: { enabled: false }, retry_on_failure: { enabled: false }";
    format!(
        "
receivers:
  prometheusremotewrite: {{ endpoint: '127.0.0.1:0' }}
exporters:
  otlp: {{ endpoint: '{address}', tls: {{ insecure: true }}, {delivery} }}
service:
  pipelines:
    metrics: {{ receivers: [prometheusremotewrite], exporters: [otlp] }}
"
    )
}

async fn send(client: &Client, metrics: Vec<Metric>) {
    let resource = Resource {
        attributes: vec![
            attribute("service.name", Value::StringValue("shop".to_owned())),
            attribute("service.instance.id", Value::StringValue("i1".to_owned())),
        ],
        ..Resource::default()
    };
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let group = ResourceMetrics { resource: Some(resource), scope_metrics, ..ResourceMetrics::default() };
    let request = ExportMetricsServiceRequest { resource_metrics: vec![group] };
    client.export(Export::Metrics(request)).await.expect("the queue takes it");
}

fn metric(name: &str, data: Data) -> Metric {
    Metric { name: name.to_owned(), data: Some(data), ..Metric::default() }
}

fn gauge(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, Data::Gauge(Gauge { data_points }))
}

fn counter(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    metric(name, Data::Sum(Sum { data_points, aggregation_temporality: 2, is_monotonic: true }))
}

fn number(value: f64, time_unix_nano: u64) -> NumberDataPoint {
    let value = Some(number_data_point::Value::AsDouble(value));
    NumberDataPoint { time_unix_nano, value, ..NumberDataPoint::default() }
}

/// Nanoseconds of now.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970");
    u64::try_from(now.as_nanos()).expect("it is not that late")
}
