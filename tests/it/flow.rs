//! People look inside: the flow page's data, taps, `ferrotel tap` and `top`, and how pipelines are.

use std::time::Duration;

use tests::client::Client;
use tests::patience::{until, until_within};
use tests::serde_json::{self, Value, json};
use tests::tap::Tap;
use tests::tonic::Code;
use tests::{Answer, Backend, Collector, samples, tokio, web};

use crate::FERROTEL;
use crate::configs::{all_to, queued_to, queued_with, straight_to, to_nowhere};

/// From the loss of a backend until it is told.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn what_passes_is_counted_on_every_edge() {
    let backend = Backend::start();
    let config = format!("processors: {{ batch: {{ timeout: 50ms }} }}\n{}", queued_to(&backend.address()))
        .replace("traces: { receivers: [otlp],", "traces: { receivers: [otlp], processors: [batch],");
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("span", 4)).await.expect("it is taken");
    client.export(samples::spans("span", 3)).await.expect("it is taken");
    backend.wait_for_spans(7).await;
    collector.assert_books_balance().await;
    let flow = flow(&collector).await;
    for edge in ["receiver/otlp/traces", "pipeline/traces", "processor/traces/batch", "exporter/otlp/traces"]
    {
        assert_eq!(edge_of(&flow, edge)["items"], 7, "{edge}");
    }
    assert_eq!(edge_of(&flow, "pipeline/logs")["items"], 0);
    let traces = pipeline_of(&flow, "traces");
    assert_eq!((&traces["processors"], &traces["sign"]["good"]), (&json!(["batch"]), &json!(true)));
    assert_eq!(
        (&traces["live"], &traces["ready"], &traces["delivering"]),
        (&json!(true), &json!(true), &json!(true))
    );
    let exporter = component_of(&flow, "exporter", "otlp");
    let queue = json!({ "used": 0, "capacity": 1000, "sizer": "requests", "oldest": null });
    assert_eq!((&exporter["queue"], &exporter["failing"]), (&queue, &Value::Null));
}

#[tokio::test]
async fn refusals_and_drops_are_told_by_reason() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = queued_with(&backend.address(), "{ num_consumers: 1, queue_size: 1 }");
    let collector = FERROTEL.start_with(&config, &["--set", "exporters.otlp.timeout=30s"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("first", 1)).await.expect("there is room");
    client.export(samples::spans("second", 3)).await.expect_err("there is no room");
    let flow = flow(&collector).await;
    let receiver = component_of(&flow, "receiver", "otlp");
    assert_eq!(receiver["books"]["refused_because"], json!({ "sending queue is full": 3 }));
    assert_eq!(receiver["last_error"]["text"], "sending queue is full");
    let traces = pipeline_of(&flow, "traces");
    assert_eq!((&traces["ready"], &traces["delivering"]), (&json!(false), &json!(true)));
    let exporter = component_of(&flow, "exporter", "otlp");
    assert_eq!(exporter["queue"]["used"], 1);
    assert!(exporter["queue"]["oldest"].as_f64().is_some_and(|age| age >= 0.0), "{exporter}");

    let picky = Backend::start();
    picky.always_answer(Answer::refuse(Code::InvalidArgument));
    let collector = FERROTEL.start(&queued_to(&picky.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("bad", 2)).await.expect("the queue takes it");
    let sign = until("the drop shows", async || {
        let flow = self::flow(&collector).await;
        let sign = pipeline_of(&flow, "traces")["sign"].clone();
        (sign["good"] == false).then_some(sign)
    });
    assert_eq!(sign.await["words"], "Dropped within the last minute: 2 (permanent error)");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_lost_backend_is_told_within_ten_seconds_and_its_return_too() {
    let mut backend = Backend::start();
    let config = format!("{}\n{}", queued_to(&backend.address()), PIPELINES);
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("before", 1)).await.expect("the queue takes it");
    backend.wait_for_spans(1).await;
    assert_eq!(web::status(collector.health(), "/health/pipelines").await, Some(200));
    let asked = FERROTEL.run(&["healthcheck", "--endpoint", collector.health(), "--pipelines"]).await;
    assert_eq!((asked.code, asked.stdout.lines().next()), (0, Some("traces: live, ready, delivering")));

    backend.go_away();
    client.export(samples::spans("during", 1)).await.expect("the queue takes it");
    let report = until_within(TOLD_WITHIN, "the loss is told", async || {
        let reply = web::get(collector.health(), "/health/pipelines").await;
        let report: Value = serde_json::from_slice(&reply.body).expect("it is JSON");
        (reply.status == 503).then_some(report)
    });
    let report = report.await;
    let [traces, logs] = [&report["pipelines"][0], &report["pipelines"][2]];
    assert_eq!(
        (&traces["id"], &traces["delivering"], &traces["ready"]),
        (&json!("traces"), &json!(false), &json!(true))
    );
    assert_eq!(traces["reasons"][0]["component"], "exporter otlp");
    assert!(!traces["reasons"][0]["why"].as_str().expect("a text").is_empty());
    assert!(traces["reasons"][0]["since"].is_string());
    assert_eq!(logs["delivering"], true, "it has had nothing to send");
    let metrics = collector.metrics().await;
    let delivering = |pipeline| metrics.sum("ferrotel_pipeline_delivering", &[("pipeline", pipeline)]);
    assert_eq!((delivering("traces"), delivering("logs")), (0.0, 1.0));
    assert_eq!(web::status(collector.health(), "/").await, Some(200), "the other answer stays as it is");
    let asked = FERROTEL.run(&["healthcheck", "--endpoint", collector.health(), "--pipelines"]).await;
    assert_eq!(asked.code, 1);
    assert!(
        asked.stdout.contains("traces: live, ready, not delivering\n  exporter otlp: "),
        "{}",
        asked.stdout
    );
    let top = FERROTEL.run(&["top", "--once", "--interval", "100ms", "--endpoint", collector.zpages()]).await;
    assert!(top.stdout.contains("pipeline traces: not delivering"), "{}", top.stdout);

    backend.come_back().await;
    until_within(TOLD_WITHIN, "the return is told", async || {
        (web::status(collector.health(), "/health/pipelines").await == Some(200)).then_some(())
    })
    .await;
    backend.wait_for_spans(2).await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_backend_that_never_answers_is_told_too() {
    let backend = Backend::start();
    backend.always_answer(Answer::Stall);
    let config = format!("{}\n{}", queued_to(&backend.address()), PIPELINES);
    let collector = FERROTEL.start_with(&config, &["--set", "exporters.otlp.timeout=60s"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("waiting", 1)).await.expect("the queue takes it");
    until_within(TOLD_WITHIN, "the silence is told", async || {
        let reply = web::get(collector.health(), "/health/pipelines").await;
        (reply.status == 503 && reply.text().contains("no answer for")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_its_key_the_health_check_answers_every_path_as_ever() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let reply = web::get(collector.health(), "/health/pipelines").await;
    assert!(reply.text().contains("Server available"), "{}", reply.text());
    let asked = FERROTEL.run(&["healthcheck", "--endpoint", collector.health(), "--pipelines"]).await;
    assert_eq!(asked.code, 1);
    assert!(asked.stderr.contains("set `health_check::pipelines::enabled`"), "{}", asked.stderr);
}

#[tokio::test]
async fn a_tap_shows_what_its_filter_lets_through_and_ends_by_itself() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    let query = "edge=exporter/otlp/traces&seconds=2&filter=service.name%3Dshop%20name%3D%22span%201%22";
    let mut tap = Tap::open(collector.zpages(), query).await;
    assert_eq!(tap.line().await["edges"], json!(["exporter/otlp/traces"]));
    client.export(samples::spans("span", 3)).await.expect("it is taken");
    let item = tap.line_of("item").await;
    let spans = &item["data"]["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!((spans.as_array().map(Vec::len), &spans[0]["name"]), (Some(1), &json!("span 1")));
    assert_eq!(item["data"]["resourceSpans"][0]["schemaUrl"], "https://example.com/resource");
    let end = tap.line_of("end").await;
    assert_eq!(end["reason"], "the time is over");
    assert_eq!((&end["seen"], &end["matched"], &end["shown"]), (&json!(3), &json!(1), &json!(1)));
    assert!(tap.is_over().await);
    let flow = flow(&collector).await;
    assert_eq!(edge_of(&flow, "exporter/otlp/traces")["taps"], 0);
    backend.wait_for_spans(3).await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_watcher_that_does_not_read_holds_nothing_up() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    let query = "edge=receiver/otlp&edge=pipeline/traces&rate=100&seconds=600";
    let mut sleepy = Tap::open(collector.zpages(), query).await;
    sleepy.line().await;
    for number in 0..200 {
        client.export(samples::spans(&format!("span {number}"), 50)).await.expect("it is taken");
    }
    backend.wait_for_spans(10_000).await;
    collector.assert_books_balance().await;
    let all = |line: &Value| line["seen"].as_u64().unwrap_or(0) + line["missed"].as_u64().unwrap_or(0);
    let count = loop {
        let line = sleepy.line_of("count").await;
        if all(&line) == 20_000 {
            break line;
        }
    };
    assert!(count["missed"].as_u64().is_some_and(|missed| missed > 0), "{count}");
}

#[tokio::test]
async fn beyond_this_machine_a_tap_needs_auth() {
    let port = free_port();
    let config = format!("extensions: {{ zpages: {{ endpoint: '0.0.0.0:{port}' }} }}\n{}", to_nowhere());
    let collector = FERROTEL.start(&config).await;
    let address = format!("127.0.0.1:{port}");
    let reply = web::get(&address, "/debug/tapz?edge=pipeline/traces").await;
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("need `auth`"), "{}", reply.text());
    let flow = web::get(&address, "/debug/flowz?format=json").await;
    let flow: Value = serde_json::from_slice(&flow.body).expect("it is JSON");
    assert!(flow["taps_closed"].is_string(), "the page knows why");
    let tapped = FERROTEL.run(&["tap", "traces", "--endpoint", &address]).await;
    assert_eq!(tapped.code, 1);
    assert!(tapped.stderr.starts_with("Error: taps show telemetry as it is"), "{}", tapped.stderr);
    drop(collector);

    let config = format!(
        "extensions:\n  bearertokenauth: {{ token: sesame }}\n  \
         zpages: {{ endpoint: '0.0.0.0:{port}', auth: {{ authenticator: bearertokenauth }} }}\n{}",
        to_nowhere()
    )
    .replace("service:\n", "service:\n  extensions: [bearertokenauth, health_check, zpages]\n");
    let _collector = FERROTEL.start(&config).await;
    assert_eq!(web::get(&address, "/debug/tapz?edge=pipeline/traces").await.status, 401);
    let words =
        ["tap", "traces", "--for", "1s", "--endpoint", &address, "--header", "Authorization: Bearer sesame"];
    let tapped = FERROTEL.run(&words).await;
    assert_eq!(tapped.code, 0, "{}", tapped.stderr);
}

#[tokio::test]
async fn the_tap_command_prints_items_for_people_and_for_programs() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let endpoint = format!("http://{}/", collector.zpages());
    let client = Client::connect(&collector.grpc().await).await;
    let sending = tokio::runtime::Handle::current().spawn(async move {
        loop {
            client.export(samples::spans("GET /cart", 2)).await.expect("it is taken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let tap = ["tap", "otlp", "--endpoint", &endpoint, "--limit", "1", "--filter"];
    let text = FERROTEL.run(&[&tap[..], &["name=\"GET /cart 1\" service.name=shop"]].concat()).await;
    assert_eq!(text.code, 0, "{}", text.stderr);
    let mut lines = text.stdout.lines();
    assert!(lines.next().is_some_and(|line| line.ends_with("  receiver/otlp/traces")), "{}", text.stdout);
    assert!(lines.any(|line| line == "  name: GET /cart 1"), "{}", text.stdout);
    assert!(lines.any(|line| line == "    service.name=shop"), "{}", text.stdout);
    assert!(text.stderr.contains("Ended, as many as were asked for: 1 shown, "), "{}", text.stderr);

    let json = FERROTEL.run(&[&tap[..], &["", "--format", "json"]].concat()).await;
    sending.abort();
    let request: Value = serde_json::from_str(&json.stdout).expect("one line of JSON");
    assert_eq!(request["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"], "GET /cart 0");
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn the_commands_say_what_is_wrong() {
    let collector = FERROTEL.start(&to_nowhere()).await;
    let nobody = tests::collector::free_address();
    for (words, expected) in [
        (
            &["tap", "nothing", "--endpoint", collector.zpages()][..],
            "Error: there is no `nothing` here; there is: ",
        ),
        (
            &["tap", "traces", "--filter", "a>1", "--endpoint", collector.zpages()],
            "Error: filter, character 2: ",
        ),
        (&["tap", "traces", "--endpoint", &nobody], "Error: cannot connect to `"),
        (&["tap", "traces", "--endpoint", collector.health()], "Error: `"),
        (&["top", "--endpoint", &nobody], "Error: cannot connect to `"),
        (&["top", "--endpoint", "https://localhost:1"], "Error: `https://localhost:1` cannot be asked, "),
        (&["top", "--endpoint", collector.health()], "Error: `"),
    ] {
        let finished = FERROTEL.run(words).await;
        assert_eq!(finished.code, 1, "{words:?}: {}", finished.stderr);
        assert!(finished.stderr.starts_with(expected), "{words:?}: {}", finished.stderr);
    }
    assert_eq!(FERROTEL.run(&["tap"]).await.code, 2);
    assert_eq!(FERROTEL.run(&["top", "--interval", "soon"]).await.code, 2);
}

#[tokio::test]
async fn top_prints_a_table_once_when_nobody_sits_before_it() {
    let backend = Backend::start();
    let config =
        all_to(&format!("otlp: {{ endpoint: '{}', tls: {{ insecure: true }} }}", backend.address()), "otlp");
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    let sending = tokio::runtime::Handle::current().spawn(async move {
        loop {
            client.export(samples::spans("span", 10)).await.expect("it is taken");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    backend.wait_for_spans(10).await;
    let top = FERROTEL.run(&["top", "--endpoint", collector.zpages()]).await;
    sending.abort();
    assert_eq!(top.code, 0, "{}", top.stderr);
    assert!(
        top.stdout.contains("pipeline traces: flowing. Books balance, nothing dropped."),
        "{}",
        top.stdout
    );
    let row: Vec<_> = top
        .stdout
        .lines()
        .find(|line| line.trim_start().starts_with("exporter"))
        .expect("a row")
        .split_whitespace()
        .collect();
    assert!(row[2].parse::<f64>().is_ok_and(|rate| rate > 0.0), "{row:?}");
    assert!(!top.stdout.contains('\u{1b}'), "no orders for a terminal");
    let idle = top.stdout.contains("pipeline logs: idle.");
    assert!(idle, "{}", top.stdout);
}

#[tokio::test]
async fn a_client_that_hears_of_a_dead_backend_itself_is_heard_of_too() {
    let mut backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    backend.go_away();
    let client = Client::connect(&collector.grpc().await).await;
    until_within(TOLD_WITHIN, "the loss is told", async || {
        client.export(samples::spans("unlucky", 1)).await.expect_err("nobody takes it");
        let flow = flow(&collector).await;
        (pipeline_of(&flow, "traces")["delivering"] == false).then_some(())
    })
    .await;
    collector.assert_books_balance().await;
}

/// The key with which the health check says how pipelines are.
const PIPELINES: &str = "extensions: { health_check: { pipelines: { enabled: true } } }";

async fn flow(collector: &Collector) -> Value {
    let reply = web::get(collector.zpages(), "/debug/flowz?format=json").await;
    assert_eq!(reply.status, 200);
    serde_json::from_slice(&reply.body).expect("it is JSON")
}

fn edge_of(flow: &Value, name: &str) -> Value {
    find(flow, "edges", |edge| edge["name"] == name)
}

fn pipeline_of(flow: &Value, id: &str) -> Value {
    find(flow, "pipelines", |pipeline| pipeline["id"] == id)
}

/// A component that handles spans.
fn component_of(flow: &Value, kind: &str, id: &str) -> Value {
    find(flow, "components", |found| {
        found["kind"] == kind && found["id"] == id && found["signal"] == "traces"
    })
}

fn find(flow: &Value, list: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let found = flow[list].as_array().expect("a list").iter().find(|found| fits(found));
    found.unwrap_or_else(|| panic!("not among {list}: {flow:#}")).clone()
}

fn free_port() -> u16 {
    let address = tests::collector::free_address();
    address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).expect("it has a port")
}
