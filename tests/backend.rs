//! A backend that is not our own code: tonic's generated services and hyper, on one port, as one runtime.
//!
//! It keeps every request it is asked to take, whether it takes it or not, and answers by a script. Its runtime is its
//! own, so that going away is what it is in life: all sockets closed at once.

mod answer;
mod serve;
mod sink;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use self::answer::Answer;
use crate::patience::until;
use crate::proto::collector::logs::v1::ExportLogsServiceRequest;
use crate::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use crate::proto::collector::trace::v1::ExportTraceServiceRequest;
use crate::proto::logs::v1::LogRecord;
use crate::proto::metrics::v1::Metric;
use crate::proto::trace::v1::Span;

/// An export request of any signal, read by prost.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum Export {
    Traces(ExportTraceServiceRequest),
    Metrics(ExportMetricsServiceRequest),
    Logs(ExportLogsServiceRequest),
}

/// One request that the backend was asked to take.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What was in it.
    pub export: Export,
    /// Its headers or metadata.
    pub headers: HeaderMap,
    /// Whether it was taken.
    pub taken: bool,
    /// When it came.
    pub at: tokio::time::Instant,
}

/// A backend on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    state: State,
    runtime: Option<Runtime>,
}

/// What was asked, and what is still to be answered. All clones are one state.
#[derive(Clone, Debug, Default)]
struct State(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    asked: Vec<Asked>,
    script: VecDeque<Answer>,
    /// When the script is over.
    habit: Answer,
}

impl Backend {
    /// A backend that takes everything.
    #[must_use]
    pub fn start() -> Backend {
        Backend::launch(any_port(), None, State::default())
    }

    /// The same, with TLS.
    #[must_use]
    pub fn start_with_tls(config: ServerConfig) -> Backend {
        Backend::launch(any_port(), Some(TlsAcceptor::from(Arc::new(config))), State::default())
    }

    /// Its address: `127.0.0.1:<port>`, for gRPC and HTTP.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Gives these answers, one to each request, and then again takes everything.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.with(|book| book.script.extend(answers));
    }

    /// Gives this answer from now on.
    pub fn always_answer(&self, answer: Answer) {
        self.state.with(|book| book.habit = answer);
    }

    /// Closes every socket.
    pub fn go_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Opens the same port again, with what it remembers.
    pub async fn come_back(&mut self) {
        self.go_away();
        let address = self.address;
        // The old runtime closes its sockets in its own time.
        until("the port is free again", async || listener(address).ok()).await;
        *self = Backend::launch(address, None, self.state.clone());
    }

    /// Everything it was asked to take.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.state.with(|book| book.asked.clone())
    }

    /// What it has taken, in the order in which it came.
    #[must_use]
    pub fn taken(&self) -> Vec<Export> {
        self.asked().into_iter().filter(|asked| asked.taken).map(|asked| asked.export).collect()
    }

    /// All spans it has taken.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.taken().iter().flat_map(Export::spans).collect()
    }

    /// All metrics it has taken.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        self.taken().iter().flat_map(Export::metrics).collect()
    }

    /// All log records it has taken.
    #[must_use]
    pub fn records(&self) -> Vec<LogRecord> {
        self.taken().iter().flat_map(Export::records).collect()
    }

    /// Waits until it was asked so many times.
    pub async fn wait_for_asked(&self, count: usize) -> Vec<Asked> {
        until(&format!("the backend is asked {count} times"), async || {
            Some(self.asked()).filter(|asked| asked.len() >= count)
        })
        .await
    }

    /// Waits until it has so many spans.
    pub async fn wait_for_spans(&self, count: usize) -> Vec<Span> {
        until(&format!("{count} spans arrive"), async || {
            Some(self.spans()).filter(|spans| spans.len() >= count)
        })
        .await
    }

    /// Waits until it has taken so many requests.
    pub async fn wait_for_taken(&self, count: usize) -> Vec<Export> {
        until(&format!("{count} requests are taken"), async || {
            Some(self.taken()).filter(|taken| taken.len() >= count)
        })
        .await
    }

    fn launch(address: SocketAddr, tls: Option<TlsAcceptor>, state: State) -> Backend {
        let listener = listener(address).expect("the port is free");
        let address = listener.local_addr().expect("it is bound");
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        runtime.handle().spawn(serve::serve(listener, tls, state.clone()));
        Backend { address, state, runtime: Some(runtime) }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.go_away();
    }
}

impl State {
    /// Notes the request and decides about it.
    fn ask(&self, export: Export, headers: HeaderMap) -> Answer {
        self.with(|book| {
            let answer = book.script.pop_front().unwrap_or_else(|| book.habit.clone());
            let at = tokio::time::Instant::now();
            book.asked.push(Asked { export, headers, taken: answer.takes(), at });
            answer
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Book) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Export {
    /// Its spans.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let Export::Traces(request) = self else { return Vec::new() };
        let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// Its metrics.
    #[must_use]
    pub fn metrics(&self) -> Vec<Metric> {
        let Export::Metrics(request) = self else { return Vec::new() };
        let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        scopes.flat_map(|scope| scope.metrics.clone()).collect()
    }

    /// Its log records.
    #[must_use]
    pub fn records(&self) -> Vec<LogRecord> {
        let Export::Logs(request) = self else { return Vec::new() };
        let scopes = request.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
        scopes.flat_map(|scope| scope.log_records.clone()).collect()
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A listener that may take over a port whose old connections are not forgotten yet.
fn listener(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(128)?;
    Ok(socket.into())
}
