//! A Jaeger of the time of `jaeger.api_v2`, made with tonic from the published definition. It keeps what it is sent.

#[expect(missing_docs, reason = "the names are the definition's")]
pub mod model;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tonic::Status;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};

use self::model::{Batch, PostSpansRequest, PostSpansResponse};

/// The one method that it has.
const POST_SPANS: &str = "/jaeger.api_v2.CollectorService/PostSpans";

/// A Jaeger on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct Jaeger {
    address: SocketAddr,
    kept: Kept,
    runtime: Option<Runtime>,
}

/// The batches that came. All clones are one list.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<Batch>>>);

impl Jaeger {
    /// One that takes everything.
    #[must_use]
    pub fn start() -> Jaeger {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.set_nonblocking(true).expect("a socket can be told");
        let address = listener.local_addr().expect("it is bound");
        let kept = Kept::default();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        runtime.handle().spawn(serve(listener, kept.clone()));
        Jaeger { address, kept, runtime: Some(runtime) }
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The batches that came, in their order.
    #[must_use]
    pub fn batches(&self) -> Vec<Batch> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Jaeger {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: std::net::TcpListener, kept: Kept) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let kept = kept.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| dispatch(kept.clone(), request));
            let stream = TokioIo::new(stream);
            // How a connection ends is the client's choice.
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await;
        });
    }
}

async fn dispatch(kept: Kept, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(match request.uri().path() {
        POST_SPANS => Grpc::new(Messages).unary(kept, request).await,
        other => Status::unimplemented(other).into_http(),
    })
}

impl UnaryService<PostSpansRequest> for Kept {
    type Response = PostSpansResponse;
    type Future = Ready<Result<tonic::Response<PostSpansResponse>, Status>>;

    fn call(&mut self, request: tonic::Request<PostSpansRequest>) -> Self::Future {
        let Some(batch) = request.into_inner().batch else {
            return ready(Err(Status::invalid_argument("there is no batch")));
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        ready(Ok(tonic::Response::new(PostSpansResponse {})))
    }
}

/// Messages to bytes and back, by prost.
#[derive(Clone, Copy, Debug)]
struct Messages;

impl Codec for Messages {
    type Encode = PostSpansResponse;
    type Decode = PostSpansRequest;
    type Encoder = Messages;
    type Decoder = Messages;

    fn encoder(&mut self) -> Messages {
        Messages
    }

    fn decoder(&mut self) -> Messages {
        Messages
    }
}

impl Encoder for Messages {
    type Item = PostSpansResponse;
    type Error = Status;

    fn encode(&mut self, response: PostSpansResponse, bytes: &mut EncodeBuf<'_>) -> Result<(), Status> {
        response.encode(bytes).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for Messages {
    type Item = PostSpansRequest;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<PostSpansRequest>, Status> {
        let read = PostSpansRequest::decode(bytes).map(Some);
        read.map_err(|error| Status::invalid_argument(error.to_string()))
    }
}
