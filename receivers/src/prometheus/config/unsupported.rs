//! Ways of discovery that this receiver does not have.

use std::fmt;

use component::Problem;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// The sections that a file has of [`KINDS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Unsupported(Vec<String>);

const KINDS: &[&str] = &[
    "aws_sd_configs",
    "azure_sd_configs",
    "consul_sd_configs",
    "digitalocean_sd_configs",
    "docker_sd_configs",
    "dockerswarm_sd_configs",
    "ec2_sd_configs",
    "eureka_sd_configs",
    "gce_sd_configs",
    "hetzner_sd_configs",
    "ionos_sd_configs",
    "kuma_sd_configs",
    "lightsail_sd_configs",
    "linode_sd_configs",
    "marathon_sd_configs",
    "nerve_sd_configs",
    "nomad_sd_configs",
    "oci_sd_configs",
    "openstack_sd_configs",
    "outscale_sd_configs",
    "ovhcloud_sd_configs",
    "puppetdb_sd_configs",
    "scaleway_sd_configs",
    "serverset_sd_configs",
    "stackit_sd_configs",
    "triton_sd_configs",
    "uyuni_sd_configs",
    "vultr_sd_configs",
    "xds_sd_configs",
];

impl Unsupported {
    /// An error for each.
    pub(super) fn check(&self) -> Vec<Problem> {
        let words = "is not supported: expected `static_configs`, `file_sd_configs`, `http_sd_configs`, \
                     `dns_sd_configs` or `kubernetes_sd_configs`";
        self.0.iter().map(|kind| Problem::error(kind, words)).collect()
    }
}

impl<'de> Deserialize<'de> for Unsupported {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unsupported, D::Error> {
        deserializer.deserialize_struct("Unsupported", KINDS, KindsVisitor)
    }
}

struct KindsVisitor;

impl<'de> Visitor<'de> for KindsVisitor {
    type Value = Unsupported;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unsupported, A::Error> {
        let mut found = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            entries.next_value::<IgnoredAny>()?;
            if KINDS.contains(&&*key) {
                found.push(key);
            }
        }
        Ok(Unsupported(found))
    }
}

/// Settings that cannot be run need not be printed.
impl Serialize for Unsupported {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_struct("Unsupported", 0)?.end()
    }
}
