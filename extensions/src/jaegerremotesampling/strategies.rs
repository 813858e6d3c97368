//! A file of strategies, as Jaeger has it, and what it says of each service.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;
use serde::Deserialize;
use tracing::warn;

use super::message::{Operation, PerOperation, Probabilistic, Strategy, StrategyType};

/// The rate of a Jaeger that was told nothing.
const DEFAULT_RATE: f64 = 0.001;

/// What a file says, ready to be sent.
#[derive(Debug)]
pub(super) struct Strategies {
    default: Bytes,
    services: HashMap<String, Bytes>,
}

/// The file as written. Unknown keys are passed over, as Jaeger does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    default_strategy: Option<Entry>,
    service_strategies: Vec<Entry>,
}

/// What it says of one service, or of all others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    service: String,
    #[serde(rename = "type")]
    kind: String,
    param: f64,
    operation_strategies: Vec<OperationEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OperationEntry {
    operation: String,
    #[serde(rename = "type")]
    kind: String,
    param: f64,
}

impl Default for Strategies {
    fn default() -> Strategies {
        Strategies::of(&File::default())
    }
}

impl Strategies {
    /// Reads a file; one that says `null` says nothing.
    ///
    /// # Errors
    /// When it is not JSON of that form.
    pub(super) fn parse(text: &[u8]) -> anyhow::Result<Strategies> {
        let file: Option<File> = serde_json::from_slice(text)?;
        Ok(Strategies::of(&file.unwrap_or_default()))
    }

    /// The strategy of that service, as a `SamplingStrategyResponse`.
    pub(super) fn of_service(&self, service: &str) -> Bytes {
        self.services.get(service).unwrap_or(&self.default).clone()
    }

    fn of(file: &File) -> Strategies {
        let default = file.default_strategy.as_ref().map(Entry::strategy);
        let default = default.unwrap_or_else(|| Strategy::probabilistic(DEFAULT_RATE));
        let service = |entry: &Entry| {
            let strategy = inherit(entry.strategy(), &default);
            (entry.service.clone(), Bytes::from(strategy.encode_to_vec()))
        };
        Strategies {
            services: file.service_strategies.iter().map(service).collect(),
            default: Bytes::from(default.encode_to_vec()),
        }
    }
}

impl Entry {
    fn strategy(&self) -> Strategy {
        let mut strategy = match self.kind.as_str() {
            "probabilistic" => Strategy::probabilistic(self.param),
            "ratelimiting" => Strategy::rate_limiting(whole(self.param)),
            other => {
                let (service, expected) = (&self.service, "`probabilistic` or `ratelimiting`");
                warn!(
                    service,
                    "unknown strategy `{other}`, expected {expected}; the built-in one is in force"
                );
                Strategy::probabilistic(DEFAULT_RATE)
            }
        };
        if !self.operation_strategies.is_empty() {
            strategy.operations = Some(PerOperation {
                default_probability: rate(&strategy).unwrap_or(DEFAULT_RATE),
                operations: self
                    .operation_strategies
                    .iter()
                    .filter_map(|entry| entry.read(&self.service))
                    .collect(),
                ..PerOperation::default()
            });
        }
        strategy
    }
}

impl OperationEntry {
    /// Single operations can be sampled by a rate only.
    fn read(&self, service: &str) -> Option<Operation> {
        let Self { operation, kind, param } = self;
        if kind != "probabilistic" {
            warn!(
                service,
                operation, "an operation cannot have the strategy `{kind}`, expected `probabilistic`"
            );
            return None;
        }
        let probabilistic = Some(Probabilistic { sampling_rate: *param });
        Some(Operation { operation: operation.clone(), probabilistic })
    }
}

/// Adds what the default says of operations of which the service itself says nothing.
fn inherit(mut own: Strategy, default: &Strategy) -> Strategy {
    let Some(inherited) = &default.operations else { return own };
    let rate = rate(&own);
    let operations = own.operations.get_or_insert_with(|| PerOperation {
        default_probability: rate.unwrap_or(inherited.default_probability),
        operations: Vec::new(),
        ..inherited.clone()
    });
    let known: Vec<_> = operations.operations.iter().map(|one| one.operation.clone()).collect();
    let others = inherited.operations.iter().filter(|one| !known.contains(&one.operation));
    operations.operations.extend(others.cloned());
    own
}

/// The rate of a strategy that has one.
fn rate(strategy: &Strategy) -> Option<f64> {
    match strategy.strategy_type() {
        StrategyType::Probabilistic => strategy.probabilistic.map(|own| own.sampling_rate),
        StrategyType::RateLimiting => None,
    }
}

/// Without its fraction, as Go converts it.
#[expect(clippy::cast_possible_truncation, reason = "casting a float saturates, which is what is wanted")]
fn whole(param: f64) -> i32 {
    param as i32
}
