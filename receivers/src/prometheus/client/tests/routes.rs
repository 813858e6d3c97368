//! Redirects, proxies, TLS.

use std::sync::Arc;

use async_trait::async_trait;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use transport::http::{Request as Received, Response, ServerConfig, Service, text};

use super::*;

/// The lines of a request's head that may hold secrets.
fn secrets(request: &str) -> Vec<&str> {
    let is_secret = |line: &&str| line.starts_with("authorization:") || line.starts_with("x-");
    request.lines().filter(is_secret).collect()
}

const WITH_SECRETS: &str =
    "{authorization: {credentials: t}, http_headers: {X-Key: {secrets: [k]}, X-Open: {values: [o]}}}";

#[tokio::test]
async fn redirects_are_followed_and_secrets_stay_with_their_host() {
    let other = Loopback::start_at([127, 0, 0, 2].into(), hello).await;
    let elsewhere = other.url("/there");
    let server = Loopback::start(move |request| match request {
        _ if request.starts_with("GET /here") => hello(request),
        _ if request.starts_with("GET /away") => {
            answer("302 Found", &format!("location: {elsewhere}\r\n"), "moved")
        }
        _ => answer("301 Moved Permanently", "location: /here?x=y\r\n", "moved"),
    })
    .await;
    let (_cx, client) = client_of(WITH_SECRETS);
    assert_eq!(get(&client, &server.url("/near")).await, Ok((200, "hello".to_owned())));
    let all = ["authorization: Bearer t", "x-key: k", "x-open: o"];
    assert!(server.asked()[1].starts_with("GET /here?x=y "));
    let asked = server.asked();
    let mut sent = secrets(&asked[1]);
    sent.sort_unstable();
    assert_eq!(sent, all);

    assert_eq!(get(&client, &server.url("/away")).await, Ok((200, "hello".to_owned())));
    assert_eq!(secrets(&other.asked()[0]), ["x-open: o"]);
}

#[tokio::test]
async fn without_follow_redirects_the_redirect_is_the_answer() {
    let server = Loopback::start(|_| answer("302 Found", "location: /\r\n", "moved")).await;
    let (_cx, client) = client_of("{follow_redirects: false}");
    assert_eq!(get(&client, &server.url("/")).await, Ok((302, "moved".to_owned())));
    assert_eq!(server.asked().len(), 1);
    let (_cx, client) = client_of("{}");
    let fault = get(&client, &server.url("/")).await.unwrap_err();
    assert!(fault.contains("stopped after 10 redirects"), "{fault}");
}

#[tokio::test]
async fn a_proxy_gets_the_request_unless_the_host_is_exempt() {
    let proxy = Loopback::start(hello).await;
    let (_cx, client) = client_of(&format!("{{proxy_url: 'http://u:p@{}'}}", proxy.addr));
    assert_eq!(get(&client, "http://target.invalid:9100/metrics").await, Ok((200, "hello".to_owned())));
    let asked = &proxy.asked()[0];
    assert!(asked.starts_with("GET http://target.invalid:9100/metrics HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("proxy-authorization: Basic dTpw\r\n"), "{asked}");

    let server = Loopback::start(hello).await;
    let yaml = format!("{{proxy_url: 'http://{}', no_proxy: '{}'}}", proxy.addr, server.addr.ip());
    let (_cx, client) = client_of(&yaml);
    assert_eq!(get(&client, &server.url("/direct")).await, Ok((200, "hello".to_owned())));
    assert_eq!((proxy.asked().len(), server.asked().len()), (1, 1));
}

/// Says who the client is by its certificate: only one that has been verified gets this far.
struct Greets;

#[async_trait]
impl Service for Greets {
    fn screen(&self, _: &::http::request::Parts) -> Option<Response> {
        None
    }

    async fn call(&self, request: Received) -> Response {
        text(::http::StatusCode::OK, format!("{:?}", request.head.version))
    }
}

/// An authority, with a server's and a client's certificate.
fn certificates(folder: &Folder) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    folder.write("ca.pem", &authority.pem());
    for (name, host) in [("server", "metrics.example"), ("client", "client.example")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        folder.write(&format!("{name}.pem"), &params.signed_by(&key, &authority).unwrap().pem());
        folder.write(&format!("{name}.key"), &key.serialize_pem());
    }
}

/// A server that asks for a certificate; its scope and its URL.
async fn mutual(folder: &Folder) -> (Context, String) {
    let file = |name: &str| folder.path(name);
    let server: ServerConfig = read(&format!(
        "{{endpoint: '127.0.0.1:0', tls: {{cert_file: {}, key_file: {}, client_ca_file: {}}}}}",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    ));
    let cx = context(Kind::Receiver, "target");
    let server = server.bind(&cx).await.unwrap();
    let url = format!("https://{}/", server.local_addr());
    server.serve(&cx, Arc::new(Greets));
    (cx, url)
}

#[tokio::test]
async fn both_sides_can_prove_who_they_are_and_files_may_come_late() {
    let folder = Folder::new("mtls");
    certificates(&folder);
    let (_server, url) = mutual(&folder).await;
    let file = |name: &str| folder.path(name);
    std::fs::rename(file("client.key"), file("later.key")).unwrap();
    let tls = format!(
        "{{ca_file: {}, cert_file: {}, key_file: {}, server_name: metrics.example, min_version: TLS13}}",
        file("ca.pem"),
        file("client.pem"),
        file("client.key")
    );
    let (_cx, client) = client_of(&format!("{{tls_config: {tls}}}"));
    let missing = get(&client, &url).await.unwrap_err();
    assert!(missing.contains("client.key") && missing.contains("No such file"), "{missing}");
    std::fs::rename(file("later.key"), file("client.key")).unwrap();
    assert_eq!(get(&client, &url).await, Ok((200, "HTTP/2.0".to_owned())));

    let (_cx, client) = client_of(&format!("{{tls_config: {tls}, enable_http2: false}}"));
    assert_eq!(get(&client, &url).await, Ok((200, "HTTP/1.1".to_owned())));
}

#[tokio::test]
async fn a_server_that_does_not_fit_is_refused() {
    let folder = Folder::new("tls");
    certificates(&folder);
    let (_server, url) = mutual(&folder).await;
    let own = format!("cert_file: {}, key_file: {}", folder.path("client.pem"), folder.path("client.key"));
    let ca = folder.path("ca.pem");
    for (tls, works) in [
        (format!("{{ca_file: {ca}, {own}, server_name: metrics.example}}"), true),
        // Its name is not the address it was reached by.
        (format!("{{ca_file: {ca}, {own}}}"), false),
        (format!("{{{own}, server_name: metrics.example}}"), false),
        (format!("{{{own}, insecure_skip_verify: true}}"), true),
        // The server asks for a certificate.
        (format!("{{ca_file: {ca}, server_name: metrics.example}}"), false),
    ] {
        let (_cx, client) = client_of(&format!("{{tls_config: {tls}}}"));
        let answer = get(&client, &url).await;
        assert_eq!(answer.is_ok(), works, "{tls}: {answer:?}");
    }
}

#[tokio::test]
async fn certificates_in_the_configuration_work_through_a_tunnel() {
    let folder = Folder::new("tunnel");
    certificates(&folder);
    let (_server, url) = mutual(&folder).await;
    let proxy = Loopback::start(|_| b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let pem =
        |name: &str| serde_json::to_string(&std::fs::read_to_string(folder.path(name)).unwrap()).unwrap();
    let (_cx, client) = client_of(&format!(
        "{{tls_config: {{ca: {}, cert: {}, key: {}, server_name: metrics.example}}, \
         proxy_url: 'http://{}', proxy_connect_header: {{X-Tenant: [a, b]}}}}",
        pem("ca.pem"),
        pem("client.pem"),
        pem("client.key"),
        proxy.addr
    ));
    assert_eq!(get(&client, &url).await, Ok((200, "HTTP/2.0".to_owned())));
    let asked = &proxy.asked()[0];
    assert!(asked.starts_with("CONNECT 127.0.0.1:"), "{asked}");
    assert!(asked.contains("x-tenant: a\r\nx-tenant: b\r\n"), "{asked}");
}
