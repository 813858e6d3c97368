//! Showing batches: counted here, rendered where needed, written to the log or to own outputs.
//!
//! Through the collector's own log, each batch is one event with the target [`TARGET`] whose message is `Traces`,
//! `Metrics` or `Logs` and whose other fields have the Go Collector's names, spaces included; a rendering follows as
//! an event of its own, whose message is the text.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Batch, ConsumeError, Consumer, Context};
use otlp::{Payload, Signal};
use tracing::{Level, event, warn};

use super::config::{Config, Verbosity};
use super::output::Output;
use super::render::{self, Counts};
use super::sampler::Sampler;

/// The target of the events.
pub(super) const TARGET: &str = "exporters::debug";

pub(super) fn start(config: &Config, cx: &Context) -> anyhow::Result<Arc<dyn Consumer>> {
    let log = match config.use_internal_logger {
        true => None,
        false => Some(Output::open(&config.output_paths).context("exporter does not start")?),
    };
    let sampler = || Sampler::new(config.sampling_initial, config.sampling_thereafter);
    Ok(Arc::new(Show {
        samplers: std::array::from_fn(|_| sampler()),
        screen: Arc::new(Screen { id: cx.id.to_string(), verbosity: config.verbosity, own: log }),
    }))
}

struct Show {
    /// One for each signal, in the order of [`Signal::ALL`].
    samplers: [Sampler; 3],
    screen: Arc<Screen>,
}

/// What does the showing.
pub(super) struct Screen {
    pub(super) id: String,
    pub(super) verbosity: Verbosity,
    /// `None` is the collector's own log.
    pub(super) own: Option<Output>,
}

#[async_trait]
impl Consumer for Show {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        if !self.sampler(batch.payload.signal()).shows() {
            return Ok(());
        }
        let screen = self.screen.clone();
        let shown = tokio::task::spawn_blocking(move || screen.show(&batch.payload)).await;
        shown.map_err(|panic| ConsumeError::permanent(format!("the batch could not be shown: {panic}")))
    }
}

impl Show {
    fn sampler(&self, signal: Signal) -> &Sampler {
        match signal {
            Signal::Traces => &self.samplers[0],
            Signal::Metrics => &self.samplers[1],
            Signal::Logs => &self.samplers[2],
        }
    }
}

impl Screen {
    pub(super) fn show(&self, payload: &Payload) {
        let counts = Counts::of(payload);
        let text = match self.verbosity {
            Verbosity::Basic => None,
            Verbosity::Normal => Some(render::normal(payload)),
            Verbosity::Detailed => Some(render::detailed(payload)),
        };
        match &self.own {
            None => {
                self.log_counts(&counts);
                text.into_iter().for_each(|text| self.log_text(counts.signal(), &text));
            }
            Some(own) => {
                let line = counts.line();
                let written = own.write(&text.map_or(line.clone(), |text| format!("{line}{text}\n")));
                // The data is shown or it is not; sending it again does not help whoever reads the screen.
                written.unwrap_or_else(|error| warn!(id = self.id, %error, "cannot write to `output_paths`"));
            }
        }
    }

    fn log_counts(&self, counts: &Counts) {
        let (id, signal) = (&*self.id, counts.signal().as_str());
        match *counts {
            Counts::Traces { resources, spans } => event!(
                target: TARGET,
                Level::INFO,
                {
                    "resource spans" = resources, "spans" = spans,
                    "otelcol.component.id" = id, "otelcol.component.kind" = "exporter", "otelcol.signal" = signal
                },
                "Traces"
            ),
            Counts::Metrics { resources, metrics, points } => event!(
                target: TARGET,
                Level::INFO,
                {
                    "resource metrics" = resources, "metrics" = metrics, "data points" = points,
                    "otelcol.component.id" = id, "otelcol.component.kind" = "exporter", "otelcol.signal" = signal
                },
                "Metrics"
            ),
            Counts::Logs { resources, records } => event!(
                target: TARGET,
                Level::INFO,
                {
                    "resource logs" = resources, "log records" = records,
                    "otelcol.component.id" = id, "otelcol.component.kind" = "exporter", "otelcol.signal" = signal
                },
                "Logs"
            ),
        }
    }

    fn log_text(&self, signal: Signal, text: &str) {
        let (id, signal) = (&*self.id, signal.as_str());
        event!(
            target: TARGET,
            Level::INFO,
            { "otelcol.component.id" = id, "otelcol.component.kind" = "exporter", "otelcol.signal" = signal },
            "{text}"
        );
    }
}
