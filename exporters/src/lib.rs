//! Exporters: how telemetry goes out.

#[cfg(feature = "xray")]
pub mod awsxray;
pub mod debug;
pub mod file;
pub mod jaeger;
pub mod nop;
pub mod otlp_grpc;
pub mod otlp_http;
mod partial_success;
pub mod prometheus;
pub mod zipkin;

use component::BuildInfo;

/// How we introduce ourselves to servers: `ferrotel/0.1.0 (linux/amd64)`, in the form of the Go Collector.
fn user_agent(build: &BuildInfo) -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}/{} ({}/{arch})", build.command, build.version, std::env::consts::OS)
}

/// Host and port of a gRPC endpoint, for labels: what follows its scheme, if it has one.
fn server(endpoint: &str) -> (&str, &str) {
    let rest = endpoint.rsplit_once('/').map_or(endpoint, |(_, rest)| rest);
    rest.rsplit_once(':').unwrap_or((rest, ""))
}
