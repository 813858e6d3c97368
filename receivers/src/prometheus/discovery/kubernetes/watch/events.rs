//! Following changes.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

use super::list::Name;
use super::split::{Lines, MAX_OBJECT, TooLarge};
use super::watched::Watched;
use super::{Source, Trouble, part};
use crate::prometheus::discovery::kubernetes::objects::Event;

/// How long a watch lasts, in seconds: at random in between, so that not all end at once. As Go's client.
const LASTS: std::ops::Range<u64> = 300..600;

/// A server that does not end a watch in time is left.
const GRACE: Duration = Duration::from_secs(30);

/// How a watch ended.
pub(super) enum Ended {
    /// As it should.
    InTime,
    /// The connection was lost.
    Broken,
    /// The server will not have it.
    Refused(Trouble),
    /// What it sent makes no sense.
    Unreadable(String),
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: HeadObject<'a>,
}

/// What is read of any object, and of the reason of an error.
#[derive(Default, Deserialize)]
#[serde(default)]
struct HeadObject<'a> {
    metadata: Metadata<'a>,
    #[serde(borrow)]
    message: Cow<'a, str>,
    code: u16,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    resource_version: Cow<'a, str>,
    name: String,
    namespace: String,
}

/// Follows the changes since `version`, which moves on with them.
pub(super) async fn events(source: &Source, version: &mut String, watched: &Watched) -> Ended {
    let seconds = fastrand::u64(LASTS);
    let until = Instant::now() + Duration::from_secs(seconds) + GRACE;
    let parameters = [
        ("watch", "1"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", version.as_str()),
        ("timeoutSeconds", &seconds.to_string()),
    ];
    let mut answer = match source.ask(&parameters).await {
        Ok(answer) => answer,
        Err(trouble) => return Ended::Refused(trouble),
    };
    watched.works();
    let mut lines = Lines::new(MAX_OBJECT);
    loop {
        let part = match part(&mut answer, until).await {
            Ok(Some(part)) => part,
            Ok(None) => return Ended::InTime,
            Err(_) => return Ended::Broken,
        };
        let mut ended = None;
        lines.push(&part, |line| {
            if ended.is_none() {
                ended = take(source, line, version, watched);
            }
        });
        if let Some(ended) = ended {
            return ended;
        }
    }
}

/// Takes one event; how the watch ends by it, if so.
fn take(
    source: &Source,
    line: Result<&[u8], TooLarge>,
    version: &mut String,
    watched: &Watched,
) -> Option<Ended> {
    let odd = |words: &str| {
        watched.fails(&source.words("watch", &Trouble::new(words)));
        None
    };
    let Ok(line) = line else { return odd("an object is too large, its change is left out") };
    let head: Head<'_> = match serde_json::from_slice(line) {
        Ok(head) => head,
        Err(error) => return Some(Ended::Unreadable(format!("an event cannot be read: {error}"))),
    };
    let Head { kind, object: HeadObject { metadata, message, code } } = head;
    if kind == "ERROR" {
        return Some(Ended::Refused(Trouble { words: message.into_owned(), status: code, after: None }));
    }
    let name = Name { name: metadata.name, namespace: metadata.namespace };
    let outcome = match (&*kind, name.key()) {
        ("ADDED" | "MODIFIED", Some(key)) => match source.scope.resource.read::<Event>(line) {
            Ok(object) => {
                watched.keep(&key, object);
                None
            }
            Err(error) => odd(&format!("`{key}` cannot be read, its change is left out: {error}")),
        },
        ("DELETED", Some(key)) => {
            watched.remove(&key);
            None
        }
        ("ADDED" | "MODIFIED" | "DELETED", None) => odd("an object has no name"),
        // A bookmark, or what a newer server may say: only how far we are.
        _ => None,
    };
    if !metadata.resource_version.is_empty() {
        *version = metadata.resource_version.into_owned();
    }
    outcome
}
