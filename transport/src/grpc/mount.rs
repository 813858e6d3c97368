//! Services made by tonic, on our HTTP/2 server: those that stream, or whose speed does not matter.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use component::Scope;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::request;
use http_body::{Body as _, Frame};
use tonic::body::Body;
use tonic::server::NamedService;
use tower_service::Service;

use super::message::Chunks;

/// How long a stream may go on when the server is to stop: enough for a watch to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

type Answer = Pin<Box<dyn Future<Output = http::Response<Body>> + Send>>;

/// A tonic service to serve beside ours.
#[derive(Clone)]
pub struct Mount {
    /// `/jaeger.api_v2.CollectorService/`.
    prefix: String,
    call: Arc<dyn Fn(http::Request<Body>) -> Answer + Send + Sync>,
}

impl Mount {
    /// Any tonic server type: `Mount::new(CollectorServiceServer::new(..))`. It bounds its messages itself.
    pub fn new<S>(service: S) -> Mount
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
        S: NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let call = move |request| -> Answer {
            let answer = service.clone().call(request);
            Box::pin(async move {
                match answer.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            })
        };
        Mount { prefix: format!("/{}/", S::NAME), call: Arc::new(call) }
    }

    pub(super) fn serves(&self, path: &str) -> bool {
        path.starts_with(&self.prefix)
    }

    /// Answers one call, until it ends, the client takes it back, or `scope` has stopped and the answer, begun
    /// already, goes on and on.
    pub(super) async fn answer(
        &self,
        scope: &Scope,
        head: request::Parts,
        body: RecvStream,
        mut respond: SendResponse<Chunks>,
    ) {
        let answer = (self.call)(http::Request::from_parts(head, Body::new(Received(body))));
        let (parts, mut body) = answer.await.into_parts();
        // A client that is gone needs no answer.
        let Ok(mut stream) =
            respond.send_response(http::Response::from_parts(parts, ()), body.is_end_stream())
        else {
            return;
        };
        tokio::select! {
            // What ended it is the client's doing either way.
            _ = send_body(&mut body, &mut stream) => return,
            () = outstayed(scope) => {}
        }
        stream.send_reset(h2::Reason::CANCEL);
    }
}

/// A request's body as tonic reads it.
struct Received(RecvStream);

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        if let Some(data) = ready!(self.0.poll_data(cx)) {
            let data = data?;
            self.0.flow_control().release_capacity(data.len())?;
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        let trailers = ready!(self.0.poll_trailers(cx))?;
        Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

/// Resolves when the component has been stopping for a while.
async fn outstayed(scope: &Scope) {
    scope.stopped().await;
    tokio::time::sleep(LAST_WORDS).await;
}

async fn send_body(body: &mut Body, stream: &mut SendStream<Chunks>) -> Result<(), h2::Error> {
    while let Some(frame) = next_frame(body, stream).await {
        let Ok(frame) = frame else {
            stream.send_reset(h2::Reason::INTERNAL_ERROR);
            return Ok(());
        };
        match frame.into_data() {
            Ok(data) => send_data(data, stream).await?,
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap_or_default();
                return stream.send_trailers(trailers);
            }
        }
    }
    stream.send_data(Chunks::default(), true)
}

/// The next frame; `None` too when the client has reset the stream, which an idle watch would not notice otherwise.
async fn next_frame(
    body: &mut Body,
    stream: &mut SendStream<Chunks>,
) -> Option<Result<Frame<Bytes>, tonic::Status>> {
    poll_fn(|cx| match Pin::new(&mut *body).poll_frame(cx) {
        Poll::Ready(frame) => Poll::Ready(frame),
        Poll::Pending => stream.poll_reset(cx).map(|_| None),
    })
    .await
}

/// Sends as much at a time as the client's window has room for.
async fn send_data(mut data: Bytes, stream: &mut SendStream<Chunks>) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let Some(room) = poll_fn(|cx| stream.poll_capacity(cx)).await.transpose()? else { return Ok(()) };
        let part = data.split_to(room.min(data.len()));
        stream.send_data(Chunks::from(part), false)?;
    }
    Ok(())
}
