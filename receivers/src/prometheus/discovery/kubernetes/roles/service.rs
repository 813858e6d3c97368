//! Role `service`: each port of each service, under its name.

use formats::prometheus::Labels;

use super::labels::{ADDRESS, meta, namespace, service};
use super::{Targets, View};
use crate::prometheus::discovery::kubernetes::objects::{Service, ServicePort};

pub(super) fn targets(it: &Service, view: &View<'_>) -> Targets {
    let mut labels = Labels::new();
    service(&mut labels, &it.meta);
    namespace(&mut labels, it.meta.namespace(), view);
    let host = format!("{}.{}.svc", it.meta.name(), it.meta.namespace());
    let target = |port| of_port(it, port, &host);
    (labels, it.spec.ports.iter().map(target).collect())
}

fn of_port(service: &Service, port: &ServicePort, host: &str) -> Labels {
    let mut target = Labels::new();
    target.set(ADDRESS, format!("{host}:{}", port.port));
    meta(&mut target, "service_port_name", &*port.name);
    meta(&mut target, "service_port_number", port.port.to_string());
    meta(&mut target, "service_port_protocol", &*port.protocol);
    let kind = &*service.spec.kind;
    meta(&mut target, "service_type", kind);
    if kind == "ExternalName" {
        meta(&mut target, "service_external_name", &*service.spec.external_name);
    } else {
        meta(&mut target, "service_cluster_ip", &*service.spec.cluster_ip);
    }
    if kind == "LoadBalancer" {
        meta(&mut target, "service_loadbalancer_ip", service.load_balancer_ips());
    }
    target
}
