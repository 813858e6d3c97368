//! Targets that the domain name system knows.

use async_trait::async_trait;
use component::{Context, Problem};
use serde::{Deserialize, Serialize};

use super::{Discovery, Finder};
use crate::prometheus::PromDuration;

/// One of `dns_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsSdConfig {
    /// What to ask for.
    pub names: Vec<String>,
    /// Which records.
    #[serde(rename = "type")]
    pub record: RecordType,
    /// The port of the targets; records of type `SRV` have their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How often to ask.
    pub refresh_interval: PromDuration,
}

/// The records that name targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum RecordType {
    #[default]
    Srv,
    A,
    Aaaa,
    Mx,
    Ns,
}

impl Default for DnsSdConfig {
    fn default() -> DnsSdConfig {
        DnsSdConfig {
            names: Vec::new(),
            record: RecordType::Srv,
            port: None,
            refresh_interval: PromDuration::from_secs(30),
        }
    }
}

#[async_trait]
impl Discovery for DnsSdConfig {
    const NAME: &'static str = "dns";

    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    fn describe(&self) -> String {
        self.names.join(", ")
    }

    async fn run(self, _: Context, _: Finder) -> anyhow::Result<()> {
        std::future::pending().await
    }
}
