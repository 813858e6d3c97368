//! The labels that several roles write.

use formats::prometheus::Labels;

use super::View;
use crate::prometheus::discovery::kubernetes::objects::{Container, Meta, Pod, Port, Reference, Resource};

pub(super) const ADDRESS: &str = "__address__";

/// Sets `__meta_kubernetes_<name>`.
pub(super) fn meta(labels: &mut Labels, name: &str, value: impl Into<String>) {
    labels.set(format!("__meta_kubernetes_{name}"), value);
}

/// The same when there is a value.
pub(super) fn meta_of(labels: &mut Labels, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        meta(labels, name, value);
    }
}

/// The name of an object of that kind, its labels and its annotations.
pub(super) fn describe(labels: &mut Labels, kind: &str, object: &Meta) {
    meta(labels, &format!("{kind}_name"), object.name());
    annotate(labels, kind, object);
}

/// The labels and annotations of an object of that kind.
pub(super) fn annotate(labels: &mut Labels, kind: &str, object: &Meta) {
    for (what, pairs) in [("label", &object.labels), ("annotation", &object.annotations)] {
        for (name, value) in pairs.pairs() {
            let name = sanitize(name);
            meta(labels, &format!("{kind}_{what}_{name}"), value);
            meta(labels, &format!("{kind}_{what}present_{name}"), "true");
        }
    }
}

/// What is not a letter, a digit or an underscore becomes an underscore.
pub(super) fn sanitize(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().map(|c| if allowed(c) { c } else { '_' }).collect()
}

/// `host:port`, with brackets round an IPv6 address.
pub(super) fn address(host: &str, port: u32) -> String {
    if host.contains([':', '%']) { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// With `attach_metadata`, what is known of the namespace.
pub(super) fn namespace(labels: &mut Labels, name: &str, view: &View<'_>) {
    if view.attach.namespace
        && let Some(namespace) = view.namespace(name)
    {
        annotate(labels, "namespace", &namespace.meta);
    }
}

/// The name and the labels of a node, when it is known.
pub(super) fn node(labels: &mut Labels, name: &str, view: &View<'_>) {
    let Some(node) = view.node(name) else { return };
    meta(labels, "node_name", name);
    for (label, value) in node.meta.labels.pairs() {
        let label = sanitize(label);
        meta(labels, &format!("node_label_{label}"), value);
        meta(labels, &format!("node_labelpresent_{label}"), "true");
    }
}

/// The service of that name, when it is known.
pub(super) fn service(labels: &mut Labels, object: &Meta) {
    meta(labels, "namespace", object.namespace());
    describe(labels, "service", object);
}

/// What is known of a pod, whatever the role.
pub(super) fn pod(labels: &mut Labels, pod: &Pod, view: &View<'_>) {
    meta(labels, "pod_ip", pod.ip());
    meta(labels, "pod_ready", pod.ready());
    meta(labels, "pod_phase", pod.phase());
    meta(labels, "pod_node_name", pod.node());
    meta(labels, "pod_host_ip", pod.host_ip());
    meta(labels, "pod_uid", pod.uid());
    describe(labels, "pod", &pod.meta);
    controller(labels, &pod.meta, view);
}

fn controller(labels: &mut Labels, pod: &Meta, view: &View<'_>) {
    let (kind, name) = (pod.controller_kind(), pod.controller_name());
    meta(labels, "pod_controller_kind", kind);
    meta(labels, "pod_controller_name", name);
    let attach = view.attach;
    if kind == "Job" && attach.job {
        meta(labels, "pod_job_name", name);
    }
    let (resource, above, label) = match kind {
        "ReplicaSet" if attach.deployment => (Resource::ReplicaSets, "Deployment", "pod_deployment_name"),
        "Job" if attach.cronjob => (Resource::Jobs, "CronJob", "pod_cronjob_name"),
        _ => return,
    };
    if let Some(owned) = view.owned(resource, pod.namespace(), name)
        && &*owned.controller_kind == above
    {
        meta(labels, label, &*owned.controller_name);
    }
}

/// A container and one of its ports; the protocol may be the service's.
pub(super) fn container(labels: &mut Labels, container: &Container, port: &Port, protocol: &str) {
    meta(labels, "pod_container_name", container.name());
    meta(labels, "pod_container_image", container.image());
    meta(labels, "pod_container_port_name", port.name());
    meta(labels, "pod_container_port_number", port.number.to_string());
    meta(labels, "pod_container_port_protocol", protocol);
    meta(labels, "pod_container_init", container.is_init.to_string());
}

/// The pod that a reference is to.
pub(super) fn referred(reference: Option<&Reference>) -> Option<(&str, &str)> {
    let reference = reference.filter(|reference| &*reference.kind == "Pod")?;
    Some((&reference.namespace, &reference.name))
}
