//! The keys about discovery of a scrape config.

use component::{Context, Problem};
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::kubernetes::{Clusters, Kubernetes, KubernetesSdConfig};
use super::{Discovery, DnsSdConfig, FileSdConfig, Found, HttpSdConfig, StaticConfig, statics};

/// Where the targets of a job come from. A scrape config is read from an `Inline` of this and its other keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys say it; the last ones are refused with words")]
pub struct DiscoveryConfig {
    pub static_configs: Vec<StaticConfig>,
    pub file_sd_configs: Vec<FileSdConfig>,
    pub http_sd_configs: Vec<HttpSdConfig>,
    pub dns_sd_configs: Vec<DnsSdConfig>,
    pub kubernetes_sd_configs: Vec<KubernetesSdConfig>,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub aws_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub azure_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub consul_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub digitalocean_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub docker_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub dockerswarm_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub ec2_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub eureka_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub gce_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub hetzner_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub ionos_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub kuma_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub lightsail_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub linode_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub marathon_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub nerve_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub nomad_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub oci_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub openstack_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub outscale_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub ovhcloud_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub puppetdb_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub scaleway_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub serverset_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub stackit_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub triton_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub uyuni_sd_configs: Unsupported,
    #[serde(skip_serializing_if = "Unsupported::is_absent")]
    pub vultr_sd_configs: Unsupported,
}

impl DiscoveryConfig {
    /// What is wrong with it, with paths from the scrape config.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, config) in self.static_configs.iter().enumerate() {
            let found = config.check().into_iter();
            problems.extend(found.map(|problem| problem.under(&format!("static_configs::{index}"))));
        }
        problems.extend(check(&self.file_sd_configs));
        problems.extend(check(&self.http_sd_configs));
        problems.extend(check(&self.dns_sd_configs));
        problems.extend(check(&self.kubernetes(&Clusters::default())));
        problems
    }

    /// Starts looking for the targets of `job`; what stands in the file is there at once.
    #[must_use]
    pub fn start(&self, cx: &Context, job: &str) -> Found {
        self.start_in(&Clusters::default(), cx, job)
    }

    /// The same; all jobs that are given the same `clusters` share what they watch there.
    #[must_use]
    pub fn start_in(&self, clusters: &Clusters, cx: &Context, job: &str) -> Found {
        let found = Found::new(cx, job);
        if !self.static_configs.is_empty() {
            let finder = found.finder(cx, "static", "static_configs".to_owned());
            finder.update(statics::groups(&self.static_configs));
        }
        start(&self.file_sd_configs, &found, cx);
        start(&self.http_sd_configs, &found, cx);
        start(&self.dns_sd_configs, &found, cx);
        start(&self.kubernetes(clusters), &found, cx);
        found
    }

    fn kubernetes(&self, clusters: &Clusters) -> Vec<Kubernetes> {
        let configs = self.kubernetes_sd_configs.iter().cloned();
        configs.map(|config| Kubernetes { config, clusters: clusters.clone() }).collect()
    }
}

fn check<D: Discovery>(configs: &[D]) -> impl Iterator<Item = Problem> {
    configs.iter().enumerate().flat_map(|(index, config)| {
        let path = format!("{}_sd_configs::{index}", D::NAME);
        config.check().into_iter().map(move |problem| problem.under(&path))
    })
}

fn start<D: Discovery>(configs: &[D], found: &Found, cx: &Context) {
    configs.iter().for_each(|config| found.start(cx, config));
}

/// The place of a discovery that we do not have: whatever stands there is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unsupported;

impl Unsupported {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it this way")]
    fn is_absent(&self) -> bool {
        true
    }
}

impl<'de> Deserialize<'de> for Unsupported {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unsupported, D::Error> {
        let written: Vec<serde::de::IgnoredAny> = Option::deserialize(deserializer)?.unwrap_or_default();
        if written.is_empty() {
            return Ok(Unsupported);
        }
        Err(D::Error::custom(
            "this way to find targets is not supported, only `static_configs` and \
             `file_sd_configs`, `http_sd_configs`, `dns_sd_configs` and `kubernetes_sd_configs`",
        ))
    }
}
