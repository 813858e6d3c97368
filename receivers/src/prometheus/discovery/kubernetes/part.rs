//! The groups of one role in one namespace: which there are, and what each depends on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::objects::{Object, Resource};
use super::roles::{Attach, Lookup, Role, View};
use super::watch::Watched;
use crate::prometheus::discovery::Group;

/// How many groups are made in one go, before others get their turn.
const AT_ONCE: usize = 64;

/// One role in one namespace, or in all.
pub(super) struct Part {
    role: Role,
    attach: Attach,
    /// The objects that groups are made of.
    main: Arc<Watched>,
    others: Others,
    /// The objects that each group was made with, beside its own.
    made_with: HashMap<Arc<str>, BTreeSet<Dependency>>,
    /// The groups that each object was looked at for, whether it was there or not.
    made_for: HashMap<Dependency, HashSet<Arc<str>>>,
    /// What is to be made anew.
    stale: BTreeSet<Arc<str>>,
}

type Dependency = (Resource, Arc<str>);

/// The watches of other resources.
struct Others(Vec<(Resource, Arc<Watched>)>);

impl Lookup for Others {
    fn object(&self, resource: Resource, key: &str) -> Option<Object> {
        self.0.iter().find(|(name, _)| *name == resource).and_then(|(_, watched)| watched.get(key))
    }
}

impl Part {
    pub(super) fn new(
        role: Role,
        attach: Attach,
        main: Arc<Watched>,
        others: Vec<(Resource, Arc<Watched>)>,
    ) -> Part {
        Part {
            role,
            attach,
            main,
            others: Others(others),
            made_with: HashMap::new(),
            made_for: HashMap::new(),
            stale: BTreeSet::new(),
        }
    }

    /// An object of that resource has changed.
    pub(super) fn note(&mut self, resource: Resource, key: Arc<str>) {
        if resource == self.role.resource() {
            self.stale.insert(key);
        } else if let Some(groups) = self.made_for.get(&(resource, key)) {
            self.stale.extend(groups.iter().cloned());
        }
    }

    /// Whether everything was listed once. Until then nothing is made: targets without what belongs to them would pass
    /// relabelling as others do not.
    fn is_ready(&self) -> bool {
        self.main.is_complete() && self.others.0.iter().all(|(_, watched)| watched.is_complete())
    }

    /// Makes some of the groups that are stale.
    pub(super) fn make_some(&mut self) -> Vec<Group> {
        if self.stale.is_empty() || !self.is_ready() {
            return Vec::new();
        }
        let mut groups = Vec::new();
        while groups.len() < AT_ONCE
            && let Some(key) = self.stale.pop_first()
        {
            groups.push(self.make(key));
        }
        groups
    }

    fn make(&mut self, key: Arc<str>) -> Group {
        let object = self.main.get(&key);
        let view = View::new(&self.others, self.attach);
        let group = self.role.group(&key, object.as_ref(), &view);
        let asked = view.asked();
        self.depend(key, asked);
        group
    }

    /// From now on the group depends on these objects.
    fn depend(&mut self, key: Arc<str>, on: BTreeSet<Dependency>) {
        let before = self.made_with.remove(&key).unwrap_or_default();
        for dependency in before.difference(&on) {
            if let Some(groups) = self.made_for.get_mut(dependency) {
                groups.remove(&key);
                if groups.is_empty() {
                    self.made_for.remove(dependency);
                }
            }
        }
        for dependency in on.difference(&before) {
            self.made_for.entry(dependency.clone()).or_default().insert(key.clone());
        }
        if !on.is_empty() {
            self.made_with.insert(key, on);
        }
    }
}
