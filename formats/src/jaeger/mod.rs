//! Jaeger to and from OTLP: protobuf (`jaeger.api_v2`) both ways, Thrift in.
//!
//! Reading goes straight from one wire format to the other. A span is read into flat rows that are used again for the
//! next one, because its meaning depends on all of its tags; nothing else is kept. See `README.md` for the mapping.

mod encode;
mod event;
mod fault;
mod groups;
mod process;
mod proto;
mod rows;
mod span;
mod tags;
#[cfg(test)]
mod tests;
mod thrift;

pub use encode::{Request, encode};
pub use fault::DecodeError;
pub use proto::decode_proto;
pub use thrift::{AgentMessage, Protocol, ZipkinSpans, decode_agent, decode_thrift};

/// What was read: an OTLP request of traces, and what could not be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decoded {
    /// An `ExportTraceServiceRequest`.
    pub traces: Vec<u8>,
    /// How many spans are in it.
    pub spans: usize,
    /// The spans that are not.
    pub refused: Refusals,
}

/// Spans that were refused while their neighbours were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// How many.
    pub count: usize,
    /// What was wrong with the first.
    pub first: Option<String>,
}

impl Refusals {
    fn add(&mut self, error: impl FnOnce() -> DecodeError) {
        self.count += 1;
        self.first.get_or_insert_with(|| error().to_string());
    }
}
