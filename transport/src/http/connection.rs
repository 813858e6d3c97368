//! One connection of a client.
//!
//! hyper's own header time-out runs while a connection is idle too, so it is not used: a connection that has begun a
//! request's headers has [`Settings::header_limit`] to end them, one that waits for its next request has
//! [`Settings::idle_limit`].

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use component::Scope;
use config::Interval;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, timeout};
use tracing::debug;

use super::ServerConfig;
use super::content::Outgoing;
use super::exchange::Door;
use crate::endpoint::Stream;
use crate::tls::Acceptor;

/// A body may take this long to arrive when the configuration does not say: what is slower holds memory for nothing.
pub(super) const ARRIVAL: Duration = Duration::from_secs(120);

/// The Go Collector's default, used where a configuration says 0 too: who sends half a header keeps nothing for ever.
const HEADERS: Duration = Duration::from_secs(60);

/// An answer that the client does not take is given up after this when the configuration does not say.
const STALLED: Duration = Duration::from_secs(60);

/// TLS must be agreed on within this.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How finely the limits of headers and of idleness are kept.
const MAX_TICK: Duration = Duration::from_secs(5);

/// A client's connections outlive its last request by this, after its component was told to stop.
const LINGER: Duration = Duration::from_millis(500);

/// HTTP/2 as in the gRPC server: one round trip for most bodies, large frames, bounded headers.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const MAX_FRAME: u32 = 1 << 20;
const MAX_HEADERS: usize = 64 << 10;
const MAX_STREAMS: u32 = 1024;

/// How connections are served. Cheap to clone.
#[derive(Clone)]
pub(super) struct Settings {
    acceptor: Option<Acceptor>,
    http: auto::Builder<OnScope>,
    scope: Scope,
    header_limit: Duration,
    idle_limit: Option<Duration>,
    write_limit: Duration,
}

/// Spawns what hyper spawns on the component's scope.
#[derive(Clone)]
struct OnScope(Scope);

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for OnScope {
    fn execute(&self, future: F) {
        self.0.spawn_request(future);
    }
}

impl Settings {
    pub(super) fn new(config: &ServerConfig, acceptor: Option<Acceptor>, scope: Scope) -> Settings {
        let mut http = auto::Builder::new(OnScope(scope.clone()));
        http.http1().timer(TokioTimer::new()).keep_alive(config.keeps_alive()).header_read_timeout(None);
        http.http2()
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_header_list_size(u32::try_from(MAX_HEADERS).unwrap_or(u32::MAX))
            .max_concurrent_streams(MAX_STREAMS);
        Settings {
            acceptor,
            http,
            scope,
            header_limit: or(config.read_header_timeout, or(config.read_timeout, HEADERS)),
            idle_limit: Some(config.idle().0).filter(|limit| !limit.is_zero()),
            write_limit: or(config.write_timeout, STALLED),
        }
    }
}

/// The interval, or `default` where the configuration says 0.
pub(super) fn or(interval: Interval, default: Duration) -> Duration {
    if interval.is_zero() { default } else { interval.0 }
}

/// Serves a connection until it ends; how it ended is of interest to people who debug only.
pub(super) async fn serve(stream: Stream, peer: Option<SocketAddr>, settings: Settings, door: Arc<Door>) {
    if let Err(error) = try_serve(stream, peer, &settings, door).await {
        debug!(?peer, error = format!("{error:#}"), "connection ended");
    }
}

async fn try_serve(
    stream: Stream,
    peer: Option<SocketAddr>,
    settings: &Settings,
    door: Arc<Door>,
) -> anyhow::Result<()> {
    let stream = match &settings.acceptor {
        Some(acceptor) => timeout(HANDSHAKE, acceptor.accept(stream)).await.context("no TLS handshake")??,
        None => stream,
    };
    let traffic = Arc::new(Traffic::default());
    let watched =
        Watched { stream, traffic: traffic.clone(), write_limit: settings.write_limit, stalled: None };
    let service = service_fn({
        let traffic = traffic.clone();
        move |request| {
            let door = door.clone();
            let under_way = traffic.clone().begin();
            async move {
                let response = door.answer(request, peer).await;
                Ok::<_, std::convert::Infallible>(response.map(|content| Outgoing::new(content, under_way)))
            }
        }
    });
    let mut connection = pin!(settings.http.serve_connection(TokioIo::new(watched), service));
    tokio::select! {
        ended = connection.as_mut() => return ended.map_err(|error| anyhow::anyhow!(error)),
        why = traffic.overdue(settings) => anyhow::bail!(why),
        () = settings.scope.stopped() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = connection => ended.map_err(|error| anyhow::anyhow!(error)),
        why = traffic.overdue(settings) => anyhow::bail!(why),
    }
}

/// What has been seen of a connection, or of a client.
#[derive(Default)]
pub(super) struct Traffic {
    reads: AtomicU64,
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request under way, until dropped.
pub(super) struct UnderWay(Arc<Traffic>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Traffic {
    pub(super) fn begin(self: Arc<Self>) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(self)
    }

    /// Resolves when the component has been told to stop and no request has been under way for a while: queues empty
    /// through their client after that.
    pub(super) async fn ceased(&self, scope: &Scope) {
        scope.stopped().await;
        let mut quiet = None;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            let now = (begun == self.ended.load(Ordering::Relaxed)).then_some(begun);
            if now.is_some() && now == quiet {
                return;
            }
            quiet = now;
            tokio::time::sleep(LINGER).await;
        }
    }

    /// Resolves, with the reason, when the client has taken too long to begin or to end a request's headers.
    async fn overdue(&self, settings: &Settings) -> &'static str {
        let shortest =
            settings.idle_limit.map_or(settings.header_limit, |idle| idle.min(settings.header_limit));
        let tick = (shortest / 4).min(MAX_TICK);
        let mut quiet_since = Instant::now();
        let mut seen = (0, 0);
        loop {
            tokio::time::sleep(tick).await;
            let begun = self.begun.load(Ordering::Relaxed);
            let reads = self.reads.load(Ordering::Relaxed);
            let busy = begun != self.ended.load(Ordering::Relaxed);
            if busy || begun != seen.0 {
                (quiet_since, seen) = (Instant::now(), (begun, reads));
                continue;
            }
            // A new connection owes its first request; later ones owe a request once they have begun to send it.
            let owes_request = begun == 0 || reads != seen.1;
            if owes_request && quiet_since.elapsed() >= settings.header_limit {
                return "the headers of a request did not arrive in time";
            }
            if settings.idle_limit.is_some_and(|limit| quiet_since.elapsed() >= limit) {
                return "idle for too long";
            }
        }
    }
}

/// A connection that counts reads and does not wait for ever for a client that does not read.
struct Watched {
    stream: Stream,
    traffic: Arc<Traffic>,
    write_limit: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    /// Passes the outcome of a write on; one that has not moved for too long is an error.
    fn judge<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let limit = self.write_limit;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the client does not read its answer");
        stalled.as_mut().poll(cx).map(|()| Err(late()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_read(cx, buf);
        if outcome.is_ready() {
            this.traffic.reads.fetch_add(1, Ordering::Relaxed);
        }
        outcome
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(cx, buf);
        this.judge(cx, outcome)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(cx, bufs);
        this.judge(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_flush(cx);
        this.judge(cx, outcome)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
