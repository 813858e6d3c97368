//! What the cluster holds and what happened to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use serde_json::{Value, json};

use super::objects::resource_of;

/// All of it, behind one lock.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The resource version of the last change.
    pub(super) version: u64,
    objects: BTreeMap<Key, Value>,
    pub(super) history: Vec<Happening>,
    /// Changes up to this version are forgotten.
    pub(super) compacted: u64,
    /// The rest of lists that are being read in pages, by their `continue`.
    pub(super) pages: HashMap<String, Page>,
    pub(super) token: Option<String>,
    pub(super) forbidden: BTreeSet<String>,
    pub(super) faults: Faults,
    pub(super) seen: Vec<Seen>,
    pub(super) watches: HashMap<String, usize>,
    /// How often all watches were broken, and ended.
    pub(super) cuts: usize,
    pub(super) ends: usize,
}

/// The resource, the namespace, the name.
type Key = (String, String, String);

/// The rest of a list as it was when its first page was read.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) version: u64,
    pub(super) rest: Vec<Value>,
}

/// One thing that watches are told.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// A change, with the object before and after.
    Change { version: u64, resource: String, before: Option<Value>, after: Option<Value> },
    /// Nothing has happened up to this version.
    Bookmark { version: u64 },
    /// Anything, on watches of that resource that are open now.
    Say { resource: String, bytes: Vec<u8> },
}

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Every answer begins this much later.
    pub delay: Duration,
    /// Bodies come in pieces of so many bytes.
    pub trickle: Option<usize>,
    /// A watch from a forgotten version is answered with status 410 instead of an event.
    pub gone_as_status: bool,
    /// Watches end after this time, whatever the client asks for.
    pub watch_limit: Option<Duration>,
    /// Watches never end by themselves, whatever the client asks for.
    pub endless: bool,
    /// Every request is answered with this status.
    pub status: Option<u16>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The path.
    pub path: String,
    /// The parameters, decoded.
    pub query: BTreeMap<String, String>,
    /// The bearer token; empty without.
    pub token: String,
    /// What was answered.
    pub status: u16,
}

impl Seen {
    /// Whether it is a watch.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        self.query.contains_key("watch")
    }
}

impl State {
    pub(super) fn apply(&mut self, mut object: Value) {
        let resource = resource_of(&object).to_owned();
        let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default().to_owned();
        let key = (resource.clone(), text("namespace"), text("name"));
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let before = self.objects.insert(key, object.clone());
        self.happened(resource, before, Some(object));
    }

    pub(super) fn delete(&mut self, resource: &str, namespace: &str, name: &str) {
        let key = (resource.to_owned(), namespace.to_owned(), name.to_owned());
        let Some(before) = self.objects.remove(&key) else { return };
        self.version += 1;
        self.happened(resource.to_owned(), Some(before), None);
    }

    fn happened(&mut self, resource: String, before: Option<Value>, after: Option<Value>) {
        self.history.push(Happening::Change { version: self.version, resource, before, after });
    }

    pub(super) fn all(&self, resource: &str) -> Vec<Value> {
        let of = |((name, ..), _): &(&Key, &Value)| name == resource;
        self.objects.iter().filter(of).map(|(_, object)| object.clone()).collect()
    }

    pub(super) fn compact(&mut self) {
        self.compacted = self.version;
        self.pages.clear();
    }

    pub(super) fn bookmark(&mut self) {
        self.history.push(Happening::Bookmark { version: self.version });
    }

    pub(super) fn say(&mut self, resource: &str, bytes: Vec<u8>) {
        self.history.push(Happening::Say { resource: resource.to_owned(), bytes });
    }
}
