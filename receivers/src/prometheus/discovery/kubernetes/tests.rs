//! Tests of discovery against a simulated API server.

mod access;
mod any;
mod following;
mod incremental;
mod settings;

use std::path::PathBuf;
use std::time::Duration;

use component::testing::context;
use component::{Context, Kind};
use tests::kubernetes::Cluster;
use tests::patience::{until, until_equal};

use super::access::{Pace, Surroundings};
use super::{Clusters, Kubernetes, KubernetesSdConfig};
use crate::prometheus::discovery::{ADDRESS, Found, Kept, Standing};

/// Trouble is waited out quickly.
const PACE: Pace = Pace { first: Duration::from_millis(5), longest: Duration::from_millis(50) };

/// Reads settings as they stand in a file.
fn settings(yaml: &str) -> KubernetesSdConfig {
    let mut diagnostics = config::Diagnostics::new();
    let node = config::parse_value("test", yaml, &mut diagnostics);
    let read = node.and_then(|node| config::read(&node, &config::Path::root(), &mut diagnostics));
    read.unwrap_or_else(|| panic!("{yaml}:\n{diagnostics}"))
}

/// In no cluster.
fn outside() -> Surroundings {
    Surroundings { account: PathBuf::from("/nowhere"), server: None, pace: PACE }
}

/// The jobs of a receiver.
struct Jobs {
    cx: Context,
    clusters: Clusters,
}

/// What one discovery finds.
struct Finds(Found);

impl Jobs {
    fn new(surroundings: Surroundings) -> Jobs {
        Jobs { cx: context(Kind::Receiver, "prometheus"), clusters: Clusters::in_surroundings(surroundings) }
    }

    /// Starts a discovery with settings as they stand in a file.
    fn discover(&self, yaml: &str) -> Finds {
        let found = Found::new(&self.cx, "job");
        found.start(&self.cx, &Kubernetes { config: settings(yaml), clusters: self.clusters.clone() });
        Finds(found)
    }
}

/// One discovery with these settings at that API server.
fn discover(cluster: &Cluster, yaml: &str) -> (Jobs, Finds) {
    let jobs = Jobs::new(outside());
    let finds = jobs.discover(&format!("api_server: {}\n{yaml}", cluster.url()));
    (jobs, finds)
}

impl Finds {
    /// Waits until there are these groups, each as `source address address`.
    async fn show(&self, expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        until_equal("the groups", expected, async || self.groups()).await;
    }

    fn groups(&self) -> Vec<String> {
        let mut found = self.0.clone();
        let line = |group: &Kept| {
            let addresses = group.targets().map(|target| target.get(ADDRESS).to_owned());
            std::iter::once(group.source().to_owned()).chain(addresses).collect::<Vec<_>>().join(" ")
        };
        found.groups().iter().map(|group| line(group)).collect()
    }

    /// Everything that is known of every group.
    fn everything(&self) -> Vec<String> {
        let mut found = self.0.clone();
        found.groups().iter().map(|group| format!("{group:?}")).collect()
    }

    fn standing(&self) -> Standing {
        self.0.standings().pop().expect("it was started")
    }

    /// Waits for trouble in whose words that stands.
    async fn fails_with(&self, words: &str) -> Standing {
        until(&format!("it fails with `{words}`"), async || {
            let standing = self.standing();
            standing.last_error.as_ref().is_some_and(|error| error.contains(words)).then_some(standing)
        })
        .await
    }

    async fn works(&self) {
        until_equal("the last error", None, async || self.standing().last_error).await;
    }
}

/// How often that resource was listed from the beginning.
fn lists(cluster: &Cluster, resource: &str) -> usize {
    let seen = cluster.seen();
    let of = |path: &str| path.ends_with(&format!("/{resource}"));
    seen.iter()
        .filter(|seen| of(&seen.path) && !seen.is_watch() && seen.status == 200)
        .filter(|seen| !seen.query.contains_key("continue"))
        .count()
}
