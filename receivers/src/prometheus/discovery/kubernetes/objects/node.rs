//! Nodes and namespaces.

use serde::Deserialize;

use super::meta::Meta;
use super::nullable;
use super::pod::Condition;
use crate::prometheus::texts::Texts;

/// A node.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct Node {
    pub(crate) meta: Meta,
    pub(crate) provider_id: Box<str>,
    /// Types and addresses.
    pub(crate) addresses: Texts,
    /// Types and whether they are so.
    pub(crate) conditions: Texts,
    /// Where its kubelet listens.
    pub(crate) kubelet_port: u32,
}

/// A namespace.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Namespace {
    #[serde(rename = "metadata")]
    pub(crate) meta: Meta,
}

#[derive(Deserialize)]
struct Written {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Spec {
    #[serde(rename = "providerID")]
    provider_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "nullable")]
    addresses: Vec<Address>,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    daemon_endpoints: Daemons,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(rename = "type")]
    kind: String,
    address: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Daemons {
    kubelet_endpoint: Daemon,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Daemon {
    #[serde(rename = "Port")]
    port: u32,
}

impl From<Written> for Node {
    fn from(Written { metadata, spec, status }: Written) -> Node {
        let addresses = status.addresses.iter().flat_map(|it| [it.kind.as_str(), &it.address]);
        let conditions = status.conditions.iter().flat_map(|it| [it.kind.as_str(), &it.status]);
        Node {
            meta: metadata,
            provider_id: spec.provider_id.into(),
            addresses: Texts::new(addresses),
            conditions: Texts::new(conditions),
            kubelet_port: status.daemon_endpoints.kubelet_endpoint.port,
        }
    }
}
