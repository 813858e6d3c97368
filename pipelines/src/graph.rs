//! A plan carried out: components started, connected and, in the end, stopped.
//!
//! Start: extensions, exporters, then each pipeline from its end to its beginning, receivers last. Stop: the reverse,
//! each step given the time that is left until one deadline.

mod build;

use std::sync::Arc;

use arc_swap::ArcSwap;
use component::{
    BuildInfo, Health, Kind, LedgerEntry, Memory, Metrics, Operations, Overview, Scope, Targets,
};
use futures_util::future::join_all;
use tokio::time::Instant;
use tracing::warn;

use crate::plan::Plan;

/// What all components share, beyond one graph's life.
#[derive(Clone)]
pub struct Environment {
    /// Which program this is.
    pub build: Arc<BuildInfo>,
    /// The collector's own metrics.
    pub metrics: Metrics,
    /// The bytes in flight.
    pub memory: Memory,
    /// How long things take, when somebody wants to know.
    pub operations: Operations,
    /// How the process is.
    pub health: Health,
    /// Shown on pages; filled when everything runs.
    pub overview: Arc<ArcSwap<Overview>>,
    /// What is scraped.
    pub targets: Targets,
}

/// Running components.
pub struct Graph {
    /// In the order in which they stop; those of one step stop together.
    steps: Vec<Vec<(String, Scope)>>,
    ledger: Vec<LedgerEntry>,
}

/// How a stop went.
#[derive(Debug, Default)]
pub struct StopReport {
    /// Items that the exporters delivered in this graph's life.
    pub delivered: u64,
    /// Items given up in this graph's life before it was told to stop.
    pub dropped: u64,
    /// Items given up while stopping, and items still held when the deadline came.
    pub left: u64,
    /// Components that did not stop in time.
    pub stuck: Vec<String>,
}

impl Graph {
    /// Starts everything that `plan` says. When it returns, all listeners are bound.
    ///
    /// # Errors
    /// When one component cannot start: which one, and why. Those that had started have been stopped again then.
    pub async fn start(plan: &Plan, environment: &Environment) -> anyhow::Result<Graph> {
        // A limit that the configuration before this one set is not ours.
        environment.memory.set_limit(None);
        let mut builder = build::Builder::new(plan, environment);
        match builder.build().await {
            Ok(overview) => {
                builder.ledger.publish(&environment.metrics);
                let overview = Arc::new(overview);
                crate::health::publish(&environment.metrics, &overview, &environment.health);
                environment.overview.store(overview);
                Ok(builder.finish())
            }
            Err(error) => {
                // What has started holds no data yet, so there is nothing to wait for.
                drop(builder.finish().stop(Instant::now()).await);
                Err(error)
            }
        }
    }

    /// Stops everything: receivers take no more, what is held is sent, until `deadline`.
    pub async fn stop(self, deadline: Instant) -> StopReport {
        let mut report = StopReport { dropped: self.dropped(), ..StopReport::default() };
        for step in &self.steps {
            let stops = step.iter().map(|(name, scope)| async move { (name, scope.stop(deadline).await) });
            for (name, outcome) in join_all(stops).await {
                if let Err(tasks) = outcome {
                    warn!(component = %name, tasks, "did not stop in time; abandoned");
                    report.stuck.push(name.clone());
                }
            }
        }
        report.left = self.dropped() - report.dropped + self.in_flight();
        report.delivered = self.delivered();
        report
    }

    fn dropped(&self) -> u64 {
        let of_entry = |entry: &LedgerEntry| entry.account.totals().dropped.values().sum::<u64>();
        self.ledger.iter().map(of_entry).sum()
    }

    fn in_flight(&self) -> u64 {
        // What a receiver waits for is in a pipeline's account too, and will be refused to its client.
        let others = self.ledger.iter().filter(|entry| entry.kind != Kind::Receiver.as_str());
        others.map(|entry| u64::try_from(entry.account.totals().in_flight()).unwrap_or(0)).sum()
    }

    fn delivered(&self) -> u64 {
        let exporters = self.ledger.iter().filter(|entry| entry.kind == Kind::Exporter.as_str());
        exporters.map(|entry| entry.account.totals().delivered).sum()
    }
}
