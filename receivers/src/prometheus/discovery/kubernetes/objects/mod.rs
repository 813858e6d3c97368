//! The objects of Kubernetes: of each only the fields that discovery needs.
//!
//! A pod of 10 KB keeps less than 1 KB: most of an object is its specification, its status and who manages which field,
//! none of which is read here.

mod endpoints;
mod meta;
mod network;
mod node;
mod pod;

use std::sync::Arc;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

pub(super) use self::endpoints::{
    Address, Endpoint, EndpointSlice, Endpoints, Port as EndpointsPort, Reference, SlicePort,
};
pub(super) use self::meta::{Meta, Owned};
pub(super) use self::network::{Ingress, Service, ServicePort};
pub(super) use self::node::{Namespace, Node};
pub(super) use self::pod::{Container, Pod, Port};

/// What can be listed and watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Resource {
    Nodes,
    Namespaces,
    Pods,
    Services,
    Endpoints,
    EndpointSlices,
    Ingresses,
    ReplicaSets,
    Jobs,
}

impl Resource {
    /// As paths and messages write it: `pods`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Resource::Nodes => "nodes",
            Resource::Namespaces => "namespaces",
            Resource::Pods => "pods",
            Resource::Services => "services",
            Resource::Endpoints => "endpoints",
            Resource::EndpointSlices => "endpointslices",
            Resource::Ingresses => "ingresses",
            Resource::ReplicaSets => "replicasets",
            Resource::Jobs => "jobs",
        }
    }

    /// The path of its list, in one namespace or, when that is empty, in all.
    pub(super) fn path(self, namespace: &str) -> String {
        let root = match self {
            Resource::Nodes
            | Resource::Namespaces
            | Resource::Pods
            | Resource::Services
            | Resource::Endpoints => "/api/v1",
            Resource::EndpointSlices => "/apis/discovery.k8s.io/v1",
            Resource::Ingresses => "/apis/networking.k8s.io/v1",
            Resource::ReplicaSets => "/apis/apps/v1",
            Resource::Jobs => "/apis/batch/v1",
        };
        if namespace.is_empty() {
            return format!("{root}/{}", self.name());
        }
        format!("{root}/namespaces/{namespace}/{}", self.name())
    }

    /// Reads an object from JSON in which it stands at `P`.
    pub(super) fn read<P: Place>(self, json: &[u8]) -> serde_json::Result<Object> {
        fn at<P: Place, T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<Arc<T>> {
            P::read(json).map(Arc::new)
        }
        Ok(match self {
            Resource::Nodes => Object::Node(at::<P, _>(json)?),
            Resource::Namespaces => Object::Namespace(at::<P, _>(json)?),
            Resource::Pods => Object::Pod(at::<P, _>(json)?),
            Resource::Services => Object::Service(at::<P, _>(json)?),
            Resource::Endpoints => Object::Endpoints(at::<P, _>(json)?),
            Resource::EndpointSlices => Object::EndpointSlice(at::<P, _>(json)?),
            Resource::Ingresses => Object::Ingress(at::<P, _>(json)?),
            Resource::ReplicaSets | Resource::Jobs => Object::Owned(at::<P, _>(json)?),
        })
    }
}

/// Where an object stands in a piece of JSON.
pub(super) trait Place {
    /// Reads it.
    ///
    /// # Errors
    /// When it is not there, or something else.
    fn read<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T>;
}

/// The JSON is the object, as in a list.
pub(super) enum Item {}

impl Place for Item {
    fn read<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
        serde_json::from_slice(json)
    }
}

/// The object of an event of a watch.
pub(super) enum Event {}

impl Place for Event {
    fn read<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
        #[derive(serde::Deserialize)]
        struct Of<T> {
            object: T,
        }
        serde_json::from_slice(json).map(|Of { object }| object)
    }
}

/// An object. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Node(Arc<Node>),
    Namespace(Arc<Namespace>),
    Pod(Arc<Pod>),
    Service(Arc<Service>),
    Endpoints(Arc<Endpoints>),
    EndpointSlice(Arc<EndpointSlice>),
    Ingress(Arc<Ingress>),
    /// Of which only the owner matters: a replica set, a job.
    Owned(Arc<Owned>),
}

/// A list or a map that may be `null`, as the API writes an empty one.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
