//! The flow page: the pipelines as they are wired, with what passes; and the same as JSON.
//!
//! The JSON is for scripts too. Counts are totals since the start of this configuration; a rate is the difference of
//! two answers, divided by the difference of their `uptime`. Fields are added, never renamed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use component::{
    BuildInfo, Edge, Health, LastError, LedgerEntry, Overview, PipelineHealth, PipelineOverview, QueueState,
    Refusals, Stage, Totals,
};
use jiff::Timestamp;
use serde::Serialize;
use tokio::time::Instant;

use super::taps::Taps;
use crate::html::escape;

/// What was dropped within this is trouble of today.
const LATELY: Duration = Duration::from_secs(60);

/// The page; its style and its script are part of it, so that nothing else is asked for.
pub(super) fn html(build: &BuildInfo) -> String {
    include_str!("flow/page.html")
        .replace("/* style */", include_str!("flow/page.css"))
        .replace("/* script */", include_str!("flow/page.js"))
        .replace("{{command}}", &escape(build.command))
        .replace("{{version}}", &escape(build.version))
}

/// What is shown.
pub(super) struct Sources<'a> {
    pub(super) build: &'a BuildInfo,
    pub(super) overview: &'a Overview,
    pub(super) health: &'a Health,
    pub(super) taps: &'a Taps,
    /// When the pages began to be served.
    pub(super) began: Instant,
}

pub(super) fn json(sources: &Sources<'_>) -> Vec<u8> {
    serde_json::to_vec(&Flow::read(sources)).expect("a flow is text and numbers")
}

/// Everything at one moment.
#[derive(Serialize)]
struct Flow<'a> {
    /// Of this format.
    version: u32,
    command: &'a str,
    program_version: &'a str,
    now: String,
    /// Seconds, to divide by.
    uptime: f64,
    /// `starting`, `ready` or `stopping`.
    stage: &'static str,
    /// Dead tasks, a sentence each.
    troubles: Vec<String>,
    /// Why there are no taps; null when there are.
    taps_closed: Option<&'a str>,
    pipelines: Vec<Pipeline<'a>>,
    /// Receivers and exporters, for each signal.
    components: Vec<Component<'a>>,
    edges: Vec<EdgeView<'a>>,
}

#[derive(Serialize)]
struct Pipeline<'a> {
    id: &'a str,
    signal: &'static str,
    receivers: &'a [String],
    processors: &'a [String],
    exporters: &'a [String],
    /// Those of the receivers and exporters that are connectors.
    connectors: &'a [String],
    live: bool,
    ready: bool,
    delivering: bool,
    reasons: Vec<Reason>,
    books: Books,
    sign: Sign,
}

#[derive(Serialize)]
struct Reason {
    about: &'static str,
    component: String,
    why: String,
    since: Option<String>,
}

/// Whether all is well with the books of a pipeline and its exporters, and in words.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Sign {
    good: bool,
    words: String,
}

#[derive(Serialize)]
struct Component<'a> {
    kind: &'static str,
    id: &'a str,
    signal: &'static str,
    books: Books,
    /// Of exporters: null while it delivers or has nothing to deliver.
    failing: Option<Noted>,
    /// The last error, however long ago: of a receiver's refusals, of an exporter's attempts.
    last_error: Option<Noted>,
    /// Of exporters that have one.
    queue: Option<Queue>,
}

/// received = delivered + refused + dropped + in flight.
#[derive(Serialize)]
struct Books {
    received: u64,
    delivered: u64,
    refused: u64,
    dropped: BTreeMap<&'static str, u64>,
    in_flight: i64,
    /// Part of `refused`, by the words of who refused.
    refused_because: BTreeMap<String, u64>,
    /// Seconds since something was dropped.
    last_drop: Option<f64>,
}

#[derive(Serialize)]
struct Noted {
    text: String,
    at: String,
}

#[derive(Serialize)]
struct Queue {
    used: u64,
    capacity: u64,
    sizer: &'static str,
    /// Seconds that the oldest has been in it.
    oldest: Option<f64>,
}

#[derive(Serialize)]
struct EdgeView<'a> {
    name: &'a str,
    kind: &'static str,
    component: &'a str,
    pipeline: Option<&'a str>,
    signal: &'static str,
    /// Items that have passed.
    items: u64,
    taps: usize,
}

impl<'a> Flow<'a> {
    fn read(sources: &Sources<'a>) -> Flow<'a> {
        let Sources { build, overview, health, taps, began } = *sources;
        let pipelines = overview.pipelines.iter().zip(overview.health(health));
        Flow {
            version: 1,
            command: build.command,
            program_version: build.version,
            now: Timestamp::now().to_string(),
            uptime: began.elapsed().as_secs_f64(),
            stage: match *health.stage().borrow() {
                Stage::Starting => "starting",
                Stage::Ready => "ready",
                Stage::Stopping => "stopping",
            },
            troubles: health.troubles(),
            taps_closed: taps.closed(),
            pipelines: pipelines
                .map(|(pipeline, health)| Pipeline::read(pipeline, health, overview))
                .collect(),
            components: components(overview),
            edges: overview.edges.iter().map(EdgeView::read).collect(),
        }
    }
}

impl<'a> Pipeline<'a> {
    fn read(pipeline: &'a PipelineOverview, health: PipelineHealth, overview: &Overview) -> Pipeline<'a> {
        let own = |entry: &&LedgerEntry| entry.kind == "pipeline" && *entry.id == *pipeline.id;
        let reason = |reason: component::Reason| Reason {
            about: reason.about,
            component: reason.component,
            why: reason.why,
            since: reason.since.map(moment),
        };
        Pipeline {
            id: &pipeline.id,
            signal: pipeline.signal.as_str(),
            receivers: &pipeline.receivers,
            processors: &pipeline.processors,
            exporters: &pipeline.exporters,
            connectors: &pipeline.connectors,
            live: health.live,
            ready: health.ready,
            delivering: health.delivering,
            reasons: health.reasons.into_iter().map(reason).collect(),
            books: overview.ledger.iter().find(own).map(Books::read).unwrap_or_else(Books::empty),
            sign: sign(pipeline, overview),
        }
    }
}

/// Reads the books of the pipeline and of its exporters.
fn sign(pipeline: &PipelineOverview, overview: &Overview) -> Sign {
    let concerns = |entry: &&LedgerEntry| match entry.kind {
        "pipeline" => *entry.id == *pipeline.id,
        "exporter" => {
            entry.signal == pipeline.signal && pipeline.exporters.iter().any(|id| **id == *entry.id)
        }
        _ => false,
    };
    let mut dropped = BTreeMap::<&'static str, u64>::new();
    let mut is_lately = false;
    for entry in overview.ledger.iter().filter(concerns) {
        let totals = entry.account.totals();
        if totals.in_flight() < 0 {
            let words = format!("{} {} counted out more than came in", entry.kind, entry.id);
            return Sign { good: false, words };
        }
        is_lately |= entry.account.last_drop().is_some_and(|at| at.elapsed() < LATELY);
        for (reason, items) in totals.dropped {
            *dropped.entry(reason).or_default() += items;
        }
    }
    let all: Vec<_> = dropped.iter().map(|(reason, items)| format!("{items} ({reason})")).collect();
    match (all.is_empty(), is_lately) {
        (true, _) => Sign { good: true, words: "Books balance, nothing dropped".to_owned() },
        (false, true) => {
            Sign { good: false, words: format!("Dropped within the last minute: {}", all.join(", ")) }
        }
        (false, false) => {
            Sign { good: true, words: format!("Books balance; dropped earlier: {}", all.join(", ")) }
        }
    }
}

fn components(overview: &Overview) -> Vec<Component<'_>> {
    let entries = overview.ledger.iter().filter(|entry| entry.kind != "pipeline");
    entries.map(|entry| Component::read(entry, overview)).collect()
}

impl<'a> Component<'a> {
    fn read(entry: &'a LedgerEntry, overview: &Overview) -> Component<'a> {
        let is_own = |exporter: &&component::ExporterOverview| {
            entry.kind == "exporter" && *exporter.id == *entry.id && exporter.signal == entry.signal
        };
        let sending = overview.exporters.iter().find(is_own).map(|exporter| &exporter.sending);
        let last_sent = sending.and_then(|sending| sending.last_error());
        let last_error = last_sent.or_else(|| entry.account.refusals().last);
        let failing = sending.and_then(|sending| sending.failing());
        Component {
            kind: entry.kind,
            id: &entry.id,
            signal: entry.signal.as_str(),
            books: Books::read(entry),
            failing: failing.map(|failing| Noted { text: failing.why, at: moment(failing.since) }),
            last_error: last_error.map(|LastError { text, at }| Noted { text, at: moment(at) }),
            queue: sending.and_then(|sending| sending.queue()).map(Queue::read),
        }
    }
}

impl Books {
    fn read(entry: &LedgerEntry) -> Books {
        let totals = entry.account.totals();
        let last_drop = entry.account.last_drop().map(|at| at.elapsed().as_secs_f64());
        Books::of(totals, entry.account.refusals(), last_drop)
    }

    fn empty() -> Books {
        Books::of(Totals::default(), Refusals::default(), None)
    }

    fn of(totals: Totals, refusals: Refusals, last_drop: Option<f64>) -> Books {
        Books {
            in_flight: totals.in_flight(),
            received: totals.received,
            delivered: totals.delivered,
            refused: totals.refused,
            dropped: totals.dropped,
            refused_because: refusals.by_reason,
            last_drop,
        }
    }
}

impl Queue {
    fn read(queue: QueueState) -> Queue {
        let QueueState { used, capacity, sizer, oldest, .. } = queue;
        Queue { used, capacity, sizer, oldest: oldest.map(|age| age.as_secs_f64()) }
    }
}

impl<'a> EdgeView<'a> {
    fn read(edge: &'a Edge) -> EdgeView<'a> {
        EdgeView {
            name: edge.name(),
            kind: edge.kind(),
            component: edge.component(),
            pipeline: edge.pipeline(),
            signal: edge.signal().as_str(),
            items: edge.passed(),
            taps: edge.watchers(),
        }
    }
}

fn moment(at: SystemTime) -> String {
    Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default()
}
