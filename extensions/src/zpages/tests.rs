//! The pages, asked for over loopback.

mod targets;

use std::sync::Arc;

use component::testing::context;
use component::{
    Account, Context, Edge, ExporterOverview, Extension, ExtensionOverview, Kind, LedgerEntry, Overview,
    PipelineOverview, QueueState,
};
use otlp::Signal;
use transport::http::ServerConfig;

use super::config::Config;
use super::flow::{self, Sources};
use super::serve;
use super::taps::Taps;
use crate::html::{decode, encode, escape};
use crate::loopback::{example, get, get_with, lines, read};

async fn start(text: &str) -> (Context, String) {
    let cx = context(Kind::Extension, "zpages");
    let mut config: Config = read(text).unwrap();
    config.server.endpoint = "127.0.0.1:0".to_owned();
    let server = config.server.bind(&cx).await.unwrap();
    let address = server.local_addr();
    serve::start(server, &config.own, &cx);
    (cx, address)
}

fn overview() -> Overview {
    let account = Account::default();
    account.received(10);
    account.delivered(6);
    account.refused(1);
    account.dropped(2, "<too late>");
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    Overview {
        pipelines: vec![PipelineOverview {
            id: "traces/<eu>".to_owned(),
            signal: Signal::Traces,
            mutates_data: true,
            receivers: ids(&["otlp", "forward"]),
            processors: ids(&["memory_limiter", "batch"]),
            exporters: ids(&["debug"]),
            connectors: ids(&["forward"]),
        }],
        extensions: vec![ExtensionOverview { id: "zpages".to_owned() }],
        ledger: vec![LedgerEntry {
            kind: "pipeline",
            id: Arc::from("traces/<eu>"),
            signal: Signal::Traces,
            account,
        }],
        gates: vec![("exporter.x".to_owned(), true)],
        ..Overview::default()
    }
}

#[tokio::test]
async fn every_link_of_the_front_page_leads_somewhere() {
    let (_cx, address) = start("expvar: { enabled: true }").await;
    for path in ["/", "/debug", "/debug/"] {
        let index = get(&address, path).await;
        assert_eq!(index.status, 200);
        assert!(index.head.contains("content-type: text/html; charset=utf-8"), "{}", index.head);
        let text = index.text();
        let links: Vec<_> =
            text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(links.len(), 9);
        for link in links {
            let status = get(&address, link).await.status;
            assert_eq!(status, 200, "{link}");
        }
    }
    assert_eq!(get(&address, "/debug/nothing").await.status, 404);
}

#[tokio::test]
async fn the_pages_show_what_runs_as_soon_as_it_runs() {
    let (cx, address) = start("{}").await;
    assert!(!get(&address, "/debug/pipelinez").await.text().contains("otlp"));
    cx.overview.store(Arc::new(overview()));
    let pipelines =
        get(&address, "/debug/pipelinez?pipelinenamez=%3Cb%3E&componentnamez=x&componentkindz=exporter")
            .await;
    let text = pipelines.text();
    assert!(text.contains("Pipeline &lt;b&gt;, exporter x"), "{text}");
    assert!(text.contains("<td>traces/&lt;eu&gt;</td><td>traces</td><td>true</td>"), "{text}");
    assert!(text.contains("→ memory_limiter → batch →"), "{text}");
    assert!(text.contains("forward (connector)"), "{text}");
    assert!(get(&address, "/debug/extensionz").await.text().contains("zextensionname=zpages"));
    assert!(get(&address, "/debug/featurez").await.text().contains("<td>exporter.x</td><td>true</td>"));
    assert!(get(&address, "/debug/servicez").await.text().contains("Service ferrotel"));
}

#[tokio::test]
async fn the_ledger_is_a_page_and_json() {
    let (cx, address) = start("{}").await;
    cx.overview.store(Arc::new(overview()));
    let page = get(&address, "/debug/ledgerz").await.text();
    assert!(page.contains("traces/&lt;eu&gt;") && page.contains("2 &lt;too late&gt;"), "{page}");
    assert!(!page.contains("<too late>"));
    let expected = r#"[{"kind":"pipeline","id":"traces/<eu>","signal":"traces","received":10,"delivered":6,"refused":1,"dropped":{"<too late>":2},"in_flight":1}]"#;
    assert_eq!(get(&address, "/debug/ledgerz?format=json").await.text(), expected);
    let accepted = get_with(&address, "/debug/ledgerz", "Accept: application/json\r\n").await;
    assert_eq!(accepted.text(), expected);
    assert!(accepted.head.contains("content-type: application/json"), "{}", accepted.head);
}

#[tokio::test]
async fn variables_are_shown_on_request_only() {
    let (_cx, address) = start("{}").await;
    assert_eq!(get(&address, "/debug/expvarz").await.status, 404);
    let (_cx, address) = start("expvar: { enabled: true }").await;
    let variables: serde_json::Value =
        serde_json::from_slice(&get(&address, "/debug/expvarz").await.body).unwrap();
    assert!(variables["cmdline"].is_array());
    assert!(variables["memory"]["VmRSS"].as_u64().unwrap() > 0);
}

#[test]
fn texts_are_escaped_and_addresses_encoded() {
    assert_eq!(escape(r#"<a href="x">'&'</a>"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    for text in ["traces/eu", "a b&c=d", "ü%", "50%+x"] {
        assert_eq!(decode(&encode(text)), text);
    }
    assert_eq!(decode("%zz%4"), "%zz%4");
}

#[test]
fn the_settings_have_the_known_defaults() {
    let config: Config = read("").unwrap_or_else(|_| read("{}").unwrap());
    assert_eq!(config.server.endpoint, "localhost:55679");
    assert!(!config.own.expvar.enabled);
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    let listens = config.listens_on();
    assert_eq!((listens[0].address.as_str(), listens[0].setting), ("localhost:55679", "endpoint"));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "zpages");
    assert_eq!(config.server.endpoint, "localhost:55679");
}

#[tokio::test]
async fn operations_are_shown_by_latency_and_one_by_one() {
    let (cx, address) = start("{}").await;
    let sends = cx.operations.operation("exporter/<otlp>/traces".to_owned());
    sends.end(sends.begin(), 7, Err(&"refused & gone".to_owned()));
    let page =
        get(&address, "/debug/tracez?zspanname=exporter%2F%3Cotlp%3E%2Ftraces&zlatencybucket=9").await.body;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("exporter/&lt;otlp&gt;/traces"), "{page}");
    assert!(page.contains("refused &amp; gone"), "{page}");
}

#[tokio::test(start_paused = true)]
async fn the_flow_as_json_says_what_runs_and_how_it_is() {
    let cx = context(Kind::Extension, "zpages");
    let server = ServerConfig::with_endpoint("127.0.0.1:0").bind(&cx).await.unwrap();
    let taps = Taps::new(&server, &cx);
    let overview = flowing();
    let began = tokio::time::Instant::now();
    let read = || {
        let sources =
            Sources { build: &cx.build, overview: &overview, health: &cx.health, taps: &taps, began };
        serde_json::from_slice::<serde_json::Value>(&flow::json(&sources)).unwrap()
    };
    cx.health.enter(component::Stage::Ready);
    let flow = read();
    assert_eq!(
        (&flow["version"], &flow["stage"], &flow["taps_closed"]),
        (&1.into(), &"ready".into(), &().into())
    );
    let pipeline = &flow["pipelines"][0];
    assert_eq!((&pipeline["id"], &pipeline["delivering"]), (&"traces/<eu>".into(), &true.into()));
    assert_eq!(pipeline["books"]["dropped"], serde_json::json!({ "<too late>": 2 }));
    let words = "Dropped within the last minute: 2 (<too late>)";
    assert_eq!(pipeline["sign"], serde_json::json!({ "good": false, "words": words }));
    let exporter = &flow["components"][0];
    assert_eq!((&exporter["kind"], &exporter["failing"]), (&"exporter".into(), &().into()));
    assert_eq!(
        exporter["queue"],
        serde_json::json!({ "used": 3, "capacity": 10, "sizer": "requests", "oldest": 1.5 })
    );
    assert_eq!(exporter["books"]["refused_because"], serde_json::json!({ "sending queue is full": 4 }));
    let edge = serde_json::json!({ "name": "pipeline/traces/<eu>", "kind": "pipeline", "component": "traces/<eu>",
        "pipeline": "traces/<eu>", "signal": "traces", "items": 0, "taps": 0 });
    assert_eq!(flow["edges"][0], edge);

    overview.exporters[0].sending.attempt().failed(&"connection refused");
    tokio::time::advance(std::time::Duration::from_secs(61)).await;
    let flow = read();
    let pipeline = &flow["pipelines"][0];
    assert_eq!(pipeline["delivering"], false);
    assert_eq!(pipeline["reasons"][0]["component"], "exporter debug");
    assert_eq!(pipeline["reasons"][0]["why"], "connection refused");
    assert_eq!(pipeline["sign"]["words"], "Books balance; dropped earlier: 2 (<too late>)");
    assert_eq!(flow["components"][0]["failing"]["text"], "connection refused");
    assert_eq!(flow["components"][0]["last_error"]["text"], "connection refused");
}

/// The overview with an edge, and an exporter that has a queue.
fn flowing() -> Overview {
    let mut overview = overview();
    let account = Account::default();
    account.note_refusal(4, &"sending queue is full");
    let sending = component::Sending::default();
    sending.has_queue(|| QueueState {
        used: 3,
        capacity: 10,
        sizer: "requests",
        oldest: Some(std::time::Duration::from_millis(1500)),
        blocks: false,
    });
    overview.ledger.push(LedgerEntry {
        kind: "exporter",
        id: Arc::from("debug"),
        signal: Signal::Traces,
        account,
    });
    overview.exporters.push(ExporterOverview { id: "debug".to_owned(), signal: Signal::Traces, sending });
    overview.edges.push(Edge::of_pipeline("traces/<eu>", Signal::Traces));
    overview
}

#[tokio::test]
async fn the_flow_page_asks_nobody_else_for_anything() {
    let (_cx, address) = start("{}").await;
    let page = get(&address, "/debug/flowz").await;
    assert_eq!(page.status, 200);
    assert!(page.head.contains("content-security-policy: default-src 'none'"), "{}", page.head);
    let text = page.text();
    assert!(!text.contains("{{") && !text.contains("/* "), "nothing is left to fill in");
    assert!(!text.contains("src=") && !text.contains("@import"), "{text}");
    let json = get(&address, "/debug/flowz?format=json").await;
    assert!(json.head.contains("cache-control: no-store"), "{}", json.head);
    let accepted = get_with(&address, "/debug/flowz", "Accept: application/json\r\n").await;
    assert!(accepted.head.contains("content-type: application/json"), "{}", accepted.head);
}
