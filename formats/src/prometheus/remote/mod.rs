//! Remote write, versions 1 and 2, to and from OTLP metrics.
//!
//! 1. [`Series`] is a batch of OTLP as Prometheus has it: labels once for each series, samples in flat rows. Requests
//!    are written from it, of either version, each within a size, and each knowing which points of OTLP it carries.
//! 2. [`decode`] reads a request of either version into OTLP. One bad series costs that series.
//!
//! Packing with Snappy is the caller's. `README.md` says what becomes what.

mod answer;
mod decode;
mod encode;
mod fields;
mod keys;
#[cfg(test)]
mod tests;

pub use answer::{Malformed, Refused};
pub use decode::{DecodeOptions, Decoded, Known, Learned, Written, decode};
pub use encode::{EncodeOptions, Piece, Request, Requests, Series};

/// The value that says that a series has ended: a NaN of its own.
pub const STALE: u64 = 0x7ff0_0000_0000_0002;

/// The two messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// `prometheus.WriteRequest`.
    V1,
    /// `io.prometheus.write.v2.Request`.
    V2,
}

/// What Prometheus says of a metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
enum Type {
    #[default]
    Unknown,
    Counter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
}

impl Type {
    /// In the order of their numbers on the wire, which are the same in both versions.
    const ALL: [Type; 8] = [
        Type::Unknown,
        Type::Counter,
        Type::Gauge,
        Type::Histogram,
        Type::GaugeHistogram,
        Type::Summary,
        Type::Info,
        Type::StateSet,
    ];

    /// Numbers without a meaning are unknown types.
    fn from_number(number: u64) -> Type {
        usize::try_from(number).ok().and_then(|at| Type::ALL.get(at)).copied().unwrap_or_default()
    }

    fn number(self) -> u64 {
        self as u64
    }

    /// As the metadata `prometheus.type` of OTLP has it.
    fn as_str(self) -> &'static str {
        match self {
            Type::Unknown => "unknown",
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
            Type::GaugeHistogram => "gaugehistogram",
            Type::Summary => "summary",
            Type::Info => "info",
            Type::StateSet => "stateset",
        }
    }

    fn named(name: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|known| known.as_str() == name)
    }
}

/// The key of a metric's metadata that holds its type in Prometheus.
const TYPE_KEY: &str = "prometheus.type";
