//! Documents that X-Ray answers for one by one: it takes a request, and names those in it that it could not process.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_xray::types::UnprocessedTraceSegment;
use component::{Context, Counter, Description};
use formats::xray::Document;
use parking_lot::Mutex;
use tokio::time::Instant;
use tracing::warn;

const UNPROCESSED: Description = Description {
    name: "ferrotel_awsxray_unprocessed_segments",
    help: "Segments that X-Ray took and could not process, by its code for the error.",
    unit: "{segments}",
};

/// How many codes have a series of their own; more would be none of X-Ray's.
const MAX_CODES: usize = 32;
/// How often a code that goes on is logged.
const REMIND_AFTER: Duration = Duration::from_secs(10);

/// Counts and logs what was not processed.
pub(super) struct Unprocessed {
    cx: Context,
    codes: Mutex<BTreeMap<String, Seen>>,
}

struct Seen {
    counter: Counter,
    /// Since it was last logged.
    unsaid: usize,
    said_at: Option<Instant>,
}

/// What becomes of the documents that were not processed, by their positions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// Sending them again can help.
    pub(super) again: Vec<usize>,
    /// They are lost.
    pub(super) lost: Vec<usize>,
}

impl Unprocessed {
    pub(super) fn new(cx: Context) -> Unprocessed {
        Unprocessed { cx, codes: Mutex::default() }
    }

    /// Finds the documents that `segments` are about.
    pub(super) fn sort(&self, documents: &[Document], segments: &[UnprocessedTraceSegment]) -> Sorted {
        let mut sorted = Sorted::default();
        for segment in segments {
            let id = segment.id().and_then(|id| u64::from_str_radix(id, 16).ok()).map(u64::to_be_bytes);
            let position = documents.iter().position(|document| Some(document.id) == id);
            self.note(segment, position.map(|position| &documents[position]));
            match position {
                Some(position) if is_passing(segment) => sorted.again.push(position),
                Some(position) => sorted.lost.push(position),
                None => (),
            }
        }
        sorted
    }

    fn note(&self, segment: &UnprocessedTraceSegment, document: Option<&Document>) {
        let mut codes = self.codes.lock();
        let code = match segment.error_code().unwrap_or("unknown") {
            code if codes.len() < MAX_CODES || codes.contains_key(code) => code,
            _ => "other",
        };
        let seen = codes.entry(code.to_owned()).or_insert_with(|| {
            let labels = vec![("exporter", self.cx.id.to_string()), ("error_code", code.to_owned())];
            Seen { counter: self.cx.metrics.counter(UNPROCESSED, labels), unsaid: 0, said_at: None }
        });
        seen.counter.add(1);
        seen.unsaid += 1;
        if seen.said_at.is_some_and(|at| at.elapsed() < REMIND_AFTER) {
            return;
        }
        seen.said_at = Some(Instant::now());
        let segments = std::mem::take(&mut seen.unsaid);
        let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        warn!(
            component = %self.cx.id,
            error_code = code,
            message = segment.message().unwrap_or_default(),
            trace_id = document.map(|document| hex(&document.trace_id)).unwrap_or_default(),
            span_id = document.map(|document| hex(&document.span_id)).unwrap_or_default(),
            segments,
            "X-Ray did not process segments; one of them is named here",
        );
    }
}

/// Whether the code stands for trouble on the other side that passes. What is wrong with a document stays wrong.
fn is_passing(segment: &UnprocessedTraceSegment) -> bool {
    let code = segment.error_code().unwrap_or_default();
    ["Throttl", "Internal", "Unavailable", "Timeout"].iter().any(|part| code.contains(part))
}
