//! The same file with everything that it names: real clients send to all its receivers, and all its exporters deliver.

use std::collections::{BTreeMap, BTreeSet};

use tests::backend::Export;
use tests::collector::Entry;
use tests::patience::{until, until_equal};
use tests::prometheus::Prometheus;
use tests::proto::common::v1::KeyValue;
use tests::proto::common::v1::any_value::Value as Any;
use tests::proto::metrics::v1::ResourceMetrics;
use tests::proto::resource::v1::Resource;
use tests::sdk;
use tests::serde_json::{self, Value};
use tests::server::Server;
use tests::{Backend, Collector, samples};

use super::around::Around;
use super::file;
use super::told::{Told, at_backend, at_jaeger, in_order, parts};
use crate::examples::starts::start;
use crate::prometheus_scrape::points::{Point, numbers, resource};

/// The span that every client for Zipkin sends here.
const OF_ZIPKIN: [&str; 3] = ["5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174", "get /cart"];
const TIMES_OF_ZIPKIN: (u64, u64) = (1_700_000_000_250_000_000, 1_700_000_000_750_000_000);

#[tokio::test]
async fn every_receiver_of_it_takes_and_every_exporter_of_it_delivers() {
    let around = Around::start().await;
    let collector = start(&file(), &around.sets()).await;
    let sent = Sent::by_all_clients(&collector).await;

    assert_spans_arrive(&around, &sent).await;
    assert_sdks_arrive_whole(&around.tempo, &sent).await;
    assert_the_app_arrives(&around).await;
    assert_prometheus_shows(&collector, &around, &sent).await;
    assert_logged(&collector, &around, &sent).await;
    assert_booked(&collector, &sent).await;
}

/// What clients say they have sent.
#[derive(Default)]
struct Sent {
    spans: Vec<Told>,
    /// Spans for each receiver; the client for Zipkin sends one more than it is told to.
    counts: BTreeMap<&'static str, u64>,
    by_sdks: Vec<sdk::Sent>,
}

impl Sent {
    async fn by_all_clients(collector: &Collector) -> Sent {
        let mut sent = Sent::default();
        let (grpc, http) = ("Starting GRPC server", "Starting HTTP server");
        let otlp = [(sdk::python().await, "grpc", grpc), (sdk::node().await, "http/protobuf", http)];
        for (client, protocol, listener) in otlp {
            let Some(client) = client else { continue };
            let address = collector.listener_of("otlp", listener).await;
            sent.otlp(client.send(protocol, &address).await);
        }
        let jaeger = [
            (sdk::OPENTELEMETRY_TO_JAEGER.python().await, "grpc", grpc),
            (sdk::JAEGER.node().await, "http", http),
            (sdk::JAEGER.python().await, "send", "udp_thrift_compact"),
        ];
        for (client, protocol, listener) in jaeger {
            let Some(client) = client else { continue };
            let address = collector.listener_of("jaeger", listener).await;
            let printed = client.run(protocol, &address).await;
            let printed: Value = serde_json::from_slice(&printed).expect("it prints JSON");
            sent.spans("jaeger", 2, Told::by_script(&printed));
        }
        if let Some(python) = sdk::ZIPKIN.python().await {
            python.run("py-zipkin/json-v2", &collector.zipkin().await).await;
            let [trace, span, name] = OF_ZIPKIN;
            sent.spans("zipkin", 2, vec![Told::new(trace, span, name, TIMES_OF_ZIPKIN)]);
        }
        sent.spans = in_order(sent.spans);
        sent
    }

    fn otlp(&mut self, by_sdk: sdk::Sent) {
        let spans = Told::by_sdk(&by_sdk.traces);
        self.spans("otlp", 2, spans);
        self.by_sdks.push(by_sdk);
    }

    fn spans(&mut self, receiver: &'static str, count: u64, spans: Vec<Told>) {
        *self.counts.entry(receiver).or_default() += count;
        self.spans.extend(spans);
    }
}

/// Names, ids, times and the resource of every span are at the backends, and nothing else is.
async fn assert_spans_arrive(around: &Around, sent: &Sent) {
    until_equal("spans at tempo", sent.spans.clone(), async || at_backend(&around.tempo)).await;
    until_equal("spans at Jaeger", sent.spans.clone(), async || at_jaeger(&around.jaeger)).await;
    let expected: BTreeSet<_> = sent.spans.iter().map(for_xray).collect();
    let traces: BTreeSet<_> = expected.iter().map(|told| told.trace.clone()).collect();
    until_equal("segments at X-Ray", expected, async || {
        let mut found = BTreeSet::new();
        for trace in &traces {
            found.extend(around.aws.documents(trace).await.iter().map(at_xray));
        }
        found
    })
    .await;
}

/// As X-Ray has it: another form of the id, microseconds, and no place for the name. What a span is of is told with
/// segments only, and calls are subsegments.
fn for_xray(told: &Told) -> Told {
    let (time, rest) = told.trace.split_at(8);
    let micros = |nanos: u64| (nanos + 500) / 1000;
    Told {
        trace: format!("1-{time}-{rest}"),
        name: String::new(),
        times: (micros(told.times.0), micros(told.times.1)),
        of: if told.name == "SELECT" { Default::default() } else { told.of.clone() },
        ..told.clone()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times are after 1970 and before 2554"
)]
fn at_xray(document: &Value) -> Told {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let micros = |key: &str| (document[key].as_f64().unwrap_or_default() * 1e6).round() as u64;
    let of_resource = |key: &str| text(&document["metadata"]["default"][format!("otel.resource.{key}")]);
    Told {
        trace: text(&document["trace_id"]),
        span: text(&document["id"]),
        name: String::new(),
        times: (micros("start_time"), micros("end_time")),
        of: ["service.name", "environment", "cluster"].map(of_resource),
    }
}

/// What the SDKs sent by OTLP goes out by OTLP as it was, but for what the processors of the file add.
async fn assert_sdks_arrive_whole(tempo: &Backend, sent: &Sent) {
    for by_sdk in &sent.by_sdks {
        for mut part in parts(by_sdk.traces.clone()) {
            stamp(&mut part.resource);
            let arrived: Vec<_> = tempo.taken().into_iter().flat_map(parts).collect();
            assert!(arrived.contains(&part), "{part:#?} is not among {arrived:#?}");
        }
        for mut part in points(by_sdk.metrics.clone()) {
            stamp(&mut part.resource);
            until("the points of an SDK arrive", async || {
                tempo.taken().into_iter().flat_map(points).find(|arrived| *arrived == part)
            })
            .await;
        }
    }
    assert!(tempo.records().is_empty(), "records are for the log only");
}

fn stamp(resource: &mut Option<Resource>) {
    let text = |key: &str, value: &str| samples::attribute(key, Any::StringValue(value.to_owned()));
    let stamps: [KeyValue; 2] = [text("environment", "production"), text("cluster", "us-west-2")];
    resource.get_or_insert_default().attributes.extend(stamps);
}

fn points(export: Export) -> Vec<ResourceMetrics> {
    match export {
        Export::Metrics(request) => request.resource_metrics,
        Export::Traces(_) | Export::Logs(_) => Vec::new(),
    }
}

/// What the app exposes is at the backend.
async fn assert_the_app_arrives(around: &Around) {
    let Some(app) = &around.app else { return };
    let first = |metric| numbers(&around.tempo, "myapp", metric).into_iter().next();
    let stock = until("the app is scraped", async || first("stock")).await;
    assert_eq!(stock, Point::new(-1.5, &[]));
    assert_eq!(first("orders_total"), Some(Point::new(7.0, &[("method", "post")])));
    assert_eq!(first("up"), Some(Point::new(1.0, &[])));
    let resource = resource(&around.tempo, "myapp").expect("it has a resource");
    for (key, value) in
        [("service.instance.id", app.address()), ("environment", "production"), ("cluster", "us-west-2")]
    {
        assert_eq!(resource.get(key).map(String::as_str), Some(value), "{resource:?}");
    }
}

/// Debian's Prometheus has values, namespace and label from the page.
async fn assert_prometheus_shows(collector: &Collector, around: &Around, sent: &Sent) {
    let address = collector.listener_of("prometheus", "Serving Prometheus metrics").await;
    let Some(prometheus) = Prometheus::scraping(&address, &[]).await else { return };
    // Each SDK has series of its own, as no two have the same scope.
    let sdks = f64::from(u8::try_from(sent.by_sdks.len()).expect("they are few"));
    for (metric, value) in [
        ("myapp_orders_total", 3.0),
        ("myapp_latency_milliseconds_count", 2.0),
        ("myapp_latency_milliseconds_sum", 255.0),
        ("myapp_temperature_celsius", 21.5),
    ] {
        let query = format!("sum by (environment, job, text) ({metric}{{job='shop'}})");
        let series = format!(r#"{{environment="production", job="shop", text="Zürich"}} {}"#, sdks * value);
        let expected = sent.by_sdks.first().map(|_| series.as_str());
        prometheus.shows(&query, expected.as_slice()).await;
    }
    let Some(app) = around.app.as_ref().map(Server::address) else { return };
    for (metric, value) in [
        ("myapp_orders_total{method='post',job='myapp'}", "7"),
        ("myapp_stock", "-1.5"),
        ("myapp_work_seconds_sum", "4.05"),
        ("myapp_size_bytes_count", "2"),
        ("myapp_up", "1"),
    ] {
        let query = format!("sum by (environment, instance, job) ({metric})");
        let expected = format!(r#"{{environment="production", instance="{app}", job="myapp"}} {value}"#);
        prometheus.shows(&query, &[&expected]).await;
    }
    let info = "sum by (cluster, environment, instance, job) (myapp_target_info)";
    let expected =
        format!(r#"{{cluster="us-west-2", environment="production", instance="{app}", job="myapp"}} 1"#);
    prometheus.shows(info, &[&expected]).await;
}

/// The log has a line for each span, record and point.
async fn assert_logged(collector: &Collector, around: &Around, sent: &Sent) {
    for Told { name, trace, span, .. } in &sent.spans {
        collector.log().wait_for(&format!("{name} {trace} {span}")).await;
    }
    if !sent.by_sdks.is_empty() {
        collector.log().wait_for("a line text=Zürich").await;
    }
    if around.app.is_some() {
        collector.log().wait_for("stock{} -1.5").await;
    }
}

/// All that the receivers have taken, each exporter of that signal has delivered; nothing was refused or dropped.
async fn assert_booked(collector: &Collector, sent: &Sent) {
    // Scraping goes on, so that there must be one moment of rest.
    let nothing = Vec::<String>::new();
    until_equal("what is amiss in the books", nothing, async || amiss(&collector.ledger().await)).await;
    let ledger = collector.ledger().await;
    for (receiver, count) in &sent.counts {
        assert_eq!(taken(&ledger, "traces", Some(*receiver)), *count, "{receiver}");
    }
    let count = |signal| taken(&ledger, signal, None);
    assert_eq!((count("traces"), count("logs")), (sent.counts.values().sum(), 2 * sent.by_sdks.len() as u64));
}

/// The accounts that are not at rest with everything delivered, and the exporters that lack something of what was taken.
fn amiss(ledger: &[Entry]) -> Vec<String> {
    let is_open = |entry: &&Entry| entry.in_flight != 0 || entry.delivered != entry.received;
    let mut amiss: Vec<_> = ledger.iter().filter(is_open).map(|entry| format!("{entry:?}")).collect();
    for (signal, exporters) in [
        ("traces", &["jaeger", "otlp", "awsxray", "logging"][..]),
        ("metrics", &["prometheus", "otlp", "logging"]),
        ("logs", &["logging"]),
    ] {
        for exporter in exporters {
            let (delivered, taken) = (delivered(ledger, signal, exporter), taken(ledger, signal, None));
            if delivered != taken {
                amiss.push(format!("{exporter} has delivered {delivered} {signal} of {taken}"));
            }
        }
    }
    amiss
}

/// What that receiver, or all of them, took.
fn taken(ledger: &[Entry], signal: &str, receiver: Option<&str>) -> u64 {
    let of = |entry: &&Entry| entry.kind == "receiver" && entry.signal == signal;
    let ids = ledger.iter().filter(of).filter(|entry| receiver.is_none_or(|id| entry.id == id));
    ids.map(|entry| entry.received).sum()
}

fn delivered(ledger: &[Entry], signal: &str, exporter: &str) -> u64 {
    let of = |entry: &&Entry| entry.kind == "exporter" && entry.signal == signal && entry.id == exporter;
    ledger.iter().filter(of).map(|entry| entry.delivered).sum()
}
