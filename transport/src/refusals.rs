//! Counting the requests that are answered with an error.
//!
//! What is refused before it has been read is seen by nobody else: how many items were in it is not known, so it is
//! counted as a request.

use std::sync::OnceLock;

use component::{Code, Context, Counter, Description, Kind, Metrics};

const REFUSED: Description = Description {
    name: "ferrotel_receiver_refused_requests",
    help: "Requests answered with an error, by its code: malformed, too large, not allowed, or refused for want of memory.",
    unit: "{requests}",
};

/// The refusals of one server.
pub(crate) struct Refusals {
    metrics: Metrics,
    component: String,
    transport: &'static str,
    /// Pages and health checks are not traffic.
    counts: bool,
    by_code: [OnceLock<Counter>; 17],
}

impl Refusals {
    pub(crate) fn new(cx: &Context, transport: &'static str) -> Refusals {
        Refusals {
            metrics: cx.metrics.clone(),
            component: cx.id.to_string(),
            transport,
            counts: cx.kind == Kind::Receiver,
            by_code: Default::default(),
        }
    }

    pub(crate) fn count(&self, code: Code) {
        let Some(slot) = self.by_code.get(code.number() as usize).filter(|_| self.counts) else { return };
        slot.get_or_init(|| {
            let labels = vec![
                ("receiver", self.component.clone()),
                ("transport", self.transport.to_owned()),
                ("code", code.to_string()),
            ];
            self.metrics.counter(REFUSED, labels)
        })
        .add(1);
    }
}
