//! Serving the collector's own metrics for scraping.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Context, Metrics};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::request::Parts;
use http::{Method, StatusCode};
use tracing::info;
use transport::http::{Request, Response, ServerConfig, Service, text};

use super::config::{MetricsLevel, PrometheusConfig};
use super::prometheus::Exposition;

/// Serves the metrics on `/metrics` at that address, until the scope of `cx` stops.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn serve(
    cx: &Context,
    config: &PrometheusConfig,
    level: MetricsLevel,
    resource: &[(String, String)],
) -> anyhow::Result<()> {
    let host = config.host.trim_start_matches('[').trim_end_matches(']');
    let endpoint = if host.contains(':') {
        format!("[{host}]:{}", config.port)
    } else {
        format!("{host}:{}", config.port)
    };
    let server = ServerConfig::with_endpoint(&endpoint).bind(cx).await?;
    info!(endpoint = %server.local_addr(), "Serving metrics");
    let exposition = Exposition::new(config, level, resource);
    server.serve(cx, Arc::new(Scrapes { metrics: cx.metrics.clone(), exposition }));
    Ok(())
}

struct Scrapes {
    metrics: Metrics,
    exposition: Exposition,
}

#[async_trait]
impl Service for Scrapes {
    fn screen(&self, head: &Parts) -> Option<Response> {
        if head.uri.path() != "/metrics" {
            return Some(text(StatusCode::NOT_FOUND, "404 page not found"));
        }
        let allowed = [Method::GET, Method::HEAD].contains(&head.method);
        (!allowed).then(|| text(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed, supported: [GET]"))
    }

    async fn call(&self, _: Request) -> Response {
        let body = self.exposition.write(&self.metrics.read());
        let mut response = Response::new(body.into());
        let content_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}
