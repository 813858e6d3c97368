//! Answering.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Context, Health, Stage};
use config::Interval;
use http::{StatusCode, request};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;
use transport::http as server;

use super::config::Own;

/// Serves until the component stops, and notes from when on the collector was ready.
pub(super) fn start(server: server::Server, own: Own, cx: &Context) {
    let up = Arc::new(Mutex::new(None));
    let service = HealthCheck { own, health: cx.health.clone(), up: up.clone() };
    cx.scope.spawn("stage", watch(cx.clone(), up));
    server.serve(cx, Arc::new(service));
}

struct HealthCheck {
    own: Own,
    health: Health,
    up: Arc<Mutex<Option<Up>>>,
}

/// Since when the collector is ready: for people, and to count from.
#[derive(Clone, Copy)]
struct Up {
    since: Timestamp,
    began: Instant,
}

/// The JSON text; names and order are the Go Collector's, `troubles` is ours.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    status: &'static str,
    up_since: String,
    uptime: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    troubles: Vec<String>,
}

#[async_trait]
impl server::Service for HealthCheck {
    fn screen(&self, head: &request::Parts) -> Option<server::Response> {
        let here = self.own.path == "/" || head.uri.path() == self.own.path;
        (!here).then(|| server::text(StatusCode::NOT_FOUND, "404 page not found\n"))
    }

    async fn call(&self, _: server::Request) -> server::Response {
        let up = *self.up.lock();
        let troubles = self.health.troubles();
        let (status, report) = report(up, troubles);
        match self.own.response_body.as_ref() {
            Some(bodies) if status.is_success() => server::text(status, bodies.healthy.clone()),
            Some(bodies) => server::text(status, bodies.unhealthy.clone()),
            None => json(status, &report),
        }
    }
}

fn report(up: Option<Up>, troubles: Vec<String>) -> (StatusCode, Report) {
    let Some(up) = up else {
        // The time is Go's zero.
        let up_since = "0001-01-01T00:00:00Z".to_owned();
        let report = Report { status: "Server not available", up_since, uptime: String::new(), troubles };
        return (StatusCode::SERVICE_UNAVAILABLE, report);
    };
    let (code, status) = match troubles.is_empty() {
        true => (StatusCode::OK, "Server available"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "Server degraded"),
    };
    let uptime = Interval(up.began.elapsed()).to_string();
    (code, Report { status, up_since: up.since.to_string(), uptime, troubles })
}

fn json(status: StatusCode, report: &Report) -> server::Response {
    let body = serde_json::to_vec(report).expect("a report is text and numbers");
    let mut response = server::Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

/// Keeps `up` in step with the stage of the process.
async fn watch(cx: Context, up: Arc<Mutex<Option<Up>>>) -> anyhow::Result<()> {
    let mut stage = cx.health.stage();
    loop {
        let ready = *stage.borrow_and_update() == Stage::Ready;
        *up.lock() = ready.then(|| Up { since: Timestamp::now(), began: Instant::now() });
        tokio::select! {
            changed = stage.changed() => changed?,
            () = cx.scope.stopped() => return Ok(()),
        }
    }
}
