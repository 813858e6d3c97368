//! What a server answered, as it comes.

use ::http::{HeaderMap, Response, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use super::connection::UnderWay;
use super::{Fault, Reply};

/// An answer whose body is read as it comes. Dropping it before its end closes the connection.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Uri,
    body: Incoming,
    _under_way: UnderWay,
    _place: Option<OwnedSemaphorePermit>,
}

impl Answer {
    pub(super) fn new(
        response: Response<Incoming>,
        url: Uri,
        under_way: UnderWay,
        place: Option<OwnedSemaphorePermit>,
    ) -> Answer {
        let (head, body) = response.into_parts();
        let (status, headers) = (head.status, head.headers);
        Answer { status, headers, url, body, _under_way: under_way, _place: place }
    }

    /// The next part of the body, `None` at its end. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the server breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| unreachable(&self.url, &error))?;
            // Trailers say nothing that anybody here asks for.
            if let Ok(part) = frame.into_data() {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }

    /// All of it, up to `max_bytes`.
    pub(super) async fn read(self, max_bytes: usize) -> Result<Reply, Fault> {
        let read = read(self.body, max_bytes).await;
        let (body, is_whole) = read.map_err(|error| unreachable(&self.url, &error))?;
        Ok(Reply { status: self.status, headers: self.headers, body, is_whole })
    }
}

/// The first part of a body, and whether it is all; a longer one is left unread, and its connection closed.
pub(super) async fn read(mut body: Incoming, max: usize) -> Result<(Bytes, bool), hyper::Error> {
    let mut kept = Vec::new();
    let mut first = Bytes::new();
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame?.into_data() else { continue };
        if first.is_empty() && kept.is_empty() {
            first = part;
        } else {
            if kept.is_empty() {
                kept.extend_from_slice(&std::mem::take(&mut first));
            }
            kept.extend_from_slice(&part);
        }
        if first.len() + kept.len() > max {
            break;
        }
    }
    let mut read = if kept.is_empty() { first } else { Bytes::from(kept) };
    let is_whole = read.len() <= max;
    read.truncate(max);
    Ok((read, is_whole))
}

/// The whole story of an error: hyper's own words stop at "client error (Connect)".
pub(super) fn unreachable(url: &Uri, error: &dyn std::error::Error) -> Fault {
    let mut words = format!("cannot send to `{url}`: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    Fault::Unreachable(words)
}
