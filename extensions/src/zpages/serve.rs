//! Which page is where.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use component::{BuildInfo, Context, Health, Operations, Overview, Targets};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode, request};
use jiff::Timestamp;
use tokio::time::Instant;
use transport::http::{self as server, Content};

use super::config::Own;
use super::flow;
use super::ledger;
use super::pages::{self, Choice};
use super::taps::Taps;
use super::targets;
use super::traces;
use crate::html;

pub(super) fn start(server: server::Server, own: &Own, cx: &Context) {
    cx.operations.watch();
    let service = Pages {
        build: cx.build.clone(),
        overview: cx.overview.clone(),
        operations: cx.operations.clone(),
        targets: cx.targets.clone(),
        has_variables: own.expvar.enabled,
        started: Timestamp::now(),
        began: Instant::now(),
        health: cx.health.clone(),
        taps: Taps::new(&server, cx),
    };
    server.serve(cx, Arc::new(service));
}

pub(super) struct Pages {
    pub(super) build: Arc<BuildInfo>,
    /// Empty until everything has started, so it is read anew for each page.
    pub(super) overview: Arc<ArcSwap<Overview>>,
    pub(super) operations: Operations,
    pub(super) targets: Targets,
    pub(super) has_variables: bool,
    pub(super) started: Timestamp,
    /// To count from.
    pub(super) began: Instant,
    pub(super) health: Health,
    pub(super) taps: Taps,
}

#[async_trait]
impl server::Service for Pages {
    fn screen(&self, _: &request::Parts) -> Option<server::Response> {
        None
    }

    async fn call(&self, request: server::Request) -> server::Response {
        self.show(&request.head)
    }

    async fn answer(&self, request: server::Request) -> http::Response<Content> {
        if request.head.uri.path().trim_end_matches('/') == "/debug/tapz" {
            return self.taps.open(&request.head, &self.overview.load()).map(Content::Arriving);
        }
        self.call(request).await.map(Content::Whole)
    }
}

impl Pages {
    /// Every page answers every method, as in the Go Collector.
    pub(super) fn show(&self, head: &request::Parts) -> server::Response {
        let overview = self.overview.load();
        let query = head.uri.query().unwrap_or("");
        match head.uri.path().trim_end_matches('/') {
            "" | "/debug" => page(pages::index(&self.build, self.has_variables)),
            "/debug/flowz" if wants_json(head) => fresh(json(self.flow(&overview))),
            "/debug/flowz" => shut_in(page(flow::html(&self.build))),
            "/debug/servicez" => page(pages::service(&self.build, self.started)),
            "/debug/pipelinez" => page(pages::pipelines(&overview, &choice(query))),
            "/debug/extensionz" => {
                page(pages::extensions(&overview, param(query, "zextensionname").as_deref()))
            }
            "/debug/featurez" => page(pages::features(&overview)),
            "/debug/ledgerz" if wants_json(head) => json(ledger::json(&overview)),
            "/debug/ledgerz" => page(ledger::html(&overview)),
            "/debug/targetsz" if wants_json(head) => {
                json(targets::json(&self.targets, &targets::Question::read(query)))
            }
            "/debug/targetsz" => page(targets::html(&self.targets, &targets::Question::read(query))),
            "/debug/expvarz" if self.has_variables => json(self.variables()),
            "/debug/tracez" => {
                let bucket = param(query, "zlatencybucket").and_then(|bucket| bucket.parse().ok());
                page(traces::html(&self.operations, param(query, "zspanname").as_deref(), bucket))
            }
            _ => server::text(StatusCode::NOT_FOUND, "404 page not found\n"),
        }
    }

    fn flow(&self, overview: &Overview) -> Vec<u8> {
        let Pages { build, health, taps, began, .. } = self;
        flow::json(&flow::Sources { build, overview, health, taps, began: *began })
    }

    fn variables(&self) -> Vec<u8> {
        let command_line: Vec<_> =
            std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        let variables = serde_json::json!({
            "cmdline": command_line,
            "version": self.build.version,
            "started": self.started.to_string(),
            "memory": memory(),
        });
        serde_json::to_vec(&variables).expect("a value of JSON can be written")
    }
}

/// What the kernel says of our memory: `VmRSS` and the like, in bytes. Empty where there is no `/proc`.
fn memory() -> serde_json::Map<String, serde_json::Value> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let sizes = status.lines().filter_map(|line| {
        let (name, size) = line.split_once(':')?;
        let kibibytes: u64 = size.trim().strip_suffix(" kB")?.parse().ok()?;
        Some((name.to_owned(), kibibytes.saturating_mul(1024).into()))
    });
    sizes.collect()
}

fn choice(query: &str) -> Choice {
    let either = |name, link_name| param(query, name).or_else(|| param(query, link_name));
    Choice {
        pipeline: either("pipelinenamez", "zpipelinename"),
        component: either("componentnamez", "zcomponentname"),
        kind: either("componentkindz", "zcomponentkind"),
    }
}

fn wants_json(head: &request::Parts) -> bool {
    let accepts = head.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("");
    match head.uri.query().and_then(|query| param(query, "format")) {
        Some(format) => format == "json",
        None => accepts.contains("application/json"),
    }
}

/// The first value of a query parameter, decoded; absent when empty.
pub(super) fn param(query: &str, name: &str) -> Option<String> {
    params(query, name).next().filter(|value| !value.is_empty())
}

/// All values of a query parameter, decoded.
pub(super) fn params(query: &str, name: &str) -> impl Iterator<Item = String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(move |(key, _)| *key == name).map(|(_, value)| html::decode(value))
}

/// The same answer, which is old as soon as it is given.
fn fresh(mut response: server::Response) -> server::Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The same page, which can ask nobody but us for anything.
fn shut_in(mut response: server::Response) -> server::Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
        connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn page(html: String) -> server::Response {
    with_type(html.into_bytes(), "text/html; charset=utf-8")
}

fn json(body: Vec<u8>) -> server::Response {
    with_type(body, "application/json")
}

fn with_type(body: Vec<u8>, content_type: &'static str) -> server::Response {
    let mut response = server::Response::new(Bytes::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
