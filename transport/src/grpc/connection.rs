//! One connection of a client, from its first byte to its last call.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use anyhow::Context as _;
use h2::server::Connection;
use h2::{Ping, PingPong, Reason, RecvStream};
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::call::{Door, GRPC_ENCODING};
use super::keepalive::{Act, Clock, Limits, Sight};
use super::message::Chunks;
use super::socket::Socket;
use crate::endpoint::Stream;
use crate::tls::Acceptor;

/// TLS and HTTP/2 must be agreed on within this; who connects and says nothing costs a socket, and no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What one call may have under way. Larger than most messages, so that one round trip is enough.
const STREAM_WINDOW: u32 = 8 << 20;

/// What one connection may have under way.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The largest DATA frame that is asked for: fewer, larger frames cost a third less than those of 16 KiB.
const MAX_FRAME: u32 = 1 << 20;

/// Headers of a call, decoded. Tokens and trace state fit many times over.
const MAX_HEADERS: u32 = 64 << 10;

/// Calls at once on a connection when the configuration does not say; grpc-go has no limit, a hostile client should.
const DEFAULT_STREAMS: u32 = 1024;

/// How connections are served. Cheap to clone.
#[derive(Clone)]
pub(super) struct Settings {
    acceptor: Option<Acceptor>,
    limits: Limits,
    http2: h2::server::Builder,
}

impl Settings {
    pub(super) fn new(acceptor: Option<Acceptor>, limits: Limits, max_streams: u32) -> Settings {
        let mut http2 = h2::server::Builder::new();
        http2
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_header_list_size(MAX_HEADERS)
            .max_concurrent_streams(if max_streams == 0 { DEFAULT_STREAMS } else { max_streams });
        Settings { acceptor, limits, http2 }
    }
}

/// Serves a connection until it ends; how it ended is of interest to people who debug only.
pub(super) async fn serve(stream: Stream, peer: Option<SocketAddr>, settings: Settings, door: Arc<Door>) {
    if let Err(error) = try_serve(stream, peer, settings, door).await {
        debug!(?peer, error = format!("{error:#}"), "connection ended");
    }
}

async fn try_serve(
    stream: Stream,
    peer: Option<SocketAddr>,
    settings: Settings,
    door: Arc<Door>,
) -> anyhow::Result<()> {
    let (connection, reads) =
        timeout(HANDSHAKE, shake_hands(stream, &settings)).await.context("no handshake")??;
    let clock = Clock::new(settings.limits.jittered(), Instant::now());
    Served { connection, reads, clock, calls: 0, peer, door }.run().await
}

async fn shake_hands(
    stream: Stream,
    settings: &Settings,
) -> anyhow::Result<(Connection<Socket, Chunks>, Arc<AtomicU64>)> {
    let stream = match &settings.acceptor {
        Some(acceptor) => acceptor.accept(stream).await.context("TLS handshake failed")?,
        None => stream,
    };
    let socket = Socket::new(stream);
    let reads = socket.reads();
    Ok((settings.http2.handshake(socket).await?, reads))
}

/// Polls a call where it is, once. Most have all their bytes by now and end at once: a task of its own would cost a
/// small call a sixth of its time, and move a large one to another core's cache.
async fn ends_at_once(call: &mut Pin<Box<impl Future<Output = ()>>>) -> bool {
    poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_ready())).await
}

/// Whether the message has to be unpacked, which takes too long to hold up the connection's other calls.
fn is_packed(request: &http::Request<RecvStream>) -> bool {
    request.headers().get(GRPC_ENCODING).is_some_and(|encoding| encoding != "identity")
}

struct Served {
    connection: Connection<Socket, Chunks>,
    reads: Arc<AtomicU64>,
    clock: Clock,
    calls: u64,
    peer: Option<SocketAddr>,
    door: Arc<Door>,
}

impl Served {
    async fn run(mut self) -> anyhow::Result<()> {
        let scope = self.door.scope.clone();
        let mut pings = self.connection.ping_pong().context("the ping handle is taken once")?;
        let mut pinging = false;
        let mut stopping = false;
        let mut stopped = pin!(scope.stopped());
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        loop {
            tokio::select! {
                accepted = self.connection.accept() => match accepted {
                    Some(call) => {
                        let (request, respond) = call?;
                        self.calls += 1;
                        let waits = is_packed(&request);
                        let mut call = Box::pin(self.door.clone().answer(request, respond, self.peer));
                        if waits || !ends_at_once(&mut call).await {
                            scope.spawn_request(call);
                        }
                    }
                    None => return Ok(()),
                },
                () = &mut timer => {
                    let next = self.look(&mut pings, &mut pinging)?;
                    timer.as_mut().reset(next);
                }
                pong = poll_fn(|cx| pings.poll_pong(cx)), if pinging => {
                    pong?;
                    pinging = false;
                    self.clock.pong(Instant::now());
                }
                () = &mut stopped, if !stopping => {
                    stopping = true;
                    self.connection.graceful_shutdown();
                }
            }
        }
    }

    /// Does what the clock says is due, and says when to look again.
    fn look(&mut self, pings: &mut PingPong, pinging: &mut bool) -> anyhow::Result<Instant> {
        loop {
            let busy = self.connection.has_streams();
            let sight = Sight { reads: self.reads.load(Ordering::Relaxed), calls: self.calls, busy };
            match self.clock.act(Instant::now(), sight) {
                Act::WaitUntil(next) => return Ok(next),
                Act::Ping => {
                    // One ping at a time; one that cannot be sent is as good as one that is not answered.
                    *pinging = pings.send_ping(Ping::opaque()).is_ok();
                }
                Act::Retire(reason) => {
                    debug!(peer = ?self.peer, reason, "connection takes no more calls");
                    self.connection.graceful_shutdown();
                }
                Act::Cut(reason) => {
                    self.connection.abrupt_shutdown(Reason::NO_ERROR);
                    anyhow::bail!("cut: {reason}");
                }
            }
        }
    }
}
