//! What is answered to calls that are not as they should be, sent by bare h2.

use bytes::Bytes;
use component::Code;
use component::Kind;
use component::testing::context;
use http::{HeaderMap, Method, Request};

use super::*;
use crate::grpc::message::ACCEPTED;

/// HTTP status, all headers and trailers, and the body.
async fn send(addr: &str, request: Request<()>, frames: &[&[u8]]) -> (u16, HeaderMap, Bytes) {
    let stream = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut send, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (answer, mut body) = send.send_request(request, frames.is_empty()).unwrap();
    for (index, frame) in frames.iter().enumerate() {
        // The server may have answered already.
        let _ = body.send_data(Bytes::copy_from_slice(frame), index + 1 == frames.len());
    }
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut headers = head.headers;
    let mut all = Vec::new();
    while let Some(data) = body.data().await {
        all.extend_from_slice(&data.unwrap());
    }
    if let Some(trailers) = body.trailers().await.unwrap() {
        headers.extend(trailers);
    }
    (head.status.as_u16(), headers, all.into())
}

fn call(addr: &str, path: &str) -> Request<()> {
    let mut request = Request::post(format!("http://{addr}{path}")).body(()).unwrap();
    request.headers_mut().insert("content-type", "application/grpc+proto".parse().unwrap());
    request
}

async fn check(frames: &[&[u8]], change: impl FnOnce(&mut Request<()>), code: Code, words: &str) {
    let (_cx, addr) = serve(local()).await;
    let mut request = call(&addr, ECHO);
    change(&mut request);
    let (status, headers, _) = send(&addr, request, frames).await;
    assert_eq!(status, 200);
    let message = header(&headers, "grpc-message");
    assert_eq!(header(&headers, "grpc-status"), code.number().to_string(), "{message}");
    assert!(message.contains(words), "{message}");
}

const HELLO: &[u8] = b"\0\0\0\0\x05hello";

#[tokio::test]
async fn a_message_is_answered() {
    let (_cx, addr) = serve(local()).await;
    for frames in [&[HELLO][..], &[&HELLO[..2], &HELLO[2..7], &HELLO[7..]], &[HELLO, b""]] {
        let (status, headers, body) = send(&addr, call(&addr, ECHO), frames).await;
        assert_eq!((status, header(&headers, "grpc-status").as_str()), (200, "0"));
        assert_eq!(header(&headers, "content-type"), "application/grpc");
        assert_eq!(body, HELLO);
    }
}

#[tokio::test]
async fn other_methods_and_content_types_are_not_grpc() {
    let (_cx, addr) = serve(local()).await;
    let mut request = call(&addr, ECHO);
    *request.method_mut() = Method::GET;
    let (status, headers, _) = send(&addr, request, &[]).await;
    assert_eq!((status, header(&headers, "allow").as_str()), (405, "POST"));
    for content_type in ["application/json", "application/grpc-web"] {
        let mut request = call(&addr, ECHO);
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        assert_eq!(send(&addr, request, &[HELLO]).await.0, 415, "{content_type}");
    }
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let change =
        |request: &mut Request<()>| *request.uri_mut() = "http://a/other.Service/Call".parse().unwrap();
    check(&[HELLO], change, Code::Unimplemented, "unknown method `/other.Service/Call`").await;
}

#[tokio::test]
async fn an_unknown_packing_is_unimplemented_and_the_known_ones_are_named() {
    let (_cx, addr) = serve(local()).await;
    let mut request = call(&addr, ECHO);
    request.headers_mut().insert("grpc-encoding", "br".parse().unwrap());
    let (_, headers, _) = send(&addr, request, &[HELLO]).await;
    assert_eq!(header(&headers, "grpc-status"), "12");
    assert_eq!(header(&headers, "grpc-accept-encoding"), ACCEPTED);
}

#[tokio::test]
async fn malformed_bodies_are_internal_errors() {
    check(&[], |_| {}, Code::Internal, "missing").await;
    check(&[b"\0\0\0"], |_| {}, Code::Internal, "prefix").await;
    check(&[b"\0\0\0\0\x09hello"], |_| {}, Code::Internal, "5 of 9 bytes").await;
    check(&[HELLO, HELLO], |_| {}, Code::Internal, "one message").await;
    check(&[b"\0\0\0\0\x05hello\0\0\0\0\0"], |_| {}, Code::Internal, "one message").await;
    check(&[b"\x07\0\0\0\x05hello"], |_| {}, Code::Internal, "flag 7").await;
    check(&[b"\x01\0\0\0\x05hello"], |_| {}, Code::Internal, "without `grpc-encoding`").await;
    let gzip = |request: &mut Request<()>| {
        request.headers_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    };
    check(&[b"\x01\0\0\0\x05hello"], gzip, Code::Internal, "cannot decompress").await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_by_its_announced_length() {
    check(&[b"\0\x00\x40\x00\x01"], |_| {}, Code::ResourceExhausted, "larger than max (4194305 vs. 4194304)")
        .await;
}

#[tokio::test]
async fn a_small_message_that_unpacks_to_a_large_one_is_refused() {
    let bomb = vec![Bytes::from(vec![0; 5 << 20])];
    let packed = crate::compression::compress(crate::compression::Encoding::Zstd, None, &bomb).unwrap();
    let mut framed = vec![1];
    framed.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_be_bytes());
    framed.extend_from_slice(&packed);
    let zstd = |request: &mut Request<()>| {
        request.headers_mut().insert("grpc-encoding", "zstd".parse().unwrap());
    };
    check(&[&framed], zstd, Code::ResourceExhausted, "after decompression larger than max").await;
}

#[tokio::test]
async fn deadlines_are_kept_and_malformed_ones_refused() {
    let timeout = |text: &'static str| {
        move |request: &mut Request<()>| {
            *request.uri_mut() = "http://a/test.Test/Hang".parse().unwrap();
            request.headers_mut().insert("grpc-timeout", text.parse().unwrap());
        }
    };
    check(&[HELLO], timeout("50m"), Code::DeadlineExceeded, "50ms").await;
    check(&[HELLO], timeout("soon"), Code::Internal, "malformed grpc-timeout").await;
    check(&[HELLO], timeout("123456789S"), Code::Internal, "malformed grpc-timeout").await;
}

#[tokio::test]
async fn a_panic_costs_one_call() {
    let (cx, addr) = serve(local()).await;
    let (_, headers, _) = send(&addr, call(&addr, "/test.Test/Panic"), &[HELLO]).await;
    assert_eq!(header(&headers, "grpc-status"), "13");
    until("the panic is counted", || cx.health.panics() == 1).await;
    assert_eq!(send(&addr, call(&addr, ECHO), &[HELLO]).await.2, HELLO);
}

#[tokio::test]
async fn without_memory_calls_are_refused_after_a_while_and_taken_again_later() {
    let cx = context(Kind::Receiver, "otlp");
    let server = local().bind(&cx).await.unwrap();
    let addr = server.local_addr();
    server.serve(&cx, std::sync::Arc::new(Echo::default()));
    cx.memory.set_limit(Some(0));
    let full = cx.memory.charge(1).is_none().then_some(()).or_else(|| {
        std::mem::forget(cx.memory.charge(1 << 20));
        Some(())
    });
    assert!(full.is_some());
    let (_, headers, _) = send(&addr, call(&addr, ECHO), &[HELLO]).await;
    assert_eq!(header(&headers, "grpc-status"), "14");
    assert_eq!(header(&headers, "grpc-message"), "data refused due to high memory usage");
    cx.memory.set_limit(None);
    assert_eq!(send(&addr, call(&addr, ECHO), &[HELLO]).await.2, HELLO);
}
