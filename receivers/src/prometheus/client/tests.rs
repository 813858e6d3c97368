//! Requests over loopback.

mod authorization;
mod routes;

use std::time::Duration;

use bytes::Bytes;
use component::Kind;
use component::testing::context;

use super::*;
use crate::prometheus::loopback::{Folder, Loopback, answer, read};

fn client_of(yaml: &str) -> (Context, HttpClient) {
    let config: HttpConfig = read(yaml);
    let cx = context(Kind::Receiver, "prometheus");
    let client = config.client(&cx).unwrap();
    (cx, client)
}

/// The status and the body of what is at a URL.
async fn get(client: &HttpClient, url: &str) -> Result<(u16, String), String> {
    let url = parse_url(url).unwrap();
    let asking = async {
        let mut answer = client.get(&url, HeaderMap::new()).await?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            body.extend_from_slice(&part);
        }
        Ok((answer.status.as_u16(), String::from_utf8(body).unwrap()))
    };
    let asked = tokio::time::timeout(Duration::from_secs(20), asking).await.expect("within 20 s");
    asked.map_err(|fault: Fault| fault.to_string())
}

fn hello(_: &str) -> Vec<u8> {
    answer("200 OK", "", "hello")
}

#[tokio::test]
async fn a_request_has_the_configured_headers_and_those_of_the_caller() {
    let folder = Folder::new("headers");
    folder.write("value", " from-file \n");
    let server = Loopback::start(hello).await;
    let (_cx, client) = client_of(&format!(
        "{{http_headers: {{X-Scope-OrgID: {{values: [a, 7], secrets: [s], files: [{}]}}}}}}",
        folder.path("value")
    ));
    let mut headers = HeaderMap::new();
    headers.insert("accept", HeaderValue::from_static("text/plain"));
    let url = parse_url(&server.url("/metrics?a=b")).unwrap();
    let answer = client.get(&url, headers).await.unwrap();
    assert_eq!(answer.status, 200);
    let asked = &server.asked()[0];
    for line in [
        "GET /metrics?a=b HTTP/1.1\r\n",
        "accept: text/plain\r\n",
        "user-agent: ferrotel/0.0.0\r\n",
        "x-scope-orgid: a\r\nx-scope-orgid: 7\r\nx-scope-orgid: s\r\nx-scope-orgid: from-file\r\n",
    ] {
        assert!(asked.contains(line), "{asked}");
    }
}

#[tokio::test]
async fn a_connection_serves_one_request_after_the_other() {
    let server = Loopback::start(hello).await;
    let (_cx, client) = client_of("{}");
    for _ in 0..3 {
        assert_eq!(get(&client, &server.url("/")).await, Ok((200, "hello".to_owned())));
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_body_is_there_as_it_comes() {
    // The second part never comes: the server waits for a request.
    let server = Loopback::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst".to_vec()).await;
    let (_cx, client) = client_of("{}");
    let url = parse_url(&server.url("/")).unwrap();
    let mut answer = client.get(&url, HeaderMap::new()).await.unwrap();
    assert_eq!(answer.chunk().await, Ok(Some(Bytes::from_static(b"first"))));
    let more = tokio::time::timeout(Duration::from_millis(50), answer.chunk()).await;
    assert!(more.is_err());
}

#[tokio::test]
async fn a_server_that_breaks_off_is_an_error() {
    let (_cx, client) = client_of("{}");
    let server = Loopback::start(|_| b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_vec()).await;
    assert!(get(&client, &server.url("/")).await.is_err());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let fault = get(&client, &format!("http://{addr}/")).await.unwrap_err();
    assert!(fault.contains(&addr.to_string()) && fault.contains("refused"), "{fault}");
}

#[test]
fn urls_with_a_password_are_refused_without_showing_it() {
    for (url, expected) in [
        ("http://a/b", Ok(())),
        ("https://[::1]:9090", Ok(())),
        ("a/b", Err("must begin with")),
        ("ftp://a", Err("must begin with")),
        ("http://", Err("`http://` is not a URL")),
        ("http://a b", Err("is not a URL")),
        ("http:///a", Err("is not a URL")),
        ("http://user:pw@a/", Err("must not have a user")),
    ] {
        match (parse_url(url), expected) {
            (Ok(_), Ok(())) => {}
            (Err(words), Err(expected)) => {
                assert!(words.contains(expected) && !words.contains("pw"), "{url}: {words}");
            }
            (other, _) => panic!("{url}: {other:?}"),
        }
    }
}
