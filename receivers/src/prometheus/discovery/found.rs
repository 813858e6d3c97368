//! What the discoveries of one job have told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use component::{Context, Counter, Description, Gauge, Trouble};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{Discovery, Group, Kept};

/// As the Go Collector names it.
const FAILURES: Description = Description {
    name: "prometheus_sd_refresh_failures",
    help: "Number of failures while targets were looked for",
    unit: "{failures}",
};

/// As the Go Collector names it.
const DISCOVERED: Description = Description {
    name: "prometheus_sd_discovered_targets",
    help: "Number of targets that were found, before relabelling",
    unit: "{targets}",
};

/// What all discoveries of one job have found so far.
#[derive(Clone)]
pub struct Found {
    board: Arc<Board>,
    changes: watch::Receiver<()>,
}

struct Board {
    job: String,
    slots: Mutex<Vec<Slot>>,
    changed: watch::Sender<()>,
    targets: Gauge,
}

/// What one discovery has told.
struct Slot {
    kind: &'static str,
    name: String,
    groups: BTreeMap<String, Arc<Kept>>,
    failures: u64,
    last_error: Option<String>,
}

/// How one discovery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// As in `<kind>_sd_configs`, or `static`.
    pub kind: &'static str,
    /// Which one of its kind.
    pub name: String,
    /// How many groups it has found.
    pub groups: usize,
    /// How many targets are in them.
    pub targets: usize,
    /// How often it has failed.
    pub failures: u64,
    /// Why it does not work now, if it does not.
    pub last_error: Option<String>,
}

impl Found {
    /// Nothing, yet, for a job.
    #[must_use]
    pub fn new(cx: &Context, job: &str) -> Found {
        let (changed, changes) = watch::channel(());
        let labels = vec![("receiver", cx.id.to_string()), ("config", job.to_owned())];
        let board = Board {
            job: job.to_owned(),
            slots: Mutex::default(),
            changed,
            targets: cx.metrics.gauge(DISCOVERED, labels),
        };
        Found { board: Arc::new(board), changes }
    }

    /// The way for one more discovery to tell.
    #[must_use]
    pub fn finder(&self, cx: &Context, kind: &'static str, name: String) -> Finder {
        let mut slots = self.board.slots.lock();
        let slot = slots.len();
        slots.push(Slot { kind, name, groups: BTreeMap::new(), failures: 0, last_error: None });
        let labels = vec![
            ("receiver", cx.id.to_string()),
            ("config", self.board.job.clone()),
            ("mechanism", kind.to_owned()),
        ];
        Finder(Arc::new(Teller {
            slot,
            board: self.board.clone(),
            failures: cx.metrics.counter(FAILURES, labels),
            trouble: Trouble::new(format!("{} {}", cx.kind, cx.id), "target discovery fails"),
        }))
    }

    /// Starts `discovery`, which tells here.
    pub fn start<D: Discovery>(&self, cx: &Context, discovery: &D) {
        let finder = self.finder(cx, D::NAME, discovery.describe());
        let (discovery, cx, scope) = (discovery.clone(), cx.clone(), cx.scope.clone());
        scope.supervise("discovery", move || {
            let (cx, scope) = (cx.clone(), cx.scope.clone());
            let running = discovery.clone().run(cx, finder.clone());
            async move {
                tokio::select! {
                    end = running => end,
                    () = scope.stopped() => Ok(()),
                }
            }
        });
    }

    /// Resolves when there is something that [`Found::groups`] has not returned yet.
    pub async fn changed(&mut self) {
        // The sender is in the board, which we hold.
        let _ = self.changes.changed().await;
    }

    /// All groups there are now, in the order of the settings and of their sources.
    pub fn groups(&mut self) -> Vec<Arc<Kept>> {
        // Before the groups are read: a change in between is seen twice, not never.
        self.changes.mark_unchanged();
        self.board.slots.lock().iter().flat_map(|slot| slot.groups.values().cloned()).collect()
    }

    /// How each discovery stands, in the order of the settings.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.board.slots.lock().iter().map(Slot::standing).collect()
    }
}

impl Slot {
    fn standing(&self) -> Standing {
        Standing {
            kind: self.kind,
            name: self.name.clone(),
            groups: self.groups.len(),
            targets: self.targets(),
            failures: self.failures,
            last_error: self.last_error.clone(),
        }
    }

    fn targets(&self) -> usize {
        self.groups.values().map(|group| group.len()).sum()
    }

    /// Whether one of these changes anything.
    fn take_all(&mut self, groups: impl IntoIterator<Item = Group>) -> bool {
        let mut any_change = false;
        for group in groups {
            any_change |= self.take(group);
        }
        any_change
    }

    /// Whether this changes anything.
    fn take(&mut self, group: Group) -> bool {
        if group.targets.is_empty() {
            return self.groups.remove(&group.source).is_some();
        }
        let kept = Kept::new(&group);
        if self.groups.get(&group.source).is_some_and(|known| **known == kept) {
            return false;
        }
        self.groups.insert(group.source, Arc::new(kept));
        true
    }
}

/// Where one discovery tells what it found. Cheap to clone.
#[derive(Clone)]
pub struct Finder(Arc<Teller>);

struct Teller {
    slot: usize,
    board: Arc<Board>,
    failures: Counter,
    trouble: Trouble,
}

impl Finder {
    /// Each group replaces the one of the same source; an empty one removes it. The others stay.
    pub fn update(&self, groups: impl IntoIterator<Item = Group>) {
        self.change(|slot| slot.take_all(groups));
    }

    /// These groups are all there are.
    pub fn replace(&self, groups: Vec<Group>) {
        self.change(|slot| {
            let before = slot.groups.len();
            let sources: BTreeSet<&str> = groups.iter().map(|group| group.source.as_str()).collect();
            slot.groups.retain(|source, _| sources.contains(source.as_str()));
            let any_gone = slot.groups.len() < before;
            slot.take_all(groups) || any_gone
        });
    }

    /// Looking for targets failed; those found before stay.
    pub fn failed(&self, why: &dyn Display) {
        self.0.failures.add(1);
        let mut slots = self.0.board.slots.lock();
        let slot = &mut slots[self.0.slot];
        slot.failures += 1;
        slot.last_error = Some(why.to_string());
        let words = format!("job `{}`: {}_sd `{}`: {why}", self.0.board.job, slot.kind, slot.name);
        drop(slots);
        self.0.trouble.report(0, &words);
    }

    /// Looking for targets went well.
    pub fn works(&self) {
        self.0.board.slots.lock()[self.0.slot].last_error = None;
        self.0.trouble.over();
    }

    fn change(&self, change: impl FnOnce(&mut Slot) -> bool) {
        let board = &self.0.board;
        let mut slots = board.slots.lock();
        if !change(&mut slots[self.0.slot]) {
            return;
        }
        let targets: usize = slots.iter().map(Slot::targets).sum();
        drop(slots);
        board.targets.set(i64::try_from(targets).unwrap_or(i64::MAX));
        board.changed.send_replace(());
    }
}
