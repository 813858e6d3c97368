//! The watches that discoveries share.

use std::collections::BTreeMap;
use std::sync::Arc;

use component::Context;
use parking_lot::Mutex;

use super::access::{Access, Pace, Surroundings};
use super::config::KubernetesSdConfig;
use super::objects::Resource;
use super::watch::{self, Source, Watched};
use crate::prometheus::client::HttpClient;

/// The clusters that the jobs of one receiver look at. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Clusters(Arc<Inner>);

struct Inner {
    surroundings: Surroundings,
    known: Mutex<Vec<Arc<Cluster>>>,
}

/// A cluster, and what is watched of it.
pub(super) struct Cluster {
    access: Access,
    client: HttpClient,
    pace: Pace,
    watches: Mutex<BTreeMap<Scope, Arc<Watched>>>,
}

/// What a watch is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) resource: Resource,
    /// Empty for all.
    pub(super) namespace: String,
    pub(super) labels: String,
    pub(super) fields: String,
}

impl Default for Clusters {
    fn default() -> Clusters {
        Clusters::in_surroundings(Surroundings::here())
    }
}

impl Clusters {
    pub(super) fn in_surroundings(surroundings: Surroundings) -> Clusters {
        Clusters(Arc::new(Inner { surroundings, known: Mutex::default() }))
    }

    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.0.surroundings
    }

    /// The cluster that `config` means.
    pub(super) fn cluster(&self, config: &KubernetesSdConfig, cx: &Context) -> anyhow::Result<Arc<Cluster>> {
        let access = self.0.surroundings.access(config)?;
        let mut known = self.0.known.lock();
        if let Some(cluster) = known.iter().find(|cluster| cluster.access == access) {
            return Ok(cluster.clone());
        }
        let client = access.http.client(cx)?;
        let pace = self.0.surroundings.pace;
        let cluster = Arc::new(Cluster { access, client, pace, watches: Mutex::default() });
        known.push(cluster.clone());
        Ok(cluster)
    }
}

impl Cluster {
    /// The watch of that scope; it begins with the first who asks, and lasts as long as the component.
    pub(super) fn watch(&self, scope: Scope, cx: &Context) -> Arc<Watched> {
        let mut watches = self.watches.lock();
        if let Some(watched) = watches.get(&scope) {
            return watched.clone();
        }
        let watched = Arc::new(Watched::default());
        let source = Source {
            client: self.client.clone(),
            server: self.access.server.clone(),
            scope: scope.clone(),
            pace: self.pace,
        };
        watches.insert(scope, watched.clone());
        let (kept, stopping) = (watched.clone(), cx.scope.clone());
        cx.scope.supervise("kubernetes watch", move || {
            let (source, watched, scope) = (source.clone(), kept.clone(), stopping.clone());
            async move {
                tokio::select! {
                    () = watch::follow(source, watched) => Ok(()),
                    () = scope.stopped() => Ok(()),
                }
            }
        });
        watched
    }
}
