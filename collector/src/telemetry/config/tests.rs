//! New spellings and old ones.

use super::*;

#[test]
fn without_a_section_metrics_are_served_on_localhost() {
    let (config, findings) = read("{}");
    assert_eq!(config.metrics.servers(), [PrometheusConfig::default()]);
    assert_eq!(findings, [""; 0]);
}

#[test]
fn the_old_address_is_a_reader_with_a_warning() {
    let (config, findings) = read("{ metrics: { address: '0.0.0.0:9999' } }");
    let server = &config.metrics.servers()[0];
    assert_eq!((server.host.as_str(), server.port, server.without_units), ("0.0.0.0", 9999, true));
    assert_eq!(findings, ["service::telemetry::metrics::address"]);
}

#[test]
fn readers_are_taken_one_by_one() {
    let text = "{ metrics: { readers: [ { pull: { exporter: { prometheus: { host: '::1', port: 1 } } } }, { periodic: { interval: 5, exporter: { console: {} } } } ] } }";
    let (config, findings) = read(text);
    let servers = config.metrics.servers();
    assert_eq!(servers.len(), 1);
    assert_eq!((servers[0].host.as_str(), servers[0].port), ("::1", 1));
    assert_eq!(findings, ["service::telemetry::metrics::readers"]);
}

#[test]
fn a_periodic_reader_sends_by_otlp() {
    let text = "{ metrics: { readers: [ { periodic: { interval: 5, exporter: { otlp: { protocol: grpc/protobuf, endpoint: 'a:1', headers: [ { name: k, value: v } ] } } } } ] } }";
    let (config, findings) = read(text);
    let (periodic, otlp) = &config.metrics.senders()[0];
    assert_eq!((periodic.interval, periodic.timeout, otlp.protocol), (5, 30_000, Protocol::Grpc));
    assert_eq!(otlp.headers.get("k").map(Secret::expose), Some("v"));
    assert!(config.metrics.servers().is_empty() && findings.is_empty());
    let (_, findings) = read("{ metrics: { readers: [ { periodic: { exporter: { otlp: {} } } } ] } }");
    assert_eq!(findings, ["service::telemetry::metrics"]);
}

#[test]
fn level_none_serves_nothing_and_needs_no_readers() {
    let (config, findings) = read("{ metrics: { level: none, readers: [] } }");
    assert!(config.metrics.servers().is_empty() && findings.is_empty());
    let (_, findings) = read("{ metrics: { readers: [] } }");
    assert_eq!(findings, ["service::telemetry::metrics"]);
}

#[test]
fn levels_are_read_in_any_of_their_spellings() {
    for (text, level) in [("debug", LogLevel::Debug), ("WARN", LogLevel::Warn), ("fatal", LogLevel::Error)] {
        assert_eq!(read(&format!("{{ logs: {{ level: {text} }} }}")).0.logs.level, level);
    }
}

#[test]
fn the_resource_is_a_map_or_a_list() {
    let (config, _) = read("{ resource: { service.name: x, service.version: null } }");
    let expected = [("service.name".to_owned(), Some("x".to_owned())), ("service.version".to_owned(), None)];
    assert_eq!(config.resource_attributes(), expected.into());
    let (config, _) = read("{ resource: { attributes: [ { name: a, value: b } ] } }");
    assert_eq!(config.resource_attributes(), [("a".to_owned(), Some("b".to_owned()))].into());
}

/// The settings, and the paths of the findings.
fn read(text: &str) -> (TelemetryConfig, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let node = ::config::parse("test", text, &mut diagnostics).unwrap();
    let config = TelemetryConfig::read(Some(&node), &mut diagnostics);
    (config, diagnostics.iter().map(|found| found.path.to_string()).collect())
}
