//! An endpoint of AWS X-Ray that answers by a script, written from the API's published definition: `PutTraceSegments`
//! as JSON over HTTP, errors as `x-amzn-errortype` and a JSON message.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use crate::patience::until;

/// What the endpoint says to a request.
#[derive(Clone, Debug, Default)]
pub enum Verdict {
    /// All is taken.
    #[default]
    Take,
    /// The request is taken, but its first segments were not processed, for this reason each.
    Unprocessed(Vec<&'static str>),
    /// It fails with this status and code.
    Fail(u16, &'static str),
    /// The same, and asks for so many seconds.
    FailFor(u16, &'static str, u64),
    /// The credentials with this key are expired; others are good.
    Expired(&'static str),
    /// There is no answer.
    Hang,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Put {
    /// Its headers.
    pub headers: HeaderMap,
    /// The documents in it, each parsed.
    pub documents: Vec<Value>,
    /// Whether it was taken.
    pub taken: bool,
}

/// An endpoint on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct XRay {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
    runtime: Option<Runtime>,
}

#[derive(Debug, Default)]
struct Book {
    puts: Vec<Put>,
    script: VecDeque<Verdict>,
    /// When the script is over.
    habit: Verdict,
}

impl XRay {
    /// An endpoint that takes everything.
    #[must_use]
    pub fn start() -> XRay {
        XRay::launch(None)
    }

    /// The same, with TLS.
    #[must_use]
    pub fn start_with_tls(config: ServerConfig) -> XRay {
        XRay::launch(Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Says these, one to each request, and then again takes everything.
    pub fn answer(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        with(&self.book, |book| book.script.extend(verdicts));
    }

    /// Says this from now on.
    pub fn always_answer(&self, verdict: Verdict) {
        with(&self.book, |book| book.habit = verdict);
    }

    /// Every request that came.
    #[must_use]
    pub fn puts(&self) -> Vec<Put> {
        with(&self.book, |book| book.puts.clone())
    }

    /// Waits until so many requests came.
    pub async fn wait_for_puts(&self, count: usize) -> Vec<Put> {
        until(&format!("{count} requests come to X-Ray"), async || {
            Some(self.puts()).filter(|puts| puts.len() >= count)
        })
        .await
    }

    /// Waits until it has taken so many documents, and gives them in the order in which they came.
    pub async fn wait_for_documents(&self, count: usize) -> Vec<Value> {
        until(&format!("{count} documents are taken"), async || {
            let taken = self.puts().into_iter().filter(|put| put.taken);
            let documents: Vec<Value> = taken.flat_map(|put| put.documents).collect();
            Some(documents).filter(|documents| documents.len() >= count)
        })
        .await
    }

    fn launch(tls: Option<TlsAcceptor>) -> XRay {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.set_nonblocking(true).expect("a socket can be told");
        let address = listener.local_addr().expect("it is bound");
        let book = Arc::<Mutex<Book>>::default();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        runtime.handle().spawn(serve(listener, tls, book.clone()));
        XRay { address, book, runtime: Some(runtime) }
    }
}

impl Drop for XRay {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn with<T>(book: &Mutex<Book>, act: impl FnOnce(&mut Book) -> T) -> T {
    act(&mut book.lock().unwrap_or_else(PoisonError::into_inner))
}

async fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, book: Arc<Mutex<Book>>) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, book) = (tls.clone(), book.clone());
        connections.spawn(async move {
            match tls {
                None => speak(stream, book).await,
                // A client that does not trust it is no matter of the endpoint's.
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        speak(stream, book).await;
                    }
                }
            }
        });
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, book: Arc<Mutex<Book>>) {
    let service = service_fn(move |request| answer(book.clone(), request));
    // How a connection ends is the client's choice.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    book: Arc<Mutex<Book>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    if (&head.method, head.uri.path()) != (&Method::POST, "/TraceSegments") {
        return Ok(reply(404, json!({ "message": "no such operation" })));
    }
    let documents = documents(&body);
    let authorization = header(&head.headers, "authorization");
    let verdict = with(&book, |book| {
        let verdict = book.script.pop_front().unwrap_or_else(|| book.habit.clone());
        let taken = match &verdict {
            Verdict::Take | Verdict::Unprocessed(_) => true,
            Verdict::Expired(key) => !authorization.contains(&format!("Credential={key}/")),
            Verdict::Fail(..) | Verdict::FailFor(..) | Verdict::Hang => false,
        };
        book.puts.push(Put { headers: head.headers.clone(), documents: documents.clone(), taken });
        if taken && matches!(verdict, Verdict::Expired(_)) { Verdict::Take } else { verdict }
    });
    Ok(match verdict {
        Verdict::Take => reply(200, json!({ "UnprocessedTraceSegments": [] })),
        Verdict::Unprocessed(codes) => {
            let segment = |(document, code): (&Value, &&str)| json!({ "Id": document["id"], "ErrorCode": code, "Message": "because" });
            let list: Vec<Value> = documents.iter().zip(&codes).map(segment).collect();
            reply(200, json!({ "UnprocessedTraceSegments": list }))
        }
        Verdict::Fail(status, code) => failure(status, code),
        Verdict::FailFor(status, code, seconds) => {
            let mut response = failure(status, code);
            response.headers_mut().insert("retry-after", seconds.into());
            response
        }
        Verdict::Expired(_) => failure(403, "ExpiredTokenException"),
        Verdict::Hang => std::future::pending().await,
    })
}

fn documents(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).expect("a request is JSON");
    let list = body["TraceSegmentDocuments"].as_array().expect("it has a list of documents");
    let parse = |document: &Value| serde_json::from_str(document.as_str().expect("each is a text"));
    list.iter().map(|document| parse(document).expect("of JSON")).collect()
}

/// One header as text; empty when absent.
#[must_use]
pub fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    value.unwrap_or_default()
}

fn failure(status: u16, code: &'static str) -> Response<Full<Bytes>> {
    let mut response = reply(status, json!({ "message": "no" }));
    response.headers_mut().insert("x-amzn-errortype", http::HeaderValue::from_static(code));
    response
}

fn reply(status: u16, body: Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}
