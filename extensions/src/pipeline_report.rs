//! How a pipeline is, as JSON: on the flow page and in the answers of `health_check` alike.

use std::time::SystemTime;

use component::PipelineHealth;
use jiff::Timestamp;
use serde::Serialize;

/// One pipeline.
#[derive(Serialize)]
pub(crate) struct PipelineReport {
    id: String,
    signal: &'static str,
    live: bool,
    ready: bool,
    delivering: bool,
    reasons: Vec<Reason>,
}

/// Why it is not all of that.
#[derive(Serialize)]
struct Reason {
    about: &'static str,
    component: String,
    why: String,
    since: Option<String>,
}

impl From<PipelineHealth> for PipelineReport {
    fn from(health: PipelineHealth) -> PipelineReport {
        let reason = |reason: component::Reason| Reason {
            about: reason.about,
            component: reason.component,
            why: reason.why,
            since: reason.since.map(moment),
        };
        PipelineReport {
            id: health.id,
            signal: health.signal.as_str(),
            live: health.live,
            ready: health.ready,
            delivering: health.delivering,
            reasons: health.reasons.into_iter().map(reason).collect(),
        }
    }
}

/// As RFC 3339, in UTC.
pub(crate) fn moment(at: SystemTime) -> String {
    Timestamp::try_from(at).map(|at| at.to_string()).unwrap_or_default()
}
