//! The program over loopback. Every story has a collector, and most have a backend and a client.

mod answers_grpc;
mod answers_http;
mod books;
#[cfg(feature = "xray")]
mod broken;
mod configs;
mod delivery;
mod documents;
mod examples;
mod exporting;
mod first_run;
mod flow;
mod flow_browser;
#[cfg(feature = "xray")]
mod founding;
mod hostile;
mod jaeger;
mod kubernetes;
mod prometheus_discovery;
mod prometheus_exporter;
mod prometheus_scrape;
mod reload;
mod remote_write;
mod rules;
mod sdks;
mod security;
mod shutdown;
mod spellings;
mod traffic;
mod validation;
#[cfg(feature = "xray")]
mod xray;
mod zipkin;
mod zipkin_clients;

use tests::Program;

/// The program that cargo has built for these tests.
const FERROTEL: Program = Program(env!("CARGO_BIN_EXE_ferrotel"));
