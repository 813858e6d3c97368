//! Targets from the API of Kubernetes.
//!
//! 1. [`Clusters`] belongs to a receiver. Jobs that name the same API server in the same way share its watches: there is
//!    one for each resource, namespace and selector (`clusters.rs`).
//! 2. A watch lists its objects, then follows their changes (`watch/`). Of each object it keeps what discovery needs
//!    (`objects/`). While it cannot be had, the objects it knows stay.
//! 3. A discovery waits until all its watches have listed. Then each object is a group of targets (`roles/`), made anew
//!    when it changes, or another object that was looked at for it (`run.rs`, `part.rs`). What a discovery has not made
//!    of changes yet is a set of keys: it cannot grow beyond the objects there are.

mod access;
mod clusters;
mod config;
mod kubeconfig;
mod objects;
mod part;
mod roles;
mod run;
mod watch;

use async_trait::async_trait;
use component::{Context, Problem};

pub use self::clusters::Clusters;
pub use self::config::{AttachMetadata, KubernetesKeys, KubernetesSdConfig, Namespaces, Selector};
pub use self::roles::Role;
use super::{Discovery, Finder};

/// One of `kubernetes_sd_configs`, with the clusters that all of a receiver's share.
#[derive(Clone)]
pub(super) struct Kubernetes {
    pub(super) config: KubernetesSdConfig,
    pub(super) clusters: Clusters,
}

#[async_trait]
impl Discovery for Kubernetes {
    const NAME: &'static str = "kubernetes";

    fn check(&self) -> Vec<Problem> {
        self.config.check()
    }

    fn describe(&self) -> String {
        self.config.describe()
    }

    async fn run(self, cx: Context, finder: Finder) -> anyhow::Result<()> {
        run::run(&self.config, &self.clusters, &cx, &finder).await
    }
}

#[cfg(test)]
mod tests;
