//! The edges between components: what passes is counted, and can be watched.
//!
//! 1. An edge that nobody watches costs a batch one addition to this thread's own counter and one relaxed load.
//! 2. A watcher never slows data: what does not find a place at once is counted as missed.
//! 3. A watcher is given the bytes of a batch and not its tables, so that a processor behind the edge need not copy what
//!    the watcher reads. How many bytes wait for a watcher is bounded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use otlp::{Payload, Signal};
use parking_lot::RwLock;
use tokio::sync::mpsc;

use crate::telemetry::Counter;

/// How many batches wait for a watcher.
const MAX_WAITING: usize = 4;

/// How many bytes they have together. One batch may have more.
const MAX_WAITING_BYTES: usize = 4 << 20;

/// The place where one component hands over to the next. Cheap to clone; all clones are one edge.
#[derive(Clone)]
pub struct Edge(Arc<Inner>);

struct Inner {
    name: String,
    kind: &'static str,
    component: String,
    pipeline: Option<String>,
    signal: Signal,
    passed: Counter,
    is_watched: AtomicBool,
    /// Each with the number that the watcher gave to this edge.
    watchers: RwLock<Vec<(usize, Arc<Place>)>>,
}

impl Edge {
    /// What comes out of a receiver, or goes into an exporter or a connector: `receiver/otlp/traces`.
    #[must_use]
    pub fn of_component(kind: &'static str, id: &str, signal: Signal) -> Edge {
        Edge::new(format!("{kind}/{id}/{signal}"), kind, id, None, signal)
    }

    /// What goes into a pipeline: `pipeline/traces`.
    #[must_use]
    pub fn of_pipeline(id: &str, signal: Signal) -> Edge {
        Edge::new(format!("pipeline/{id}"), "pipeline", id, Some(id.to_owned()), signal)
    }

    /// What comes out of a processor of a pipeline: `processor/traces/batch`.
    #[must_use]
    pub fn of_processor(pipeline: &str, id: &str, signal: Signal) -> Edge {
        Edge::new(format!("processor/{pipeline}/{id}"), "processor", id, Some(pipeline.to_owned()), signal)
    }

    fn new(name: String, kind: &'static str, id: &str, pipeline: Option<String>, signal: Signal) -> Edge {
        Edge(Arc::new(Inner {
            name,
            kind,
            component: id.to_owned(),
            pipeline,
            signal,
            passed: Counter::default(),
            is_watched: AtomicBool::new(false),
            watchers: RwLock::default(),
        }))
    }

    /// A batch is handed over here. What becomes of it is not known yet.
    pub fn pass(&self, payload: &Payload) {
        self.0.passed.add(payload.items() as u64);
        if self.0.is_watched.load(Ordering::Relaxed) {
            self.show(payload);
        }
    }

    /// Its name: `receiver/otlp/traces`, `pipeline/traces`, `processor/traces/batch`, `exporter/otlp/traces`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// `receiver`, `pipeline`, `processor`, `exporter` or `connector`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// The id of the component, or of the pipeline.
    #[must_use]
    pub fn component(&self) -> &str {
        &self.0.component
    }

    /// The pipeline in which it lies; none for those that several pipelines share.
    #[must_use]
    pub fn pipeline(&self) -> Option<&str> {
        self.0.pipeline.as_deref()
    }

    /// What passes here.
    #[must_use]
    pub fn signal(&self) -> Signal {
        self.0.signal
    }

    /// How many items have passed.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.0.passed.value()
    }

    /// How many watch it.
    #[must_use]
    pub fn watchers(&self) -> usize {
        self.0.watchers.read().len()
    }

    #[cold]
    fn show(&self, payload: &Payload) {
        // Held for a moment only, when somebody comes or goes; data does not wait for that.
        let Some(watchers) = self.0.watchers.try_read() else { return };
        for (number, place) in watchers.iter() {
            place.offer(*number, payload);
        }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// Somebody who looks at what passes. The edges forget it when it is dropped.
pub struct Watcher {
    edges: Vec<Edge>,
    place: Arc<Place>,
    seen: mpsc::Receiver<Seen>,
}

/// A batch that passed.
pub struct Seen {
    /// The number of the edge, as the watcher was given them.
    pub edge: usize,
    /// What passed.
    pub payload: Payload,
    _waiting: Waiting,
}

impl Watcher {
    /// Watches these edges.
    #[must_use]
    pub fn new(edges: Vec<Edge>) -> Watcher {
        let (queue, seen) = mpsc::channel(MAX_WAITING);
        let place = Arc::new(Place {
            queue,
            is_hungry: AtomicBool::new(true),
            missed: AtomicU64::new(0),
            waiting_bytes: Arc::default(),
        });
        for (number, edge) in edges.iter().enumerate() {
            edge.0.watchers.write().push((number, place.clone()));
            edge.0.is_watched.store(true, Ordering::Relaxed);
        }
        Watcher { edges, place, seen }
    }

    /// The next batch.
    pub async fn next(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }

    /// Whether it wants to see more just now; what passes while it does not is missed.
    pub fn set_hungry(&self, is_hungry: bool) {
        self.place.is_hungry.store(is_hungry, Ordering::Relaxed);
    }

    /// How many items passed that it has not seen.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.place.missed.load(Ordering::Relaxed)
    }

    /// What it watches.
    #[must_use]
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        for edge in &self.edges {
            let mut watchers = edge.0.watchers.write();
            watchers.retain(|(_, place)| !Arc::ptr_eq(place, &self.place));
            edge.0.is_watched.store(!watchers.is_empty(), Ordering::Relaxed);
        }
    }
}

/// Where an edge puts what a watcher is to see.
struct Place {
    queue: mpsc::Sender<Seen>,
    is_hungry: AtomicBool,
    missed: AtomicU64,
    waiting_bytes: Arc<AtomicUsize>,
}

impl Place {
    fn offer(&self, edge: usize, payload: &Payload) {
        let is_taken = self.is_hungry.load(Ordering::Relaxed) && self.take(edge, payload);
        if !is_taken {
            self.missed.fetch_add(payload.items() as u64, Ordering::Relaxed);
        }
    }

    fn take(&self, edge: usize, payload: &Payload) -> bool {
        let Ok(free) = self.queue.try_reserve() else { return false };
        let payload = payload.detached();
        let bytes = payload.size();
        let before = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let waiting = Waiting { bytes, all: self.waiting_bytes.clone() };
        if before > 0 && before.saturating_add(bytes) > MAX_WAITING_BYTES {
            return false;
        }
        free.send(Seen { edge, payload, _waiting: waiting });
        true
    }
}

/// Bytes that wait for a watcher, until dropped.
struct Waiting {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
