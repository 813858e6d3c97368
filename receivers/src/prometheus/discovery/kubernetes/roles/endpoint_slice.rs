//! Role `endpointslice`: as `endpoints`, from the newer objects.

use std::sync::Arc;

use formats::prometheus::Labels;

use super::labels::{
    ADDRESS, address, container, describe, meta, meta_of, namespace, node, pod, referred, sanitize, service,
};
use super::{Targets, View};
use crate::prometheus::discovery::kubernetes::objects::{Endpoint, EndpointSlice, Pod, SlicePort};

/// The label by which a slice names its service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

pub(super) fn targets(it: &EndpointSlice, view: &View<'_>) -> Targets {
    let here = it.meta.namespace();
    let mut labels = Labels::new();
    meta(&mut labels, "namespace", here);
    meta(&mut labels, "endpointslice_address_type", &*it.address_type);
    describe(&mut labels, "endpointslice", &it.meta);
    let of = it.meta.labels.value(SERVICE_NAME).and_then(|name| view.service(here, name));
    if let Some(found) = &of {
        service(&mut labels, &found.meta);
    }
    namespace(&mut labels, here, view);
    if of
        .as_ref()
        .and_then(|found| found.primary_family_of_two())
        .is_some_and(|it_is| it_is != &*it.address_type)
    {
        return Targets::default();
    }
    let mut targets = Vec::new();
    let mut pods = Pods::default();
    for endpoint in &it.endpoints {
        for port in &it.ports {
            for address in &endpoint.addresses {
                targets.push(of_address(address, endpoint, port, &mut pods, view));
            }
        }
    }
    targets.extend(pods.other_ports(view));
    (labels, targets)
}

fn of_address(host: &str, it: &Endpoint, port: &SlicePort, pods: &mut Pods, view: &View<'_>) -> Labels {
    let mut target = of_port(host, port);
    of_endpoint(&mut target, it);
    let reference = it.target_ref.as_ref();
    if view.attach.node {
        let of_node = reference.filter(|it| &*it.kind == "Node").map(|it| &*it.name);
        if let Some(name) = of_node.or(it.node_name.as_deref()) {
            node(&mut target, name, view);
        }
    }
    let Some(found) = referred(reference).and_then(|(namespace, name)| view.pod(namespace, name)) else {
        return target;
    };
    pod(&mut target, &found, view);
    for (of, its) in found.ports().filter(|(_, its)| Some(its.number) == port.port) {
        container(&mut target, of, its, its.protocol());
    }
    pods.saw(found, port.port);
    target
}

fn of_port(host: &str, port: &SlicePort) -> Labels {
    let mut target = Labels::new();
    target.set(ADDRESS, port.port.map_or_else(|| host.to_owned(), |port| address(host, port)));
    let number = port.port.map(|port| port.to_string());
    meta_of(&mut target, "endpointslice_port", number.as_deref());
    meta_of(&mut target, "endpointslice_port_name", port.name.as_deref());
    meta_of(&mut target, "endpointslice_port_protocol", port.protocol.as_deref());
    meta_of(&mut target, "endpointslice_port_app_protocol", port.app_protocol.as_deref());
    target
}

fn of_endpoint(target: &mut Labels, it: &Endpoint) {
    let conditions = [
        ("ready", it.conditions.ready),
        ("serving", it.conditions.serving),
        ("terminating", it.conditions.terminating),
    ];
    for (name, is_so) in conditions {
        let is_so = is_so.map(|is_so| is_so.to_string());
        meta_of(target, &format!("endpointslice_endpoint_conditions_{name}"), is_so.as_deref());
    }
    let reference = it.target_ref.as_ref();
    meta_of(target, "endpointslice_address_target_kind", reference.map(|it| &*it.kind));
    meta_of(target, "endpointslice_address_target_name", reference.map(|it| &*it.name));
    meta_of(target, "endpointslice_endpoint_hostname", it.hostname.as_deref());
    meta_of(target, "endpointslice_endpoint_node_name", it.node_name.as_deref());
    meta_of(target, "endpointslice_endpoint_zone", it.zone.as_deref());
    for (name, value) in it.deprecated_topology.pairs() {
        let name = sanitize(name);
        meta(target, &format!("endpointslice_endpoint_topology_{name}"), value);
        meta(target, &format!("endpointslice_endpoint_topology_present_{name}"), "true");
    }
}

/// The pods behind the addresses seen so far, with the ports that are targets already.
#[derive(Default)]
pub(super) struct Pods(Vec<(Arc<Pod>, Vec<u32>)>);

impl Pods {
    pub(super) fn saw(&mut self, pod: Arc<Pod>, port: Option<u32>) {
        match self.0.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &pod)) {
            Some((_, ports)) => ports.extend(port),
            None => self.0.push((pod, port.into_iter().collect())),
        }
    }

    /// A target for every port that a container of these pods declares and no address covers.
    pub(super) fn other_ports(&self, view: &View<'_>) -> Vec<Labels> {
        let mut targets = Vec::new();
        for (of, covered) in self.0.iter().filter(|(of, _)| !of.ip().is_empty()) {
            for (its, port) in of.ports().filter(|(_, port)| !covered.contains(&port.number)) {
                let mut target = Labels::new();
                target.set(ADDRESS, address(of.ip(), port.number));
                container(&mut target, its, port, port.protocol());
                pod(&mut target, of, view);
                targets.push(target);
            }
        }
        targets
    }
}
