//! What users write under `exporters::debug`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, DeliveryConfig, Exporter, Problem, QueueConfig};
use config::Optional;
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::show;

/// The `debug` exporter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How much to show.
    pub verbosity: Verbosity,
    /// How many batches of a signal to show in each second before sampling begins.
    pub sampling_initial: u64,
    /// Of the batches after those, every how many-th to show; 0 shows none of them.
    pub sampling_thereafter: u64,
    /// Whether to write through the collector's own log, or else to `output_paths`.
    pub use_internal_logger: bool,
    /// `stdout`, `stderr` and files, without the collector's own log only.
    pub output_paths: Vec<String>,
    /// What to keep until it can be shown.
    pub sending_queue: Optional<QueueConfig>,
}

/// How much to show of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verbosity {
    /// One line that counts.
    #[default]
    #[serde(alias = "Basic", alias = "BASIC")]
    Basic,
    /// One line for each item as well.
    #[serde(alias = "Normal", alias = "NORMAL")]
    Normal,
    /// Every field of every item as well.
    #[serde(alias = "Detailed", alias = "DETAILED")]
    Detailed,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            verbosity: Verbosity::Basic,
            sampling_initial: 2,
            sampling_thereafter: 1,
            use_internal_logger: true,
            output_paths: vec!["stdout".to_owned()],
            sending_queue: Optional::NONE,
        }
    }
}

impl Config {
    fn has_own_paths(&self) -> bool {
        self.output_paths != Config::default().output_paths
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "debug";
    const SIGNALS: &'static [Signal] = &Signal::ALL;

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.use_internal_logger && self.has_own_paths() {
            let message = "has no effect with `use_internal_logger: true`; set that to `false`";
            problems.push(Problem::error("output_paths", message));
        }
        if !self.use_internal_logger && self.output_paths.is_empty() {
            let message = "must name at least one of `stdout`, `stderr` or a file";
            problems.push(Problem::error("output_paths", message));
        }
        let queue = DeliveryConfig { sending_queue: self.sending_queue.clone(), ..DeliveryConfig::default() };
        problems.extend(queue.check());
        problems
    }

    fn delivery(&self) -> Delivery {
        Delivery { queue: self.sending_queue.as_ref().cloned(), ..Delivery::default() }
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        show::start(&self, &cx)
    }
}
