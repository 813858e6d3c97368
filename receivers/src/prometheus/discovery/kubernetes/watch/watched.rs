//! The objects that a watch knows, and who wants to be told of changes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::prometheus::discovery::kubernetes::objects::Object;

/// What a watch knows.
#[derive(Default)]
pub(crate) struct Watched(Mutex<State>);

#[derive(Default)]
struct State {
    objects: HashMap<Arc<str>, Object>,
    /// Whether they were all listed once.
    is_complete: bool,
    failures: u64,
    /// Why it failed last.
    error: Option<Arc<str>>,
    is_failing: bool,
    readers: Vec<(Arc<Inbox>, usize)>,
}

/// How a watch stands.
pub(crate) struct Standing {
    pub(crate) failures: u64,
    /// Why it failed last, even if it works again.
    pub(crate) error: Option<Arc<str>>,
    pub(crate) is_failing: bool,
}

/// What a discovery has not looked at yet. The same change twice is one; how often it must look is up to it.
#[derive(Default)]
pub(crate) struct Inbox {
    changed: Mutex<HashSet<(usize, Arc<str>)>>,
    bell: Notify,
}

impl Inbox {
    /// The keys of objects that have changed, each with the number of the watch.
    pub(crate) fn take(&self) -> HashSet<(usize, Arc<str>)> {
        std::mem::take(&mut *self.changed.lock())
    }

    /// Resolves when there may be something new.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }
}

impl Watched {
    /// Tells `inbox` of all objects there are, and of every change, as the watch with that number.
    pub(crate) fn tell(&self, inbox: Arc<Inbox>, number: usize) {
        let mut state = self.0.lock();
        inbox.changed.lock().extend(state.objects.keys().map(|key| (number, key.clone())));
        inbox.bell.notify_one();
        state.readers.push((inbox, number));
    }

    /// No longer tells `inbox`.
    pub(crate) fn forget(&self, inbox: &Arc<Inbox>) {
        self.0.lock().readers.retain(|(reader, _)| !Arc::ptr_eq(reader, inbox));
    }

    pub(crate) fn get(&self, key: &str) -> Option<Object> {
        self.0.lock().objects.get(key).cloned()
    }

    /// Whether all objects were listed once.
    pub(crate) fn is_complete(&self) -> bool {
        self.0.lock().is_complete
    }

    /// How often it failed, why, and whether it does now.
    pub(crate) fn standing(&self) -> Standing {
        let State { failures, error, is_failing, .. } = &*self.0.lock();
        Standing { failures: *failures, error: error.clone(), is_failing: *is_failing }
    }

    /// Keeps an object. One that looks as before is no change.
    pub(crate) fn keep(&self, key: &str, object: Object) {
        let mut state = self.0.lock();
        if state.objects.get(key).is_some_and(|known| *known == object) {
            return;
        }
        let key: Arc<str> =
            state.objects.get_key_value(key).map_or_else(|| key.into(), |(key, _)| key.clone());
        state.objects.insert(key.clone(), object);
        state.ring(&key);
    }

    pub(super) fn remove(&self, key: &str) {
        let mut state = self.0.lock();
        if let Some((key, _)) = state.objects.remove_entry(key) {
            state.ring(&key);
        }
    }

    /// These are all there are.
    pub(crate) fn keep_only(&self, listed: &HashSet<Arc<str>>) {
        let mut state = self.0.lock();
        let gone = |key: &&Arc<str>| !listed.contains(&***key);
        let gone: Vec<Arc<str>> = state.objects.keys().filter(gone).cloned().collect();
        for key in gone {
            state.objects.remove(&key);
            state.ring(&key);
        }
        state.is_complete = true;
        state.ring_all();
    }

    pub(super) fn fails(&self, words: &str) {
        let mut state = self.0.lock();
        state.failures += 1;
        (state.error, state.is_failing) = (Some(words.into()), true);
        state.ring_all();
    }

    pub(super) fn works(&self) {
        let mut state = self.0.lock();
        if std::mem::take(&mut state.is_failing) {
            state.ring_all();
        }
    }
}

impl State {
    fn ring(&self, key: &Arc<str>) {
        for (inbox, number) in &self.readers {
            inbox.changed.lock().insert((*number, key.clone()));
            inbox.bell.notify_one();
        }
    }

    fn ring_all(&self) {
        self.readers.iter().for_each(|(inbox, _)| inbox.bell.notify_one());
    }
}
