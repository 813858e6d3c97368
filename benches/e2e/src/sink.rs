//! Takes requests and counts their spans, reading no more of them than counting needs.

mod count;
mod grpc;
mod http;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::control;
use crate::endpoints::Endpoints;

pub(crate) use count::count_spans;

/// Counts until the bench has gone. Answers `count` with spans and requests taken and requests that were none, and
/// `healthy`, `stalled` and `refusing` by changing over to that.
pub(crate) async fn run() -> anyhow::Result<()> {
    let grpc = TcpListener::bind("127.0.0.1:0").await?;
    let http = TcpListener::bind("127.0.0.1:0").await?;
    let endpoints = Endpoints { grpc: grpc.local_addr()?, http: http.local_addr()? };
    let sink = Arc::new(Sink::default());
    let mut servers = JoinSet::new();
    servers.spawn(grpc::serve(grpc, sink.clone()));
    servers.spawn(http::serve(http, sink.clone()));
    control::serve(&endpoints.line(), async |line| {
        if let Some(mode) = Mode::parse(line) {
            sink.mode.send_replace(mode);
        }
        control::line(sink.counted())
    })
    .await
    .context("cannot talk with the bench")
}

/// How the sink behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Healthy,
    /// Takes requests and never answers.
    Stalled,
    Refusing,
}

impl Mode {
    fn parse(word: &str) -> Option<Mode> {
        match word {
            "healthy" => Some(Mode::Healthy),
            "stalled" => Some(Mode::Stalled),
            "refusing" => Some(Mode::Refusing),
            _ => None,
        }
    }
}

/// What the sink says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    Later,
    Malformed,
}

#[derive(Default)]
struct Sink {
    mode: watch::Sender<Mode>,
    spans: AtomicU64,
    requests: AtomicU64,
    malformed: AtomicU64,
}

impl Sink {
    /// Counts a request, once the sink answers at all. Dropped when the client gives up, and then nothing is counted.
    async fn judge(&self, spans: anyhow::Result<u64>) -> Verdict {
        let Ok(spans) = spans else {
            self.malformed.fetch_add(1, Ordering::Relaxed);
            return Verdict::Malformed;
        };
        let mut mode = self.mode.subscribe();
        let mode = mode.wait_for(|mode| *mode != Mode::Stalled).await.map_or(Mode::Healthy, |mode| *mode);
        if mode == Mode::Refusing {
            return Verdict::Later;
        }
        self.spans.fetch_add(spans, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        Verdict::Taken
    }

    fn counted(&self) -> [u64; 3] {
        [&self.spans, &self.requests, &self.malformed].map(|counter| counter.load(Ordering::Relaxed))
    }
}
