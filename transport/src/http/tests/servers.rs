//! What the server answers.

use component::{AuthenticationError, Authenticator, Capabilities, Identity};
use config::{Interval, Optional};

use super::*;
use crate::auth::AuthConfig;
use crate::compression::{Encoding, compress};

fn with_body(head: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{head}\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[tokio::test]
async fn a_body_is_answered_and_the_screen_comes_first() {
    let (_cx, addr) = serve(local()).await;
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1", b"hello")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");
    // The body is announced and never sent: the answer does not wait for it.
    let answer = raw(&addr, b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn packed_bodies_are_unpacked_and_their_headers_gone() {
    let (_cx, addr) = serve(local()).await;
    for encoding in [
        Encoding::Gzip,
        Encoding::Zlib,
        Encoding::Deflate,
        Encoding::Zstd,
        Encoding::Snappy,
        Encoding::SnappyFramed,
        Encoding::Lz4,
    ] {
        let packed = compress(encoding, None, &[Bytes::from_static(b"packed body")]).unwrap();
        let head = format!("POST /echo HTTP/1.1\r\nContent-Encoding: {encoding}");
        let answer = raw(&addr, &with_body(&head, &packed)).await;
        assert!(answer.ends_with("packed body"), "{encoding}: {answer}");
        let head = format!("POST /request HTTP/1.1\r\nContent-Encoding: {encoding}");
        let answer = raw(&addr, &with_body(&head, &packed)).await;
        assert!(!answer.contains("content-encoding=") && !answer.contains("content-length="), "{answer}");
    }
}

#[tokio::test]
async fn bodies_that_cannot_be_taken_are_bad_requests() {
    let (_cx, addr) = serve(ServerConfig { max_request_body_size: 1000, ..local() }).await;
    let large = raw(&addr, &with_body("POST /echo HTTP/1.1", &[b'x'; 1001])).await;
    assert!(large.starts_with("HTTP/1.1 400") && large.contains("too large"), "{large}");
    assert!(large.contains("connection: close"), "{large}");

    let chunked = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    let mut chunked = chunked;
    chunked.extend_from_slice(b"3e8\r\n");
    chunked.extend_from_slice(&[b'x'; 1000]);
    chunked.extend_from_slice(b"\r\n1\r\nx\r\n0\r\n\r\n");
    let answer = raw(&addr, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("too large"), "{answer}");

    let bomb = compress(Encoding::Gzip, None, &[Bytes::from(vec![0; 100_000])]).unwrap();
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1\r\nContent-Encoding: gzip", &bomb)).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("too large"), "{answer}");

    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1\r\nContent-Encoding: br", b"x")).await;
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.ends_with("unsupported Content-Encoding: br"),
        "{answer}"
    );
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1\r\nContent-Encoding: gzip", b"no gzip")).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("cannot decompress"), "{answer}");
}

#[tokio::test]
async fn an_empty_list_of_algorithms_takes_bodies_as_they_are() {
    let (_cx, addr) = serve(ServerConfig { compression_algorithms: Vec::new(), ..local() }).await;
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1\r\nContent-Encoding: gzip", b"as it is")).await;
    assert!(answer.ends_with("as it is"), "{answer}");
}

#[tokio::test]
async fn without_memory_requests_are_refused_after_a_while() {
    let (cx, addr) = serve(local()).await;
    std::mem::forget(cx.memory.charge(1 << 20));
    cx.memory.set_limit(Some(0));
    let mut stream = TcpStream::connect(&addr).await.unwrap();
    stream.write_all(&with_body("POST /echo HTTP/1.1", b"hello")).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.ends_with("data refused due to high memory usage"), "{answer}");
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let (cx, addr) = serve(local()).await;
    let answer = raw(&addr, &with_body("POST /panic HTTP/1.1", b"")).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert_eq!(cx.health.panics(), 1);
    assert!(raw(&addr, &with_body("POST /echo HTTP/1.1", b"on")).await.ends_with("on"));
}

#[tokio::test]
async fn half_a_header_is_not_waited_for() {
    let config = ServerConfig { read_header_timeout: Interval::from_millis(100), ..local() };
    let (_cx, addr) = serve(config).await;
    let mut stream = TcpStream::connect(&addr).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nHost").await.unwrap();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
    assert!(closed.is_ok());
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_served_one_is_not_before() {
    let config = ServerConfig { idle_timeout: Interval::from_millis(200), ..local() };
    let (_cx, addr) = serve(config).await;
    let mut stream = TcpStream::connect(&addr).await.unwrap();
    stream.write_all(&with_body("POST /slow HTTP/1.1", b"hello")).await.unwrap();
    let mut answer = String::new();
    let closed = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut answer)).await;
    assert!(closed.is_ok() && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_body_that_dawdles_is_given_up() {
    let config = ServerConfig { read_timeout: Interval::from_millis(100), ..local() };
    let (_cx, addr) = serve(config).await;
    let answer = raw(&addr, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhal").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[tokio::test]
async fn answers_have_the_configured_headers() {
    let config = ServerConfig { response_headers: settings("{x-served-by: us}"), ..local() };
    let (_cx, addr) = serve(config).await;
    assert!(raw(&addr, &with_body("POST /echo HTTP/1.1", b"")).await.contains("x-served-by: us"));
}

#[tokio::test]
async fn metadata_has_the_host() {
    let (_cx, addr) = serve(ServerConfig { include_metadata: true, ..local() }).await;
    assert!(raw(&addr, &with_body("POST /request HTTP/1.1", b"")).await.ends_with("Some(1)"));
}

#[tokio::test]
async fn stopping_lets_requests_end() {
    let (cx, addr) = serve(local()).await;
    let slow = tokio::spawn({
        let addr = addr.clone();
        async move { raw(&addr, &with_body("POST /slow HTTP/1.1", b"in peace")).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    cx.scope.stop(tokio::time::Instant::now() + Duration::from_secs(5)).await.unwrap();
    assert!(slow.await.unwrap().ends_with("in peace"));
    assert!(TcpStream::connect(&addr).await.is_err());
}

#[tokio::test]
async fn pages_of_allowed_origins_may_send() {
    let cors = CorsConfig {
        allowed_origins: vec!["https://*.example.com".to_owned()],
        allowed_headers: vec!["X-Token".to_owned()],
        max_age: 600,
        ..CorsConfig::default()
    };
    let (_cx, addr) = serve(ServerConfig { cors: Optional::some(cors), ..local() }).await;
    let preflight = |origin: &str, header: &str| {
        format!(
            "OPTIONS /echo HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: {header}\r\n\r\n"
        )
    };
    let answer = raw(&addr, preflight("https://app.example.com", "content-type, x-token").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    for line in [
        "access-control-allow-origin: https://app.example.com",
        "access-control-allow-credentials: true",
        "access-control-allow-methods: POST",
        "access-control-max-age: 600",
    ] {
        assert!(answer.contains(line), "{line}: {answer}");
    }
    let answer = raw(&addr, preflight("https://app.example.com", "x-other").as_bytes()).await;
    assert!(!answer.contains("access-control-allow-methods"), "{answer}");
    let answer = raw(&addr, preflight("https://example.org", "x-token").as_bytes()).await;
    assert!(!answer.contains("access-control-allow"), "{answer}");
    let head = "POST /echo HTTP/1.1\r\nOrigin: https://app.example.com";
    let answer = raw(&addr, &with_body(head, b"")).await;
    assert!(answer.contains("access-control-allow-origin: https://app.example.com"), "{answer}");
}

/// Lets in who says `sesame` in `token`.
struct Sesame;

#[async_trait]
impl Authenticator for Sesame {
    async fn authenticate(&self, headers: &::http::HeaderMap) -> Result<Identity, AuthenticationError> {
        match headers.get("token").map(|value| value.as_bytes()) {
            Some(b"sesame") => Ok(Identity::default()),
            _ => Err(AuthenticationError("no sesame".to_owned())),
        }
    }
}

#[tokio::test]
async fn who_is_not_known_is_turned_away() {
    let mut cx = context(Kind::Receiver, "otlp");
    let sesame = Capabilities { authenticator: Some(Arc::new(Sesame)), ..Capabilities::default() };
    cx.extensions = Arc::new([("sesame".parse().unwrap(), sesame)].into());
    let auth = AuthConfig {
        authenticator: Some("sesame".parse().unwrap()),
        request_params: vec!["token".to_owned()],
    };
    let server = ServerConfig { auth: Optional::some(auth), ..local() }.bind(&cx).await.unwrap();
    let addr = server.local_addr();
    server.serve(&cx, Arc::new(Echo));
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1", b"")).await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.ends_with("no sesame"), "{answer}");
    let answer = raw(&addr, &with_body("POST /echo HTTP/1.1\r\nToken: sesame", b"in")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = raw(&addr, &with_body("POST /echo?token=sesame HTTP/1.1\r\nToken: wrong", b"in")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "the query wins: {answer}");
}

#[tokio::test]
async fn who_reads_a_body_slowly_that_is_made_while_it_is_sent_gets_all_of_it() {
    let (_cx, addr) = serve(ServerConfig { idle_timeout: Interval::from_millis(100), ..local() }).await;
    let mut stream = TcpStream::connect(&addr).await.unwrap();
    stream.write_all(b"GET /chunks HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    // More than the time that an idle connection has.
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed after {} bytes", answer.len());
    }
    let mut counts = [0; 256];
    answer.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    for number in 0..100 {
        assert_eq!(counts[number + 128], 100_000, "chunk {number}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_made_to_its_end_is_seen_to_be_broken_off() {
    let (_cx, addr) = serve(local()).await;
    let answer = raw(&addr, b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.ends_with("0\r\n\r\n"), "it looks whole");
}

#[tokio::test]
async fn an_answer_that_comes_by_and_by_is_no_idle_connection() {
    let config = ServerConfig { idle_timeout: Interval::from_millis(100), ..local() };
    let (_cx, addr) = serve(config).await;
    let answer = raw(&addr, &with_body("POST /by-and-by HTTP/1.1\r\nConnection: close", b"second")).await;
    assert!(answer.contains("transfer-encoding: chunked"), "{answer}");
    assert!(answer.contains("first ") && answer.contains("second"), "{answer}");
    // Without chunks the end of the connection is the end of the answer.
    let answer = raw(&addr, &with_body("POST /by-and-by HTTP/1.0", b"second")).await;
    assert!(answer.ends_with("first second"), "{answer}");
}
