//! The life of the process: start, run, reload, stop.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use ::config::{Diagnostics, Severity};
use anyhow::Context as _;
use component::{Accounts, Acknowledge, BuildInfo, Context, Health, Kind, Scope, Stage};
use pipelines::{Environment, Graph, Plan};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::cli::Sources;
use crate::config::{Loaded, load};
use crate::exit;
use crate::telemetry::{Logs, TelemetryConfig, register_process_metrics, send, serve};

/// Which program this is.
pub(crate) const BUILD: BuildInfo = BuildInfo {
    command: env!("CARGO_BIN_NAME"),
    description: "Ferrotel, the OpenTelemetry Collector in Rust",
    version: env!("CARGO_PKG_VERSION"),
};

/// Runs until it is told to stop; `patience` is how long stopping may take.
pub(crate) async fn run(sources: Sources, patience: Duration) -> ExitCode {
    let loaded = load(&sources).await;
    if loaded.diagnostics.has_errors() {
        exit::report(&loaded.diagnostics);
        return ExitCode::from(exit::CONFIGURATION);
    }
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return exit::failed(format!("cannot listen for signals: {error}")),
    };
    let mut service = match Service::start(loaded).await {
        Ok(service) => service,
        Err(error) => return exit::failed(format!("{error:#}")),
    };
    while signals.next().await == Wish::Reload {
        if let Err(error) = service.reload(&sources, patience).await {
            return exit::failed(format!("{error:#}"));
        }
    }
    tokio::select! {
        code = service.stop(patience) => code,
        // Told a second time: now.
        _ = signals.next() => exit::failed("stopped at once, as told to a second time"),
    }
}

/// A running collector.
struct Service {
    logs: Logs,
    environment: Environment,
    /// Absent only while a reload is under way.
    running: Option<Running>,
}

/// What a reload replaces.
struct Running {
    plan: Plan,
    telemetry: TelemetryConfig,
    graph: Graph,
    metrics: Scope,
}

impl Service {
    async fn start(loaded: Loaded) -> anyhow::Result<Service> {
        let Loaded { plan, telemetry, diagnostics } = loaded;
        let environment = environment();
        let logs = Logs::install();
        logs.apply(&telemetry.logs, &resource(&telemetry))?;
        report(&diagnostics);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        info!("Version" = BUILD.version, "NumCPU" = cores, "Starting {}...", BUILD.command);
        register_process_metrics(&environment.metrics, &environment.health);
        let running = Running::start(plan, telemetry, &environment).await?;
        environment.health.enter(Stage::Ready);
        info!("Everything is ready. Begin running and processing data.");
        Ok(Service { logs, environment, running: Some(running) })
    }

    /// Reads the configuration anew and changes over to it. A configuration that is wrong, or that cannot start, leaves
    /// the old one running.
    ///
    /// # Errors
    /// When not even the old one could be started again.
    async fn reload(&mut self, sources: &Sources, patience: Duration) -> anyhow::Result<()> {
        info!("Reloading the configuration");
        let Loaded { plan, telemetry, diagnostics } = load(sources).await;
        report(&diagnostics);
        if diagnostics.has_errors() {
            error!("The new configuration is wrong; the old one goes on running");
            return Ok(());
        }
        if let Err(error) = self.logs.apply(&telemetry.logs, &resource(&telemetry)) {
            error!(error = %format!("{error:#}"), "The new configuration cannot run; the old one goes on running");
            return Ok(());
        }
        let Some(old) = self.running.take() else { return Ok(()) };
        self.environment.health.enter(Stage::Starting);
        let (old_plan, old_telemetry) = old.stop_for_reload(patience).await;
        match Running::start(plan, telemetry, &self.environment).await {
            Ok(running) => {
                self.running = Some(running);
                info!("The new configuration runs");
            }
            Err(error) => {
                error!(error = %format!("{error:#}"), "The new configuration cannot start; going back to the old one");
                self.logs.apply(&old_telemetry.logs, &resource(&old_telemetry))?;
                self.running = Some(Running::start(old_plan, old_telemetry, &self.environment).await?);
            }
        }
        self.environment.health.enter(Stage::Ready);
        Ok(())
    }

    /// Drains and stops everything, and says what was delivered and what was left.
    async fn stop(self, patience: Duration) -> ExitCode {
        info!("Starting shutdown...");
        self.environment.health.enter(Stage::Stopping);
        let Some(running) = self.running else { return ExitCode::from(exit::DONE) };
        let deadline = Instant::now() + patience;
        let report = running.graph.stop(deadline).await;
        let _ = running.metrics.stop(deadline).await;
        let (delivered, dropped, left) = (report.delivered, report.dropped, report.left);
        if left > 0 || !report.stuck.is_empty() {
            error!(delivered, dropped, left, stuck = ?report.stuck, "Shutdown complete; data was left behind");
            return ExitCode::from(exit::LEFT_DATA);
        }
        info!(delivered, dropped, left, "Shutdown complete.");
        ExitCode::from(exit::DONE)
    }
}

impl Running {
    async fn start(
        plan: Plan,
        telemetry: TelemetryConfig,
        environment: &Environment,
    ) -> anyhow::Result<Running> {
        let metrics = serve_metrics(&telemetry, environment).await?;
        let graph = match Graph::start(&plan, environment).await {
            Ok(graph) => graph,
            Err(error) => {
                let _ = metrics.stop(Instant::now() + Duration::from_secs(1)).await;
                return Err(error.context("cannot start pipelines"));
            }
        };
        Ok(Running { plan, telemetry, graph, metrics })
    }

    /// Drains and stops it; what it was started from is left.
    async fn stop_for_reload(self, patience: Duration) -> (Plan, TelemetryConfig) {
        let deadline = Instant::now() + patience;
        let report = self.graph.stop(deadline).await;
        if report.left > 0 {
            error!(left = report.left, stuck = ?report.stuck, "data was left behind while the configuration changed");
        }
        let _ = self.metrics.stop(deadline).await;
        (self.plan, self.telemetry)
    }
}

/// Serves the collector's own metrics at each address that the configuration names.
async fn serve_metrics(telemetry: &TelemetryConfig, environment: &Environment) -> anyhow::Result<Scope> {
    let cx = context("telemetry", environment)?;
    let scope = cx.scope.clone();
    for server in telemetry.metrics.servers() {
        let served = serve(&cx, &server, telemetry.metrics.level, &resource(telemetry)).await;
        if let Err(error) = served {
            let _ = scope.stop(Instant::now() + Duration::from_secs(1)).await;
            return Err(error.context("service::telemetry::metrics"));
        }
    }
    for (periodic, otlp) in telemetry.metrics.senders() {
        send(&cx, &periodic, &otlp, &resource(telemetry)).context("service::telemetry::metrics")?;
    }
    Ok(scope)
}

/// What a part of the program itself is given, as if it were a component.
fn context(name: &str, environment: &Environment) -> anyhow::Result<Context> {
    Ok(Context {
        id: name.parse()?,
        kind: Kind::Extension,
        scope: Scope::new(name, environment.health.clone()),
        metrics: environment.metrics.clone(),
        memory: environment.memory.clone(),
        operations: environment.operations.clone(),
        health: environment.health.clone(),
        acknowledge: Acknowledge::default(),
        build: environment.build.clone(),
        overview: environment.overview.clone(),
        targets: environment.targets.clone(),
        extensions: Arc::default(),
        accounts: Accounts::default(),
    })
}

/// The same for a part that works before anything has started.
pub(crate) fn lone_context(name: &str) -> anyhow::Result<Context> {
    context(name, &environment())
}

fn environment() -> Environment {
    Environment {
        build: Arc::new(BUILD),
        metrics: component::Metrics::default(),
        memory: component::Memory::default(),
        operations: component::Operations::default(),
        health: Health::default(),
        overview: Arc::default(),
        targets: component::Targets::default(),
    }
}

/// Who this collector is: the automatic attributes, with what the file says over them.
fn resource(telemetry: &TelemetryConfig) -> Vec<(String, String)> {
    let mut attributes = BTreeMap::from([
        ("service.instance.id".to_owned(), instance_id().to_owned()),
        ("service.name".to_owned(), BUILD.command.to_owned()),
        ("service.version".to_owned(), BUILD.version.to_owned()),
    ]);
    for (key, value) in telemetry.resource_attributes() {
        match value {
            Some(value) => drop(attributes.insert(key, value)),
            None => drop(attributes.remove(&key)),
        }
    }
    attributes.into_iter().collect()
}

/// A random UUID of version 4 (RFC 9562, section 5.4), the same for the whole life of the process.
fn instance_id() -> &'static str {
    static ID: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let bits = (fastrand::u128(..) & !(0xf << 76 | 0x3 << 62)) | 0x4 << 76 | 0x2 << 62;
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    });
    &ID
}

/// Logs what was found in the configuration.
fn report(diagnostics: &Diagnostics) {
    for found in diagnostics.iter() {
        let at = found.at.as_ref().map(ToString::to_string).unwrap_or_default();
        let hint = found.suggestion.as_deref().or(found.expected.as_deref()).unwrap_or_default();
        match found.severity {
            Severity::Error => error!(at, path = %found.path, hint, "{}", found.message),
            Severity::Warning => warn!(at, path = %found.path, hint, "{}", found.message),
            Severity::Info => info!(at, path = %found.path, hint, "{}", found.message),
        }
    }
}

/// What somebody outside wants of the process.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Reload,
    Stop,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            Some(()) = self.hangup.recv() => Wish::Reload,
            Some(()) = self.terminate.recv() => Wish::Stop,
            Some(()) = self.interrupt.recv() => Wish::Stop,
            else => std::future::pending().await,
        }
    }
}
