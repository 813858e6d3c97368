//! tonic on the other side: an independent client and server.

use std::task::{Context as Task, Poll};

use bytes::{Buf, BufMut};
use component::Stage;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::*;

/// Messages as they are.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, item: Bytes, target: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        target.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

async fn tonic_call(addr: &str, path: &'static str, message: Bytes) -> Result<Bytes, tonic::Status> {
    let channel =
        tonic::transport::Channel::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static(path);
    grpc.unary(tonic::Request::new(message), path, Raw).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_tonic_client_is_served() {
    let (_server, addr) = serve(local()).await;
    for size in [0, 10, 3_000, 2 << 20] {
        assert_eq!(tonic_call(&addr, ECHO, noise(size)).await.unwrap(), noise(size));
    }
    let status = tonic_call(&addr, "/test.Test/Busy", noise(1)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (tonic::Code::ResourceExhausted, "später: 100 %"));
    assert!(!status.details().is_empty());
}

#[tokio::test]
async fn the_health_service_tells_the_stage() {
    let (server, addr) = serve(local()).await;
    let check = || tonic_call(&addr, "/grpc.health.v1.Health/Check", Bytes::new());
    server.health.enter(Stage::Ready);
    // `HealthCheckResponse { status: SERVING }` is `08 01`; `NOT_SERVING` is `08 02`.
    for _ in 0..200 {
        if check().await.unwrap() == b"\x08\x01"[..] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(check().await.unwrap(), &b"\x08\x01"[..]);
    server.health.enter(Stage::Stopping);
    for _ in 0..200 {
        if check().await.unwrap() == b"\x08\x02"[..] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it still says that it serves");
}

#[tokio::test]
async fn a_watch_of_health_does_not_keep_the_server_from_stopping() {
    let (server, addr) = serve(local()).await;
    let channel =
        tonic::transport::Channel::from_shared(format!("http://{addr}")).unwrap().connect().await.unwrap();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let watch = grpc.server_streaming(tonic::Request::new(Bytes::new()), path, Raw).await.unwrap();
    let mut watch = watch.into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap(), &b"\x08\x02"[..]);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    server.scope.stop(deadline).await.unwrap();
}

/// An echo made of tonic's server parts.
#[derive(Clone)]
struct TonicEcho;

impl tonic::server::NamedService for TonicEcho {
    const NAME: &'static str = "test.Test";
}

struct EchoBack;

impl tonic::server::UnaryService<Bytes> for EchoBack {
    type Response = Bytes;
    type Future = std::future::Ready<Result<tonic::Response<Bytes>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let message = request.into_inner();
        std::future::ready(match message.len() {
            1 => Err(tonic::Status::failed_precondition("one byte only")),
            _ => Ok(tonic::Response::new(message)),
        })
    }
}

impl tower_service::Service<http::Request<tonic::body::Body>> for TonicEcho {
    type Response = http::Response<tonic::body::Body>;
    type Error = std::convert::Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        Box::pin(async move { Ok(tonic::server::Grpc::new(Raw).unary(EchoBack, request).await) })
    }
}

#[tokio::test]
async fn a_tonic_server_is_called() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let serving = tonic::transport::Server::builder().add_service(TonicEcho).serve(addr);
    let serving = tokio::spawn(serving);
    let mut config = client_config(&addr.to_string());
    config.wait_for_ready = true;
    let (_cx, client) = client(&config);
    for size in [0, 10, 3_000, 2 << 20] {
        assert_eq!(client.unary(ECHO, vec![noise(size)], &nowhere()).await.unwrap(), noise(size));
    }
    let status = client.unary(ECHO, vec![noise(1)], &nowhere()).await.unwrap_err();
    assert_eq!((status.code, status.message.as_str()), (Code::FailedPrecondition, "one byte only"));
    let status = client.unary("/other.Service/Call", vec![], &nowhere()).await.unwrap_err();
    assert_eq!(status.code, Code::Unimplemented);
    serving.abort();
}

#[tokio::test]
async fn a_mounted_tonic_service_is_served_beside_ours() {
    let cx = context(Kind::Receiver, "otlp");
    let server = local().bind(&cx).await.unwrap().mount(crate::grpc::Mount::new(TonicEcho));
    let addr = server.local_addr();
    server.serve(&cx, Arc::new(Echo::default()));
    let (_cx, client) = client(&client_config(&addr));
    assert_eq!(client.unary(ECHO, vec![noise(1 << 20)], &nowhere()).await.unwrap(), noise(1 << 20));
    let status = client.unary(ECHO, vec![noise(1)], &nowhere()).await.unwrap_err();
    assert_eq!(status.code, Code::FailedPrecondition, "tonic answers");
}
