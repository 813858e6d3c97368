//! The kinds of component: a component is its settings plus the way to start it.

use std::sync::Arc;

use async_trait::async_trait;
use otlp::Signal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::Capabilities;
use crate::consumer::Consumer;
use crate::context::Context;
use crate::delivery::Delivery;

/// What is wrong, or odd, about settings that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The collector does not start with it. The path is relative to the component: `["protocols", "grpc"]`.
    Error {
        /// Keys from the component's own section down to the setting.
        path: Vec<String>,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The collector starts, and says so.
    Warning {
        /// As above.
        path: Vec<String>,
        /// What is old or odd, and its new spelling.
        message: String,
    },
}

impl Problem {
    /// An error about the setting at `path`: its keys with `::` between them, empty for the component itself.
    pub fn error(path: &str, message: impl Into<String>) -> Problem {
        Problem::Error { path: keys(path), message: message.into() }
    }

    /// A warning about the setting at `path`.
    pub fn warning(path: &str, message: impl Into<String>) -> Problem {
        Problem::Warning { path: keys(path), message: message.into() }
    }

    /// The same problem of a block that stands at `path` in a larger one.
    #[must_use]
    pub fn under(self, path: &str) -> Problem {
        let longer = |rest: Vec<String>| keys(path).into_iter().chain(rest).collect();
        match self {
            Problem::Error { path: rest, message } => Problem::Error { path: longer(rest), message },
            Problem::Warning { path: rest, message } => Problem::Warning { path: longer(rest), message },
        }
    }
}

fn keys(path: &str) -> Vec<String> {
    path.split("::").filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

/// An address that a component listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listens {
    /// `host:port`, or the path of a socket.
    pub address: String,
    /// The path of the setting that says so: `protocols::grpc::endpoint`.
    pub setting: &'static str,
}

/// What the settings of all kinds have in common.
pub trait Settings: DeserializeOwned + Serialize + Clone + Default + Send + Sync + 'static {}

impl<T: DeserializeOwned + Serialize + Clone + Default + Send + Sync + 'static> Settings for T {}

/// Where a receiver or connector puts what it gets: one consumer for each signal that a pipeline wants from it.
#[derive(Clone, Default)]
pub struct Outputs {
    /// Takes spans.
    pub traces: Option<Arc<dyn Consumer>>,
    /// Takes data points.
    pub metrics: Option<Arc<dyn Consumer>>,
    /// Takes log records.
    pub logs: Option<Arc<dyn Consumer>>,
}

impl Outputs {
    /// The consumer of that signal, if a pipeline wants it.
    #[must_use]
    pub fn of(&self, signal: Signal) -> Option<&Arc<dyn Consumer>> {
        match signal {
            Signal::Traces => self.traces.as_ref(),
            Signal::Metrics => self.metrics.as_ref(),
            Signal::Logs => self.logs.as_ref(),
        }
    }

    /// Sets the consumer of that signal.
    pub fn set(&mut self, signal: Signal, consumer: Arc<dyn Consumer>) {
        match signal {
            Signal::Traces => self.traces = Some(consumer),
            Signal::Metrics => self.metrics = Some(consumer),
            Signal::Logs => self.logs = Some(consumer),
        }
    }
}

/// Takes data in from outside. One instance for each id, whatever the number of pipelines and signals.
#[async_trait]
pub trait Receiver: Settings {
    /// Its type in the file.
    const NAME: &'static str;
    /// Old names of the type; each works, with a warning.
    const ALIASES: &'static [&'static str] = &[];
    /// What it can produce.
    const SIGNALS: &'static [Signal];

    /// What is wrong with settings that could be read.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// The addresses it will listen on; two components on one port is an error.
    fn listens_on(&self) -> Vec<Listens> {
        Vec::new()
    }

    /// Binds its listeners and starts taking data. When this returns, clients can connect.
    ///
    /// # Errors
    /// When it cannot start; the collector then stops.
    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<()>;
}

/// Changes, holds or drops data on its way. One instance for each pipeline that names it.
#[async_trait]
pub trait Processor: Settings {
    /// Its type in the file.
    const NAME: &'static str;
    /// Old names of the type.
    const ALIASES: &'static [&'static str] = &[];
    /// What it can process.
    const SIGNALS: &'static [Signal];
    /// Whether it changes data (shown on pages; sharing is safe either way).
    const MUTATES: bool = false;
    /// Whether the items it takes and gives are counted (`otelcol_processor_incoming_items`), as for those of the Go
    /// Collector that use its common helper; `batch` does not.
    const COUNTED: bool = true;

    /// What is wrong with settings that could be read.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Starts it in front of `next`; what it returns takes the pipeline's data.
    ///
    /// # Errors
    /// When it cannot start; the collector then stops.
    async fn start(self, cx: Context, next: Arc<dyn Consumer>) -> anyhow::Result<Arc<dyn Consumer>>;
}

/// Sends data out. One instance for each id; queue, retry and timeout stand in front of it, one set for each signal.
#[async_trait]
pub trait Exporter: Settings {
    /// Its type in the file.
    const NAME: &'static str;
    /// Old names of the type.
    const ALIASES: &'static [&'static str] = &[];
    /// What it can send.
    const SIGNALS: &'static [Signal];

    /// What is wrong with settings that could be read.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// The addresses it will listen on.
    fn listens_on(&self) -> Vec<Listens> {
        Vec::new()
    }

    /// What stands in front of it.
    fn delivery(&self) -> Delivery;

    /// Labels that its metrics carry beside its id: `server_address`, `server_port`, `url_path`.
    fn labels(&self, signal: Signal) -> Vec<(&'static str, String)> {
        let _ = signal;
        Vec::new()
    }

    /// Starts it; what it returns sends one batch, once, and says what the other side answered.
    ///
    /// # Errors
    /// When it cannot start; the collector then stops.
    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>>;
}

/// An exporter of one pipeline that is a receiver of another.
#[async_trait]
pub trait Connector: Settings {
    /// Its type in the file.
    const NAME: &'static str;
    /// Old names of the type.
    const ALIASES: &'static [&'static str] = &[];
    /// Which signal it can turn into which.
    const ROUTES: &'static [(Signal, Signal)];

    /// What is wrong with settings that could be read.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Starts it; what it returns takes the data of the pipelines before it.
    ///
    /// # Errors
    /// When it cannot start; the collector then stops.
    async fn start(self, cx: Context, outputs: Outputs) -> anyhow::Result<Arc<dyn Consumer>>;
}

/// Serves the collector or its components, beside the pipelines.
#[async_trait]
pub trait Extension: Settings {
    /// Its type in the file.
    const NAME: &'static str;
    /// Old names of the type.
    const ALIASES: &'static [&'static str] = &[];

    /// What is wrong with settings that could be read.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// The addresses it will listen on.
    fn listens_on(&self) -> Vec<Listens> {
        Vec::new()
    }

    /// Starts it; what it returns is what other components can ask of it.
    ///
    /// # Errors
    /// When it cannot start; the collector then stops.
    async fn start(self, cx: Context) -> anyhow::Result<Capabilities>;
}
