//! What the client sends and makes of the answers.

use super::*;
use crate::compression::Encoding;
use crate::http::proxy::{Proxies, Proxy};

#[tokio::test]
async fn bodies_of_all_packings_arrive() {
    let (_server, addr) = serve(local()).await;
    for compression in [Encoding::Identity, Encoding::Gzip, Encoding::Zstd, Encoding::Snappy, Encoding::Lz4] {
        let (_cx, client) = client(&ClientConfig { compression, ..ClientConfig::default() });
        let url: Uri = format!("http://{addr}/echo").parse().unwrap();
        let chunks = vec![Bytes::from_static(b"one, "), Bytes::new(), Bytes::from_static(b"two")];
        let reply = client.post(&url, "text/plain", chunks, &Origin::default()).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (StatusCode::OK, &b"one, two"[..]), "{compression}");
    }
}

#[tokio::test]
async fn configured_headers_win_and_host_can_be_set() {
    let (_server, addr) = serve(local()).await;
    let headers = settings("{Host: backend.internal, x-token: secret}");
    let (_cx, client) = client(&ClientConfig { headers, ..ClientConfig::default() });
    let reply = post(&client, &format!("http://{addr}/request"), b"").await.unwrap();
    let seen = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(seen.contains("host=backend.internal") && seen.contains("x-token=secret"), "{seen}");
    assert!(seen.contains("user-agent=ferrotel/0.0.0"), "{seen}");
}

#[tokio::test]
async fn redirects_are_followed_with_or_without_the_body() {
    let (_server, addr) = serve(local()).await;
    let (_cx, client) = client(&ClientConfig::default());
    let moved = post(&client, &format!("http://{addr}/moved"), b"again").await.unwrap();
    assert_eq!(&moved.body[..], b"again");
    let other = post(&client, &format!("http://{addr}/other"), b"gone").await.unwrap();
    assert!(other.body.starts_with(b"GET /request"), "{:?}", other.body);
    let fault = post(&client, &format!("http://{addr}/loop"), b"").await.unwrap_err();
    assert!(fault.to_string().contains("10 redirects"), "{fault}");
}

#[tokio::test]
async fn cookies_are_kept_only_when_wanted() {
    let (_server, addr) = serve(local()).await;
    let url = format!("http://{addr}/cookie");
    let (_cx, plain) = client(&ClientConfig::default());
    post(&plain, &url, b"").await.unwrap();
    assert_eq!(&post(&plain, &url, b"").await.unwrap().body[..], b"none");
    let cookies = config::Explicit::some(Cookies {});
    let (_cx, keeping) = client(&ClientConfig { cookies, ..ClientConfig::default() });
    post(&keeping, &url, b"").await.unwrap();
    assert_eq!(&post(&keeping, &url, b"").await.unwrap().body[..], b"lb=7");
}

#[tokio::test]
async fn an_idle_client_does_not_keep_its_component_from_stopping() {
    let (_server, addr) = serve(local()).await;
    let (cx, client) = client(&ClientConfig::default());
    post(&client, &format!("http://{addr}/echo"), b"").await.unwrap();
    cx.scope.stop(tokio::time::Instant::now() + Duration::from_secs(5)).await.unwrap();
    drop(client);
}

#[tokio::test]
async fn long_answers_are_cut() {
    let (_server, addr) = serve(local()).await;
    let (_cx, client) = client(&ClientConfig::default());
    assert_eq!(post(&client, &format!("http://{addr}/large"), b"").await.unwrap().body.len(), 64 << 10);
}

#[tokio::test]
async fn faults_say_what_and_where() {
    let (_server, addr) = serve(local()).await;
    let config = ClientConfig { timeout: config::Interval::from_millis(100), ..ClientConfig::default() };
    let (_cx, client) = client(&config);
    let late = post(&client, &format!("http://{addr}/hang"), b"").await.unwrap_err();
    assert!(matches!(&late, Fault::Timeout(words) if words.contains(&addr)), "{late:?}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = post(&client, &format!("http://{nobody}/"), b"").await.unwrap_err();
    assert!(matches!(&away, Fault::Unreachable(words) if words.contains("refused")), "{away:?}");
}

#[tokio::test]
async fn a_request_goes_to_the_proxy_with_its_whole_url() {
    // Our server stands in for the proxy: it answers with what it was asked.
    let (_server, addr) = serve(local()).await;
    let config = ClientConfig { proxy_url: format!("http://me:pass@{addr}"), ..ClientConfig::default() };
    let (_cx, client) = client(&config);
    let reply = post(&client, "http://backend.invalid/request", b"").await.unwrap();
    let seen = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(seen.starts_with("POST http://backend.invalid/request"), "{seen}");
    assert!(seen.contains("proxy-authorization=Basic bWU6cGFzcw=="), "{seen}");
}

#[tokio::test]
async fn an_encrypted_request_asks_the_proxy_for_a_tunnel() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = ClientConfig {
        proxy_url: format!("http://{}", listener.local_addr().unwrap()),
        ..ClientConfig::default()
    };
    let (_cx, client) = client(&config);
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 39];
        stream.read_exact(&mut head).await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&head).into_owned()
    });
    let fault = post(&client, "https://backend.invalid/", b"").await.unwrap_err();
    assert_eq!(asked.await.unwrap(), "CONNECT backend.invalid:443 HTTP/1.1\r\nH");
    assert!(fault.to_string().contains("the proxy answered `HTTP/1.1 403 Forbidden`"), "{fault}");
}

#[test]
fn the_environment_names_proxies_and_exceptions() {
    let env = |name: &str| match name {
        "HTTPS_PROXY" => Some("proxy.corp:3128".to_owned()),
        "no_proxy" => Some("exact.com, .sub.com, 10.0.0.0/8, port.com:8443".to_owned()),
        _ => None,
    };
    let proxies = Proxies::new("", env).unwrap();
    let through = |host: &str| proxies.of("https", host, 443).is_some();
    assert_eq!(proxies.of("https", "a.com", 443).unwrap().host, "proxy.corp");
    assert!(proxies.of("http", "a.com", 80).is_none());
    assert!(through("other.com") && through("sub.com") && through("11.0.0.1") && through("notexact.com"));
    assert!(
        !through("exact.com") && !through("www.exact.com") && !through("a.sub.com") && !through("10.1.2.3")
    );
    assert!(!through("localhost") && !through("127.0.0.1"));
    assert!(through("port.com") && proxies.of("https", "port.com", 8443).is_none());
}

#[test]
fn proxies_that_cannot_be_used_are_refused() {
    assert!(Proxy::parse("socks5://a:1").is_err());
    assert!(Proxy::parse("http://").is_err());
    assert_eq!(Proxy::parse("").unwrap(), None);
    assert_eq!(Proxy::parse("http://a").unwrap().unwrap().port, 80);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let reply = |text: &str| {
        let mut headers = ::http::HeaderMap::new();
        headers.insert("retry-after", text.parse().unwrap());
        Reply { status: StatusCode::SERVICE_UNAVAILABLE, headers, body: Bytes::new(), is_whole: true }
            .retry_after()
    };
    assert_eq!(reply("7"), Some(Duration::from_secs(7)));
    assert_eq!(reply("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
    assert!(reply("Wed, 21 Oct 2065 07:28:00 GMT").unwrap() > Duration::from_secs(1 << 20));
    assert_eq!(reply("soon"), None);
}
