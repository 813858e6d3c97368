//! Listing the objects of a resource, and following their changes.
//!
//! 1. A list is read in pages; each object is kept as it comes. At its end, what was not in it is gone.
//! 2. A watch begins at the version of the list, and again at the last version it has seen, when the server ends it or
//!    the connection breaks. Nothing is lost in between: the server keeps the changes of some minutes.
//! 3. When the server has forgotten them (410), or has sent what cannot be read, all is listed again.
//! 4. Trouble is told, and waited out with growing pauses. The objects that are known stay, whatever happens.

mod events;
mod list;
mod split;
mod watched;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT, HeaderMap, HeaderValue, RETRY_AFTER};
use ::http::{StatusCode, Uri};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use self::events::{Ended, events};
use self::list::list;
pub(super) use self::watched::{Inbox, Watched};
use super::access::{Pace, encode, url};
use super::clusters::Scope;
use crate::prometheus::client::{Answer, HttpClient};

/// How long the server may think before it answers, and be silent in the middle of a list.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch that lives shorter than this is not begun again at once.
const SHORT: Duration = Duration::from_secs(1);

/// How much is read of an answer that says no.
const MAX_REFUSAL: usize = 16 << 10;

/// The longest pause that a server may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Whom to ask, and for what.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) client: HttpClient,
    pub(super) server: String,
    pub(super) scope: Scope,
    pub(super) pace: Pace,
}

/// Why something was not to be had.
#[derive(Debug)]
struct Trouble {
    words: String,
    /// 0 without an answer.
    status: u16,
    /// The pause that the server asks for.
    after: Option<Duration>,
}

impl Trouble {
    fn new(words: impl fmt::Display) -> Trouble {
        Trouble { words: words.to_string(), status: 0, after: None }
    }

    /// Whether the version is one that the server no longer knows.
    fn is_gone(&self) -> bool {
        self.status == StatusCode::GONE.as_u16()
    }
}

/// Keeps `watched` as the server has it. Never ends.
pub(super) async fn follow(source: Source, watched: Arc<Watched>) {
    let mut pauses = Pauses::new(source.pace);
    // The server's memory is good enough, and costs it least; once it was behind, what is newest.
    let mut from = "0";
    loop {
        match list(&source, from, &watched).await {
            Ok(version) => {
                watched.works();
                follow_from(version, &source, &watched, &mut pauses).await;
            }
            Err(trouble) => {
                watched.fails(&source.words("list", &trouble));
                pauses.wait(trouble.after).await;
            }
        }
        from = "";
    }
}

/// Follows the changes since `version`, until all must be listed again.
async fn follow_from(mut version: String, source: &Source, watched: &Watched, pauses: &mut Pauses) {
    loop {
        let began = Instant::now();
        let ended = events(source, &mut version, watched).await;
        let was_long = began.elapsed() >= SHORT;
        if was_long {
            pauses.reset();
        }
        match ended {
            Ended::InTime | Ended::Broken if was_long => {}
            Ended::InTime | Ended::Broken => pauses.wait(None).await,
            Ended::Refused(trouble) if !trouble.is_gone() => {
                watched.fails(&source.words("watch", &trouble));
                pauses.wait(trouble.after).await;
            }
            // That the server forgets is in the nature of things; that it does so at once is not.
            Ended::Refused(_) if was_long => return,
            Ended::Refused(_) => {
                pauses.wait(None).await;
                return;
            }
            Ended::Unreadable(words) => {
                watched.fails(&source.words("watch", &Trouble::new(words)));
                pauses.wait(None).await;
                return;
            }
        }
    }
}

impl Source {
    /// What could not be done, and why, for people.
    fn words(&self, act: &str, trouble: &Trouble) -> String {
        let place = match self.scope.namespace.as_str() {
            "" => String::new(),
            namespace => format!(" in `{namespace}`"),
        };
        format!("cannot {act} {}{place}: {}", self.scope.resource.name(), trouble.words)
    }

    /// Asks for the list with these parameters beside those of the scope; an answer that says no is trouble.
    async fn ask(&self, parameters: &[(&str, &str)]) -> Result<Answer, Trouble> {
        let scope = &self.scope;
        let own = [("labelSelector", scope.labels.as_str()), ("fieldSelector", scope.fields.as_str())];
        let all: Vec<_> = parameters.iter().copied().chain(own).collect();
        let url = url(&self.server, &scope.resource.path(&segment(&scope.namespace)), &all);
        let url: Uri = url.map_err(Trouble::new)?;
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = tokio::time::timeout(PATIENCE, self.client.get(&url, headers)).await;
        let late = |_| Trouble::new(format!("no answer from `{}` within {PATIENCE:?}", self.server));
        let answer = answer.map_err(late)?.map_err(Trouble::new)?;
        if answer.status == StatusCode::OK { Ok(answer) } else { Err(refusal(answer).await) }
    }
}

/// A namespace as a part of a path.
fn segment(namespace: &str) -> String {
    let mut encoded = String::new();
    encode(namespace, &mut encoded);
    encoded
}

/// What the server says of its refusal.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    code: u16,
}

async fn refusal(mut answer: Answer) -> Trouble {
    let mut body = Vec::new();
    while let Ok(Ok(Some(part))) = tokio::time::timeout(PATIENCE, answer.chunk()).await {
        body.extend_from_slice(&part[..part.len().min(MAX_REFUSAL - body.len())]);
        if body.len() == MAX_REFUSAL {
            break;
        }
    }
    let said: Status = serde_json::from_slice(&body).unwrap_or_default();
    let code = answer.status;
    let words = match (code.as_u16(), said.message.as_str()) {
        (_, "") => format!("the server answered {code}"),
        (401, message) => format!("{message} ({code}): the token or certificate is not accepted"),
        (_, message) => format!("{message} ({code})"),
    };
    let after = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    Trouble { words, status: code.as_u16(), after: after.map(|after| after.min(LONGEST_RETRY_AFTER)) }
}

/// The next part of a body; silence is trouble, too.
async fn part(answer: &mut Answer, until: Instant) -> Result<Option<Bytes>, Trouble> {
    match tokio::time::timeout_at(until, answer.chunk()).await {
        Ok(Ok(part)) => Ok(part),
        Ok(Err(fault)) => Err(Trouble::new(fault)),
        Err(_) => Err(Trouble::new("the server fell silent")),
    }
}

/// Pauses that grow.
struct Pauses {
    pace: Pace,
    next: Duration,
}

impl Pauses {
    fn new(pace: Pace) -> Pauses {
        Pauses { pace, next: pace.first }
    }

    fn reset(&mut self) {
        self.next = self.pace.first;
    }

    /// Waits for the next one, or longer when the server asks for it. Many clients of one server do not come back all
    /// at once: each waits up to twice as long.
    async fn wait(&mut self, at_least: Option<Duration>) {
        let pause = self.next.mul_f64(1.0 + fastrand::f64());
        self.next = (self.next * 2).min(self.pace.longest);
        tokio::time::sleep(pause.max(at_least.unwrap_or_default())).await;
    }
}

#[cfg(test)]
mod tests;
