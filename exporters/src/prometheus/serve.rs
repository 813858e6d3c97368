//! `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Context, Counter, Description};
use formats::prometheus::expose::negotiate;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode, request};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use transport::http::{self as server, Content};

use super::config::Own;
use super::page::{Chunks, Order};
use super::registry::Registry;

/// How many pages are made at the same time: each of them holds a chunk, and perhaps a packer, in memory.
const MAX_PAGES: usize = 32;

/// A page must be read within this, however large: Prometheus waits ten seconds by default.
const PATIENCE: Duration = Duration::from_secs(120);

const LEFT_OUT: Description = Description {
    name: "ferrotel_prometheus_exporter_left_out_series",
    help: "Series left out of a page, since its client could not tell their names from others.",
    unit: "{series}",
};

pub(super) fn start(server: server::Server, registry: Arc<Registry>, own: &Own, cx: &Context) {
    server.serve(cx, Arc::new(Pages::new(registry, own, cx)));
}

pub(super) struct Pages {
    registry: Arc<Registry>,
    open_metrics: bool,
    with_timestamps: bool,
    left_out: Counter,
    under_way: Arc<Semaphore>,
}

impl Pages {
    pub(super) fn new(registry: Arc<Registry>, own: &Own, cx: &Context) -> Pages {
        Pages {
            registry,
            open_metrics: own.enable_open_metrics,
            with_timestamps: own.send_timestamps,
            left_out: cx.metrics.counter(LEFT_OUT, vec![("exporter", cx.id.to_string())]),
            under_way: Arc::new(Semaphore::new(MAX_PAGES)),
        }
    }

    pub(super) fn page(&self, headers: &HeaderMap) -> http::Response<Content> {
        let Ok(permit) = self.under_way.clone().try_acquire_owned() else {
            let words = format!("{MAX_PAGES} pages are under way, which is all there can be\n");
            return server::text(StatusCode::SERVICE_UNAVAILABLE, words).map(Content::Whole);
        };
        let negotiated = negotiate(&all(headers, &ACCEPT), self.open_metrics);
        let is_packed = takes_gzip(&all(headers, &ACCEPT_ENCODING));
        let order = Order {
            registry: self.registry.clone(),
            negotiated,
            is_packed,
            with_timestamps: self.with_timestamps,
            left_out: self.left_out.clone(),
            deadline: Instant::now() + PATIENCE,
            _permit: permit,
        };
        let mut response = http::Response::new(Content::Chunks(Box::new(Chunks::new(order))));
        if let Ok(value) = HeaderValue::try_from(negotiated.content_type()) {
            response.headers_mut().insert(CONTENT_TYPE, value);
        }
        if is_packed {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

#[async_trait]
impl server::Service for Pages {
    fn screen(&self, head: &request::Parts) -> Option<server::Response> {
        let is_ours = head.uri.path() == "/metrics";
        (!is_ours).then(|| server::text(StatusCode::NOT_FOUND, "404 page not found\n"))
    }

    async fn call(&self, _: server::Request) -> server::Response {
        server::text(StatusCode::NOT_FOUND, "404 page not found\n")
    }

    async fn answer(&self, request: server::Request) -> http::Response<Content> {
        self.page(&request.head.headers)
    }
}

/// All values of a header in one line.
fn all(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.collect::<Vec<_>>().join(",")
}

fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|wish| {
        let (name, params) = wish.split_once(';').unwrap_or((wish, ""));
        let weight = params.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f64>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_none_or(|weight| weight > 0.0)
    })
}
