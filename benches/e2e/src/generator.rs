//! Sends requests and counts what became of them.

mod grpc;
mod http;
mod pace;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::cli::Load;
use crate::control;
use crate::request::{Protocol, pool};
use pace::Pace;

/// How long requests under way may take once no more are sent.
const PATIENCE: Duration = Duration::from_secs(15);

/// The pause before a connection that failed is made anew.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends until told to stop. Answers `count` and `stop` with three numbers: spans acknowledged, spans refused, spans
/// of which nobody knows.
pub(crate) async fn run(load: Load) -> anyhow::Result<()> {
    let sender = Arc::new(Sender::new(load));
    let mut connections = JoinSet::new();
    let count = match load.protocol {
        Protocol::Grpc | Protocol::JaegerGrpc => load.connections,
        Protocol::Http | Protocol::Zipkin => load.connections * load.in_flight,
    };
    for _ in 0..count {
        connections.spawn(keep_sending(sender.clone()));
    }
    control::serve("sending", async |line| {
        if line == "stop" {
            sender.stopping.store(true, Ordering::Relaxed);
            let done = async { while connections.join_next().await.is_some() {} };
            // What has not been answered by then is counted as unknown.
            let _ = timeout(PATIENCE, done).await;
        }
        control::line(sender.counted())
    })
    .await
}

/// What a request came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Accepted,
    Refused,
    Unknown,
}

struct Sender {
    load: Load,
    pool: Vec<Bytes>,
    next: AtomicUsize,
    pace: Pace,
    stopping: AtomicBool,
    started: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
}

impl Sender {
    fn new(load: Load) -> Sender {
        Sender {
            load,
            pool: pool(load.shape()),
            next: AtomicUsize::new(0),
            pace: Pace::new(load.rate, load.spans, Instant::now()),
            stopping: AtomicBool::new(false),
            started: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            unknown: AtomicU64::new(0),
        }
    }

    /// The next body to send, when its time has come; nothing when no more are to be sent.
    async fn next(&self) -> Option<Bytes> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.pace.turn(number).await;
        if self.stopping.load(Ordering::Relaxed) {
            return None;
        }
        self.started.fetch_add(1, Ordering::Relaxed);
        Some(self.pool[number % self.pool.len()].clone())
    }

    fn count(&self, answer: Answer) {
        let counter = match answer {
            Answer::Accepted => &self.accepted,
            Answer::Refused => &self.refused,
            Answer::Unknown => &self.unknown,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Spans accepted, refused, and neither: what has not been answered counts as unknown.
    fn counted(&self) -> [u64; 3] {
        let [started, accepted, refused] =
            [&self.started, &self.accepted, &self.refused].map(|counter| counter.load(Ordering::Relaxed));
        [accepted, refused, started - accepted - refused].map(|requests| requests * self.load.spans as u64)
    }
}

/// One connection after the other, until told to stop.
async fn keep_sending(sender: Arc<Sender>) {
    while !sender.stopping.load(Ordering::Relaxed) {
        let ended = match sender.load.protocol {
            Protocol::Grpc | Protocol::JaegerGrpc => grpc::send(&sender).await,
            Protocol::Http | Protocol::Zipkin => http::send(&sender).await,
        };
        if ended.is_err() {
            sleep(PAUSE).await;
        }
    }
}
