//! Settings of the resource processor.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Problem, Processor};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use crate::actions::{ActionConfig, Actions};

/// Changes the attributes of every resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to do, in this order.
    pub attributes: Vec<ActionConfig>,
}

#[async_trait]
impl Processor for Config {
    const NAME: &'static str = "resource";
    const SIGNALS: &'static [Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];
    const MUTATES: bool = true;

    fn check(&self) -> Vec<Problem> {
        Actions::parse(&self.attributes, "attributes").err().unwrap_or_default()
    }

    async fn start(self, _: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>> {
        let actions =
            Actions::parse(&self.attributes, "attributes").map_err(|problems| crate::unchecked(&problems))?;
        Ok(super::edit_resources(actions, next))
    }
}
