//! From objects to groups of targets: pure functions, one for each role.

mod endpoint_slice;
mod endpoints;
mod ingress;
mod labels;
mod node;
mod pod;
mod service;
mod view;

use formats::prometheus::Labels;
use serde::{Deserialize, Serialize};

pub(super) use self::view::{Attach, Lookup, View};
use super::objects::{Object, Resource};
use crate::prometheus::discovery::Group;

/// What becomes a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are Prometheus'")]
pub enum Role {
    Node,
    Pod,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
}

impl Role {
    /// As the file and the labels write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Role::Node => "node",
            Role::Pod => "pod",
            Role::Service => "service",
            Role::Endpoints => "endpoints",
            Role::EndpointSlice => "endpointslice",
            Role::Ingress => "ingress",
        }
    }

    /// The objects that it makes groups of.
    pub(super) fn resource(self) -> Resource {
        match self {
            Role::Node => Resource::Nodes,
            Role::Pod => Resource::Pods,
            Role::Service => Resource::Services,
            Role::Endpoints => Resource::Endpoints,
            Role::EndpointSlice => Resource::EndpointSlices,
            Role::Ingress => Resource::Ingresses,
        }
    }

    /// The other objects that say more about the targets.
    pub(super) fn needs(self, attach: Attach) -> Vec<Resource> {
        let mut needs = Vec::new();
        let of_pods = matches!(self, Role::Pod | Role::Endpoints | Role::EndpointSlice);
        if matches!(self, Role::Endpoints | Role::EndpointSlice) {
            needs.extend([Resource::Services, Resource::Pods]);
        }
        if of_pods && attach.node {
            needs.push(Resource::Nodes);
        }
        if self != Role::Node && attach.namespace {
            needs.push(Resource::Namespaces);
        }
        if of_pods && attach.deployment {
            needs.push(Resource::ReplicaSets);
        }
        // The name of a pod's job stands in the pod.
        if of_pods && attach.cronjob {
            needs.push(Resource::Jobs);
        }
        needs
    }

    /// The source of the group of the object with that key: `pod/default/web-1`.
    pub(super) fn source(self, key: &str) -> String {
        let kind = if self == Role::Service { "svc" } else { self.name() };
        format!("{kind}/{key}")
    }

    /// The targets of the object with that key; without an object, none.
    pub(super) fn group(self, key: &str, object: Option<&Object>, view: &View<'_>) -> Group {
        let (labels, targets) = match (self, object) {
            (Role::Node, Some(Object::Node(it))) => node::targets(it),
            (Role::Pod, Some(Object::Pod(it))) => pod::targets(it, view),
            (Role::Service, Some(Object::Service(it))) => service::targets(it, view),
            (Role::Endpoints, Some(Object::Endpoints(it))) => endpoints::targets(it, view),
            (Role::EndpointSlice, Some(Object::EndpointSlice(it))) => endpoint_slice::targets(it, view),
            (Role::Ingress, Some(Object::Ingress(it))) => ingress::targets(it, view),
            // A store holds objects of its resource alone.
            _ => Targets::default(),
        };
        let labels = if targets.is_empty() { Labels::new() } else { labels };
        Group { source: self.source(key), labels, targets }
    }
}

/// The labels of a group, and those of each target.
type Targets = (Labels, Vec<Labels>);

#[cfg(test)]
mod tests;
