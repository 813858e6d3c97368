//! A batch as text for people, in the layout of the Go Collector's debug exporter. Pure functions.

mod detailed;
mod go;
mod normal;
mod points;

use otlp::{Payload, Signal};

pub(super) use detailed::detailed;
pub(super) use normal::normal;

/// How much there is in a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Counts {
    Traces { resources: usize, spans: usize },
    Metrics { resources: usize, metrics: usize, points: usize },
    Logs { resources: usize, records: usize },
}

impl Counts {
    pub(super) fn of(payload: &Payload) -> Counts {
        match payload {
            Payload::Traces(traces) => {
                Counts::Traces { resources: traces.resources().count(), spans: traces.items() }
            }
            Payload::Metrics(metrics) => Counts::Metrics {
                resources: metrics.resources().count(),
                metrics: metrics.metrics().count(),
                points: metrics.items(),
            },
            Payload::Logs(logs) => {
                Counts::Logs { resources: logs.resources().count(), records: logs.items() }
            }
        }
    }

    pub(super) fn signal(&self) -> Signal {
        match self {
            Counts::Traces { .. } => Signal::Traces,
            Counts::Metrics { .. } => Signal::Metrics,
            Counts::Logs { .. } => Signal::Logs,
        }
    }

    /// The line that says it, as the Go Collector's console has it.
    pub(super) fn line(&self) -> String {
        match self {
            Counts::Traces { resources, spans } => {
                format!("Traces\t{{\"resource spans\": {resources}, \"spans\": {spans}}}\n")
            }
            Counts::Metrics { resources, metrics, points } => format!(
                "Metrics\t{{\"resource metrics\": {resources}, \"metrics\": {metrics}, \"data points\": {points}}}\n"
            ),
            Counts::Logs { resources, records } => {
                format!("Logs\t{{\"resource logs\": {resources}, \"log records\": {records}}}\n")
            }
        }
    }
}

#[cfg(test)]
mod tests;
