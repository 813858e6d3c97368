//! Role `node`: each node's kubelet.

use formats::prometheus::Labels;

use super::Targets;
use super::labels::{ADDRESS, address, describe, meta, sanitize};
use crate::prometheus::discovery::kubernetes::objects::Node;

/// Which of a node's addresses is used, the best first.
const PREFERRED: [&str; 6] =
    ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"];

pub(super) fn targets(node: &Node) -> Targets {
    let Some(host) = PREFERRED.iter().find_map(|kind| node.addresses.value(kind)) else {
        return Targets::default();
    };
    let mut labels = Labels::new();
    meta(&mut labels, "node_provider_id", &*node.provider_id);
    for (kind, status) in node.conditions.pairs() {
        let kind = sanitize(&kind.to_lowercase());
        meta(&mut labels, &format!("node_condition_{kind}"), status.to_lowercase());
    }
    describe(&mut labels, "node", &node.meta);
    let mut target = Labels::new();
    target.set(ADDRESS, address(host, node.kubelet_port));
    target.set("instance", node.meta.name());
    for (kind, _) in node.addresses.pairs() {
        // The first of a kind.
        let first = node.addresses.value(kind).unwrap_or_default();
        meta(&mut target, &format!("node_address_{}", sanitize(kind)), first);
    }
    (labels, vec![target])
}
