//! An endpoint of remote write that answers by a script, and the messages of both versions as prost knows them.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::patience::until;

/// What the endpoint says to a request.
#[derive(Clone, Debug, Default)]
pub enum Verdict {
    /// All is taken.
    #[default]
    Take,
    /// The request is taken, and so many samples are said to be written.
    TakePart(usize),
    /// It is taken as by a receiver that does not know version 2: without a word on what was written.
    TakeSilently,
    /// It fails with this status and these words.
    Fail(u16, String),
    /// The same, and asks for so many seconds.
    FailFor(u16, u64),
    /// There is no answer.
    Hang,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Write {
    /// Its headers.
    pub headers: HeaderMap,
    /// The samples in it, in order: the labels of their series in words, milliseconds, value.
    pub samples: Vec<(String, i64, f64)>,
    /// Whether it was taken.
    pub taken: bool,
    /// When it came.
    pub at: tokio::time::Instant,
}

/// An endpoint on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct RemoteWrite {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    runtime: Option<Runtime>,
}

#[derive(Debug, Default)]
struct Book {
    writes: Vec<Write>,
    script: VecDeque<Verdict>,
}

impl RemoteWrite {
    /// An endpoint that takes everything.
    #[must_use]
    pub fn start() -> RemoteWrite {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.set_nonblocking(true).expect("a socket can be told");
        let address = listener.local_addr().expect("it is bound");
        let book = Arc::<Mutex<Book>>::default();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        runtime.handle().spawn(serve(listener, book.clone()));
        RemoteWrite { address, book, runtime: Some(runtime) }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// Says these, one to each request, and then again takes everything.
    pub fn answer(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        with(&self.book, |book| book.script.extend(verdicts));
    }

    /// Every request that came.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        with(&self.book, |book| book.writes.clone())
    }

    /// Waits until so many requests came.
    pub async fn wait_for_writes(&self, count: usize) -> Vec<Write> {
        until(&format!("{count} requests of remote write come"), async || {
            Some(self.writes()).filter(|writes| writes.len() >= count)
        })
        .await
    }

    /// What it has taken, by series: milliseconds and value, in the order in which they came.
    #[must_use]
    pub fn taken(&self) -> BTreeMap<String, Vec<(i64, f64)>> {
        let mut taken: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (series, time, value) in
            self.writes().into_iter().filter(|write| write.taken).flat_map(|write| write.samples)
        {
            taken.entry(series).or_default().push((time, value));
        }
        taken
    }
}

impl Drop for RemoteWrite {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn with<T>(book: &Mutex<Book>, act: impl FnOnce(&mut Book) -> T) -> T {
    act(&mut book.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn serve(listener: std::net::TcpListener, book: Arc<Mutex<Book>>) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let book = book.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| answer(book.clone(), request));
            let server = auto::Builder::new(TokioExecutor::new());
            // How a connection ends is the client's choice.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    book: Arc<Mutex<Book>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let body = snap::raw::Decoder::new().decompress_vec(&body).expect("it is a block of snappy");
    let is_v2 = head.headers.get("x-prometheus-remote-write-version").is_some_and(|value| value == "2.0.0");
    let samples = if is_v2 { read_v2(&body) } else { read_v1(&body) };
    let count = samples.len();
    let verdict = with(&book, |book| {
        let verdict = book.script.pop_front().unwrap_or_default();
        let taken = matches!(verdict, Verdict::Take | Verdict::TakePart(_));
        book.writes.push(Write { headers: head.headers, samples, taken, at: tokio::time::Instant::now() });
        verdict
    });
    Ok(match verdict {
        Verdict::Take if is_v2 => written(count),
        Verdict::TakePart(part) => written(part),
        Verdict::Take | Verdict::TakeSilently => reply(204, String::new()),
        Verdict::Fail(status, words) => reply(status, words),
        Verdict::FailFor(status, seconds) => {
            let mut response = reply(status, String::new());
            response.headers_mut().insert("retry-after", seconds.into());
            response
        }
        Verdict::Hang => std::future::pending().await,
    })
}

fn written(samples: usize) -> Response<Full<Bytes>> {
    let mut response = reply(204, String::new());
    response.headers_mut().insert("x-prometheus-remote-write-samples-written", samples.into());
    response
}

fn reply(status: u16, words: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(words)));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

fn read_v1(body: &[u8]) -> Vec<(String, i64, f64)> {
    let request = v1::WriteRequest::decode(body).expect("it is a request of version 1");
    let mut samples = Vec::new();
    for series in request.timeseries {
        let labels: Vec<_> = series.labels.iter().map(|label| (&*label.name, &*label.value)).collect();
        samples.extend(series.samples.iter().map(|one| (in_words(&labels), one.timestamp, one.value)));
    }
    samples
}

fn read_v2(body: &[u8]) -> Vec<(String, i64, f64)> {
    let request = v2::Request::decode(body).expect("it is a request of version 2");
    let text = |number: u32| &*request.symbols[number as usize];
    let mut samples = Vec::new();
    for series in &request.timeseries {
        let labels: Vec<_> =
            series.labels_refs.chunks(2).map(|pair| (text(pair[0]), text(pair[1]))).collect();
        samples.extend(series.samples.iter().map(|one| (in_words(&labels), one.timestamp, one.value)));
    }
    samples
}

/// `name{a="b"}`; the labels must be sorted.
fn in_words(labels: &[(&str, &str)]) -> String {
    assert!(labels.is_sorted(), "{labels:?}");
    let name = labels.iter().find(|(name, _)| *name == "__name__").map_or("", |(_, value)| value);
    let others = labels.iter().filter(|(name, _)| *name != "__name__");
    let others: Vec<_> = others.map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{name}{{{}}}", others.join(","))
}

/// What is looked at of version 1.
mod v1 {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub(super) timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub(super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<Sample>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Label {
        #[prost(string, tag = "1")]
        pub(super) name: String,
        #[prost(string, tag = "2")]
        pub(super) value: String,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Sample {
        #[prost(double, tag = "1")]
        pub(super) value: f64,
        #[prost(int64, tag = "2")]
        pub(super) timestamp: i64,
    }
}

/// What is looked at of version 2.
mod v2 {
    use super::v1::Sample;

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Request {
        #[prost(string, repeated, tag = "4")]
        pub(super) symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub(super) timeseries: Vec<TimeSeries>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub(super) labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub(super) samples: Vec<Sample>,
    }
}
