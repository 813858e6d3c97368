//! Unary calls to a server.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use component::{Code, Context, Credentials, Memory, Origin};
use h2::RecvStream;
use h2::client::{ResponseFuture, SendRequest};
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::call::{GRPC, GRPC_ACCEPT_ENCODING, GRPC_ENCODING};
use super::channel::{Channel, Dial, unavailable};
use super::keepalive::Limits;
use super::message::{self, Chunks, Rules};
use super::target::Target;
use super::{ClientConfig, Status, timeout};
use crate::compression::{Encoding, compress};

/// What gRPC clients take in one answer.
const MAX_ANSWER: usize = 4 << 20;

/// How often a call looks for another connection when the one it got says good-bye before the call begins. One that
/// waits until there is one (`wait_for_ready`) goes on looking.
const ATTEMPTS: usize = 3;

/// How long it waits until nobody is sent to that connection any more. It takes microseconds where there is a core free.
const FAREWELL: Duration = Duration::from_secs(1);

/// A gRPC client. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    channel: Arc<Channel>,
    next: AtomicUsize,
    wait_for_ready: bool,
    scheme: Scheme,
    authority: Authority,
    /// What every call sends.
    headers: HeaderMap,
    encoding: Encoding,
    credentials: Option<Arc<dyn Credentials>>,
    unlimited: Memory,
    server: (String, u16),
}

impl Client {
    pub(super) fn start(config: &ClientConfig, cx: &Context) -> anyhow::Result<Client> {
        let target = Target::parse(&config.endpoint)?;
        let plain = config.tls.is_plain() && !target.wants_tls;
        let connector = if plain { None } else { Some(config.tls.connector(&[b"h2"])?) };
        let credentials = config.auth.as_ref().map(|auth| auth.credentials(cx)).transpose()?;
        if plain && credentials.as_ref().is_some_and(|credentials| credentials.require_tls()) {
            anyhow::bail!(
                "the authenticator sends secrets, which need TLS: `tls::insecure` must not be `true`"
            );
        }
        let authority =
            if config.authority.is_empty() { target.authority() } else { config.authority.clone() };
        let authority: Authority = authority.parse()?;
        let encoding = message::encoding(&config.compression).unwrap_or_default();
        let server = target.server();
        let dial = Dial {
            target,
            connector,
            server_name: authority.host().trim_matches(['[', ']']).to_owned(),
            keepalive: config.keepalive.as_ref().map(|keepalive| {
                Limits::pings_only(keepalive.time.0, keepalive.timeout.0, keepalive.permit_without_stream)
            }),
            pick_first: config.balancer_name == "pick_first",
            scope: cx.scope.clone(),
        };
        Ok(Client(Arc::new(Inner {
            channel: Channel::start(dial),
            next: AtomicUsize::new(0),
            wait_for_ready: config.wait_for_ready,
            scheme: if plain { Scheme::HTTP } else { Scheme::HTTPS },
            authority,
            headers: fixed_headers(config, cx, encoding)?,
            encoding,
            credentials,
            // An answer is what lets go of the bytes that fill the memory, so it is never refused for want of room.
            // It is bounded by `MAX_ANSWER`.
            unlimited: Memory::default(),
            server,
        })))
    }

    /// One call: chunks of one message there, one message back. Dropping the future takes the call back.
    ///
    /// # Errors
    /// The server's status, or `UNAVAILABLE` when it cannot be reached.
    pub async fn unary(&self, path: &str, message: Vec<Bytes>, origin: &Origin) -> Result<Bytes, Status> {
        self.call(path, message, self.headers(origin)?).await
    }

    /// The same, telling the server how long the caller will wait, and waiting no longer.
    ///
    /// # Errors
    /// As [`Client::unary`], and `DEADLINE_EXCEEDED`.
    pub async fn unary_within(
        &self,
        limit: Duration,
        path: &str,
        message: Vec<Bytes>,
        origin: &Origin,
    ) -> Result<Bytes, Status> {
        let mut headers = self.headers(origin)?;
        headers.insert(timeout::GRPC_TIMEOUT, timeout::write(limit));
        let late = |_| Status::new(Code::DeadlineExceeded, format_args!("no answer within {limit:?}"));
        tokio::time::timeout(limit, self.call(path, message, headers)).await.map_err(late)?
    }

    /// The address and the port of the server, as configured.
    #[must_use]
    pub fn server(&self) -> (String, u16) {
        self.0.server.clone()
    }

    async fn call(&self, path: &str, message: Vec<Bytes>, headers: HeaderMap) -> Result<Bytes, Status> {
        let body = self.pack(message)?;
        let request = self.request(path, headers)?;
        let (answer, mut sending) = self.open(request).await?;
        sending.send_data(body, true).map_err(|error| self.lost(&error))?;
        let (head, mut body) = answer.await.map_err(|error| self.lost(&error))?.into_parts();
        if let Some(status) = Status::read_from(&head.headers) {
            status?;
        }
        if head.status != http::StatusCode::OK {
            return Err(Status::from_http(head.status));
        }
        self.read(&head.headers, &mut body).await
    }

    fn pack(&self, message: Vec<Bytes>) -> Result<Chunks, Status> {
        if self.0.encoding == Encoding::Identity {
            return Chunks::message(message, false);
        }
        // Under gRPC the word `snappy` means the framed form.
        let encoding =
            if self.0.encoding == Encoding::Snappy { Encoding::SnappyFramed } else { self.0.encoding };
        let packed = compress(encoding, None, &message);
        let packed =
            packed.map_err(|error| Status::new(Code::Internal, format_args!("cannot compress: {error}")))?;
        Chunks::message(vec![packed.into()], true)
    }

    fn request(&self, path: &str, headers: HeaderMap) -> Result<http::Request<()>, Status> {
        let malformed = |error: &dyn std::fmt::Display| {
            Status::new(Code::Internal, format_args!("`{path}` is not a method: {error}"))
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.0.scheme.clone());
        parts.authority = Some(self.0.authority.clone());
        parts.path_and_query = Some(PathAndQuery::try_from(path).map_err(|error| malformed(&error))?);
        let mut request = http::Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_parts(parts).map_err(|error| malformed(&error))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn headers(&self, origin: &Origin) -> Result<HeaderMap, Status> {
        let mut headers = self.0.headers.clone();
        if let Some(credentials) = &self.0.credentials {
            let added = credentials.add_to(&mut headers, origin);
            added
                .map_err(|error| Status::new(Code::Unavailable, format_args!("no credentials: {error:#}")))?;
        }
        Ok(headers)
    }

    /// Begins a call on a connection that takes it.
    async fn open(
        &self,
        request: http::Request<()>,
    ) -> Result<(ResponseFuture, h2::SendStream<Chunks>), Status> {
        self.0.channel.calls.fetch_add(1, Ordering::Relaxed);
        let mut board = self.0.channel.board();
        let mut attempts = 0;
        loop {
            attempts += 1;
            board.mark_unchanged();
            let mut send = self.pick().await?;
            let ready = poll_fn(|cx| send.poll_ready(cx)).await;
            let error = match ready.and_then(|()| send.send_request(request.clone(), false)) {
                Ok(opened) => return Ok(opened),
                Err(error) => error,
            };
            if attempts >= ATTEMPTS && !self.0.wait_for_ready {
                return Err(self.lost(&error));
            }
            // Its link takes it off the board as soon as it runs, which it may not do at once on a busy machine.
            let _ = tokio::time::timeout(FAREWELL, board.changed()).await;
        }
    }

    /// The connection whose turn it is.
    async fn pick(&self) -> Result<SendRequest<Chunks>, Status> {
        if let Some(found) = self.turn(&self.0.channel.ready()) {
            return Ok(found);
        }
        let mut board = self.0.channel.board();
        loop {
            let (ready, trouble) = {
                let now = board.borrow_and_update();
                (now.ready.clone(), now.trouble())
            };
            if let Some(found) = self.turn(&ready) {
                return Ok(found);
            }
            if let Some(trouble) = trouble.filter(|_| !self.0.wait_for_ready) {
                return Err(unavailable(trouble));
            }
            let stopped = || unavailable(format_args!("the client of `{}` has stopped", self.0.authority));
            board.changed().await.map_err(|_| stopped())?;
        }
    }

    fn turn(&self, ready: &[super::channel::Ready]) -> Option<SendRequest<Chunks>> {
        let turn = match ready.len() {
            0 => return None,
            1 => 0,
            count => self.0.next.fetch_add(1, Ordering::Relaxed) % count,
        };
        Some(ready[turn].send.clone())
    }

    /// The one message of the answer, if the trailers say that all went well.
    async fn read(&self, headers: &HeaderMap, body: &mut RecvStream) -> Result<Bytes, Status> {
        let name = headers.get(GRPC_ENCODING).map_or(Ok(""), HeaderValue::to_str).unwrap_or("?");
        let encoding = message::encoding(name).ok_or_else(|| {
            Status::new(Code::Internal, format_args!("the server answered in unknown grpc-encoding `{name}`"))
        })?;
        let rules = Rules { encoding, limit: MAX_ANSWER, memory: &self.0.unlimited };
        let message = message::receive(body, rules).await?;
        let trailers = body.trailers().await.map_err(|error| self.lost(&error))?.unwrap_or_default();
        Status::read_from(&trailers)
            .unwrap_or_else(|| Err(Status::new(Code::Internal, "the server sent no grpc-status")))?;
        message.ok_or_else(|| Status::new(Code::Internal, "the server sent no message"))
    }

    fn lost(&self, error: &h2::Error) -> Status {
        let code = match error.reason() {
            Some(h2::Reason::CANCEL) if error.is_reset() => Code::Canceled,
            Some(h2::Reason::ENHANCE_YOUR_CALM) if error.is_reset() => Code::ResourceExhausted,
            Some(h2::Reason::INADEQUATE_SECURITY) if error.is_reset() => Code::PermissionDenied,
            Some(h2::Reason::PROTOCOL_ERROR | h2::Reason::INTERNAL_ERROR) if error.is_reset() => {
                Code::Internal
            }
            _ => Code::Unavailable,
        };
        Status::new(code, format_args!("connection to `{}` failed: {error}", self.0.authority))
    }
}

/// What every call sends. Configured headers stand beside those of gRPC, which nobody may replace.
fn fixed_headers(config: &ClientConfig, cx: &Context, encoding: Encoding) -> anyhow::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let build = &cx.build;
    let user_agent = match config.user_agent.as_str() {
        "" => format!(
            "{}/{} ({}/{})",
            build.command,
            build.version,
            std::env::consts::OS,
            std::env::consts::ARCH
        ),
        configured => configured.to_owned(),
    };
    headers.insert(USER_AGENT, HeaderValue::try_from(user_agent)?);
    for (name, value) in config.headers.iter() {
        let mut value = HeaderValue::try_from(value.expose())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::try_from(name)?, value);
    }
    headers.insert(CONTENT_TYPE, GRPC);
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(GRPC_ACCEPT_ENCODING, HeaderValue::from_static(message::ACCEPTED));
    if encoding != Encoding::Identity {
        headers.insert(GRPC_ENCODING, HeaderValue::from_static(encoding.name()));
    }
    Ok(headers)
}
