//! Real SDKs over every protocol: what they send is what arrives.

use tests::backend::Export;
use tests::proto::common::v1::any_value::Value;
use tests::proto::metrics::v1::metric::Data;
use tests::proto::resource::v1::Resource;
use tests::sdk::{self, Sdk, Sent};
use tests::{Backend, samples};

use crate::FERROTEL;

#[tokio::test]
async fn what_the_python_sdk_sends_over_grpc_arrives_unchanged() {
    if let Some(python) = sdk::python().await {
        check(&python, "grpc").await;
    }
}

#[tokio::test]
async fn what_the_python_sdk_sends_over_http_arrives_unchanged() {
    if let Some(python) = sdk::python().await {
        check(&python, "http/protobuf").await;
    }
}

#[tokio::test]
async fn what_the_node_sdk_sends_over_grpc_arrives_unchanged() {
    if let Some(node) = sdk::node().await {
        check(&node, "grpc").await;
    }
}

#[tokio::test]
async fn what_the_node_sdk_sends_over_http_arrives_unchanged() {
    if let Some(node) = sdk::node().await {
        check(&node, "http/protobuf").await;
    }
}

#[tokio::test]
async fn what_the_node_sdk_sends_as_json_arrives_unchanged() {
    if let Some(node) = sdk::node().await {
        check(&node, "http/json").await;
    }
}

async fn check(sdk: &Sdk, protocol: &str) {
    let backend = Backend::start();
    let collector = FERROTEL.start(&stamping(&backend.address())).await;
    let address = if protocol == "grpc" { collector.grpc().await } else { collector.http().await };
    let sent = sdk.send(protocol, &address).await;
    assert_tells_all(&sent);

    let arrived = sdk::one_of_each(&backend).await;
    assert_eq!(arrived.traces, stamped(sent.traces));
    assert_eq!(arrived.metrics, stamped(sent.metrics));
    assert_eq!(arrived.logs, stamped(sent.logs));
    collector.assert_books_balance().await;
}

fn stamping(address: &str) -> String {
    format!(
        "
processors:
  resource: {{ attributes: [{{ key: environment, value: production, action: upsert }}] }}
exporters:
  otlp: {{ endpoint: '{address}', tls: {{ insecure: true }} }}
service:
  pipelines:
    traces: {{ receivers: [otlp], processors: [resource], exporters: [otlp] }}
    metrics: {{ receivers: [otlp], processors: [resource], exporters: [otlp] }}
    logs: {{ receivers: [otlp], processors: [resource], exporters: [otlp] }}
"
    )
}

/// What was sent, with the attribute that the pipeline sets on every resource.
fn stamped(mut export: Export) -> Export {
    let stamp = |resource: &mut Option<Resource>| {
        let attribute = samples::attribute("environment", Value::StringValue("production".to_owned()));
        resource.get_or_insert_default().attributes.push(attribute);
    };
    match &mut export {
        Export::Traces(request) => {
            request.resource_spans.iter_mut().for_each(|part| stamp(&mut part.resource))
        }
        Export::Metrics(request) => {
            request.resource_metrics.iter_mut().for_each(|part| stamp(&mut part.resource))
        }
        Export::Logs(request) => request.resource_logs.iter_mut().for_each(|part| stamp(&mut part.resource)),
    }
    export
}

/// The script must have sent something of everything, or the comparison says little.
fn assert_tells_all(sent: &Sent) {
    let spans = sent.traces.spans();
    assert_eq!(spans.len(), 2);
    let server = spans.iter().find(|span| span.name == "GET /cart").expect("the server's span");
    let client = spans.iter().find(|span| span.name == "SELECT").expect("the client's span");
    assert_eq!((server.kind, client.kind), (2, 3));
    assert_eq!(server.trace_id[..2], [0x5b, 0x8e]);
    assert_eq!(server.trace_state, "vendor=state");
    assert_eq!(client.parent_span_id, server.span_id);
    assert_eq!((server.start_time_unix_nano, server.attributes.len()), (samples::MOMENT, 8));
    assert_eq!((server.events.len(), server.links.len()), (1, 1));
    assert_eq!(
        server.status.as_ref().map(|status| (status.code, status.message.as_str())),
        Some((2, "it broke"))
    );

    let metrics = sent.metrics.metrics();
    let kinds: Vec<_> =
        metrics.iter().map(|metric| (metric.name.as_str(), kind(metric.data.as_ref()))).collect();
    for expected in [
        ("orders", "sum"),
        ("open", "sum"),
        ("latency", "histogram"),
        ("sizes", "exponential histogram"),
        ("temperature", "gauge"),
    ] {
        assert!(kinds.contains(&expected), "{expected:?} is not among {kinds:?}");
    }

    let records = sent.logs.records();
    assert_eq!(records.len(), 2);
    assert_eq!((records[0].severity_number, records[0].severity_text.as_str()), (14, "careful"));
    assert_eq!((&records[0].trace_id, &records[0].span_id), (&server.trace_id, &server.span_id));
    let body = records[1].body.as_ref().and_then(|body| body.value.as_ref());
    assert!(matches!(body, Some(Value::KvlistValue(map)) if map.values.len() == 4), "{body:?}");
}

fn kind(data: Option<&Data>) -> &'static str {
    match data {
        Some(Data::Gauge(_)) => "gauge",
        Some(Data::Sum(_)) => "sum",
        Some(Data::Histogram(_)) => "histogram",
        Some(Data::ExponentialHistogram(_)) => "exponential histogram",
        Some(Data::Summary(_)) => "summary",
        None => "nothing",
    }
}
