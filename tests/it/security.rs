//! TLS and passwords, on both ports and on the way out.

use std::sync::Arc;

use tests::certificates::Certificates;
use tests::client::Client;
use tests::http::Method;
use tests::tonic::Code;
use tests::tonic::transport::ClientTlsConfig;
use tests::web::{Reply, send, send_over};
use tests::{Backend, Collector, samples, tokio_rustls};

use crate::FERROTEL;
use crate::configs::{straight_to, to_nowhere};

#[tokio::test]
async fn clients_that_trust_the_authority_are_served_over_tls() {
    let (certificates, backend) = (Certificates::make(), Backend::start());
    let collector = FERROTEL.start(&with_tls(&straight_to(&backend.address()), &certificates, "")).await;
    let client = Client::connect_with_tls(&collector.grpc().await, certificates.tonic_client()).await;
    client.expect("both trust").export(samples::spans("secret", 2)).await.expect("it is taken");
    let reply = post_with_tls(&collector, &certificates).await.expect("both trust");
    assert_eq!(reply.status, 200);
    assert_eq!(backend.spans().len(), 3);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn plain_text_to_a_tls_port_is_turned_away() {
    let certificates = Certificates::make();
    let collector = FERROTEL.start(&with_tls(&to_nowhere(), &certificates, "")).await;
    for address in [collector.grpc().await, collector.http().await] {
        let mut raw = tests::wire::Raw::connect(&address).await;
        raw.send(b"POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
        raw.finish().await;
        assert!(!raw.rest().await.starts_with(b"HTTP/1.1 200"));
    }
    let strangers = Certificates::make();
    let client = Client::connect_with_tls(&collector.grpc().await, strangers.tonic_client()).await;
    assert!(client.is_err(), "a client does not trust what it does not know");
}

#[tokio::test]
async fn with_a_client_authority_only_its_clients_are_let_in() {
    let (certificates, backend) = (Certificates::make(), Backend::start());
    let authority = format!(", client_ca_file: '{}'", certificates.path("ca.pem").display());
    let collector =
        FERROTEL.start(&with_tls(&straight_to(&backend.address()), &certificates, &authority)).await;
    let grpc = collector.grpc().await;

    let known = Client::connect_with_tls(&grpc, certificates.tonic_client_with_certificate()).await;
    known.expect("it has a certificate").export(samples::spans("known", 1)).await.expect("it is taken");
    assert!(!is_served(&grpc, certificates.tonic_client()).await, "a client without a certificate is let in");
    assert!(post_with_tls(&collector, &certificates).await.is_none(), "and over HTTP");
    assert_eq!(backend.spans().len(), 1);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_backend_that_wants_a_certificate_gets_it() {
    let certificates = Certificates::make();
    let backend = Backend::start_with_tls(certificates.backend());
    let path = |name| certificates.path(name).display().to_string();
    let tls = format!(
        "ca_file: '{}', cert_file: '{}', key_file: '{}'",
        path("ca.pem"),
        path("client.pem"),
        path("client.key")
    );
    let config = format!(
        "
exporters:
  otlp: {{ endpoint: '{address}', tls: {{ {tls} }} }}
  otlphttp: {{ endpoint: 'https://{address}', tls: {{ {tls} }} }}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], exporters: [otlp, otlphttp] }} }} }}
",
        address = backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("secret", 2)).await.expect("the queues take it");
    backend.wait_for_spans(4).await;
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_backend_of_another_authority_is_not_trusted() {
    let (ours, theirs) = (Certificates::make(), Certificates::make());
    let backend = Backend::start_with_tls(theirs.backend());
    let config = format!(
        "
exporters:
  otlp:
    endpoint: '{}'
    tls: {{ ca_file: '{}' }}
    sending_queue: {{ enabled: false }}
    retry_on_failure: {{ enabled: false }}
service: {{ pipelines: {{ traces: {{ receivers: [otlp], exporters: [otlp] }} }} }}
",
        backend.address(),
        ours.path("ca.pem").display()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    let refused = client.export(samples::spans("secret", 2)).await.expect_err("the way out is closed");
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(backend.asked().len(), 0);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_password_opens_both_ports() {
    let collector = FERROTEL.start(&guarded("basicauth", "{ htpasswd: { inline: 'ada:lovelace' } }")).await;
    // `ada:lovelace` and `ada:wrong` in base64.
    check_guard(&collector, "Basic YWRhOmxvdmVsYWNl", &["Basic YWRhOndyb25n", "Basic !", "Bearer x", ""])
        .await;
}

#[tokio::test]
async fn a_token_opens_both_ports() {
    let collector = FERROTEL.start(&guarded("bearertokenauth", "{ token: open-sesame }")).await;
    check_guard(
        &collector,
        "Bearer open-sesame",
        &["Bearer open", "open-sesame", "Bearer open-sesame-and-more", ""],
    )
    .await;
    let secret_was_said = collector.log().text().contains("open-sesame");
    assert!(!secret_was_said, "the token is in the log");
}

#[tokio::test]
async fn an_exporter_shows_its_token() {
    let backend = Backend::start();
    let config = format!(
        "
extensions: {{ bearertokenauth: {{ token: open-sesame }} }}
exporters: {{ otlphttp: {{ endpoint: 'http://{}', auth: {{ authenticator: bearertokenauth }}, headers: {{ x-tenant: shop }} }} }}
service:
  extensions: [health_check, zpages, bearertokenauth]
  pipelines: {{ traces: {{ receivers: [otlp], exporters: [otlphttp] }} }}
",
        backend.address()
    );
    let collector = FERROTEL.start(&config).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("with a token", 1)).await.expect("the queue takes it");
    let asked = backend.wait_for_asked(1).await.remove(0);
    assert_eq!(asked.headers["authorization"], "Bearer open-sesame");
    assert_eq!(asked.headers["x-tenant"], "shop");
    collector.assert_books_balance().await;
}

async fn check_guard(collector: &Collector, right: &'static str, wrong: &[&'static str]) {
    let (grpc, http) = (collector.grpc().await, collector.http().await);
    let anonymous = Client::connect(&grpc).await;
    let refused = anonymous.clone().export(samples::spans("refused", 1)).await.expect_err("it says nothing");
    assert_eq!(refused.code(), Code::Unauthenticated);
    for word in wrong {
        let client = anonymous.clone().saying("authorization", word);
        let refused = client.export(samples::spans("refused", 1)).await.expect_err("it says the wrong thing");
        assert_eq!(refused.code(), Code::Unauthenticated, "{word}");
        assert_eq!(post_saying(&http, word).await.status, 401, "{word}");
    }
    let client = anonymous.saying("authorization", right);
    client.export(samples::spans("let in", 1)).await.expect("it says the right thing");
    assert_eq!(post_saying(&http, right).await.status, 200);
    collector.assert_books_balance().await;
    assert_eq!(collector.account("pipeline", "traces", "traces").await.received, 2);
}

async fn post_saying(http: &str, word: &str) -> Reply {
    let headers = [("content-type", "application/json"), ("authorization", word)];
    send(http, Method::POST, "/v1/traces", &headers, ONE_SPAN).await
}

/// Posts a span over TLS; `None` when the collector does not let the client in.
async fn post_with_tls(collector: &Collector, certificates: &Certificates) -> Option<Reply> {
    let http = collector.http().await;
    let stream = tests::tokio::net::TcpStream::connect(&http).await.expect("somebody listens");
    let connector = tokio_rustls::TlsConnector::from(Arc::new(certificates.http_client()));
    let stream = connector.connect("localhost".try_into().expect("a name"), stream).await.ok()?;
    let headers = [("content-type", "application/json")];
    send_over(stream, "localhost", Method::POST, "/v1/traces", &headers, ONE_SPAN.into()).await.ok()
}

/// A client may learn only with its first call that it is not let in.
async fn is_served(address: &str, tls: ClientTlsConfig) -> bool {
    match Client::connect_with_tls(address, tls).await {
        Ok(client) => client.export(samples::spans("stranger", 1)).await.is_ok(),
        Err(_) => false,
    }
}

const ONE_SPAN: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"one"}]}]}]}"#;

/// `config`, with TLS on both ports of the receiver.
fn with_tls(config: &str, certificates: &Certificates, more: &str) -> String {
    let (certificate, key) = (certificates.path("server.pem"), certificates.path("server.key"));
    let tls =
        format!("tls: {{ cert_file: '{}', key_file: '{}'{more} }}", certificate.display(), key.display());
    format!("{config}\nreceivers: {{ otlp: {{ protocols: {{ grpc: {{ {tls} }}, http: {{ {tls} }} }} }} }}")
}

/// Everything to nowhere, behind an authenticator.
fn guarded(extension: &str, settings: &str) -> String {
    let auth = format!("auth: {{ authenticator: {extension} }}");
    format!(
        "
extensions: {{ {extension}: {settings} }}
receivers: {{ otlp: {{ protocols: {{ grpc: {{ {auth} }}, http: {{ {auth} }} }} }} }}
exporters: {{ nop: }}
service:
  extensions: [health_check, zpages, {extension}]
  pipelines: {{ traces: {{ receivers: [otlp], exporters: [nop] }} }}
"
    )
}
