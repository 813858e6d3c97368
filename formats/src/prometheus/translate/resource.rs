//! What is known of a target as the attributes of a resource.

use super::Context;
use super::role::attribute;
use crate::prometheus::Labels;
use otlp::write::Writer;

/// Labels of discovery and the attributes they become. Of several for one attribute the first with a value counts.
const DISCOVERED: [(&str, &str); 8] = [
    ("__meta_kubernetes_pod_name", "k8s.pod.name"),
    ("__meta_kubernetes_pod_uid", "k8s.pod.uid"),
    ("__meta_kubernetes_pod_container_name", "k8s.container.name"),
    ("__meta_kubernetes_namespace", "k8s.namespace.name"),
    ("__meta_kubernetes_pod_node_name", "k8s.node.name"),
    ("__meta_kubernetes_node_name", "k8s.node.name"),
    ("__meta_kubernetes_endpoint_node_name", "k8s.node.name"),
    ("__scheme__", "url.scheme"),
];

/// The kinds of a pod's controller.
const CONTROLLERS: [(&str, &str); 5] = [
    ("ReplicaSet", "k8s.replicaset.name"),
    ("DaemonSet", "k8s.daemonset.name"),
    ("StatefulSet", "k8s.statefulset.name"),
    ("Job", "k8s.job.name"),
    ("CronJob", "k8s.cronjob.name"),
];

/// The body of the resource of a job and an instance, with what the target says of itself in `info`.
pub(super) fn body(job: &str, instance: &str, info: &Labels, cx: &Context) -> Vec<u8> {
    let mut attributes: Vec<(&str, &str)> = vec![("service.name", job), ("service.instance.id", instance)];
    let (host, port) = host_and_port(instance);
    if !is_local(host) {
        attributes.push(("server.address", host));
    }
    attributes.push(("server.port", port));
    let discovered = &cx.target.discovered;
    for (label, attribute) in DISCOVERED {
        let is_there = attributes.iter().any(|(name, _)| *name == attribute);
        if discovered.contains(label) && !is_there {
            attributes.push((attribute, discovered.get(label)));
        }
    }
    let kind = discovered.get("__meta_kubernetes_pod_controller_kind");
    if let Some((_, attribute)) = CONTROLLERS.iter().find(|(controller, _)| *controller == kind) {
        attributes.push((attribute, discovered.get("__meta_kubernetes_pod_controller_name")));
    }
    attributes.retain(|(name, _)| !info.contains(name));
    attributes.extend(info.iter());
    let mut out = Writer::new();
    attributes.iter().for_each(|(name, value)| attribute(&mut out, 1, name, value));
    out.into_bytes()
}

/// The parts around the last colon. An address of IPv6 without brackets has no port.
fn host_and_port(instance: &str) -> (&str, &str) {
    if let Some((host, rest)) = instance.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (host, rest.strip_prefix(':').unwrap_or_default());
    }
    match instance.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => (host, port),
        _ => (instance, ""),
    }
}

/// Whether a host is known by that name only to itself.
fn is_local(host: &str) -> bool {
    let is_name = host.eq_ignore_ascii_case("localhost");
    let address = host.parse::<std::net::IpAddr>();
    is_name
        || host.is_empty()
        || address.is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}
