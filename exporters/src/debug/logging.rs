//! What users wrote under `exporters::logging`, before it was called `debug`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, Exporter, Problem};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::config::{Config as Debug, Verbosity};
use super::show;

/// The `logging` exporter: `debug` with the settings and defaults of before it was renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How much to show, in the words of before `verbosity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loglevel: Option<LogLevel>,
    /// How much to show; `normal` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<Verbosity>,
    /// How many batches of a signal to show in each second before sampling begins.
    pub sampling_initial: u64,
    /// Of the batches after those, every how many-th to show; 0 shows none of them.
    pub sampling_thereafter: u64,
}

/// How much to show, in the words of before `verbosity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    #[serde(alias = "DEBUG")]
    Debug,
    #[serde(alias = "INFO")]
    Info,
    #[serde(alias = "WARN")]
    Warn,
    #[serde(alias = "ERROR")]
    Error,
}

impl Default for Config {
    fn default() -> Config {
        Config { loglevel: None, verbosity: None, sampling_initial: 2, sampling_thereafter: 500 }
    }
}

impl Config {
    /// The same in the words of `debug`.
    pub(super) fn as_debug(&self) -> Debug {
        let from_level = self.loglevel.map(LogLevel::verbosity);
        Debug {
            verbosity: self.verbosity.or(from_level).unwrap_or(Verbosity::Normal),
            sampling_initial: self.sampling_initial,
            sampling_thereafter: self.sampling_thereafter,
            ..Debug::default()
        }
    }
}

impl LogLevel {
    fn verbosity(self) -> Verbosity {
        match self {
            LogLevel::Debug => Verbosity::Detailed,
            LogLevel::Info => Verbosity::Normal,
            LogLevel::Warn | LogLevel::Error => Verbosity::Basic,
        }
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "logging";
    const SIGNALS: &'static [Signal] = &Signal::ALL;

    fn check(&self) -> Vec<Problem> {
        let renamed = "the exporter `logging` is now called `debug`; \
                       `verbosity: normal` and `sampling_thereafter: 500` are no longer its defaults";
        let mut problems = vec![Problem::warning("", renamed)];
        match (self.loglevel, self.verbosity) {
            (Some(_), Some(_)) => {
                let message = "cannot be used together with `verbosity`; use `verbosity` alone";
                problems.push(Problem::error("loglevel", message));
            }
            (Some(_), None) => {
                let message =
                    "is now `verbosity`: `debug` is `detailed`, `info` is `normal`, `warn` is `basic`";
                problems.push(Problem::warning("loglevel", message));
            }
            (None, _) => (),
        }
        problems
    }

    fn delivery(&self) -> Delivery {
        self.as_debug().delivery()
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        show::start(&self.as_debug(), &cx)
    }
}
