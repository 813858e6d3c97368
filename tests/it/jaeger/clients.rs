//! What Jaeger's own clients send is what arrives.

use tests::proto::common::v1::KeyValue;
use tests::proto::common::v1::any_value::Value;
use tests::proto::trace::v1::{ResourceSpans, Span};
use tests::sdk::{self, Sdk};
use tests::serde::Deserialize;
use tests::{Backend, backend::Export, serde_json};

use super::{Way, receiving};
use crate::FERROTEL;

#[tokio::test]
async fn what_jaegers_client_for_python_sends_in_packets_arrives() {
    if let Some(python) = sdk::JAEGER.python().await {
        let told = tell(&python, "send", Way::Compact).await;
        told.check_jaegers_own("Jaeger-Python-4.8.0", Value::IntValue, &[]);
    }
}

#[tokio::test]
async fn what_jaegers_client_for_node_sends_in_packets_arrives() {
    if let Some(node) = sdk::JAEGER.node().await {
        let told = tell(&node, "udp", Way::Binary).await;
        told.check_jaegers_own("Jaeger-Node-3.19.0", float, &sampled());
    }
}

#[tokio::test]
async fn what_jaegers_client_for_node_sends_over_http_arrives() {
    if let Some(node) = sdk::JAEGER.node().await {
        let told = tell(&node, "http", Way::Http).await;
        told.check_jaegers_own("Jaeger-Node-3.19.0", float, &sampled());
    }
}

#[tokio::test]
async fn what_opentelemetrys_exporter_for_jaeger_sends_over_grpc_arrives() {
    if let Some(python) = sdk::OPENTELEMETRY_TO_JAEGER.python().await {
        tell(&python, "grpc", Way::Grpc).await.check_opentelemetrys("shop.library 4.5.6", &[]);
    }
}

#[tokio::test]
async fn what_opentelemetrys_exporter_for_jaeger_sends_over_http_arrives() {
    if let Some(python) = sdk::OPENTELEMETRY_TO_JAEGER.python().await {
        tell(&python, "http", Way::Http).await.check_opentelemetrys(" ", &scope());
    }
}

#[tokio::test]
async fn what_opentelemetrys_exporter_for_jaeger_sends_in_packets_arrives() {
    if let Some(python) = sdk::OPENTELEMETRY_TO_JAEGER.python().await {
        tell(&python, "udp", Way::Compact).await.check_opentelemetrys(" ", &scope());
    }
}

/// What a script says it sent.
#[derive(Debug, Deserialize)]
#[serde(crate = "tests::serde")]
struct Sent {
    server: Ids,
    client: Ids,
    /// In microseconds: start of the server's span, its log, start and end of the client's span, end of the server's.
    times: [u64; 5],
}

#[derive(Debug, Deserialize)]
#[serde(crate = "tests::serde")]
struct Ids {
    trace: String,
    span: String,
    parent: String,
}

/// What was sent, and what arrived.
struct Told {
    sent: Sent,
    resource: Vec<KeyValue>,
    scope: String,
    server: Span,
    client: Span,
}

async fn tell(sdk: &Sdk, protocol: &str, way: Way) -> Told {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address())).await;
    let address = collector.listener_of("jaeger", way.words()).await;
    let printed = sdk.run(protocol, &address).await;
    let sent: Sent = serde_json::from_slice(&printed).expect("the script prints JSON");
    backend.wait_for_spans(2).await;
    collector.assert_books_balance().await;
    let metrics = collector.metrics().await;
    let labels = [("receiver", "jaeger"), ("transport", way.transport())];
    assert_eq!(metrics.sum("otelcol_receiver_accepted_spans", &labels), 2.0);
    let resources: Vec<ResourceSpans> = backend.taken().into_iter().flat_map(resources).collect();
    let first = resources.first().expect("there are spans");
    let resource = first.resource.clone().unwrap_or_default().attributes;
    let scope = first.scope_spans[0].scope.clone().unwrap_or_default();
    let spans = backend.spans();
    let named = |name: &str| spans.iter().find(|span| span.name == name).cloned().expect("both have arrived");
    let told = Told {
        sent,
        resource,
        scope: format!("{} {}", scope.name, scope.version),
        server: named("GET /cart"),
        client: named("SELECT"),
    };
    told.check_skeleton();
    told
}

fn resources(export: Export) -> Vec<ResourceSpans> {
    match export {
        Export::Traces(request) => request.resource_spans,
        Export::Metrics(_) | Export::Logs(_) => panic!("Jaeger has traces only"),
    }
}

impl Told {
    /// Ids, kinds, times.
    fn check_skeleton(&self) {
        let times = self.sent.times.map(|micros| micros * 1000);
        assert_span(&self.server, &self.sent.server, 2, (times[0], times[4]));
        assert_span(&self.client, &self.sent.client, 3, (times[2], times[3]));
        assert_eq!(self.sent.client.parent, self.sent.server.span);
        let [event] = &self.server.events[..] else { panic!("one event: {:?}", self.server.events) };
        assert_eq!(event.time_unix_nano, times[1]);
        assert_eq!(find(&event.attributes, "empty"), Some(Value::BoolValue(false)));
        assert_eq!(find(&self.resource, "service.name"), Some(text("shop")));
        assert!(self.client.links.is_empty() && self.client.events.is_empty(), "{:?}", self.client);
        let [link] = &self.server.links[..] else { panic!("one link: {:?}", self.server.links) };
        assert_eq!(hex(&link.trace_id), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(hex(&link.span_id), "b7ad6b7169203331");
        assert_eq!(sorted(&link.attributes), attributes(&[("opentracing.ref_type", text("follows_from"))]));
    }

    /// What is peculiar to Jaeger's own clients; that for Node has no whole numbers, and says how it samples.
    fn check_jaegers_own(&self, version: &str, number: fn(i64) -> Value, more: &[(&str, Value)]) {
        let event = &self.server.events[0];
        assert_eq!(event.name, "checked");
        let logged = [("empty", Value::BoolValue(false)), ("items", number(3))];
        assert_eq!(sorted(&event.attributes), attributes(&logged));
        assert_eq!(find(&self.resource, "deployment"), Some(text("blue")));
        assert_eq!(find(&self.resource, "opencensus.exporterversion"), Some(text(version)));
        assert!(find(&self.resource, "host.name").is_some(), "{:?}", self.resource);
        assert_eq!(find(&self.resource, "hostname"), None);
        assert_eq!(self.sent.server.parent, "b7ad6b7169203331");
        assert_eq!(self.server.status.as_ref().map(|status| status.code), Some(2));
        assert_eq!(sorted(&self.server.attributes), attributes(&[&given(number)[..], more].concat()));
        assert!(self.client.status.as_ref().is_none_or(|status| status.code == 0));
        assert_eq!(self.client.attributes, []);
    }

    /// What is peculiar to OpenTelemetry's exporters: they give every span the attributes of its resource, and write
    /// the name of an event as its message.
    fn check_opentelemetrys(&self, scope: &str, more: &[(&str, Value)]) {
        let event = &self.server.events[0];
        assert_eq!(event.name, "");
        let logged =
            [("empty", Value::BoolValue(false)), ("items", Value::IntValue(3)), ("message", text("checked"))];
        assert_eq!(sorted(&event.attributes), attributes(&logged));
        assert_eq!(self.sent.server.parent, "0000000000000000");
        let status = self.server.status.clone().unwrap_or_default();
        assert_eq!((status.code, status.message.as_str()), (2, "it broke"));
        assert_eq!(self.scope, scope);
        let of_resource = [
            ("service.name", text("shop")),
            ("deployment", text("blue")),
            ("otel.library.name", text("shop.library")),
            ("otel.library.version", text("4.5.6")),
        ];
        let of_client = [&of_resource[..], more].concat();
        assert_eq!(sorted(&self.client.attributes), attributes(&of_client));
        let of_server = [&of_client[..], &given(Value::IntValue)].concat();
        assert_eq!(sorted(&self.server.attributes), attributes(&of_server));
    }
}

fn assert_span(span: &Span, ids: &Ids, kind: i32, (start, end): (u64, u64)) {
    assert_eq!((hex(&span.trace_id), hex(&span.span_id)), (ids.trace.clone(), ids.span.clone()));
    let parent = if span.parent_span_id.is_empty() { vec![0; 8] } else { span.parent_span_id.clone() };
    assert_eq!(hex(&parent), ids.parent);
    assert_eq!((span.kind, span.start_time_unix_nano, span.end_time_unix_nano), (kind, start, end));
}

/// The tags that every script sets.
fn given(number: fn(i64) -> Value) -> [(&'static str, Value); 4] {
    [
        ("text", text("Zürich")),
        ("truth", Value::BoolValue(true)),
        ("whole", number(7)),
        ("fraction", Value::DoubleValue(0.5)),
    ]
}

/// What the client for Node says of its sampler.
fn sampled() -> [(&'static str, Value); 2] {
    [("sampler.type", text("const")), ("sampler.param", Value::BoolValue(true))]
}

/// The scope, which Thrift has as tags.
fn scope() -> [(&'static str, Value); 2] {
    [("otel.scope.name", text("shop.library")), ("otel.scope.version", text("4.5.6"))]
}

/// As a client has it that knows floats only.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn float(number: i64) -> Value {
    Value::DoubleValue(number as f64)
}

/// In the order of their names.
fn attributes(list: &[(&str, Value)]) -> Vec<(String, Value)> {
    let mut all: Vec<_> = list.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}

fn sorted(list: &[KeyValue]) -> Vec<(String, Value)> {
    let value = |pair: &KeyValue| pair.value.clone().and_then(|value| value.value).expect("it has a value");
    let pairs: Vec<_> = list.iter().map(|pair| (pair.key.as_str(), value(pair))).collect();
    attributes(&pairs)
}

fn find(list: &[KeyValue], key: &str) -> Option<Value> {
    list.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone()?.value)
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
