//! Endpoints, in the old form and in slices.

use serde::Deserialize;

use super::meta::Meta;
use super::nullable;
use crate::prometheus::texts::Texts;

/// The addresses behind a service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Endpoints {
    #[serde(rename = "metadata")]
    pub(crate) meta: Meta,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) subsets: Vec<Subset>,
}

/// Addresses that share their ports.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Subset {
    #[serde(deserialize_with = "nullable")]
    pub(crate) addresses: Vec<Address>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) not_ready_addresses: Vec<Address>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ports: Vec<Port>,
}

/// One address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) ip: Box<str>,
    pub(crate) hostname: Box<str>,
    pub(crate) node_name: Option<Box<str>>,
    pub(crate) target_ref: Option<Reference>,
}

/// Which object has an address.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Reference {
    pub(crate) kind: Box<str>,
    pub(crate) namespace: Box<str>,
    pub(crate) name: Box<str>,
}

/// A port of all addresses of a subset.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Port {
    pub(crate) name: Box<str>,
    pub(crate) port: u32,
    pub(crate) protocol: Box<str>,
}

/// A part of the addresses behind a service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndpointSlice {
    #[serde(rename = "metadata")]
    pub(crate) meta: Meta,
    #[serde(default)]
    pub(crate) address_type: Box<str>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) endpoints: Vec<Endpoint>,
    #[serde(default, deserialize_with = "nullable")]
    pub(crate) ports: Vec<SlicePort>,
}

/// One endpoint of a slice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Endpoint {
    #[serde(deserialize_with = "nullable")]
    pub(crate) addresses: Vec<Box<str>>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) conditions: Conditions,
    pub(crate) hostname: Option<Box<str>>,
    pub(crate) node_name: Option<Box<str>>,
    pub(crate) zone: Option<Box<str>>,
    pub(crate) target_ref: Option<Reference>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) deprecated_topology: Texts,
}

/// How an endpoint is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Conditions {
    pub(crate) ready: Option<bool>,
    pub(crate) serving: Option<bool>,
    pub(crate) terminating: Option<bool>,
}

/// A port of all endpoints of a slice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SlicePort {
    pub(crate) name: Option<Box<str>>,
    pub(crate) port: Option<u32>,
    pub(crate) protocol: Option<Box<str>>,
    pub(crate) app_protocol: Option<Box<str>>,
}
