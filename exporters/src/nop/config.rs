//! What users write under `exporters::nop`: nothing.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context, Delivery, Exporter};
use otlp::Signal;
use serde::{Deserialize, Serialize};

/// The `nop` exporter. It has no settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "nop";
    const SIGNALS: &'static [Signal] = &Signal::ALL;

    fn delivery(&self) -> Delivery {
        Delivery::default()
    }

    async fn start(self, _: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        Ok(Arc::new(Nop))
    }
}

struct Nop;

#[async_trait]
impl Consumer for Nop {
    async fn consume(&self, _: Batch) -> Result<(), ConsumeError> {
        Ok(())
    }
}
