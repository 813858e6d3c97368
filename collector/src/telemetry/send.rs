//! Sending the collector's own metrics by OTLP, again and again.

use std::time::{Duration, SystemTime};

use ::config::{Secret, SecretMap};
use anyhow::Context as _;
use bytes::Bytes;
use component::{Context, Family, Labels, MetricKind, Origin, Sample, Value};
use http::Uri;
use otlp::write::Writer;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{info, warn};
use transport::tls::ClientTlsConfig;
use transport::{compression, grpc, http as transport_http};

use super::config::{OtlpReaderConfig, PeriodicConfig, Protocol, ReaderCompression};

const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Sums and histograms that go on from the start of the process.
const CUMULATIVE: u64 = 2;

/// Sends the metrics on the scope of `cx`, until that stops; then once more.
///
/// # Errors
/// When the settings make no client. A server that cannot be reached is no error: it may come.
pub(crate) fn send(
    cx: &Context,
    periodic: &PeriodicConfig,
    otlp: &OtlpReaderConfig,
    resource: &[(String, String)],
) -> anyhow::Result<()> {
    let client = Client::new(cx, otlp)?;
    let (every, metrics, scope) =
        (Duration::from_millis(periodic.interval.max(1)), cx.metrics.clone(), cx.scope.clone());
    let patience =
        Duration::from_millis(otlp.timeout.unwrap_or(periodic.timeout).min(periodic.timeout).max(1));
    let (endpoint, resource, started) = (otlp.endpoint.clone(), resource.to_vec(), SystemTime::now());
    cx.scope.spawn("send metrics", async move {
        let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failures = 0_u64;
        loop {
            let last = tokio::select! {
                _ = ticks.tick() => false,
                () = scope.stopped() => true,
            };
            let request = encode(&metrics.read(), &resource, started);
            let sent = tokio::time::timeout(patience, client.send(request)).await;
            match sent.map_err(|_| format!("no answer within {patience:?}")).and_then(|answer| answer) {
                Ok(()) if failures > 0 => {
                    info!(%endpoint, failures, "own metrics can be sent again");
                    failures = 0;
                }
                Ok(()) => (),
                Err(error) => {
                    if failures == 0 {
                        warn!(%endpoint, error, "own metrics cannot be sent");
                    }
                    failures += 1;
                }
            }
            if last {
                return Ok(());
            }
        }
    });
    Ok(())
}

enum Client {
    Grpc(grpc::Client),
    Http(transport_http::Client, Uri),
}

impl Client {
    fn new(cx: &Context, otlp: &OtlpReaderConfig) -> anyhow::Result<Client> {
        let tls = ClientTlsConfig {
            insecure: otlp.insecure,
            ca_file: otlp.certificate.clone(),
            cert_file: otlp.client_certificate.clone(),
            key_file: otlp.client_key.clone(),
            ..ClientTlsConfig::default()
        };
        let headers = headers(otlp)?;
        match otlp.protocol {
            Protocol::Grpc => {
                let compression = if otlp.compression == ReaderCompression::Gzip { "gzip" } else { "none" };
                let config = grpc::ClientConfig {
                    endpoint: otlp.endpoint.clone(),
                    compression: compression.to_owned(),
                    tls,
                    headers,
                    ..grpc::ClientConfig::default()
                };
                Ok(Client::Grpc(config.connect(cx)?))
            }
            Protocol::Http => {
                let compression = match otlp.compression {
                    ReaderCompression::Gzip => compression::Encoding::Gzip,
                    ReaderCompression::None => compression::Encoding::Identity,
                };
                let config = transport_http::ClientConfig {
                    tls,
                    headers,
                    compression,
                    ..transport_http::ClientConfig::default()
                };
                Ok(Client::Http(config.connect(cx)?, url(otlp)?))
            }
        }
    }

    async fn send(&self, request: Vec<u8>) -> Result<(), String> {
        let (chunks, origin) = (vec![Bytes::from(request)], Origin::default());
        match self {
            Client::Grpc(client) => match client.unary(METHOD, chunks, &origin).await {
                Ok(_) => Ok(()),
                Err(status) => Err(format!("{}: {}", status.code, status.message)),
            },
            Client::Http(client, url) => {
                match client.post(url, "application/x-protobuf", chunks, &origin).await {
                    Ok(reply) if reply.status.is_success() => Ok(()),
                    Ok(reply) => Err(format!("the server answered {}", reply.status)),
                    Err(fault) => Err(fault.to_string()),
                }
            }
        }
    }
}

/// An endpoint without a scheme gets one; one without a path gets that of OTLP.
fn url(otlp: &OtlpReaderConfig) -> anyhow::Result<Uri> {
    let endpoint = &otlp.endpoint;
    let scheme = if otlp.insecure { "http" } else { "https" };
    let full = if endpoint.contains("://") { endpoint.clone() } else { format!("{scheme}://{endpoint}") };
    let url: Uri = full.parse().with_context(|| format!("`{endpoint}` is not a URL"))?;
    if url.path().trim_end_matches('/').is_empty() {
        return format!("{}/v1/metrics", full.trim_end_matches('/')).parse().context("cannot add the path");
    }
    Ok(url)
}

/// The headers of the map or list, then those of `headers_list`: `a=1,b=2`.
fn headers(otlp: &OtlpReaderConfig) -> anyhow::Result<SecretMap> {
    let mut all: Vec<_> = otlp.headers.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for pair in otlp.headers_list.expose().split(',').filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').context("`headers_list` must be `name=value,...`")?;
        all.push((name.trim().to_owned(), Secret::new(value.trim())));
    }
    Ok(all.into_iter().collect())
}

/// All metrics as one OTLP export request.
pub(super) fn encode(families: &[Family], resource: &[(String, String)], started: SystemTime) -> Vec<u8> {
    let times = Times { start: nanos(started), now: nanos(SystemTime::now()) };
    let mut writer = Writer::new();
    // ExportMetricsServiceRequest.resource_metrics, ResourceMetrics.{resource, scope_metrics}, ScopeMetrics.metrics.
    writer.message(1, |writer| {
        writer.message(1, |writer| resource.iter().for_each(|(key, value)| attribute(writer, 1, key, value)));
        writer.message(2, |writer| {
            writer.message(1, |writer| writer.text(1, "ferrotel"));
            families.iter().for_each(|family| writer.message(2, |writer| metric(writer, family, times)));
        });
    });
    writer.into_bytes()
}

#[derive(Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn metric(writer: &mut Writer, family: &Family, times: Times) {
    writer.text(1, family.name);
    writer.text(2, family.help);
    writer.text(3, family.unit);
    let data = match family.kind {
        MetricKind::Gauge => 5,
        MetricKind::Counter => 7,
        MetricKind::Histogram => 9,
    };
    writer.message(data, |writer| {
        family.samples.iter().for_each(|sample| writer.message(1, |writer| point(writer, sample, times)));
        match family.kind {
            MetricKind::Gauge => (),
            MetricKind::Counter => {
                writer.varint(2, CUMULATIVE);
                writer.varint(3, 1);
            }
            MetricKind::Histogram => writer.varint(2, CUMULATIVE),
        }
    });
}

fn point(writer: &mut Writer, sample: &Sample, times: Times) {
    writer.fixed64(2, times.start);
    writer.fixed64(3, times.now);
    match &sample.value {
        Value::Number(number) => {
            writer.double(4, *number);
            attributes(writer, 7, &sample.labels);
        }
        Value::Histogram { bounds, counts, sum } => {
            writer.fixed64(4, counts.iter().sum());
            writer.double(5, *sum);
            writer.bytes(6, &packed(counts.iter().map(|count| count.to_le_bytes())));
            writer.bytes(7, &packed(bounds.iter().map(|bound| bound.to_le_bytes())));
            attributes(writer, 9, &sample.labels);
        }
    }
}

fn packed(values: impl Iterator<Item = [u8; 8]>) -> Vec<u8> {
    values.flatten().collect()
}

fn attributes(writer: &mut Writer, field: u32, labels: &Labels) {
    labels.iter().for_each(|(key, value)| attribute(writer, field, key, value));
}

/// A `KeyValue` with a text.
fn attribute(writer: &mut Writer, field: u32, key: &str, value: &str) {
    writer.message(field, |writer| {
        writer.text(1, key);
        writer.message(2, |writer| writer.text(1, value));
    });
}

#[cfg(test)]
mod tests;
