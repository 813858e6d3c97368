//! The collector's configuration, as a user would write it.

use std::fmt::Write as _;

use crate::case::{Loaded, Pipeline};
use crate::endpoints::Endpoints;
use crate::request::Protocol;

/// What the collector may hold, in MiB.
pub(crate) const LIMIT_MIB: u64 = 256;

const HEAD: &str = "
processors:
  memory_limiter: { check_interval: 1s, limit_mib: LIMIT_MIB }
  resource:
    attributes:
      - { key: deployment.environment, value: production, action: upsert }
  batch: { send_batch_size: 8192, timeout: 200ms }
";

const ATTRIBUTES: &str = "
  attributes:
    include: { match_type: strict, attributes: [{ key: http.route, value: '/api/orders/{id}' }] }
    actions:
      - { key: user.tier, value: gold, action: upsert }
      - { key: net.peer.ip, action: delete }
";

/// The pipeline of that load, from `own` to the sink at `sink`.
pub(crate) fn configuration(load: &Loaded, own: Endpoints, sink: Endpoints) -> String {
    let mut yaml = HEAD.replace("LIMIT_MIB", &LIMIT_MIB.to_string());
    if load.pipeline == Pipeline::Attributes {
        yaml += ATTRIBUTES;
    }
    let (exporter, processors) = (exporter(load, sink), processors(load.pipeline));
    let (names, receivers) = receivers(load.shape.protocol, own);
    // Writing to a String does not fail.
    let _ = write!(
        yaml,
        "
receivers:
  {receivers}
exporters:
  {exporter}
service:
  telemetry:
    metrics: {{ level: none }}
    logs: {{ level: warn }}
  pipelines:
    traces: {{ receivers: [{names}], processors: [{processors}], exporters: [{}] }}
",
        exporter_name(load.shape.protocol),
    );
    yaml
}

/// The receivers: their names, and their entries in the file. Something always answers at both of our own endpoints.
fn receivers(protocol: Protocol, own: Endpoints) -> (&'static str, String) {
    let Endpoints { grpc, http } = own;
    let endpoint = |address| format!("{{ endpoint: '{address}' }}");
    let (grpc, http) = (endpoint(grpc), endpoint(http));
    match protocol {
        Protocol::Grpc | Protocol::Http => {
            ("otlp", format!("otlp: {{ protocols: {{ grpc: {grpc}, http: {http} }} }}"))
        }
        Protocol::Zipkin => {
            ("otlp, zipkin", format!("otlp: {{ protocols: {{ grpc: {grpc} }} }}\n  zipkin: {http}"))
        }
        Protocol::JaegerGrpc => (
            "jaeger, otlp",
            format!(
                "jaeger: {{ protocols: {{ grpc: {grpc} }} }}\n  otlp: {{ protocols: {{ http: {http} }} }}"
            ),
        ),
    }
}

fn processors(pipeline: Pipeline) -> &'static str {
    match pipeline {
        Pipeline::Resource => "memory_limiter, resource, batch",
        Pipeline::Attributes => "memory_limiter, resource, attributes, batch",
    }
}

fn exporter_name(protocol: Protocol) -> &'static str {
    match protocol.otlp() {
        Protocol::Http => "otlp_http",
        Protocol::Grpc | Protocol::Zipkin | Protocol::JaegerGrpc => "otlp_grpc",
    }
}

/// The exporter with its name. It tries again soon, so that a sink which is back is noticed.
fn exporter(load: &Loaded, sink: Endpoints) -> String {
    let name = exporter_name(load.shape.protocol);
    let protocol = load.shape.protocol.otlp();
    let scheme = if protocol == Protocol::Http { "http://" } else { "" };
    let compression = if load.shape.gzip { "gzip" } else { "none" };
    let endpoint = sink.of(protocol);
    let retry = "{ initial_interval: 200ms, max_interval: 1s }";
    format!(
        "{name}: {{ endpoint: '{scheme}{endpoint}', tls: {{ insecure: true }}, compression: {compression}, \
         timeout: 2s, retry_on_failure: {retry} }}"
    )
}
