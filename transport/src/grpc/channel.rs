//! The connections of a client: made ahead of need, made anew when lost.
//!
//! One task resolves the name and keeps a link for each address (`round_robin`) or one for all of them (`pick_first`).
//! A link connects, with gRPC's back-off, and shows its connection in the [`Board`] as long as it takes calls. When
//! the server says that it goes away, the link takes the connection down, lets it finish in a task of its own, and
//! connects again at once.
//!
//! Calls look at the board only: with a connection there they go; with none, but somebody still trying for the first
//! time, they wait; with none and trouble reported, they fail.

use std::collections::{BTreeMap, HashMap};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use component::{Code, Scope};
use h2::client::SendRequest;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Status;
use super::keepalive::{Act, Clock, Limits, Sight};
use super::message::Chunks;
use super::socket::Socket;
use super::target::Target;
use crate::endpoint::Address;
use crate::tls::Connector;

/// gRPC's connection back-off: 1 s, times 1.6 up to 120 s, give or take a fifth.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(120);
const PAUSE_GROWTH: f64 = 1.6;
const JITTER: f64 = 0.2;

/// The least time for one attempt to connect, TLS and HTTP/2 included (gRPC's `MIN_CONNECT_TIMEOUT`).
const CONNECT: Duration = Duration::from_secs(20);

/// Names are looked up again at most this often, as grpc-go does.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(30);

/// Answers of the server: small ones.
const WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// After the component was told to stop, connections stay this long beyond the last call: queues empty through them.
const LINGER: Duration = Duration::from_millis(500);

/// How connections are made.
pub(super) struct Dial {
    pub(super) target: Target,
    pub(super) connector: Option<Connector>,
    /// What the server's certificate is for.
    pub(super) server_name: String,
    pub(super) keepalive: Option<Limits>,
    /// One connection for all addresses, not one for each.
    pub(super) pick_first: bool,
    pub(super) scope: Scope,
}

/// A connection that takes calls.
#[derive(Clone)]
pub(super) struct Ready {
    id: u64,
    pub(super) send: SendRequest<Chunks>,
}

/// What there is to send on.
#[derive(Default)]
pub(super) struct Board {
    pub(super) ready: Arc<Vec<Ready>>,
    links: usize,
    /// By link: why it has no connection. One that is still trying for the first time is not here.
    troubles: BTreeMap<u64, Arc<str>>,
}

/// The link that stands for looking up the name.
const RESOLVING: u64 = u64::MAX;

impl Board {
    /// Why there is nothing to send on: what one of the links says, once all of them are in trouble.
    pub(super) fn trouble(&self) -> Option<Arc<str>> {
        let all = self.troubles.len() >= self.links.max(1);
        self.troubles.values().next().filter(|_| all).cloned()
    }
}

/// The connections of a client.
pub(super) struct Channel {
    board: watch::Sender<Board>,
    dial: Dial,
    resolve: Notify,
    /// Bumped by each call, for connections that linger.
    pub(super) calls: AtomicU64,
    ids: AtomicU64,
}

impl Channel {
    /// Starts connecting. Ends when the channel is dropped, or its component has stopped and calls no more.
    pub(super) fn start(dial: Dial) -> Arc<Channel> {
        let channel = Arc::new(Channel {
            board: watch::Sender::new(Board::default()),
            dial,
            resolve: Notify::new(),
            calls: AtomicU64::new(0),
            ids: AtomicU64::new(0),
        });
        let weak = Arc::downgrade(&channel);
        let scope = channel.dial.scope.clone();
        scope.clone().supervise("grpc client", move || keep_links(weak.clone(), scope.clone()));
        channel
    }

    /// What there is to send on, to look at and to wait for.
    pub(super) fn board(&self) -> watch::Receiver<Board> {
        self.board.subscribe()
    }

    /// What there is to send on now.
    pub(super) fn ready(&self) -> Arc<Vec<Ready>> {
        self.board.borrow().ready.clone()
    }

    fn put_up(&self, link: u64, ready: Ready) {
        self.board.send_modify(|board| {
            let mut all = Vec::clone(&board.ready);
            all.push(ready);
            board.ready = Arc::new(all);
            board.troubles.remove(&link);
        });
    }

    /// Takes a connection off the board; calls under way are not touched.
    fn take_down(&self, id: u64) {
        self.board.send_if_modified(|board| {
            let found = board.ready.iter().any(|ready| ready.id == id);
            if found {
                board.ready = Arc::new(board.ready.iter().filter(|ready| ready.id != id).cloned().collect());
            }
            found
        });
    }

    fn report(&self, link: u64, trouble: String) {
        self.board.send_modify(|board| {
            board.troubles.insert(link, trouble.into());
        });
        self.resolve.notify_one();
    }

    fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }
}

/// Resolves the name, and keeps one link for each group of addresses.
async fn keep_links(channel: Weak<Channel>, scope: Scope) -> anyhow::Result<()> {
    let mut links = Links::new();
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(alive) = channel.upgrade() else { return Ok(()) };
        let next_look = match alive.dial.target.resolve().await {
            Ok(addresses) if !addresses.is_empty() => {
                pause = FIRST_PAUSE;
                update_links(&mut links, &alive, addresses);
                RESOLVE_INTERVAL
            }
            other => {
                let why =
                    other.err().map_or_else(|| "it has no address".to_owned(), |error| error.to_string());
                alive.report(RESOLVING, format!("cannot resolve `{}`: {why}", alive.dial.target.authority()));
                longer(&mut pause)
            }
        };
        drop(alive);
        let asked = async {
            tokio::time::sleep(next_look).await;
            while let Some(alive) = channel.upgrade() {
                let wait = tokio::time::timeout(RESOLVE_INTERVAL, alive.resolve.notified()).await;
                if wait.is_ok() || links.is_empty() {
                    return;
                }
            }
        };
        tokio::select! {
            () = asked => {}
            () = scope.stopped() => return Ok(()),
        }
    }
}

/// By the addresses it connects to: a link's number, and how to end it.
type Links = HashMap<Vec<Address>, (u64, CancellationToken)>;

fn update_links(links: &mut Links, channel: &Arc<Channel>, addresses: Vec<Address>) {
    let mut groups: Vec<Vec<Address>> = Vec::new();
    match channel.dial.pick_first {
        true => groups.push(addresses),
        false => groups.extend(addresses.into_iter().map(|address| vec![address])),
    }
    links.retain(|known, (_, gone)| {
        let kept = groups.contains(known);
        if !kept {
            gone.cancel();
        }
        kept
    });
    for group in groups {
        links.entry(group.clone()).or_insert_with(|| {
            let link = Link { id: channel.next_id(), addresses: group, gone: CancellationToken::new() };
            let entry = (link.id, link.gone.clone());
            channel.dial.scope.spawn_request(link.keep_connected(Arc::downgrade(channel)));
            entry
        });
    }
    channel.board.send_modify(|board| {
        board.links = links.len();
        board.troubles.retain(|link, _| links.values().any(|(id, _)| id == link));
    });
}

/// What keeps one connection.
struct Link {
    id: u64,
    addresses: Vec<Address>,
    gone: CancellationToken,
}

impl Link {
    /// Keeps one connection to one of the addresses, until they are gone.
    async fn keep_connected(self, channel: Weak<Channel>) {
        let mut pause = FIRST_PAUSE;
        let mut failures = 0_u32;
        while let Some(alive) = channel.upgrade() {
            let began = Instant::now();
            let scope = alive.dial.scope.clone();
            let connected = tokio::select! {
                connected = connect_to_one(&alive.dial, &self.addresses) => connected,
                () = self.gone.cancelled() => return,
                () = scope.stopped() => return,
            };
            let server = alive.dial.target.authority();
            match connected {
                Ok(connection) => {
                    if failures > 0 {
                        info!(server, failures, "connected again");
                    }
                    (pause, failures) = (FIRST_PAUSE, 0);
                    if self.hold(alive, connection).await == End::Over {
                        return;
                    }
                    // A server that takes connections and closes them at once is not hammered.
                    if began.elapsed() >= FIRST_PAUSE {
                        continue;
                    }
                }
                Err(error) => {
                    if failures == 0 {
                        warn!(server, error, "cannot connect");
                    }
                    failures += 1;
                    alive.report(self.id, error);
                }
            }
            let wait = longer(&mut pause).saturating_sub(began.elapsed());
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.gone.cancelled() => return,
                () = scope.stopped() => return,
            }
        }
    }

    /// Shows the connection on the board and drives it until it takes no more calls.
    async fn hold(&self, channel: Arc<Channel>, connected: Connected) -> End {
        let Connected { send, mut connection, reads } = connected;
        let id = channel.next_id();
        let limits = channel.dial.keepalive;
        let scope = channel.dial.scope.clone();
        channel.put_up(self.id, Ready { id, send: send.clone() });
        let weak = Arc::downgrade(&channel);
        drop(channel);

        let mut pings = connection.ping_pong();
        let end = tokio::select! {
            () = drive(&mut connection, send) => End::Lost,
            () = keep_alive(pings.as_mut(), limits, &reads) => End::Lost,
            () = self.gone.cancelled() => End::Over,
            () = unneeded(&weak, &scope) => End::Over,
        };
        if let Some(channel) = weak.upgrade() {
            channel.take_down(id);
            channel.resolve.notify_one();
        }
        // Calls under way end on the old connection; its own end follows from theirs.
        scope.spawn_request(async move {
            if let Err(error) = connection.await {
                debug!(%error, "connection ended");
            }
        });
        end
    }
}

/// The pause to make now, jittered; the next one is longer.
fn longer(pause: &mut Duration) -> Duration {
    let now = pause.mul_f64(1.0 - JITTER + 2.0 * JITTER * fastrand::f64());
    *pause = pause.mul_f64(PAUSE_GROWTH).min(MAX_PAUSE);
    now
}

/// Why a link's connection takes no more calls.
#[derive(PartialEq, Eq)]
enum End {
    /// It is lost, or the server says good-bye.
    Lost,
    /// Nobody needs it any more.
    Over,
}

struct Connected {
    send: SendRequest<Chunks>,
    connection: h2::client::Connection<Socket, Chunks>,
    reads: Arc<AtomicU64>,
}

async fn connect_to_one(dial: &Dial, addresses: &[Address]) -> Result<Connected, String> {
    let mut failure = String::new();
    for address in addresses {
        match tokio::time::timeout(CONNECT, connect(dial, address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failure = format!("cannot connect to `{}`: {error:#}", name(dial, address)),
            Err(_) => failure = format!("cannot connect to `{}` within {CONNECT:?}", name(dial, address)),
        }
    }
    Err(failure)
}

/// An address as people know it: the name from the configuration, and what it stands for where that differs.
fn name(dial: &Dial, address: &Address) -> String {
    let authority = dial.target.authority();
    match address {
        Address::Tcp(addr) if addr.to_string() != authority => format!("{authority}` at `{addr}"),
        Address::Tcp(_) => authority,
        Address::Unix(path) => path.display().to_string(),
    }
}

async fn connect(dial: &Dial, address: &Address) -> anyhow::Result<Connected> {
    let mut stream = address.connect(CONNECT).await?;
    if let Some(connector) = &dial.connector {
        stream = connector.connect(&dial.server_name, stream).await?;
    }
    let socket = Socket::new(stream);
    let reads = socket.reads();
    let mut http2 = h2::client::Builder::new();
    http2.initial_window_size(WINDOW).initial_connection_window_size(CONNECTION_WINDOW).enable_push(false);
    let (send, connection) = http2.handshake(socket).await?;
    Ok(Connected { send, connection, reads })
}

/// Drives a connection until it takes no more calls.
async fn drive(connection: &mut h2::client::Connection<Socket, Chunks>, mut send: SendRequest<Chunks>) {
    let mut connection = pin!(connection);
    poll_fn(|cx| {
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Good-bye from the server shows here first.
        match send.poll_ready(cx) {
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
        }
    })
    .await;
}

/// Resolves when the other side does not answer a ping; never without keep-alive.
async fn keep_alive(pings: Option<&mut h2::PingPong>, limits: Option<Limits>, reads: &AtomicU64) {
    let (Some(pings), Some(limits)) = (pings, limits) else { return std::future::pending().await };
    let mut clock = Clock::new(limits, Instant::now());
    let mut pinging = false;
    loop {
        // Without a count of calls at hand every connection that reads is taken to be in use.
        let sight = Sight { reads: reads.load(Ordering::Relaxed), calls: 0, busy: true };
        match clock.act(Instant::now(), sight) {
            Act::WaitUntil(next) => tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                pong = poll_fn(|cx| pings.poll_pong(cx)), if pinging => {
                    pinging = false;
                    if pong.is_ok() {
                        clock.pong(Instant::now());
                    }
                }
            },
            Act::Ping => pinging = pings.send_ping(h2::Ping::opaque()).is_ok(),
            Act::Retire(_) | Act::Cut(_) => return,
        }
    }
}

/// Resolves when nobody calls any more: the client was dropped, or its component stopped a while ago.
async fn unneeded(channel: &Weak<Channel>, scope: &Scope) {
    scope.stopped().await;
    let mut calls = u64::MAX;
    while let Some(alive) = channel.upgrade() {
        let now = alive.calls.load(Ordering::Relaxed);
        drop(alive);
        if now == calls {
            return;
        }
        calls = now;
        tokio::time::sleep(LINGER).await;
    }
}

/// The status of a call that finds no connection.
pub(super) fn unavailable(why: impl std::fmt::Display) -> Status {
    Status::new(Code::Unavailable, why)
}
