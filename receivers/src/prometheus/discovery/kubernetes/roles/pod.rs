//! Role `pod`: each port of each container.

use formats::prometheus::Labels;

use super::labels::{ADDRESS, address, container, meta, namespace, node, pod};
use super::{Targets, View};
use crate::prometheus::discovery::kubernetes::objects::{Container, Pod};

pub(super) fn targets(it: &Pod, view: &View<'_>) -> Targets {
    if it.ip().is_empty() {
        return Targets::default();
    }
    // A selector may have left out the node, and with it its pods.
    if view.attach.node && view.node(it.node()).is_none() {
        return Targets::default();
    }
    let mut labels = Labels::new();
    pod(&mut labels, it, view);
    meta(&mut labels, "namespace", it.meta.namespace());
    if view.attach.node {
        node(&mut labels, it.node(), view);
    }
    namespace(&mut labels, it.meta.namespace(), view);
    let targets = it.containers.iter().flat_map(|container| of_container(it, container)).collect();
    (labels, targets)
}

fn of_container(pod: &Pod, of: &Container) -> Vec<Labels> {
    if of.ports.is_empty() {
        // The port is for relabelling to add.
        let mut target = Labels::new();
        target.set(ADDRESS, pod.ip());
        meta(&mut target, "pod_container_name", of.name());
        meta(&mut target, "pod_container_id", of.id());
        meta(&mut target, "pod_container_image", of.image());
        meta(&mut target, "pod_container_init", of.is_init.to_string());
        return vec![target];
    }
    let target = |port| {
        let mut target = Labels::new();
        container(&mut target, of, port, port.protocol());
        target.set(ADDRESS, address(pod.ip(), port.number));
        meta(&mut target, "pod_container_id", of.id());
        target
    };
    of.ports.iter().map(target).collect()
}
