//! What a component is given when it starts.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwap;
use config::ComponentId;
use otlp::Signal;

use crate::account::Account;
use crate::auth::{Authenticator, Capabilities, Credentials};
use crate::health::Health;
use crate::memory::Memory;
use crate::operations::Operations;
use crate::overview::Overview;
use crate::scope::Scope;
use crate::targets::Targets;
use crate::telemetry::Metrics;

/// The kinds of component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the file's sections")]
pub enum Kind {
    Receiver,
    Processor,
    Exporter,
    Connector,
    Extension,
}

impl Kind {
    /// As labels, logs and messages write it: `receiver`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Receiver => "receiver",
            Kind::Processor => "processor",
            Kind::Exporter => "exporter",
            Kind::Connector => "connector",
            Kind::Extension => "extension",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a queue or a batch acknowledges (`service::acknowledge`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acknowledge {
    /// As soon as it holds the data, as the Go Collector does.
    #[default]
    Held,
    /// When the exporter has delivered it.
    Delivered,
}

/// Which program this is.
#[derive(Clone, Debug)]
pub struct BuildInfo {
    /// The program's name: `ferrotel`.
    pub command: &'static str,
    /// One line about it.
    pub description: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// What a component is given when it starts. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The component's id, as the file writes it.
    pub id: ComponentId,
    /// What kind of component it is.
    pub kind: Kind,
    /// Owner of all its tasks.
    pub scope: Scope,
    /// Where it registers what only it can count.
    pub metrics: Metrics,
    /// The bytes in flight.
    pub memory: Memory,
    /// How long things take, when somebody wants to know.
    pub operations: Operations,
    /// How the process is.
    pub health: Health,
    /// When to acknowledge.
    pub acknowledge: Acknowledge,
    /// Which program this is.
    pub build: Arc<BuildInfo>,
    /// What runs; empty until everything has been put together.
    pub overview: Arc<ArcSwap<Overview>>,
    /// What is scraped.
    pub targets: Targets,
    /// What started extensions offer.
    pub extensions: Arc<BTreeMap<ComponentId, Capabilities>>,
    /// The books in which [`Context::dropped`] writes.
    pub accounts: Accounts,
}

/// The books a component writes in when it drops: one for each signal it handles.
#[derive(Clone, Default)]
pub struct Accounts([Account; 3]);

impl Accounts {
    /// These three, in the order of the arguments.
    #[must_use]
    pub fn new(traces: Account, metrics: Account, logs: Account) -> Accounts {
        Accounts([traces, metrics, logs])
    }

    /// The same account for every signal.
    #[must_use]
    pub fn single(account: &Account) -> Accounts {
        Accounts(std::array::from_fn(|_| account.clone()))
    }

    /// The account of that signal.
    #[must_use]
    pub fn of(&self, signal: Signal) -> &Account {
        match signal {
            Signal::Traces => &self.0[0],
            Signal::Metrics => &self.0[1],
            Signal::Logs => &self.0[2],
        }
    }
}

impl Context {
    /// Books items that this component gives up, with the reason; call it once for a batch, not for each item.
    pub fn dropped(&self, signal: Signal, items: usize, reason: &'static str) {
        if items > 0 {
            self.accounts.of(signal).dropped(items, reason);
        }
    }

    /// Books items that the other side rejected out of a batch that it acknowledged.
    pub fn rejected(&self, signal: Signal, items: usize) {
        self.left_out(signal, items, "rejected by the other side");
    }

    /// Books items that could not be sent with the others of their batch, which the other side acknowledged.
    pub fn left_out(&self, signal: Signal, items: usize, reason: &'static str) {
        if items > 0 {
            self.accounts.of(signal).left_out(items, reason);
        }
    }

    /// The extension that checks incoming requests.
    ///
    /// # Errors
    /// When there is no such extension, or it cannot do that.
    pub fn authenticator(&self, id: &ComponentId) -> anyhow::Result<Arc<dyn Authenticator>> {
        let found = self.capabilities(id)?.authenticator.clone();
        found.with_context(|| format!("extension `{id}` is not a server authenticator"))
    }

    /// The extension that signs outgoing requests.
    ///
    /// # Errors
    /// When there is no such extension, or it cannot do that.
    pub fn credentials(&self, id: &ComponentId) -> anyhow::Result<Arc<dyn Credentials>> {
        let found = self.capabilities(id)?.credentials.clone();
        found.with_context(|| format!("extension `{id}` is not a client authenticator"))
    }

    fn capabilities(&self, id: &ComponentId) -> anyhow::Result<&Capabilities> {
        self.extensions.get(id).with_context(|| {
            format!("failed to resolve authenticator `{id}`: it is not listed in `service::extensions`")
        })
    }
}
