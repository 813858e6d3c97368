//! Role `endpoints`: each address and port behind a service, and the other ports of the pods there.

use formats::prometheus::Labels;

use super::labels::{
    ADDRESS, address, container, describe, meta, meta_of, namespace, node, referred, service,
};
use super::{Targets, View, endpoint_slice::Pods};
use crate::prometheus::discovery::kubernetes::objects::{Address, Endpoints, EndpointsPort};

pub(super) fn targets(it: &Endpoints, view: &View<'_>) -> Targets {
    let (here, name) = (it.meta.namespace(), it.meta.name());
    let mut labels = Labels::new();
    meta(&mut labels, "namespace", here);
    if let Some(found) = view.service(here, name) {
        service(&mut labels, &found.meta);
    }
    describe(&mut labels, "endpoints", &it.meta);
    namespace(&mut labels, here, view);
    let mut targets = Vec::new();
    let mut pods = Pods::default();
    for subset in &it.subsets {
        for port in &subset.ports {
            for address in &subset.addresses {
                targets.push(of_address(address, port, "true", &mut pods, view));
            }
            for address in &subset.not_ready_addresses {
                targets.push(of_address(address, port, "false", &mut pods, view));
            }
        }
    }
    targets.extend(pods.other_ports(view));
    (labels, targets)
}

fn of_address(it: &Address, port: &EndpointsPort, ready: &str, pods: &mut Pods, view: &View<'_>) -> Labels {
    let mut target = Labels::new();
    target.set(ADDRESS, address(&it.ip, port.port));
    meta(&mut target, "endpoint_port_name", &*port.name);
    meta(&mut target, "endpoint_port_protocol", &*port.protocol);
    meta(&mut target, "endpoint_ready", ready);
    let reference = it.target_ref.as_ref();
    meta_of(&mut target, "endpoint_address_target_kind", reference.map(|it| &*it.kind));
    meta_of(&mut target, "endpoint_address_target_name", reference.map(|it| &*it.name));
    meta_of(&mut target, "endpoint_node_name", it.node_name.as_deref());
    meta(&mut target, "endpoint_hostname", &*it.hostname);
    if view.attach.node {
        let of_node = reference.filter(|it| &*it.kind == "Node").map(|it| &*it.name);
        if let Some(name) = it.node_name.as_deref().or(of_node) {
            node(&mut target, name, view);
        }
    }
    let Some(pod) = referred(reference).and_then(|(namespace, name)| view.pod(namespace, name)) else {
        return target;
    };
    super::labels::pod(&mut target, &pod, view);
    for (of, its) in pod.ports().filter(|(_, its)| its.number == port.port) {
        container(&mut target, of, its, &port.protocol);
    }
    pods.saw(pod, Some(port.port));
    target
}
