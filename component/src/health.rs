//! How the process is: starting, ready or stopping, and what is not as it should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::watch;

/// Where the process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not every component has started.
    Starting,
    /// All listeners are bound and all components run.
    Ready,
    /// Draining.
    Stopping,
}

/// The health of the process. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stage: watch::Sender<Stage>,
    /// By component and task: why the task died.
    troubles: Mutex<BTreeMap<(String, &'static str), String>>,
    deaths: AtomicU64,
    panics: AtomicU64,
}

impl Default for Health {
    fn default() -> Health {
        Health(Arc::new(Inner {
            stage: watch::Sender::new(Stage::Starting),
            troubles: Mutex::default(),
            deaths: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }))
    }
}

impl Health {
    /// Where the process is in its life, to look at and to wait for.
    #[must_use]
    pub fn stage(&self) -> watch::Receiver<Stage> {
        self.0.stage.subscribe()
    }

    /// The process has come to the next part of its life.
    pub fn enter(&self, stage: Stage) {
        self.0.stage.send_replace(stage);
    }

    /// A task of `component` died.
    pub fn degrade(&self, component: &str, task: &'static str, why: &str) {
        self.0.deaths.fetch_add(1, Ordering::Relaxed);
        self.0.troubles.lock().insert((component.to_owned(), task), why.to_owned());
    }

    /// The task lives again.
    pub fn recover(&self, component: &str, task: &'static str) {
        self.0.troubles.lock().remove(&(component.to_owned(), task));
    }

    /// One sentence for each dead task; empty when all is well.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let troubles = self.0.troubles.lock();
        let sentence = |((component, task), why): (&(String, &str), &String)| {
            format!("{component}: task `{task}` died: {why}")
        };
        troubles.iter().map(sentence).collect()
    }

    /// The dead tasks of `component` (`exporter otlp`), each with why it died.
    #[must_use]
    pub fn troubles_of(&self, component: &str) -> Vec<(&'static str, String)> {
        let troubles = self.0.troubles.lock();
        let of = troubles.iter().filter(|((whose, _), _)| whose == component);
        of.map(|((_, task), why)| (*task, why.clone())).collect()
    }

    /// How often a task has died.
    #[must_use]
    pub fn deaths(&self) -> u64 {
        self.0.deaths.load(Ordering::Relaxed)
    }

    /// How many requests have ended in a panic.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.0.panics.load(Ordering::Relaxed)
    }

    pub(crate) fn count_panic(&self) {
        self.0.panics.fetch_add(1, Ordering::Relaxed);
    }
}
