//! Our client against our server.

use component::Code;

use super::*;

#[tokio::test]
async fn messages_of_all_sizes_come_back() {
    let (server, addr) = serve(local()).await;
    let (_cx, client) = client(&client_config(&addr));
    for size in [0, 1, 100, 16_384, 200_000, 3 << 20] {
        let message = noise(size);
        let middle = size / 2;
        let chunks = vec![message.slice(..middle), Bytes::new(), message.slice(middle..)];
        let answer = client.unary(ECHO, chunks, &nowhere()).await.unwrap();
        assert_eq!(answer, message, "{size} bytes");
    }
    until("all memory is given back", || server.memory.held() == 0).await;
}

/// What fills the memory is let go when a backend has answered for it.
#[tokio::test]
async fn an_answer_is_read_when_the_memory_is_full() {
    let (_server, addr) = serve(local()).await;
    let (cx, client) = client(&client_config(&addr));
    cx.memory.set_limit(Some(0));
    let message = noise(1 << 20);
    assert_eq!(client.unary(ECHO, vec![message.clone()], &nowhere()).await.unwrap(), message);
}

#[tokio::test]
async fn packed_messages_come_back() {
    let (_server, addr) = serve(local()).await;
    for compression in ["gzip", "snappy", "zstd", "none"] {
        let mut config = client_config(&addr);
        config.compression = compression.to_owned();
        let (_cx, client) = client(&config);
        let message = noise(300_000);
        assert_eq!(
            client.unary(ECHO, vec![message.clone()], &nowhere()).await.unwrap(),
            message,
            "{compression}"
        );
    }
}

#[tokio::test]
async fn a_status_comes_with_its_words_and_its_details() {
    let (_server, addr) = serve(local()).await;
    let (_cx, client) = client(&client_config(&addr));
    let status = client.unary("/test.Test/Busy", vec![], &nowhere()).await.unwrap_err();
    assert_eq!((status.code, status.message.as_str()), (Code::ResourceExhausted, "später: 100 %"));
    assert_eq!(status.retry_delay(), Some(Duration::from_millis(1500)));
}

#[tokio::test]
async fn configured_headers_are_sent() {
    let (_server, addr) = serve(local()).await;
    let mut config = client_config(&addr);
    config.headers = serde_map("x-test", "secret");
    let (_cx, client) = client(&config);
    assert_eq!(client.unary("/test.Test/Header", vec![], &nowhere()).await.unwrap(), &b"secret"[..]);
}

#[tokio::test]
async fn metadata_is_kept_when_wanted() {
    let (_server, addr) = serve(ServerConfig { include_metadata: true, ..local() }).await;
    let mut config = client_config(&addr);
    config.headers = serde_map("x-test", "kept");
    let (_cx, client) = client(&config);
    assert_eq!(client.unary("/test.Test/Metadata", vec![], &nowhere()).await.unwrap(), &b"[\"kept\"] 1"[..]);
}

#[tokio::test]
async fn dropping_a_call_drops_it_at_the_server() {
    let echo = Echo::default();
    let (dropped, calls) = (echo.dropped.clone(), echo.calls.clone());
    let (_server, addr) = serve_with(local(), echo).await;
    let (_cx, client) = client(&client_config(&addr));
    let call = tokio::spawn(async move { client.unary("/test.Test/Hang", vec![], &nowhere()).await });
    until("the call has begun", || calls.load(Ordering::SeqCst) == 1).await;
    call.abort();
    until("the call was dropped", || dropped.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_deadline_is_told_and_kept() {
    let echo = Echo::default();
    let dropped = echo.dropped.clone();
    let (_server, addr) = serve_with(local(), echo).await;
    let (_cx, client) = client(&client_config(&addr));
    let limit = Duration::from_millis(100);
    let status = client.unary_within(limit, "/test.Test/Hang", vec![], &nowhere()).await.unwrap_err();
    assert_eq!(status.code, Code::DeadlineExceeded);
    until("the call was dropped", || dropped.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_and_named() {
    let addr = unused_addr();
    let (_cx, client) = client(&client_config(&addr));
    let status = client.unary(ECHO, vec![], &nowhere()).await.unwrap_err();
    assert_eq!(status.code, Code::Unavailable);
    assert!(status.message.contains(&addr) && status.message.contains("refused"), "{}", status.message);
}

#[tokio::test]
async fn who_waits_for_ready_is_served_when_the_server_comes() {
    let addr = unused_addr();
    let mut config = client_config(&addr);
    config.wait_for_ready = true;
    let (_cx, client) = client(&config);
    let call = tokio::spawn(async move { client.unary(ECHO, vec![noise(5)], &nowhere()).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (_server, _) = serve(ServerConfig::with_endpoint(&addr)).await;
    assert_eq!(call.await.unwrap().unwrap(), noise(5));
}

#[tokio::test]
async fn calls_go_on_when_the_server_stops_and_another_takes_its_place() {
    let (server, addr) = serve(local()).await;
    let mut config = client_config(&addr);
    config.wait_for_ready = true;
    let (_cx, client) = client(&config);
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.unary("/test.Test/Slow", vec![noise(7)], &nowhere()).await }
    });
    client.unary(ECHO, vec![], &nowhere()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    server.scope.stop(deadline).await.unwrap();
    assert_eq!(slow.await.unwrap().unwrap(), noise(7), "a call under way ends in peace");
    drop(server);
    let (_second, _) = serve(ServerConfig::with_endpoint(&addr)).await;
    assert_eq!(client.unary(ECHO, vec![noise(3)], &nowhere()).await.unwrap(), noise(3));
}

#[tokio::test]
async fn a_stopped_component_leaves_no_task_behind() {
    let (_server, addr) = serve(local()).await;
    let (cx, client) = client(&client_config(&addr));
    client.unary(ECHO, vec![], &nowhere()).await.unwrap();
    drop(client);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    cx.scope.stop(deadline).await.unwrap();
}

#[tokio::test]
async fn unix_sockets_work_both_ways() {
    let path = std::env::temp_dir().join(format!("ferrotel-grpc-{}.sock", std::process::id()));
    let mut config = ServerConfig::with_endpoint(path.to_str().unwrap());
    config.transport = crate::endpoint::Transport::Unix;
    let (_server, addr) = serve(config).await;
    let (_cx, client) = client(&client_config(&format!("unix://{addr}")));
    assert_eq!(client.unary(ECHO, vec![noise(9)], &nowhere()).await.unwrap(), noise(9));
}

#[tokio::test]
async fn settings_that_cannot_work_are_found() {
    let bad = |change: fn(&mut ClientConfig)| {
        let mut config = client_config("localhost:4317");
        change(&mut config);
        config.check().len()
    };
    assert_eq!(bad(|_| {}), 0);
    assert_eq!(bad(|config| config.endpoint = "localhost".to_owned()), 1);
    assert_eq!(bad(|config| config.compression = "deflate".to_owned()), 1);
    assert_eq!(bad(|config| config.balancer_name = "weighted".to_owned()), 1);
    assert_eq!(bad(|config| config.tls.max_version = "1.1".to_owned()), 1);
    assert_eq!(bad(|config| config.tls.tpm.enabled = true), 1);
}

/// An address at which nobody listens.
fn unused_addr() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn serde_map(name: &str, value: &str) -> config::SecretMap {
    let mut diagnostics = config::Diagnostics::new();
    let node = config::parse_value("test", &format!("{{{name}: {value}}}"), &mut diagnostics).unwrap();
    config::read(&node, &config::Path::root(), &mut diagnostics).unwrap()
}
