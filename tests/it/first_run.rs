//! What somebody meets who runs it for the first time.

use std::process::Command;

use tests::backend::Export;
use tests::client::Client;
use tests::patience::until;
use tests::proto::common::v1::KeyValue;
use tests::proto::common::v1::any_value::Value;
use tests::{Backend, Collector, samples, web};

use crate::FERROTEL;
use crate::configs::to_nowhere;

#[tokio::test]
async fn without_a_configuration_it_prints_what_comes_in_and_shows_its_pages() {
    let collector =
        start_moved(&[], &["receivers.otlp.protocols.grpc", "receivers.otlp.protocols.http"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("first light", 1)).await.expect("it is taken");
    wait_for_print(&collector, "first light 0").await;

    assert_eq!(web::get(collector.health(), "/").await.status, 200);
    for page in ["servicez", "pipelinez", "extensionz", "featurez", "ledgerz"] {
        let reply = web::get(collector.zpages(), &format!("/debug/{page}")).await;
        assert_eq!(reply.status, 200, "{page}");
        assert!(reply.text().contains("<html"), "{page}: {}", reply.text());
    }
    assert!(web::get(collector.zpages(), "/debug/pipelinez").await.text().contains("debug"));
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn it_takes_all_the_files_that_it_may_open() {
    let limited = |program: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -Sn 100 && ulimit -Hn 300 && exec \"$0\" \"$@\"", program]);
        command
    };
    let collector = FERROTEL.start_under(&to_nowhere(), limited).await;
    assert_eq!(collector.most_files(), "300");
}

#[tokio::test]
async fn the_example_stamps_spans_and_points_and_prints_records() {
    let backend = Backend::start();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/otlp.yaml");
    let endpoint = format!("exporters.otlp.endpoint=http://{}", backend.address());
    let arguments =
        ["--config", example, "--set", &endpoint, "--set", "extensions.pprof.endpoint=127.0.0.1:0"];
    let collector =
        start_moved(&arguments, &["receivers.otlp.protocols.grpc", "receivers.otlp.protocols.http"]).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("span", 2)).await.expect("they are taken");
    client.export(samples::points("point", 3)).await.expect("they are taken");
    client.export(samples::records("record", 4)).await.expect("they are taken");

    for export in backend.wait_for_taken(2).await {
        let attributes = resource_attributes(&export);
        assert_eq!(text(&attributes, "environment"), "production");
        assert_eq!(text(&attributes, "cluster"), "us-west-2");
        assert_eq!(text(&attributes, "service.name"), "shop");
    }
    assert_eq!(backend.spans().len(), 2);
    assert_eq!(backend.metrics().len(), 3);
    assert_eq!(backend.records().len(), 0);
    wait_for_print(&collector, "\"log records\":4").await;
    collector.assert_books_balance().await;
}

/// Starts it with its fixed ports moved to free ones.
pub(crate) async fn start_moved(arguments: &[&str], listeners: &[&str]) -> Collector {
    let (health, zpages) = (tests::collector::free_address(), tests::collector::free_address());
    let mut all: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let mut set = |setting: String| all.extend(["--set".to_owned(), setting]);
    for listener in listeners {
        set(format!("{listener}.endpoint=127.0.0.1:0"));
    }
    set(format!("extensions.health_check.endpoint={health}"));
    set(format!("extensions.zpages.endpoint={zpages}"));
    set("service.telemetry.metrics.address=127.0.0.1:0".to_owned());
    let arguments: Vec<_> = all.iter().map(String::as_str).collect();
    FERROTEL.start_bare(&arguments, &health, &zpages).await
}

/// Exporters that show data print to the log or to the standard output.
async fn wait_for_print(collector: &Collector, text: &str) {
    until(&format!("`{text}` is printed"), async || {
        let printed = collector.output().text() + &collector.log().text();
        printed.contains(text).then_some(())
    })
    .await;
}

fn resource_attributes(export: &Export) -> Vec<KeyValue> {
    let resource = match export {
        Export::Traces(request) => request.resource_spans[0].resource.clone(),
        Export::Metrics(request) => request.resource_metrics[0].resource.clone(),
        Export::Logs(request) => request.resource_logs[0].resource.clone(),
    };
    resource.expect("it has a resource").attributes
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()).and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}
