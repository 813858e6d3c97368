//! Where log lines go, and which of them.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context as _;
use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::config::{LogLevel, LogsConfig, SamplingConfig};
use super::format::{Fields, Style};

/// More different messages than this within one tick are not told apart.
const MAX_SAMPLED_MESSAGES: usize = 4096;

/// The process's logger. What it does can be changed while it runs.
#[derive(Clone)]
pub(crate) struct Logs(Arc<ArcSwapOption<Logger>>);

impl Logs {
    /// Installs a logger that writes nothing until it is told where to.
    pub(crate) fn install() -> Logs {
        let logs = Logs(Arc::new(ArcSwapOption::empty()));
        let subscriber = tracing_subscriber::registry().with(logs.clone());
        // Fails only if there is one already, which then goes on.
        let _ = tracing::subscriber::set_global_default(subscriber);
        logs
    }

    /// Writes lines as `config` says from now on; `resource` says who writes them.
    ///
    /// # Errors
    /// When a file cannot be opened; what was in force stays so.
    pub(crate) fn apply(&self, config: &LogsConfig, resource: &[(String, String)]) -> anyhow::Result<()> {
        let outputs =
            config.output_paths.iter().map(|path| open(path)).collect::<anyhow::Result<Vec<_>>>()?;
        let mut initial = Map::new();
        if !config.disable_zap_resource {
            let resource = resource.iter().map(|(key, value)| (key.clone(), Value::from(value.clone())));
            initial.insert("resource".to_owned(), Value::Object(resource.collect()));
        }
        initial.extend(config.initial_fields.iter().map(|(key, value)| (key.clone(), value.clone())));
        self.0.store(Some(Arc::new(Logger {
            level: filter(config.level),
            style: Style { encoding: Some(config.encoding), caller: !config.disable_caller, initial },
            sampler: config.sampling.enabled.then(|| Sampler::new(&config.sampling)),
            outputs: Mutex::new(outputs),
        })));
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    }
}

impl<S: Subscriber> Layer<S> for Logs {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.load().as_ref().is_some_and(|logger| logger.wants(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.0.load().as_ref().map(|logger| logger.level)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if let Some(logger) = &*self.0.load() {
            logger.write(event);
        }
    }
}

struct Logger {
    level: LevelFilter,
    style: Style,
    sampler: Option<Sampler>,
    outputs: Mutex<Vec<Box<dyn Write + Send>>>,
}

impl Logger {
    /// Libraries speak up only when something is wrong.
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let ours = OWN_CRATES.contains(&metadata.target().split("::").next().unwrap_or_default());
        *metadata.level() <= self.level && (ours || *metadata.level() <= Level::WARN)
    }

    fn write(&self, event: &Event<'_>) {
        let fields = Fields::of(event);
        if self.sampler.as_ref().is_some_and(|sampler| !sampler.keeps(event.metadata(), &fields.message)) {
            return;
        }
        let line = self.style.line(event.metadata(), fields);
        for output in &mut *self.outputs.lock() {
            // There is nobody to tell when the log itself cannot be written.
            let _ = output.write_all(line.as_bytes()).and_then(|()| output.flush());
        }
    }
}

const OWN_CRATES: [&str; 10] = [
    "component",
    "config",
    "connectors",
    "exporters",
    "extensions",
    "ferrotel",
    "pipelines",
    "processors",
    "receivers",
    "transport",
];

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    }
}

fn open(path: &str) -> anyhow::Result<Box<dyn Write + Send>> {
    match path {
        "stderr" => Ok(Box::new(io::stderr())),
        "stdout" => Ok(Box::new(io::stdout())),
        path => {
            let path = path.strip_prefix("file://").unwrap_or(path);
            let file = OpenOptions::new().create(true).append(true).open(path);
            Ok(Box::new(file.with_context(|| format!("cannot open the log file `{path}`"))?))
        }
    }
}

/// Thins out lines that say the same thing again and again.
struct Sampler {
    config: SamplingConfig,
    tick: Mutex<Tick>,
}

/// What was said since when.
#[derive(Default)]
struct Tick {
    began: Option<Instant>,
    counts: HashMap<(Level, String), u64>,
}

impl Sampler {
    fn new(config: &SamplingConfig) -> Sampler {
        Sampler { config: config.clone(), tick: Mutex::default() }
    }

    fn keeps(&self, metadata: &Metadata<'_>, message: &str) -> bool {
        let mut tick = self.tick.lock();
        if tick.began.is_none_or(|began| began.elapsed() >= *self.config.tick) {
            tick.began = Some(Instant::now());
            tick.counts.clear();
        }
        if tick.counts.len() >= MAX_SAMPLED_MESSAGES {
            return true;
        }
        let count = tick.counts.entry((*metadata.level(), message.to_owned())).or_default();
        *count += 1;
        let beyond = count.saturating_sub(self.config.initial);
        beyond == 0 || (self.config.thereafter > 0 && beyond.is_multiple_of(self.config.thereafter))
    }
}
