//! The messages of `jaeger.api_v2.SamplingManager`, and how they look as JSON.

use prost::Message;
use serde_json::{Value, json};

/// `SamplingStrategyParameters`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Parameters {
    #[prost(string, tag = "1")]
    pub(super) service_name: String,
}

/// `SamplingStrategyResponse`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Strategy {
    #[prost(enumeration = "StrategyType", tag = "1")]
    pub(super) strategy_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) probabilistic: Option<Probabilistic>,
    #[prost(message, optional, tag = "3")]
    pub(super) rate_limiting: Option<RateLimiting>,
    #[prost(message, optional, tag = "4")]
    pub(super) operations: Option<PerOperation>,
}

/// `SamplingStrategyType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub(super) enum StrategyType {
    Probabilistic = 0,
    RateLimiting = 1,
}

/// `ProbabilisticSamplingStrategy`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Probabilistic {
    #[prost(double, tag = "1")]
    pub(super) sampling_rate: f64,
}

/// `RateLimitingSamplingStrategy`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct RateLimiting {
    #[prost(int32, tag = "1")]
    pub(super) max_traces_per_second: i32,
}

/// `PerOperationSamplingStrategies`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct PerOperation {
    #[prost(double, tag = "1")]
    pub(super) default_probability: f64,
    #[prost(double, tag = "2")]
    pub(super) default_lower_bound: f64,
    #[prost(message, repeated, tag = "3")]
    pub(super) operations: Vec<Operation>,
    #[prost(double, tag = "4")]
    pub(super) default_upper_bound: f64,
}

/// `OperationSamplingStrategy`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Operation {
    #[prost(string, tag = "1")]
    pub(super) operation: String,
    #[prost(message, optional, tag = "2")]
    pub(super) probabilistic: Option<Probabilistic>,
}

impl Strategy {
    pub(super) fn probabilistic(sampling_rate: f64) -> Strategy {
        Strategy { probabilistic: Some(Probabilistic { sampling_rate }), ..Strategy::default() }
    }

    pub(super) fn rate_limiting(max_traces_per_second: i32) -> Strategy {
        Strategy {
            strategy_type: StrategyType::RateLimiting.into(),
            rate_limiting: Some(RateLimiting { max_traces_per_second }),
            ..Strategy::default()
        }
    }

    /// As Jaeger answers over HTTP: the type by its name, and nothing left out that is zero.
    pub(super) fn to_json(&self) -> Value {
        let name = match self.strategy_type() {
            StrategyType::Probabilistic => "PROBABILISTIC",
            StrategyType::RateLimiting => "RATE_LIMITING",
        };
        let mut object = json!({ "strategyType": name });
        if let Some(probabilistic) = &self.probabilistic {
            object["probabilisticSampling"] = probabilistic.to_json();
        }
        if let Some(RateLimiting { max_traces_per_second }) = self.rate_limiting {
            object["rateLimitingSampling"] = json!({ "maxTracesPerSecond": max_traces_per_second });
        }
        if let Some(operations) = &self.operations {
            object["operationSampling"] = operations.to_json();
        }
        object
    }
}

impl Probabilistic {
    fn to_json(self) -> Value {
        json!({ "samplingRate": number(self.sampling_rate) })
    }
}

impl PerOperation {
    fn to_json(&self) -> Value {
        let operation = |one: &Operation| {
            let mut object = json!({ "operation": one.operation });
            if let Some(probabilistic) = one.probabilistic {
                object["probabilisticSampling"] = probabilistic.to_json();
            }
            object
        };
        json!({
            "defaultSamplingProbability": number(self.default_probability),
            "defaultLowerBoundTracesPerSecond": number(self.default_lower_bound),
            "perOperationStrategies": self.operations.iter().map(operation).collect::<Vec<_>>(),
            "defaultUpperBoundTracesPerSecond": number(self.default_upper_bound),
        })
    }
}

/// Whole numbers without a decimal point, as Go writes them.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}
