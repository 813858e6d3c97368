//! Zipkin: JSON, protobuf and Thrift, to and from OTLP.
//!
//! [`json`] and [`proto`] are the two forms of version 2, in both directions; [`json_v1`] and [`thrift`] are those of
//! version 1, which are only read. Every reader fills one span of its version, borrowed from the body, and hands it on;
//! nothing but that span and the OTLP request is in memory. One bad span costs one span: see [`Decoded`].

mod answer;
mod attributes;
mod groups;
pub mod json;
pub mod json_v1;
mod packed;
pub mod proto;
mod span;
mod tags;
pub mod thrift;
mod v1;
mod v2;
mod view;

#[cfg(test)]
mod tests;

pub use answer::{Decoded, Encoded, Malformed, Refusal, Refused};

/// The service name that the Go Collector writes for a resource without one. Read back, it stands for none.
pub const NO_SERVICE_NAME: &str = "OTLPResourceNoServiceName";

/// How to read Zipkin.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecodeOptions {
    /// Makes attributes that look like a number or a boolean into one.
    pub parse_string_tags: bool,
}

/// How to write Zipkin.
#[derive(Debug, Clone, Copy)]
pub struct EncodeOptions<'a> {
    /// The service name of resources that have neither one nor anything to take for one.
    pub default_service_name: &'a str,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        Self { default_service_name: NO_SERVICE_NAME }
    }
}
