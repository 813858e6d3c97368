//! Who sends: what series take from their resource, and `target_info`, which tells the rest.

use std::collections::HashMap;
use std::sync::Arc;

use formats::prometheus::expose::Value;
use otlp::{Attributes, Resource};
use parking_lot::Mutex;

use super::family::State;
use super::identity::{Identities, Identity};
use super::labels::Labelling;
use super::registry::Registry;

/// Resources that are remembered. More of them are read anew each time, which costs time and no memory.
const MAX_KNOWN: usize = 100_000;

/// What all series of a resource have in common.
#[derive(Debug)]
pub(super) struct Source {
    /// Of that.
    pub(super) identity: Identity,
    /// `job`, `instance`, and what was copied.
    pub(super) labels: Vec<(String, String)>,
    /// The keys of the attributes that were copied.
    pub(super) copied: Vec<String>,
    /// Whether it has both `job` and `instance`, and so a `target_info`.
    is_target: bool,
}

/// All resources that sent something lately.
#[derive(Debug, Default)]
pub(super) struct Sources {
    known: Mutex<HashMap<Identity, (Arc<Source>, u64)>>,
    /// The resource that `target_info` tells of, for each `job` and `instance`.
    targets: Mutex<HashMap<Identity, Identity>>,
}

impl Sources {
    /// What is to be known of a resource.
    pub(super) fn of(
        &self,
        resource: &Resource<'_>,
        (ids, labelling, registry): (&Identities, &Labelling, &Registry),
        limit: usize,
    ) -> Arc<Source> {
        let attributes = resource.attributes();
        let (identity, now) = (ids.attributes(&attributes), registry.now());
        let known = self.known.lock().get_mut(&identity).map(|(source, last)| {
            *last = now;
            source.clone()
        });
        let source = known.unwrap_or_else(|| {
            let source = Arc::new(Source::read(resource, ids, labelling));
            let mut known = self.known.lock();
            if known.len() < MAX_KNOWN {
                known.insert(identity, (source.clone(), now));
            }
            source
        });
        if source.is_target {
            self.tell(identity, &source, &attributes, (ids, labelling, registry), limit);
        }
        source
    }

    /// Forgets those of which nothing has come since `deadline`.
    pub(super) fn expire(&self, deadline: u64) {
        let mut known = self.known.lock();
        known.retain(|_, (_, last)| *last >= deadline);
        self.targets.lock().retain(|_, identity| known.contains_key(identity));
    }

    /// Keeps `target_info` as the last resource with that `job` and `instance` wants it.
    fn tell(
        &self,
        identity: Identity,
        source: &Source,
        attributes: &Attributes<'_>,
        (ids, labelling, registry): (&Identities, &Labelling, &Registry),
        limit: usize,
    ) {
        // Somebody else's metric of that name is told about when its points come; this is not a point.
        let Ok(family) = registry.targets() else { return };
        let now = registry.now();
        if family.touch(identity, now) {
            return;
        }
        let (job, instance) = (source.label("job"), source.label("instance"));
        let target = ids.texts(&[job.as_bytes(), instance.as_bytes()]);
        if let Some(other) = self.targets.lock().insert(target, identity) {
            family.remove(other);
        }
        let own = [("job", job), ("instance", instance)];
        let Some(labels) = labelling.target(attributes, own) else { return };
        let state = State { value: Value::Number(1.0, None), time: 0, start: 0, received: now };
        // Where there is no room for it, its series are shown all the same.
        let _ = family.add(identity, labels, state, limit);
    }
}

impl Source {
    fn read(resource: &Resource<'_>, ids: &Identities, labelling: &Labelling) -> Source {
        let attributes = resource.attributes();
        let text = |key: &str| attributes.get(key).map(|value| value.to_text().into_owned());
        let name = text("service.name").filter(|name| !name.is_empty());
        let job = match (text("service.namespace").filter(|space| !space.is_empty()), name) {
            (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
            (None, name) => name,
            (Some(_), None) => None,
        };
        let instance = text("service.instance.id").filter(|id| !id.is_empty());
        let is_target = job.is_some() && instance.is_some();
        let mut labels: Vec<(String, String)> = [("job", job), ("instance", instance)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let mut copied = Vec::new();
        for (key, label, value) in labelling.copied(resource) {
            copied.push(key);
            labels.push((label, value));
        }
        let texts: Vec<&[u8]> =
            labels.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]).collect();
        Source { identity: ids.texts(&texts), labels, copied, is_target }
    }

    fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}
