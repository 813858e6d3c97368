//! Services and ingresses.

use serde::Deserialize;

use super::meta::Meta;
use super::nullable;

/// A service.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Service {
    #[serde(rename = "metadata")]
    pub(crate) meta: Meta,
    #[serde(default)]
    pub(crate) spec: ServiceSpec,
    #[serde(default)]
    status: ServiceStatus,
}

/// What a service is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ServiceSpec {
    #[serde(rename = "type")]
    pub(crate) kind: Box<str>,
    #[serde(rename = "clusterIP")]
    pub(crate) cluster_ip: Box<str>,
    pub(crate) external_name: Box<str>,
    #[serde(rename = "loadBalancerIP")]
    load_balancer_ip: Box<str>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) ports: Vec<ServicePort>,
    ip_family_policy: Option<Box<str>>,
    #[serde(deserialize_with = "nullable")]
    ip_families: Vec<Box<str>>,
}

/// A port of a service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ServicePort {
    pub(crate) name: Box<str>,
    pub(crate) port: u32,
    pub(crate) protocol: Box<str>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServiceStatus {
    load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "nullable")]
    ingress: Vec<Balanced>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Balanced {
    ip: Box<str>,
}

impl Service {
    /// The addresses of its load balancer with commas between them; what was asked for while there is none.
    pub(crate) fn load_balancer_ips(&self) -> String {
        let given = self.status.load_balancer.ingress.iter().map(|it| &*it.ip).filter(|ip| !ip.is_empty());
        let given = given.collect::<Vec<_>>().join(",");
        if given.is_empty() { self.spec.load_balancer_ip.to_string() } else { given }
    }

    /// The family whose addresses count when the service has both: the other's are the same pods again.
    pub(crate) fn primary_family_of_two(&self) -> Option<&str> {
        let policy = self.spec.ip_family_policy.as_deref()?;
        let first = self.spec.ip_families.first()?;
        matches!(policy, "PreferDualStack" | "RequireDualStack").then_some(&**first)
    }
}

/// An ingress.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Ingress {
    #[serde(rename = "metadata")]
    pub(crate) meta: Meta,
    #[serde(default)]
    pub(crate) spec: IngressSpec,
}

/// What an ingress is to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IngressSpec {
    pub(crate) ingress_class_name: Option<Box<str>>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) rules: Vec<Rule>,
    #[serde(deserialize_with = "nullable")]
    tls: Vec<Tls>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Tls {
    #[serde(deserialize_with = "nullable")]
    hosts: Vec<Box<str>>,
}

/// Which requests go where.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Rule {
    pub(crate) host: Box<str>,
    http: Option<Paths>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Paths {
    #[serde(deserialize_with = "nullable")]
    paths: Vec<Path>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Path {
    path: Box<str>,
}

impl IngressSpec {
    /// The hosts that have a certificate.
    pub(crate) fn tls_hosts(&self) -> impl Iterator<Item = &str> {
        self.tls.iter().flat_map(|tls| tls.hosts.iter().map(AsRef::as_ref))
    }
}

impl Rule {
    /// Its paths: the root for one without, and for a rule about no HTTP.
    pub(crate) fn paths(&self) -> Vec<&str> {
        let Some(http) = &self.http else { return vec!["/"] };
        http.paths.iter().map(|it| if it.path.is_empty() { "/" } else { &*it.path }).collect()
    }
}
