//! Taps: the next items that pass an edge, as they pass.
//!
//! Telemetry holds what programs put into it, secrets among it, so a tap is for people on this machine, or for those
//! who have proved who they are.

mod filter;
mod order;
mod session;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use component::{Context, Overview, Scope, Watcher};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode, request};
use tokio::sync::{Semaphore, mpsc};
use transport::http::Server;

use self::order::{Order, Refusal};

/// An answer that goes on until its sender is dropped.
pub(super) type Stream = Response<mpsc::Receiver<Bytes>>;

/// How many taps there may be at the same time.
const MAX_TAPS: usize = 8;

/// How many lines wait for a client.
const MAX_LINES: usize = 16;

/// Lets people look at what passes.
pub(super) struct Taps {
    door: Door,
    places: Arc<Semaphore>,
    scope: Scope,
}

/// Who may look.
enum Door {
    /// Whoever the authenticator let in.
    Guarded,
    /// Who is on this machine, and did not come by the name of another one.
    Local,
    /// Nobody, and why.
    Closed(String),
}

impl Taps {
    pub(super) fn new(server: &Server, cx: &Context) -> Taps {
        let door = Door::of(&server.local_addr(), server.is_guarded());
        Taps { door, places: Arc::new(Semaphore::new(MAX_TAPS)), scope: cx.scope.clone() }
    }

    /// Why there are no taps, if there are none.
    pub(super) fn closed(&self) -> Option<&str> {
        match &self.door {
            Door::Closed(why) => Some(why),
            Door::Guarded | Door::Local => None,
        }
    }

    /// What passes, line by line; or, with another status, why not.
    pub(super) fn open(&self, head: &request::Parts, overview: &Overview) -> Stream {
        self.try_open(head, overview).unwrap_or_else(|refusal| refuse(&refusal))
    }

    fn try_open(&self, head: &request::Parts, overview: &Overview) -> Result<Stream, Refusal> {
        self.door.check(head)?;
        let order = Order::read(head.uri.query().unwrap_or(""), &overview.edges)?;
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            let words = format!("there are {MAX_TAPS} taps already; end one of them first");
            return Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, words));
        };
        let (parts, body) = mpsc::channel(MAX_LINES);
        let watcher = Watcher::new(order.edges.clone());
        let scope = self.scope.clone();
        self.scope.spawn_request(async move {
            session::run(watcher, order, parts, scope).await;
            drop(place);
        });
        Ok(with_headers(body, StatusCode::OK, "application/x-ndjson"))
    }
}

impl Door {
    /// `address` is where the pages are served.
    fn of(address: &str, is_guarded: bool) -> Door {
        if is_guarded {
            return Door::Guarded;
        }
        match address.parse::<SocketAddr>() {
            Ok(bound) if !bound.ip().is_loopback() => Door::Closed(format!(
                "taps show telemetry as it is, so they need `auth` when the pages are served beyond this machine \
                 (they are served on `{address}`)"
            )),
            // A path is a socket of this machine.
            Ok(_) | Err(_) => Door::Local,
        }
    }

    fn check(&self, head: &request::Parts) -> Result<(), Refusal> {
        match self {
            Door::Guarded => Ok(()),
            Door::Closed(why) => Err(Refusal::new(StatusCode::FORBIDDEN, why.clone())),
            // A page of somebody else can make its own name lead to this machine, and would read along.
            Door::Local => match called(head) {
                Some(name) if !is_local(name) => {
                    let words = format!("taps without `auth` answer to `localhost` only, not to `{name}`");
                    Err(Refusal::new(StatusCode::FORBIDDEN, words))
                }
                _ => Ok(()),
            },
        }
    }
}

/// The name by which the client called us.
fn called(head: &request::Parts) -> Option<&str> {
    let authority = head.uri.authority().map(http::uri::Authority::as_str);
    head.headers.get(HOST).map_or(authority, |host| Some(host.to_str().unwrap_or("?")))
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || name.eq_ignore_ascii_case("localhost")
}

fn refuse(refusal: &Refusal) -> Stream {
    let (parts, body) = mpsc::channel(1);
    // There is room for one.
    let _ = parts.try_send(Bytes::from(format!("{}\n", refusal.words)));
    with_headers(body, refusal.status, "text/plain; charset=utf-8")
}

fn with_headers(body: mpsc::Receiver<Bytes>, status: StatusCode, content_type: &'static str) -> Stream {
    let mut stream = Stream::new(body);
    *stream.status_mut() = status;
    let headers = stream.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    stream
}
