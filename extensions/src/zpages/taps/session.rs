//! One tap, from its first line to its last.
//!
//! Lines of JSON, each with a `type`: `begin`, `item`, `count` (every second in which a count has changed) and `end`.

use bytes::Bytes;
use component::{Scope, Seen, Watcher};
use jiff::Timestamp;
use otlp::{Limit, Payload, json};
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::order::Order;

/// An item with more bytes than this is named and not shown.
const MAX_ITEM: usize = 64 << 10;

/// More items than this are not looked at within a second: a tap takes a small part of a core.
const MAX_LOOKED_AT: u64 = 100_000;

const SECOND: Duration = Duration::from_secs(1);

/// A line.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Begin {
        edges: Vec<&'a str>,
        filter: &'a str,
        seconds: u64,
        rate: u64,
    },
    Item(Item<'a>),
    Count(Counts),
    End {
        reason: &'static str,
        #[serde(flatten)]
        counts: Counts,
    },
}

/// One item, with its scope and resource around it, as OTLP JSON.
#[derive(Serialize)]
struct Item<'a> {
    edge: &'a str,
    signal: &'static str,
    at: String,
    /// Its bytes as protobuf, with its scope and resource.
    bytes: usize,
    /// Absent when it has too many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

/// Items since the tap began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    /// Looked at.
    seen: u64,
    /// Let through by the filter.
    matched: u64,
    /// Shown; the rest was beyond the rate.
    shown: u64,
    /// Passed without being looked at: beyond the rate, or faster than this watcher.
    missed: u64,
}

/// Shows what `watcher` sees until the time is over, the limit is reached, the client goes or the collector stops.
pub(super) async fn run(watcher: Watcher, order: Order, parts: mpsc::Sender<Bytes>, scope: Scope) {
    let deadline = Instant::now() + order.time;
    let mut session = Session {
        watcher,
        order,
        parts,
        deadline,
        scope,
        counts: Counts::default(),
        told: Counts::default(),
        left: 0,
        looked_at: 0,
    };
    if let Some(reason) = session.show().await {
        let counts = session.counts();
        session.say(&Line::End { reason, counts }).await;
    }
}

struct Session {
    watcher: Watcher,
    order: Order,
    parts: mpsc::Sender<Bytes>,
    deadline: Instant,
    scope: Scope,
    counts: Counts,
    /// The last that the client was told.
    told: Counts,
    /// Items that may still be shown in this second.
    left: u64,
    /// Items looked at in this second.
    looked_at: u64,
}

impl Session {
    /// Why it ended; nothing when there is nobody to tell.
    async fn show(&mut self) -> Option<&'static str> {
        self.begin().await?;
        let mut seconds = interval(SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let scope = self.scope.clone();
        loop {
            tokio::select! {
                seen = self.watcher.next() => {
                    self.look(seen?).await?;
                    if self.order.limit.is_some_and(|limit| self.counts.shown >= limit) {
                        return Some("as many as were asked for");
                    }
                }
                _ = seconds.tick() => self.next_second().await?,
                () = tokio::time::sleep_until(self.deadline) => return Some("the time is over"),
                () = self.parts.closed() => return None,
                () = scope.stopped() => return Some("the collector stops"),
            }
        }
    }

    async fn begin(&mut self) -> Option<()> {
        let edges: Vec<String> = self.order.edges.iter().map(|edge| edge.name().to_owned()).collect();
        let filter = self.order.filter_text.clone();
        let (seconds, rate) = (self.order.time.as_secs(), self.order.rate);
        let edges = edges.iter().map(String::as_str).collect();
        self.say(&Line::Begin { edges, filter: &filter, seconds, rate }).await
    }

    async fn next_second(&mut self) -> Option<()> {
        self.left = self.order.rate;
        self.looked_at = 0;
        self.watcher.set_hungry(true);
        let counts = self.counts();
        if counts != self.told {
            self.told = counts;
            self.say(&Line::Count(counts)).await?;
        }
        Some(())
    }

    async fn look(&mut self, seen: Seen) -> Option<()> {
        let edge = self.order.edges[seen.edge].clone();
        let items = self.choose(seen);
        for payload in items {
            let item = Item {
                edge: edge.name(),
                signal: edge.signal().as_str(),
                at: Timestamp::now().to_string(),
                bytes: payload.size(),
                data: encode(&payload),
            };
            self.counts.shown += 1;
            self.say(&Line::Item(item)).await?;
        }
        Some(())
    }

    /// Those items of a batch that are to be shown, each as a request of its own. The rest of the batch is let go of.
    fn choose(&mut self, seen: Seen) -> Vec<Payload> {
        let items = seen.payload.items() as u64;
        let mut positions = self.order.filter.positions(&seen.payload);
        self.counts.seen += items;
        self.counts.matched += positions.len() as u64;
        let limit = self.order.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.counts.shown));
        positions.truncate(usize::try_from(self.left.min(limit)).unwrap_or(usize::MAX));
        self.left -= positions.len() as u64;
        self.looked_at += items;
        if self.left == 0 || self.looked_at >= MAX_LOOKED_AT {
            self.watcher.set_hungry(false);
        }
        cut_out(seen.payload, &positions)
    }

    fn counts(&self) -> Counts {
        Counts { missed: self.watcher.missed(), ..self.counts }
    }

    /// Nothing when there is nobody to tell any more, or nobody who listens within the time of the tap.
    async fn say(&self, line: &Line<'_>) -> Option<()> {
        let mut text = serde_json::to_vec(line).expect("a line is text and numbers");
        text.push(b'\n');
        tokio::select! {
            // Where there is room for it, the last line is said although the collector stops.
            biased;
            sent = timeout_at(self.deadline + SECOND, self.parts.send(Bytes::from(text))) => sent.ok()?.ok(),
            () = self.scope.stopped() => None,
        }
    }
}

/// The items at `positions`, which rise.
fn cut_out(payload: Payload, positions: &[usize]) -> Vec<Payload> {
    let mut pieces = payload.split(Limit::NONE);
    let mut at = 0;
    let mut items = Vec::with_capacity(positions.len());
    for position in positions {
        while at < *position {
            let Some(skipped) = pieces.cut(Limit::items(position - at)) else { return items };
            at += skipped.items();
        }
        let Some(item) = pieces.cut(Limit::items(1)) else { return items };
        at += item.items();
        // With bytes of its own: a slice would keep all of the request.
        let own = Bytes::copy_from_slice(&item.to_rope().to_contiguous());
        items.extend(Payload::parse(item.signal(), own).ok());
    }
    items
}

/// The item as JSON, unless it is too large.
fn encode(payload: &Payload) -> Option<Box<RawValue>> {
    if payload.size() > MAX_ITEM {
        return None;
    }
    let mut text = Vec::new();
    json::encode(payload.signal(), &payload.to_rope().to_contiguous(), &mut text).ok()?;
    RawValue::from_string(String::from_utf8(text).ok()?).ok()
}
