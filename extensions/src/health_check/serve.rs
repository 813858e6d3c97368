//! Answering.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use bytes::Bytes;
use component::{Context, Health, Overview, PipelineHealth, Stage};
use config::Interval;
use http::{StatusCode, request};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::time::Instant;
use transport::http as server;

use super::config::Own;
use crate::pipeline_report::PipelineReport;

/// Serves until the component stops, and notes from when on the collector was ready.
pub(super) fn start(server: server::Server, own: Own, cx: &Context) {
    let up = Arc::new(Mutex::new(None));
    let service =
        HealthCheck { own, health: cx.health.clone(), overview: cx.overview.clone(), up: up.clone() };
    cx.scope.spawn("stage", watch(cx.clone(), up));
    server.serve(cx, Arc::new(service));
}

struct HealthCheck {
    own: Own,
    health: Health,
    overview: Arc<ArcSwap<Overview>>,
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
        let here = self.own.path == "/" || head.uri.path() == self.own.path || self.is_pipelines(head);
        (!here).then(|| server::text(StatusCode::NOT_FOUND, "404 page not found\n"))
    }

    async fn call(&self, request: server::Request) -> server::Response {
        if self.is_pipelines(&request.head) {
            return self.pipelines();
        }
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

/// The JSON text about pipelines.
#[derive(Serialize)]
struct PipelinesReport {
    /// All of them run, take data and deliver.
    well: bool,
    pipelines: Vec<PipelineReport>,
}

impl HealthCheck {
    fn is_pipelines(&self, head: &request::Parts) -> bool {
        self.own.pipelines.enabled && head.uri.path() == self.own.pipelines.path
    }

    /// 200 when all pipelines are well; 503 when one is not, or when nothing runs yet.
    fn pipelines(&self) -> server::Response {
        let pipelines = self.overview.load().health(&self.health);
        let well = !pipelines.is_empty() && pipelines.iter().all(PipelineHealth::is_well);
        let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let pipelines = pipelines.into_iter().map(PipelineReport::from).collect();
        json(status, &PipelinesReport { well, pipelines })
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

fn json(status: StatusCode, report: &impl Serialize) -> server::Response {
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
