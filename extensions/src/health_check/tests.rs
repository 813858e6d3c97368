use std::sync::Arc;

use component::testing::context;
use component::{Context, Extension, Kind, Overview, PipelineOverview, Stage};

use super::config::Config;
use super::serve;
use crate::loopback::{Answer, example, get, lines, read};

/// Starts with these settings, at a port of its own; the context's health is what is told.
async fn start(text: &str) -> (Context, String) {
    let cx = context(Kind::Extension, "health_check");
    let mut config: Config = read(text).unwrap();
    config.server.endpoint = "127.0.0.1:0".to_owned();
    let server = config.server.bind(&cx).await.unwrap();
    let address = server.local_addr();
    serve::start(server, config.own, &cx);
    (cx, address)
}

/// Asks until the answer has that status: the stage is passed on by a task.
async fn until(address: &str, status: u16) -> Answer {
    loop {
        let answer = get(address, "/").await;
        if answer.status == status {
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn is_not_available_until_ready_and_from_the_beginning_of_the_stop() {
    let (cx, address) = start("{}").await;
    let starting = get(&address, "/").await;
    assert_eq!(starting.status, 503);
    assert!(starting.head.contains("content-type: application/json"), "{}", starting.head);
    let body = r#"{"status":"Server not available","upSince":"0001-01-01T00:00:00Z","uptime":""}"#;
    assert_eq!(starting.text(), body);

    cx.health.enter(Stage::Ready);
    let ready: serde_json::Value = serde_json::from_slice(&until(&address, 200).await.body).unwrap();
    assert_eq!(ready["status"], "Server available");
    assert!(ready["upSince"].as_str().unwrap().starts_with("20"));
    assert!(ready["uptime"].as_str().unwrap().ends_with('s'));

    cx.health.enter(Stage::Stopping);
    assert_eq!(until(&address, 503).await.text(), body);
}

#[tokio::test]
async fn is_degraded_while_a_task_is_dead() {
    let (cx, address) = start("{}").await;
    cx.health.enter(Stage::Ready);
    until(&address, 200).await;
    cx.health.degrade("receiver otlp", "accept", "out of luck");
    let degraded: serde_json::Value = serde_json::from_slice(&until(&address, 503).await.body).unwrap();
    assert_eq!(degraded["status"], "Server degraded");
    assert_eq!(degraded["troubles"][0], "receiver otlp: task `accept` died: out of luck");
    cx.health.recover("receiver otlp", "accept");
    until(&address, 200).await;
}

#[tokio::test]
async fn answers_below_its_path_only() {
    let (_cx, address) = start("path: /healthz").await;
    assert_eq!(get(&address, "/healthz").await.status, 503);
    assert_eq!(get(&address, "/healthz?probe=1").await.status, 503);
    assert_eq!(get(&address, "/").await.status, 404);
}

#[tokio::test]
async fn answers_every_path_when_none_is_set() {
    let (_cx, address) = start("{}").await;
    assert_eq!(get(&address, "/any/thing").await.status, 503);
}

#[tokio::test]
async fn answers_with_the_texts_of_the_file() {
    let (cx, address) = start("response_body: { healthy: fine, unhealthy: wait }").await;
    let starting = get(&address, "/").await;
    assert_eq!((starting.status, starting.text()), (503, "wait".to_owned()));
    assert!(starting.head.contains("content-type: text/plain"), "{}", starting.head);
    cx.health.enter(Stage::Ready);
    assert_eq!(until(&address, 200).await.text(), "fine");
}

#[tokio::test]
async fn tells_how_pipelines_are_on_a_path_of_its_own_when_told_to() {
    let (cx, address) = start("pipelines: { enabled: true }").await;
    let pipeline = PipelineOverview {
        id: "traces/eu".to_owned(),
        signal: otlp::Signal::Traces,
        mutates_data: false,
        receivers: Vec::new(),
        processors: Vec::new(),
        exporters: Vec::new(),
        connectors: Vec::new(),
    };
    let nothing = get(&address, "/health/pipelines").await;
    assert_eq!((nothing.status, nothing.text().as_str()), (503, r#"{"well":false,"pipelines":[]}"#));
    cx.overview.store(Arc::new(Overview { pipelines: vec![pipeline], ..Overview::default() }));
    let starting = get(&address, "/health/pipelines").await;
    assert_eq!(starting.status, 503);
    let reasons = r#"[{"about":"ready","component":"collector","why":"starting","since":null}]"#;
    assert!(starting.text().contains(reasons), "{}", starting.text());
    cx.health.enter(Stage::Ready);
    let ready = get(&address, "/health/pipelines").await;
    let pipeline =
        r#"{"id":"traces/eu","signal":"traces","live":true,"ready":true,"delivering":true,"reasons":[]}"#;
    let expected = format!(r#"{{"well":true,"pipelines":[{pipeline}]}}"#);
    assert_eq!((ready.status, ready.text()), (200, expected));
    assert!(until(&address, 200).await.text().contains("Server available"), "other paths answer as ever");

    let (cx, address) = start("{}").await;
    cx.health.enter(Stage::Ready);
    until(&address, 200).await;
    assert!(get(&address, "/health/pipelines").await.text().contains("Server available"));
}

#[test]
fn says_what_is_wrong_or_odd() {
    let config: Config = read("{}").unwrap();
    assert_eq!(config.server.endpoint, "localhost:13133");
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    let config: Config = read("{ path: health, check_collector_pipeline: { enabled: true } }").unwrap();
    let problems = lines(&config.check());
    assert_eq!(problems[0], "error path: `health` must start with `/`");
    assert!(problems[1].starts_with("warning check_collector_pipeline: has no effect"), "{}", problems[1]);
    assert_eq!(problems.len(), 2);
    let config: Config = read("{ path: /health/pipelines, pipelines: { enabled: true } }").unwrap();
    assert_eq!(
        lines(&config.check()),
        ["error pipelines::path: `/health/pipelines` is the path of the other answer"]
    );
    assert!(read::<Config>("endpont: x").unwrap_err().contains("endpoint"));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "health_check");
    assert_eq!(config.own.path, "/healthz");
}
