//! The `service` section: which components run, and how they are connected.

use std::fmt;
use std::str::FromStr;

use ::config::ComponentId;
use component::Acknowledge;
use otlp::Signal;
use serde::{Deserialize, Serialize};

/// The keys of `service`.
pub(crate) const SERVICE_KEYS: [&str; 4] = ["acknowledge", "extensions", "pipelines", "telemetry"];

/// One pipeline, as the file writes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineConfig {
    /// Where its data comes from: receivers and connectors.
    pub receivers: Vec<ComponentId>,
    /// What its data passes, in order.
    pub processors: Vec<ComponentId>,
    /// Where its data goes: exporters and connectors.
    pub exporters: Vec<ComponentId>,
}

/// When batches and queues acknowledge, as the file writes it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AcknowledgeConfig {
    /// When they hold the data.
    #[default]
    Held,
    /// When it has been delivered.
    Delivered,
}

impl From<AcknowledgeConfig> for Acknowledge {
    fn from(config: AcknowledgeConfig) -> Acknowledge {
        match config {
            AcknowledgeConfig::Held => Acknowledge::Held,
            AcknowledgeConfig::Delivered => Acknowledge::Delivered,
        }
    }
}

/// A pipeline's id: `traces`, `metrics/slow`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipelineId {
    /// What flows in it.
    pub signal: Signal,
    /// As the file writes it.
    text: String,
}

impl FromStr for PipelineId {
    type Err = String;

    fn from_str(text: &str) -> Result<PipelineId, String> {
        let id: ComponentId = text.parse().map_err(|error| format!("invalid pipeline id: {error}"))?;
        match id.kind().parse() {
            Ok(signal) => Ok(PipelineId { signal, text: id.to_string() }),
            Err(_) => Err(format!("unknown pipeline signal `{}`", id.kind())),
        }
    }
}

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
