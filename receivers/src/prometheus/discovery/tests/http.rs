//! Servers that list targets, well or badly.

use std::sync::Arc;

use parking_lot::Mutex;

use super::*;
use crate::prometheus::loopback::{Loopback, answer, json};

const LIST: &str = r#"[{"targets":["10.0.10.2:9100","10.0.10.3:9100"],"labels":{"dc":"london"}},{"targets":["10.0.40.2:9100"]}]"#;

/// Also the time that an answer may take: a slow machine fails now and then, and is asked again.
const OFTEN: &str = "refresh_interval: 50ms";

/// A server whose answer can be changed, and what is found there.
async fn start(first: Vec<u8>, settings: &str) -> (Context, Loopback, Arc<Mutex<Vec<u8>>>, Found) {
    let body = Arc::new(Mutex::new(first));
    let server = Loopback::start({
        let body = body.clone();
        move |_| body.lock().clone()
    })
    .await;
    let cx = receiver();
    let config: HttpSdConfig = read(&format!("{{url: '{}', {settings}}}", server.url("/sd")));
    assert_eq!(words(config.check()), [""; 0]);
    let found = Found::new(&cx, "job");
    found.start(&cx, &config);
    (cx, server, body, found)
}

#[tokio::test]
async fn a_list_is_taken_and_what_is_no_longer_in_it_goes() {
    let (_cx, server, body, mut found) =
        start(json(LIST), "refresh_interval: 500ms, authorization: {credentials: t}").await;
    let url = server.url("/sd");
    let first = format!(r#"{{__meta_url="{url}", dc="london"}}: 10.0.10.2:9100 10.0.10.3:9100"#);
    let second = format!(r#"{{__meta_url="{url}"}}: 10.0.40.2:9100"#);
    until(&mut found, &[&first, &second]).await;
    let asked = &server.asked()[0];
    for line in [
        "GET /sd HTTP/1.1\r\n",
        "accept: application/json\r\n",
        "x-prometheus-refresh-interval-seconds: 0.5\r\n",
        "authorization: Bearer t\r\n",
    ] {
        assert!(asked.contains(line), "{asked}");
    }
    *body.lock() =
        answer("200 OK", "content-type: Application/JSON; charset=UTF-8\r\n", r#"[{"targets":["a:1"]}]"#);
    until(&mut found, &[&format!(r#"{{__meta_url="{url}"}}: a:1"#)]).await;
    *body.lock() = json("[]");
    until(&mut found, &[]).await;
    assert_eq!((server.connections(), found.standings()[0].failures), (1, 0));
}

#[tokio::test]
async fn answers_that_are_no_list_keep_the_targets() {
    let (cx, _server, body, mut found) = start(json(LIST), OFTEN).await;
    found.changed().await;
    let before = summary(&mut found);
    assert_eq!(before.len(), 2);
    for (bad, expected) in [
        (answer("503 Service Unavailable", "", ""), "the server answered 503"),
        (answer("204 No Content", "", ""), "the server answered 204"),
        (answer("200 OK", "content-type: text/html\r\n", LIST), "content type `text/html`, not JSON"),
        (answer("200 OK", "", LIST), "content type ``"),
        (answer("200 OK", "content-type: application/json; charset=latin1\r\n", LIST), "not JSON"),
        (json(&LIST[..LIST.len() - 1]), "not a list of target groups: EOF"),
        (json(r#"[{"targets":[null,{}]}]"#), "not a list of target groups"),
        (json(r#"[{"targets":["a"],"more":1}]"#), "unknown field `more`"),
        (json(r#"{"targets":["a"]}"#), "not a list of target groups"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[".to_vec(),
            "within",
        ),
        (b"nonsense\r\n\r\n".to_vec(), "cannot send"),
    ] {
        let failures = found.standings()[0].failures;
        *body.lock() = bad;
        until_failed(&found, failures + 1, expected).await;
        assert_eq!(summary(&mut found), before, "{expected}");
    }
    *body.lock() = json("[]");
    until(&mut found, &[]).await;
    until_works(&found).await;
    assert_eq!(cx.memory.held(), 0);
}

#[tokio::test]
async fn a_list_that_is_too_long_is_refused() {
    for (bad, expected) in [
        (json(&format!(r#"[{{"targets":[{}]}}]"#, vec![r#""a:1""#; 1_000_000].join(","))), "1000000 targets"),
        (json(&" ".repeat((16 << 20) + 1)), "the list has more than 16777216 bytes"),
    ] {
        let (cx, _server, _body, mut found) = start(bad, "refresh_interval: 30s").await;
        until_failed(&found, 1, expected).await;
        assert_eq!((found.groups().len(), cx.memory.held()), (0, 0));
    }
}

#[tokio::test]
async fn a_list_waits_for_room_in_memory() {
    let (cx, _server, _body, mut found) = start(json(LIST), OFTEN).await;
    cx.memory.set_limit(Some(0));
    until_failed(&found, 1, "there is no memory for the list now").await;
    cx.memory.set_limit(None);
    found.changed().await;
    assert_eq!(summary(&mut found).len(), 2);
}

#[tokio::test]
async fn a_discovery_ends_with_its_component() {
    let (cx, server, _body, mut found) = start(json(LIST), OFTEN).await;
    found.changed().await;
    let stopped = cx.scope.stop(tokio::time::Instant::now() + Duration::from_secs(5)).await;
    assert_eq!(stopped, Ok(()));
    let asked = server.asked().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.asked().len(), asked);
}
