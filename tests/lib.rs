//! What the stories in `it/` are told with: a real collector process, a backend that is not our own code, and clients.

pub mod backend;
pub mod browser;
pub mod certificates;
pub mod client;
pub mod collector;
pub mod jaeger;
pub mod kubernetes;
pub mod moto;
pub mod patience;
pub mod prometheus;
pub mod remote_write;
pub mod rpc;
pub mod samples;
pub mod sdk;
pub mod server;
pub mod tap;
pub mod target;
pub mod web;
pub mod wire;
pub mod xray;
pub mod zipkin;

pub use backend::{Answer, Backend};
pub use collector::{Collector, Program};
pub use opentelemetry_proto::tonic as proto;
pub use {http, prost, serde, serde_json, sha2, tokio, tokio_rustls, tonic};
