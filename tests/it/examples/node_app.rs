//! The application in Node: what it does is what the backend learns.

use std::process::{Child, Command, Stdio};

use tests::proto::common::v1::any_value::Value as Any;
use tests::proto::common::v1::{AnyValue, KeyValue};
use tests::proto::metrics::v1::metric::Data;
use tests::proto::metrics::v1::{Metric, NumberDataPoint, number_data_point};
use tests::proto::trace::v1::Span;
use tests::serde_json::{self, Value};
use tests::{Backend, patience, sdk, web};

use super::root;
use crate::FERROTEL;
use crate::configs::straight_to;

const HOME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/node-app");
const ORDER: &str = r#"{"customerId": "ada", "total": 42.5, "paymentMethod": "card"}"#;

#[tokio::test]
async fn orders_are_traces_metrics_and_records_and_each_is_there_once() {
    let Some(folder) = sdk::node_application(HOME).await else { return };
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let mut app = App::start(&folder, &collector.http().await).await;
    for _ in 0..2 {
        let reply = web::post(&app.address, "/api/orders", "application/json", ORDER).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let reply = web::post(&app.address, "/api/orders", "application/json", "{}").await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_page_of_metrics(&web::get(&app.address, "/metrics").await.text());
    assert_analysis(&web::get(&app.address, "/debug/traces").await.text());
    // It sends what is left, so that all of it is there, once.
    app.end().await;

    assert_spans(&backend.spans());
    assert_metrics(&backend.metrics());
    let records = backend.records();
    let bodies: Vec<_> = records.iter().map(|record| text_of(record.body.as_ref())).collect();
    assert_eq!(bodies, ["order created", "order created", "order refused: it has no total"]);
    let servers: Vec<_> =
        backend.spans().into_iter().filter(|span| span.kind == 2).map(|span| span.span_id).collect();
    assert!(records.iter().all(|record| servers.contains(&record.span_id)), "{records:#?}");
    collector.assert_books_balance().await;
}

/// Three requests and the analysis are server spans; each order has its three steps below it.
fn assert_spans(spans: &[Span]) {
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<_>>();
    let servers = named("POST /api/orders");
    assert_eq!((servers.len(), named("GET /debug/traces").len(), spans.len()), (3, 1, 10), "{spans:#?}");
    assert!(servers.iter().all(|span| span.kind == 2 && span.parent_span_id.is_empty()), "{servers:#?}");
    let of_orders: Vec<_> =
        servers.iter().filter(|span| attribute(&span.attributes, "business.order_id").is_some()).collect();
    assert_eq!(of_orders.len(), 2);
    for step in ["validate-order", "process-payment", "update-inventory"] {
        let steps = named(step);
        assert_eq!(steps.len(), 2, "{step}");
        for server in &of_orders {
            let below =
                |span: &&&Span| span.parent_span_id == server.span_id && span.trace_id == server.trace_id;
            assert_eq!(steps.iter().filter(below).count(), 1, "{step} below {server:?}");
        }
    }
    let payment = named("process-payment")[0];
    assert_eq!(attribute(&payment.attributes, "payment.amount"), Some(&Any::DoubleValue(42.5)));
}

fn assert_metrics(metrics: &[Metric]) {
    let status = |value: &str| format!("status={value}");
    let requests = numbers(metrics, "http_requests_total");
    let orders = |status: &str| format!("method=POST route=/api/orders {status}");
    assert_eq!(requests.get(&orders(&status("200"))), Some(&2.0), "{requests:?}");
    assert_eq!(requests.get(&orders(&status("400"))), Some(&1.0), "{requests:?}");
    let transactions = numbers(metrics, "business_transactions_total");
    assert_eq!(transactions.get("status=created type=order"), Some(&2.0), "{transactions:?}");
    assert_eq!(transactions.get("status=refused type=order"), Some(&1.0), "{transactions:?}");
    assert_eq!(numbers(metrics, "http_requests_active").get(""), Some(&0.0), "nothing is under way any more");
    let durations = metrics.iter().find(|metric| metric.name == "http_request_duration_seconds");
    let Some(Data::Histogram(durations)) = durations.and_then(|metric| metric.data.as_ref()) else {
        panic!("the durations are a histogram: {durations:?}");
    };
    let all: u64 = durations.data_points.iter().map(|point| point.count).sum();
    // Three orders, the page of metrics and the analysis.
    assert_eq!(all, 5);
    assert!(metrics.iter().any(|metric| metric.name == "http.server.request.duration"), "{metrics:#?}");
}

fn assert_page_of_metrics(page: &str) {
    for line in [
        r#"http_requests_total{method="POST",status="200",route="/api/orders"} 2"#,
        r#"http_requests_total{method="POST",status="400",route="/api/orders"} 1"#,
        r#"http_request_duration_seconds_count{method="POST",status="200",route="/api/orders"} 2"#,
    ] {
        assert!(page.lines().any(|found| found == line), "`{line}` is not in:\n{page}");
    }
}

fn assert_analysis(report: &str) {
    let report: Value = serde_json::from_str(report).expect("the report is JSON");
    assert_eq!(report["spans"], 9, "{report}");
    let path: Vec<_> =
        report["criticalPath"].as_array().into_iter().flatten().map(|step| &step["name"]).collect();
    assert_eq!(path, ["POST /api/orders", "process-payment"], "{report}");
    assert_eq!(report["anomalies"], serde_json::json!([]), "{report}");
}

/// The values of a counter by its labels in order.
fn numbers(metrics: &[Metric], name: &str) -> std::collections::BTreeMap<String, f64> {
    let found: Vec<_> = metrics.iter().filter(|metric| metric.name == name).collect();
    let [Metric { data: Some(Data::Sum(sum)), .. }] = found[..] else {
        panic!("{name} is not there once as a sum: {found:?}");
    };
    sum.data_points.iter().map(|point| (labels(&point.attributes), value(point))).collect()
}

fn labels(attributes: &[KeyValue]) -> String {
    let mut pairs: Vec<_> =
        attributes.iter().map(|pair| format!("{}={}", pair.key, text_of(pair.value.as_ref()))).collect();
    pairs.sort();
    pairs.join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "the app counts to three")]
fn value(point: &NumberDataPoint) -> f64 {
    match point.value {
        Some(number_data_point::Value::AsInt(whole)) => whole as f64,
        Some(number_data_point::Value::AsDouble(value)) => value,
        None => panic!("no value: {point:?}"),
    }
}

fn text_of(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        other => panic!("not a text: {other:?}"),
    }
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Any> {
    attributes.iter().find(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()
}

/// The application while it runs. Killed when it goes out of scope.
struct App {
    child: Child,
    address: String,
}

impl App {
    /// Starts it as `npm start` would, and without npm in between, which would outlive it.
    async fn start(folder: &std::path::Path, collector: &str) -> App {
        let package: Value =
            serde_json::from_str(&super::read(&root().join("examples/node-app/package.json")))
                .expect("package.json is JSON");
        let start = package["scripts"]["start"].as_str().expect("it says how to start").split(' ');
        let words: Vec<_> = start.collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OTEL_")) {
            command.env_remove(name);
        }
        command.env("PORT", "0").env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"));
        // Longer than the story: metrics are sent once, at the end.
        command.env("OTEL_METRIC_EXPORT_INTERVAL", "3600000");
        let mut child = command.spawn().expect("there is a node, or there would be no packages");
        let log = tests::collector::Log::read(child.stdout.take().expect("it is piped"));
        let line = log.wait_for("Server running on port").await;
        let port = line.rsplit(' ').next().expect("it names its port");
        App { child, address: format!("127.0.0.1:{port}") }
    }

    /// Asks it to end, and waits until it has.
    async fn end(&mut self) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.child.id())).status();
        assert!(sent.is_ok_and(|status| status.success()), "it runs until it is told to end");
        let child = &mut self.child;
        let status = patience::until("the application ends", || {
            let status = child.try_wait().expect("it is our child");
            async move { status }
        });
        assert_eq!(status.await.code(), Some(0));
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
