//! Settings of the forward connector: none.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Connector, Consumer, Context, Outputs};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::Forward;

/// Hands the data of some pipelines to others, as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

#[async_trait]
impl Connector for Config {
    const NAME: &'static str = "forward";
    const ROUTES: &'static [(Signal, Signal)] =
        &[(Signal::Traces, Signal::Traces), (Signal::Metrics, Signal::Metrics), (Signal::Logs, Signal::Logs)];

    async fn start(self, _: Context, outputs: Outputs) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(Arc::new(Forward { outputs }))
    }
}
