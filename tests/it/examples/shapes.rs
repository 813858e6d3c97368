//! The shapes together, as they stand in `examples/`, with what their pages tell people to make.

use std::process::Command;

use tests::client::Client;
use tests::collector::Collector;
use tests::{Backend, patience, samples};

use super::starts::start;
use super::{read, root, said, tool};

#[tokio::test]
async fn what_an_app_tells_its_sidecar_reaches_the_backend_through_the_gateway() {
    if tool("openssl", &["version"]).is_none() {
        return;
    }
    let secrets = Secrets::made_as_the_page_says("right");
    let backend = Backend::start();
    let gateway = gateway(&backend, &secrets).await;
    let sidecar = sidecar(&gateway, &secrets, "token").await;
    let app = Client::connect(&sidecar.grpc().await).await;
    app.export(samples::spans("of the app", 3)).await.expect("they are taken");
    app.export(samples::points("of the app", 2)).await.expect("they are taken");
    app.export(samples::records("of the app", 4)).await.expect("they are taken");

    backend.wait_for_taken(3).await;
    let arrived = (backend.spans().len(), backend.metrics().len(), backend.records().len());
    assert_eq!(arrived, (3, 2, 4));
    for collector in [&sidecar, &gateway] {
        collector.assert_books_balance().await;
    }
}

#[tokio::test]
async fn a_sidecar_that_does_not_know_the_token_is_not_let_into_the_gateway() {
    if tool("openssl", &["version"]).is_none() {
        return;
    }
    let secrets = Secrets::made_as_the_page_says("wrong");
    std::fs::write(secrets.path("guess"), "sesame\n").expect("the folder is ours");
    let backend = Backend::start();
    let gateway = gateway(&backend, &secrets).await;
    let sidecar = sidecar(&gateway, &secrets, "guess").await;
    let app = Client::connect(&sidecar.grpc().await).await;
    app.export(samples::spans("of a stranger", 3)).await.expect("the sidecar takes them");
    let dropped = async || sidecar.account("exporter", "otlp_grpc", "traces").await.all_dropped();
    patience::until_equal("spans that were dropped", 3, dropped).await;
    assert!(backend.asked().is_empty(), "{:?}", backend.asked());
    sidecar.assert_books_balance().await;
}

async fn gateway(backend: &Backend, secrets: &Secrets) -> Collector {
    let listeners = ["grpc", "http"];
    let tls = listeners.map(|name| {
        let (certificate, key) = (secrets.path("tls.crt"), secrets.path("tls.key"));
        format!("receivers.otlp.protocols.{name}.tls={{ cert_file: '{certificate}', key_file: '{key}' }}")
    });
    let mut sets = tls.to_vec();
    sets.push(format!("exporters.otlp_http.endpoint=http://{}", backend.address()));
    sets.push(format!("extensions.bearertokenauth.filename={}", secrets.path("token")));
    start(&example("gateway"), &sets).await
}

async fn sidecar(gateway: &Collector, secrets: &Secrets, token: &str) -> Collector {
    let port = gateway.grpc().await.rsplit_once(':').expect("it has a port").1.to_owned();
    let sets = [
        format!("exporters.otlp_grpc.endpoint=localhost:{port}"),
        format!("exporters.otlp_grpc.tls.ca_file={}", secrets.path("ca.crt")),
        format!("extensions.bearertokenauth.filename={}", secrets.path(token)),
    ];
    start(&example("sidecar"), &sets).await
}

fn example(shape: &str) -> String {
    root().join("examples").join(shape).join("config.yaml").display().to_string()
}

/// A folder in which the first commands of the gateway's page were run.
struct Secrets(std::path::PathBuf);

impl Secrets {
    fn made_as_the_page_says(name: &str) -> Secrets {
        let folder = std::env::temp_dir().join(format!("ferrotel-secrets-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let page = read(&root().join("examples/gateway/README.md"));
        let block = page.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
        let commands = block.expect("the page has commands").replace("$ ", "");
        let output = Command::new("sh").args(["-e", "-c", &commands]).current_dir(&folder).output();
        let output = output.expect("there is a shell");
        assert!(output.status.success(), "{commands}: {}", said(&output));
        Secrets(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
