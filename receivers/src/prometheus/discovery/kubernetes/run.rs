//! One discovery at work: changes of objects in, groups of targets out.

use std::sync::Arc;

use component::Context;

use super::clusters::{Cluster, Clusters, Scope};
use super::config::KubernetesSdConfig;
use super::objects::Resource;
use super::part::Part;
use super::roles::Role;
use super::watch::{Inbox, Watched};
use crate::prometheus::discovery::{Finder, Group};

/// Finds targets for ever.
pub(super) async fn run(
    config: &KubernetesSdConfig,
    clusters: &Clusters,
    cx: &Context,
    finder: &Finder,
) -> anyhow::Result<()> {
    let mut pause = clusters.surroundings().pace.first;
    let (cluster, namespaces) = loop {
        let cluster = clusters.cluster(config, cx);
        match cluster.and_then(|cluster| Ok((cluster, clusters.surroundings().namespaces(config)?))) {
            Ok(found) => break found,
            // A file may come later.
            Err(error) => finder.failed(&format!("{error:#}")),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(clusters.surroundings().pace.longest);
    };
    let role = config.keys.role.unwrap_or(Role::Pod);
    let mut work = Work {
        watches: Vec::new(),
        parts: Vec::new(),
        inbox: Arc::default(),
        told: Vec::new(),
        works: false,
    };
    for namespace in namespaces {
        work.add(role, config, &namespace, &cluster, cx);
    }
    loop {
        work.inbox.rung().await;
        work.tell(finder);
        work.note();
        loop {
            let groups = work.make_some();
            if groups.is_empty() {
                break;
            }
            finder.update(groups);
            tokio::task::yield_now().await;
        }
    }
}

struct Work {
    /// Each with its resource, and the part that it is for.
    watches: Vec<(Resource, usize, Arc<Watched>)>,
    parts: Vec<Part>,
    inbox: Arc<Inbox>,
    /// How many failures of each watch were told.
    told: Vec<u64>,
    /// Whether the last word was that all works.
    works: bool,
}

impl Work {
    fn add(
        &mut self,
        role: Role,
        config: &KubernetesSdConfig,
        namespace: &str,
        cluster: &Cluster,
        cx: &Context,
    ) {
        let attach = config.keys.attach_metadata.into();
        let part = self.parts.len();
        let mut watch = |resource: Resource| {
            let (labels, fields) = config.selector(resource);
            // What belongs to the whole cluster is in no namespace.
            let everywhere = matches!(resource, Resource::Nodes | Resource::Namespaces);
            let scope = Scope {
                resource,
                namespace: if everywhere { String::new() } else { namespace.to_owned() },
                labels: labels.to_owned(),
                fields: fields.to_owned(),
            };
            let watched = cluster.watch(scope, cx);
            let standing = watched.standing();
            // What is over was told to those who were there.
            self.told.push(standing.failures - u64::from(standing.is_failing));
            watched.tell(self.inbox.clone(), self.watches.len());
            self.watches.push((resource, part, watched.clone()));
            watched
        };
        let main = watch(role.resource());
        let others = role.needs(attach).into_iter().map(|resource| (resource, watch(resource))).collect();
        self.parts.push(Part::new(role, attach, main, others));
    }

    /// Takes note of what has changed.
    fn note(&mut self) {
        for (number, key) in self.inbox.take() {
            let (resource, part, _) = &self.watches[number];
            self.parts[*part].note(*resource, key);
        }
    }

    fn make_some(&mut self) -> Vec<Group> {
        self.parts.iter_mut().flat_map(Part::make_some).collect()
    }

    /// Tells of trouble, even if it is over by now, and of its end.
    fn tell(&mut self, finder: &Finder) {
        let (mut works, mut news) = (true, None);
        for ((.., watched), told) in self.watches.iter().zip(&mut self.told) {
            let standing = watched.standing();
            works &= watched.is_complete() && !standing.is_failing;
            if standing.failures > *told {
                (*told, news) = (standing.failures, standing.error);
            }
        }
        if let Some(words) = news {
            finder.failed(&words);
            self.works = false;
        }
        if works && !self.works {
            finder.works();
        }
        self.works = works;
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.watches.iter().for_each(|(.., watched)| watched.forget(&self.inbox));
    }
}
