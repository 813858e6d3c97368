//! Sockets, and bodies that go on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::{self, Answer, Watch};
use super::{LONGEST_WATCH, Shared};

pub(super) async fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, shared: Shared) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, shared) = (tls.clone(), shared.clone());
        connections.spawn(async move {
            match tls {
                None => speak(stream, shared).await,
                // A client that does not trust it is no matter of the server's.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        speak(stream, shared).await;
                    }
                }
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, shared: Shared) {
    let service = service_fn(move |request| respond(shared.clone(), request));
    // How a connection ends is the client's choice.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(shared: Shared, request: Request<Incoming>) -> Result<Response<Pieces>, Infallible> {
    let faults = shared.with(|state| state.faults.clone());
    tokio::time::sleep(faults.delay).await;
    let (head, _) = request.into_parts();
    let (sender, receiver) = mpsc::channel(16);
    let mut response = Response::new(Pieces(receiver));
    let mut kind = "application/json";
    let out = Out { sender, trickle: faults.trickle };
    match answer::answer(&shared, &head) {
        Answer::Json(status, value) => {
            *response.status_mut() = status;
            spawn(async move { out.send(value.to_string().into_bytes()).await.map_or((), drop) });
        }
        Answer::Text(text) => {
            kind = "text/plain; version=0.0.4";
            spawn(async move { out.send(text.into_bytes()).await.map_or((), drop) });
        }
        Answer::Watch(watch) => spawn(follow(shared, watch, out)),
    }
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    Ok(response)
}

fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    tokio::runtime::Handle::current().spawn(task);
}

/// Sends what happens, until the watch's time is over or somebody ends it.
async fn follow(shared: Shared, mut watch: Watch, out: Out) {
    let _open = Open::new(&shared, watch.scope.resource);
    let (cuts, ends, faults) = shared.with(|state| (state.cuts, state.ends, state.faults.clone()));
    let asked = watch.timeout.map_or(LONGEST_WATCH, Duration::from_secs);
    let limit = if faults.endless { LONGEST_WATCH } else { faults.watch_limit.unwrap_or(asked).min(asked) };
    let deadline = tokio::time::Instant::now() + limit;
    let mut changed = shared.changed.subscribe();
    let mut lines = std::mem::take(&mut watch.first);
    loop {
        for line in lines.drain(..) {
            if out.send(line).await.is_none() {
                return;
            }
        }
        changed.mark_unchanged();
        let (cut, ended) = shared.with(|state| {
            let new = state.history.get(watch.read..).unwrap_or_default();
            lines = new.iter().filter_map(|it| answer::line(it, &watch.scope, watch.bookmarks)).collect();
            watch.read = state.history.len();
            (state.cuts > cuts, state.ends > ends)
        });
        if cut {
            // Without the last chunk of the body the client sees that it is broken.
            let _ = out.sender.send(Err("cut")).await;
            return;
        }
        if ended {
            return;
        }
        if !lines.is_empty() {
            continue;
        }
        tokio::select! {
            _ = changed.changed() => {}
            () = out.sender.closed() => return,
            () = tokio::time::sleep_until(deadline) => return,
        }
    }
}

/// A watch that is open, counted.
struct Open<'a> {
    shared: &'a Shared,
    resource: &'static str,
}

impl Open<'_> {
    fn new<'a>(shared: &'a Shared, resource: &'static str) -> Open<'a> {
        shared.with(|state| *state.watches.entry(resource.to_owned()).or_default() += 1);
        Open { shared, resource }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.shared.with(|state| *state.watches.entry(self.resource.to_owned()).or_default() -= 1);
    }
}

/// The way to a body.
struct Out {
    sender: mpsc::Sender<Result<Bytes, &'static str>>,
    trickle: Option<usize>,
}

impl Out {
    /// `None` when the client is gone.
    async fn send(&self, bytes: Vec<u8>) -> Option<()> {
        let bytes = Bytes::from(bytes);
        let piece = self.trickle.unwrap_or(bytes.len()).max(1);
        let mut at = 0;
        while at < bytes.len() {
            let end = (at + piece).min(bytes.len());
            self.sender.send(Ok(bytes.slice(at..end))).await.ok()?;
            at = end;
            if self.trickle.is_some() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Some(())
    }
}

/// A body of pieces as they come.
struct Pieces(mpsc::Receiver<Result<Bytes, &'static str>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
