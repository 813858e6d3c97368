//! Starting components in order, each with what it needs.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::config::ComponentId;
use anyhow::Context as _;
use component::{
    Account, Accounts, Capabilities, Consumer, Context, Edge, ExporterOverview, ExtensionOverview, Kind,
    Outputs, Overview, PipelineOverview, Scope, fanout,
};
use otlp::Signal;

use super::{Environment, Graph};
use crate::config::{PipelineConfig, PipelineId};
use crate::delivery::deliver;
use crate::ledger::Ledger;
use crate::observe::{
    ExporterMetrics, ProcessorMetrics, account_for, book_delivered, count_items, count_items_over,
    observe_receiver,
};
use crate::plan::Plan;
use crate::registry::Start;

pub(super) struct Builder<'a> {
    plan: &'a Plan,
    environment: &'a Environment,
    pub(super) ledger: Ledger,
    edges: Vec<Edge>,
    sending: Vec<ExporterOverview>,
    extensions: Arc<BTreeMap<ComponentId, Capabilities>>,
    /// What pipelines send to: queues with their exporters behind them, and connectors.
    ends: BTreeMap<(ComponentId, Signal), Arc<dyn Consumer>>,
    connectors: BTreeMap<ComponentId, Arc<dyn Consumer>>,
    /// The first consumer of each pipeline.
    entries: BTreeMap<PipelineId, Arc<dyn Consumer>>,
    /// By kind, in starting order.
    scopes: Vec<(Kind, String, Scope)>,
    mutating: Vec<PipelineId>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(plan: &'a Plan, environment: &'a Environment) -> Builder<'a> {
        Builder {
            plan,
            environment,
            ledger: Ledger::default(),
            edges: Vec::new(),
            sending: Vec::new(),
            extensions: Arc::default(),
            ends: BTreeMap::new(),
            connectors: BTreeMap::new(),
            entries: BTreeMap::new(),
            scopes: Vec::new(),
            mutating: Vec::new(),
        }
    }

    pub(super) async fn build(&mut self) -> anyhow::Result<Overview> {
        self.start_extensions().await?;
        self.start_exporters().await?;
        // From the ends of the graph: a connector needs the pipelines behind it.
        for id in self.plan.ends_first() {
            self.start_pipeline(&id).await?;
        }
        self.start_receivers().await?;
        Ok(self.overview())
    }

    /// The graph with everything that has started so far.
    pub(super) fn finish(self) -> Graph {
        let of = |kinds: &[Kind]| -> Vec<(String, Scope)> {
            let found = self.scopes.iter().rev().filter(|(kind, ..)| kinds.contains(kind));
            found.map(|(_, name, scope)| (name.clone(), scope.clone())).collect()
        };
        let mut steps = vec![of(&[Kind::Receiver])];
        // Started from the end, so in reverse they stop in the order in which data flows.
        steps.extend(of(&[Kind::Processor, Kind::Connector]).into_iter().map(|scope| vec![scope]));
        steps.push(of(&[Kind::Exporter]));
        steps.extend(of(&[Kind::Extension]).into_iter().map(|scope| vec![scope]));
        Graph { steps, ledger: self.ledger.entries().to_vec() }
    }

    async fn start_extensions(&mut self) -> anyhow::Result<()> {
        let mut started = BTreeMap::new();
        for id in &self.plan.extensions {
            let Start::Extension(start) = self.start_of(Kind::Extension, id)? else { continue };
            let cx = self.context(Kind::Extension, id, "", Accounts::default());
            let capabilities = start(cx, ()).await.with_context(|| format!("extensions::{id}"))?;
            started.insert(id.clone(), capabilities);
        }
        self.extensions = Arc::new(started);
        Ok(())
    }

    async fn start_exporters(&mut self) -> anyhow::Result<()> {
        for (kind, id) in self.plan.components.keys() {
            let signals = self.plan.signals_of_exporter(id);
            if *kind != Kind::Exporter || signals.is_empty() {
                continue;
            }
            let Start::Exporter(exporter) = self.start_of(Kind::Exporter, id)? else { continue };
            let name = id.to_string();
            let account =
                |signal| signals.contains(&signal).then(|| self.ledger.open("exporter", &name, signal));
            let [traces, metrics, logs] =
                [Signal::Traces, Signal::Metrics, Signal::Logs].map(account).map(Option::unwrap_or_default);
            let accounts = Accounts::new(traces, metrics, logs);
            let cx = self.context(Kind::Exporter, id, "", accounts.clone());
            let sends = (exporter.start)(cx.clone(), ()).await.with_context(|| format!("exporters::{id}"))?;
            for signal in signals {
                let labels = (exporter.labels)(signal);
                let metrics = ExporterMetrics::new(
                    &self.environment.metrics,
                    &self.environment.operations,
                    &name,
                    signal,
                    labels,
                );
                let delivery = exporter.delivery.clone();
                let edge = self.edge(Edge::of_component("exporter", &name, signal));
                let consumer = deliver(delivery, sends.clone(), edge, accounts.of(signal), &metrics, &cx);
                self.ends.insert((id.clone(), signal), consumer);
                let sending = metrics.sending.clone();
                self.sending.push(ExporterOverview { id: name.clone(), signal, sending });
            }
        }
        Ok(())
    }

    async fn start_pipeline(&mut self, id: &PipelineId) -> anyhow::Result<()> {
        let plan = self.plan;
        let (_, config) = plan.pipelines.iter().find(|(known, _)| known == id).context("no such pipeline")?;
        let account = self.ledger.open("pipeline", &id.to_string(), id.signal);
        let mut ends = Vec::new();
        for exporter in &config.exporters {
            ends.push(self.end(exporter, id.signal).await?);
        }
        let exit = book_delivered(&account, fanout(ends));
        let first = self.start_processors(id, config, &account, exit).await?;
        let edge = self.edge(Edge::of_pipeline(&id.to_string(), id.signal));
        self.entries.insert(id.clone(), account_for(&account, edge, first));
        Ok(())
    }

    /// What a pipeline sends to: an exporter, or a connector, started when the first pipeline sends to it.
    async fn end(&mut self, id: &ComponentId, signal: Signal) -> anyhow::Result<Arc<dyn Consumer>> {
        if let Some(end) = self.ends.get(&(id.clone(), signal)) {
            return Ok(end.clone());
        }
        let connector = match self.connectors.get(id) {
            Some(connector) => connector.clone(),
            None => self.start_connector(id).await?,
        };
        let edge = self.edge(Edge::of_component("connector", &id.to_string(), signal));
        let end = count_items_over(edge, Vec::new(), connector);
        self.ends.insert((id.clone(), signal), end.clone());
        Ok(end)
    }

    async fn start_connector(&mut self, id: &ComponentId) -> anyhow::Result<Arc<dyn Consumer>> {
        let Start::Connector(start) = self.start_of(Kind::Connector, id)? else {
            anyhow::bail!("`{id}` is neither an exporter nor a connector");
        };
        let mut outputs = Outputs::default();
        for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
            if let Some(consumer) = self.entries_behind(id, signal) {
                outputs.set(signal, consumer);
            }
        }
        let cx = self.context(Kind::Connector, id, "", Accounts::default());
        let consumer = start(cx, outputs).await.with_context(|| format!("connectors::{id}"))?;
        self.connectors.insert(id.clone(), consumer.clone());
        Ok(consumer)
    }

    async fn start_processors(
        &mut self,
        pipeline: &PipelineId,
        config: &PipelineConfig,
        account: &Account,
        exit: Arc<dyn Consumer>,
    ) -> anyhow::Result<Arc<dyn Consumer>> {
        let mut next = exit;
        // What the processor after this point counts as incoming.
        let mut incoming = Vec::new();
        for id in config.processors.iter().rev() {
            let Start::Processor(processor) = self.start_of(Kind::Processor, id)? else { continue };
            let metrics = ProcessorMetrics::new(&self.environment.metrics, &id.to_string(), pipeline.signal);
            if processor.counted {
                incoming.push(metrics.outgoing);
            }
            let edge = Edge::of_processor(&pipeline.to_string(), &id.to_string(), pipeline.signal);
            next = count_items_over(self.edge(edge), std::mem::take(&mut incoming), next);
            let cx = self.context(Kind::Processor, id, &format!(" ({pipeline})"), Accounts::single(account));
            next = (processor.start)(cx, next).await.with_context(|| format!("processors::{id}"))?;
            if processor.counted {
                incoming.push(metrics.incoming);
            }
            if processor.mutates {
                self.mutating.push(pipeline.clone());
            }
        }
        Ok(count_items(incoming, next))
    }

    async fn start_receivers(&mut self) -> anyhow::Result<()> {
        for (kind, id) in self.plan.components.keys() {
            if *kind != Kind::Receiver {
                continue;
            }
            let mut outputs = Outputs::default();
            let mut accounts = <[Account; 3]>::default();
            let mut used = false;
            let name = id.to_string();
            for signal in [Signal::Traces, Signal::Metrics, Signal::Logs] {
                if let Some(next) = self.entries_behind(id, signal) {
                    let account = self.ledger.open(Kind::Receiver.as_str(), &name, signal);
                    let edge = self.edge(Edge::of_component("receiver", &name, signal));
                    outputs.set(signal, observe_receiver(self.environment, &account, edge, next));
                    accounts[signal as usize] = account;
                    used = true;
                }
            }
            let Start::Receiver(start) = self.start_of(Kind::Receiver, id)? else { continue };
            if used {
                let [traces, metrics, logs] = accounts;
                let cx = self.context(Kind::Receiver, id, "", Accounts::new(traces, metrics, logs));
                start(cx, outputs).await.with_context(|| format!("receivers::{id}"))?;
            }
        }
        Ok(())
    }

    /// The pipelines of that signal that name `id` as a receiver, as one consumer.
    fn entries_behind(&self, id: &ComponentId, signal: Signal) -> Option<Arc<dyn Consumer>> {
        let of_signal = self.plan.targets(id).into_iter().filter(|pipeline| pipeline.signal == signal);
        let entries: Vec<_> = of_signal.filter_map(|pipeline| self.entries.get(pipeline).cloned()).collect();
        (!entries.is_empty()).then(|| fanout(entries))
    }

    fn start_of(&self, kind: Kind, id: &ComponentId) -> anyhow::Result<Start> {
        let planned = self.plan.components.get(&(kind, id.clone()));
        Ok(planned.with_context(|| format!("{kind} `{id}` is not configured"))?.start.clone())
    }

    /// Notes the edge, so that people can look at it.
    fn edge(&mut self, edge: Edge) -> Edge {
        self.edges.push(edge.clone());
        edge
    }

    /// `part` tells apart the instances of one id.
    fn context(&mut self, kind: Kind, id: &ComponentId, part: &str, accounts: Accounts) -> Context {
        let name = format!("{kind} {id}{part}");
        let scope = Scope::new(name.clone(), self.environment.health.clone());
        self.scopes.push((kind, name, scope.clone()));
        Context {
            id: id.clone(),
            kind,
            scope,
            metrics: self.environment.metrics.clone(),
            memory: self.environment.memory.clone(),
            operations: self.environment.operations.clone(),
            health: self.environment.health.clone(),
            acknowledge: self.plan.acknowledge,
            build: self.environment.build.clone(),
            overview: self.environment.overview.clone(),
            targets: self.environment.targets.clone(),
            extensions: self.extensions.clone(),
            accounts,
        }
    }

    fn overview(&self) -> Overview {
        let texts = |ids: &[ComponentId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        let pipeline = |(id, config): &(PipelineId, PipelineConfig)| {
            let both = config.receivers.iter().chain(&config.exporters);
            let connectors = both.filter(|id| self.plan.is_connector(id)).map(ToString::to_string);
            PipelineOverview {
                id: id.to_string(),
                signal: id.signal,
                mutates_data: self.mutating.contains(id),
                receivers: texts(&config.receivers),
                processors: texts(&config.processors),
                exporters: texts(&config.exporters),
                connectors: connectors.collect(),
            }
        };
        let extension = |id: &ComponentId| ExtensionOverview { id: id.to_string() };
        Overview {
            pipelines: self.plan.pipelines.iter().map(pipeline).collect(),
            extensions: self.plan.extensions.iter().map(extension).collect(),
            ledger: self.ledger.entries().to_vec(),
            edges: self.edges.clone(),
            exporters: self.sending.clone(),
            gates: Vec::new(),
        }
    }
}

impl Plan {
    /// Which signals reach this exporter.
    fn signals_of_exporter(&self, id: &ComponentId) -> Vec<Signal> {
        let sends = self.pipelines.iter().filter(|(_, pipeline)| pipeline.exporters.contains(id));
        let mut signals: Vec<_> = sends.map(|(pipeline, _)| pipeline.signal).collect();
        signals.sort_by_key(|signal| *signal as u8);
        signals.dedup();
        signals
    }

    /// All pipelines, each after those that it sends to through connectors. There are no cycles: that was checked.
    fn ends_first(&self) -> Vec<PipelineId> {
        let mut order = Vec::new();
        self.pipelines.iter().for_each(|(id, _)| self.place_after_targets(id, &mut order));
        order
    }

    fn place_after_targets(&self, id: &PipelineId, order: &mut Vec<PipelineId>) {
        if order.contains(id) {
            return;
        }
        let Some((_, pipeline)) = self.pipelines.iter().find(|(known, _)| known == id) else { return };
        for connector in pipeline.exporters.iter().filter(|id| self.is_connector(id)) {
            self.targets(connector).into_iter().for_each(|target| self.place_after_targets(target, order));
        }
        order.push(id.clone());
    }
}
