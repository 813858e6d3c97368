//! Requests to a server.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::{Duration, SystemTime};

use ::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName,
    HeaderValue, LOCATION, PROXY_AUTHORIZATION, RETRY_AFTER, TRANSFER_ENCODING, USER_AGENT,
};
use ::http::{Method, Request, Response, StatusCode, Uri};
use bytes::Bytes;
use component::{Context, Credentials, Origin, Scope};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy;
use hyper_util::rt::TokioTimer;
use tokio::sync::Semaphore;

use super::answer::{Answer, unreachable};
use super::client_config::{ClientConfig, Files, Manner, Redirects};
use super::connection::Traffic;
use super::connector::Dialer;
use super::cookies::Jar;
use super::proxy::Proxies;
use crate::compression::{Encoding, compress};

/// How much of an answer is kept: OTLP answers and error pages are smaller.
pub(super) const MAX_ANSWER: usize = 64 << 10;

/// As Go's client.
const MAX_REDIRECTS: usize = 10;
const DEFAULT_IDLE_PER_HOST: usize = 2;
const DEFAULT_PING_TIMEOUT: Duration = Duration::from_secs(15);

/// An HTTP client. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    hyper: legacy::Client<Dialer, Chunks>,
    /// Over what the request has.
    headers: HeaderMap,
    user_agent: HeaderValue,
    encoding: Encoding,
    level: Option<i32>,
    credentials: Option<Arc<dyn Credentials>>,
    jar: Option<Jar>,
    timeout: Option<Duration>,
    /// `max_conns_per_host`: an exporter has one host.
    places: Option<Arc<Semaphore>>,
    redirects: Redirects,
    proxies: Arc<Proxies>,
    traffic: Arc<Traffic>,
    max_answer: usize,
}

/// Spawns connections on the component's scope, and ends them when nobody needs them any more: idle ones would keep
/// the component from stopping.
#[derive(Clone)]
struct WhileNeeded {
    scope: Scope,
    traffic: Arc<Traffic>,
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for WhileNeeded {
    fn execute(&self, future: F) {
        let WhileNeeded { scope, traffic } = self.clone();
        self.scope.spawn_request(async move {
            tokio::select! {
                () = future => {}
                () = traffic.ceased(&scope) => {}
            }
        });
    }
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The first 64 KiB of its body.
    pub body: Bytes,
    /// Whether that is all of it.
    pub is_whole: bool,
}

impl Reply {
    /// When the server asked to be tried again (`Retry-After`, seconds or a date).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(SystemTime::from(date.timestamp()).duration_since(SystemTime::now()).unwrap_or_default())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The request cannot be sent, now or later.
    Unsendable(String),
    /// The server was not reached, or broke off.
    Unreachable(String),
    /// There was no answer in time.
    Timeout(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Unsendable(words) | Fault::Unreachable(words) | Fault::Timeout(words) => {
                f.write_str(words)
            }
        }
    }
}

impl std::error::Error for Fault {}

impl Client {
    pub(super) fn start(config: &ClientConfig, cx: &Context) -> anyhow::Result<Client> {
        Client::start_in(config, cx, Manner::of(config)?)
    }

    /// A client that does what the settings leave open in this `manner`.
    pub(super) fn start_in(config: &ClientConfig, cx: &Context, manner: Manner) -> anyhow::Result<Client> {
        let Manner { proxies, redirects, files, max_answer } = manner;
        let protocols: &[&[u8]] =
            if config.force_attempt_http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        let proxies = Arc::new(proxies);
        let tls = Some(match files {
            Files::AtStart => config.tls.connector(protocols)?,
            Files::WhenNeeded => config.tls.late_connector(protocols),
        });
        let mut headers = HeaderMap::new();
        for (name, value) in config.headers.iter() {
            let mut value = HeaderValue::try_from(value.expose())?;
            value.set_sensitive(true);
            headers.insert(HeaderName::try_from(name)?, value);
        }
        let build = &cx.build;
        let user_agent = format!(
            "{}/{} ({}/{})",
            build.command,
            build.version,
            std::env::consts::OS,
            std::env::consts::ARCH
        );
        let traffic = Arc::new(Traffic::default());
        let executor = WhileNeeded { scope: cx.scope.clone(), traffic: traffic.clone() };
        Ok(Client(Arc::new(Inner {
            hyper: pool(config, executor, Dialer { tls, proxies: proxies.clone() }),
            traffic,
            headers,
            user_agent: HeaderValue::try_from(user_agent)?,
            encoding: config.compression,
            level: config.compression_params.level,
            credentials: config.auth.as_ref().map(|auth| auth.credentials(cx)).transpose()?,
            jar: config.cookies.is_some().then(Jar::default),
            timeout: Some(config.timeout.0).filter(|timeout| !timeout.is_zero()),
            places: Some(config.max_conns_per_host)
                .filter(|count| *count > 0)
                .map(|count| Arc::new(Semaphore::new(count))),
            redirects,
            proxies,
            max_answer,
        })))
    }

    /// Posts a body, given in chunks.
    ///
    /// # Errors
    /// When there is no answer; an answer that says no is a [`Reply`].
    pub async fn post(
        &self,
        url: &Uri,
        content_type: &'static str,
        chunks: Vec<Bytes>,
        origin: &Origin,
    ) -> Result<Reply, Fault> {
        let mut request = Request::new(chunks);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.send(request, origin).await
    }

    /// Sends any request. Dropping the future takes it back.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn send(&self, request: Request<Vec<Bytes>>, origin: &Origin) -> Result<Reply, Fault> {
        let url = request.uri().clone();
        let sending = async { self.open(request, origin).await?.read(self.0.max_answer).await };
        match self.0.timeout {
            None => sending.await,
            Some(limit) => {
                let late = |_| Fault::Timeout(format!("no answer from `{url}` within {limit:?}"));
                tokio::time::timeout(limit, sending).await.map_err(late)?
            }
        }
    }

    /// Sends any request; the body of the answer is read as it comes. Without a limit on the time: that is the
    /// caller's.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn open(&self, request: Request<Vec<Bytes>>, origin: &Origin) -> Result<Answer, Fault> {
        let under_way = self.0.traffic.clone().begin();
        let place = match &self.0.places {
            Some(places) => {
                Some(places.clone().acquire_owned().await.expect("the semaphore is never closed"))
            }
            None => None,
        };
        let mut hop = self.prepare(request, origin)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = self.send_once(&hop).await?;
            match self.redirected(&hop, &response)? {
                None => return Ok(Answer::new(response, hop.url, under_way, place)),
                Some(next) => {
                    // A body that has been read leaves the connection for the next request.
                    let body = response.into_body();
                    let read = super::answer::read(body, self.0.max_answer).await;
                    read.map_err(|error| unreachable(&hop.url, &error))?;
                    hop = next;
                }
            }
        }
        Err(Fault::Unreachable(format!("`{}`: stopped after {MAX_REDIRECTS} redirects", hop.url)))
    }

    fn redirected(&self, hop: &Hop, response: &Response<Incoming>) -> Result<Option<Hop>, Fault> {
        match self.0.redirects {
            Redirects::Follow => hop.after(response.status(), response.headers()),
            Redirects::Return => Ok(None),
        }
    }

    /// Packs the body and completes the headers; who signs sees what is sent.
    fn prepare(&self, request: Request<Vec<Bytes>>, origin: &Origin) -> Result<Hop, Fault> {
        let (head, mut chunks) = request.into_parts();
        let mut headers = head.headers;
        let inner = &*self.0;
        let packs = inner.encoding != Encoding::Identity && !headers.contains_key(CONTENT_ENCODING);
        if packs && chunks.iter().any(|chunk| !chunk.is_empty()) {
            let packed = compress(inner.encoding, inner.level, &chunks);
            chunks =
                vec![packed.map_err(|error| Fault::Unsendable(format!("cannot compress: {error}")))?.into()];
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(inner.encoding.name()));
        }
        headers.entry(USER_AGENT).or_insert_with(|| inner.user_agent.clone());
        headers.extend(inner.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        if let Some(credentials) = &inner.credentials {
            let added = credentials.add_to(&mut headers, origin);
            added.map_err(|error| Fault::Unreachable(format!("no credentials: {error:#}")))?;
        }
        Ok(Hop { method: head.method, url: head.uri, headers, chunks })
    }

    async fn send_once(&self, hop: &Hop) -> Result<Response<Incoming>, Fault> {
        let mut request = Request::new(Chunks::from(hop.chunks.clone()));
        *request.method_mut() = hop.method.clone();
        *request.uri_mut() = hop.url.clone();
        *request.headers_mut() = hop.headers.clone();
        let host = hop.url.host().unwrap_or("");
        if let Some(jar) = &self.0.jar {
            jar.add_to(request.headers_mut(), host);
        }
        self.authorize_at_proxy(&mut request);
        let response = self.0.hyper.request(request).await.map_err(|error| unreachable(&hop.url, &error))?;
        if let Some(jar) = &self.0.jar {
            jar.keep(response.headers(), host);
        }
        Ok(response)
    }

    /// A proxy that gets the request itself, not a tunnel, is told who we are in the request.
    fn authorize_at_proxy(&self, request: &mut Request<Chunks>) {
        let url = request.uri();
        if url.scheme_str() != Some("http") {
            return;
        }
        let proxy = self.0.proxies.of("http", url.host().unwrap_or(""), url.port_u16().unwrap_or(80));
        if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.clone()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
    }
}

fn pool(config: &ClientConfig, executor: WhileNeeded, dialer: Dialer) -> legacy::Client<Dialer, Chunks> {
    let keep_alive = config.keep_alive();
    let per_host = match (keep_alive.enabled, keep_alive.max_idle_conns_per_host) {
        (false, _) => 0,
        (true, 0) => DEFAULT_IDLE_PER_HOST,
        (true, count) => count,
    };
    let ping_timeout = super::connection::or(config.http2_ping_timeout, DEFAULT_PING_TIMEOUT);
    let mut builder = legacy::Client::builder(executor);
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_max_idle_per_host(per_host)
        .pool_idle_timeout(Some(keep_alive.idle_conn_timeout.0).filter(|limit| !limit.is_zero()))
        .http2_keep_alive_timeout(ping_timeout)
        .http2_keep_alive_interval(Some(config.http2_read_idle_timeout.0).filter(|time| !time.is_zero()));
    builder.build(dialer)
}

/// One request on the way through redirects.
struct Hop {
    method: Method,
    url: Uri,
    headers: HeaderMap,
    chunks: Vec<Bytes>,
}

impl Hop {
    /// The request that the answer redirects to, if it does: with its body for 307 and 308, as a GET otherwise.
    fn after(&self, status: StatusCode, answered: &HeaderMap) -> Result<Option<Hop>, Fault> {
        let keeps_body = match status.as_u16() {
            307 | 308 => true,
            301..=303 => false,
            _ => return Ok(None),
        };
        let Some(location) = answered.get(LOCATION).and_then(|value| value.to_str().ok()) else {
            return Ok(None);
        };
        let url = resolve(&self.url, location).ok_or_else(|| {
            Fault::Unreachable(format!("`{}` redirects to `{location}`, which is no URL", self.url))
        })?;
        let mut headers = self.headers.clone();
        let is_exposed = self.url.scheme_str() == Some("https") && url.scheme_str() != Some("https");
        if url.host() != self.url.host() || is_exposed {
            // Secrets are for the host they were meant for.
            for name in [AUTHORIZATION, COOKIE, HOST] {
                headers.remove(name);
            }
            headers = without_secrets(headers);
        }
        if keeps_body {
            return Ok(Some(Hop { method: self.method.clone(), url, headers, chunks: self.chunks.clone() }));
        }
        for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let method = if self.method == Method::HEAD { Method::HEAD } else { Method::GET };
        Ok(Some(Hop { method, url, headers, chunks: Vec::new() }))
    }
}

/// The headers that may be shown to anybody.
fn without_secrets(headers: HeaderMap) -> HeaderMap {
    let mut name = None;
    let mut kept = HeaderMap::new();
    for (next, value) in headers {
        // The further values of a header come without its name.
        name = next.or(name);
        if let Some(name) = name.clone().filter(|_| !value.is_sensitive()) {
            kept.append(name, value);
        }
    }
    kept
}

/// A reference in a `Location`: a whole URL, or a path on the same server.
fn resolve(base: &Uri, location: &str) -> Option<Uri> {
    let location = location.split('#').next().unwrap_or("");
    let text = if location.contains("://") {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{}://{rest}", base.scheme_str()?)
    } else if location.starts_with('/') {
        format!("{}://{}{location}", base.scheme_str()?, base.authority()?)
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{}://{}{folder}/{location}", base.scheme_str()?, base.authority()?)
    };
    text.parse()
        .ok()
        .filter(|url: &Uri| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
}

/// A body of chunks.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    rest: VecDeque<Bytes>,
    remaining: u64,
}

impl From<Vec<Bytes>> for Chunks {
    fn from(chunks: Vec<Bytes>) -> Chunks {
        let remaining = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Chunks { rest: chunks.into_iter().filter(|chunk| !chunk.is_empty()).collect(), remaining }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = self.rest.pop_front();
        self.remaining -= next.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}
