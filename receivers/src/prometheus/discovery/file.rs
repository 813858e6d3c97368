//! Targets listed in files.

use async_trait::async_trait;
use component::{Context, Problem};
use serde::{Deserialize, Serialize};

use super::{Discovery, Finder};
use crate::prometheus::PromDuration;

/// One of `file_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSdConfig {
    /// Paths to files in JSON or YAML; the last part may have `*`, `?` and `[…]`.
    pub files: Vec<String>,
    /// How often files are read again even if they seem not to have changed.
    pub refresh_interval: PromDuration,
}

impl Default for FileSdConfig {
    fn default() -> FileSdConfig {
        FileSdConfig { files: Vec::new(), refresh_interval: PromDuration::from_secs(300) }
    }
}

#[async_trait]
impl Discovery for FileSdConfig {
    const NAME: &'static str = "file";

    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    fn describe(&self) -> String {
        self.files.join(", ")
    }

    async fn run(self, _: Context, _: Finder) -> anyhow::Result<()> {
        std::future::pending().await
    }
}
