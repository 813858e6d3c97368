//! The scan and the tables against prost.

use bytes::Bytes;
use otlp::wire::varint::{Fault, Malformed};
use otlp::{Payload, Signal};

use crate::compare::same_request;
use crate::input::Input;
use crate::outcome::{Outcome, class};
use crate::reference::{Reference, has_whole_values};

/// The same verdict and the same content as prost's, but for the differences listed at the head of the scan.
pub(crate) fn scan(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices: [], body }) = Input::read(data) else {
        return Outcome::of("short");
    };
    let verdict = Payload::parse(signal, Bytes::copy_from_slice(body));
    match (&verdict, Reference::read(signal, body)) {
        (Ok(payload), Ok(reference)) => check_content(payload, &reference, body),
        (Ok(payload), Err(error)) => {
            // 1. Text is not checked for UTF-8.
            assert!(error.to_string().contains("UTF-8"), "only prost refuses: {error}");
            check_items(payload);
        }
        (Err(error), Ok(_)) => {
            // 2. Ids have their length or none.
            assert!(matches!(error.fault, Fault::IdLength { .. }), "only the scan refuses: {error}");
        }
        (Err(error), Err(_)) => assert!(error.at <= body.len(), "{error} of {}", body.len()),
    }
    outcome(signal, &verdict)
}

fn check_content(payload: &Payload, reference: &Reference, body: &[u8]) {
    assert_eq!(payload.items(), reference.items());
    check_items(payload);
    if has_whole_values(payload.signal(), body) {
        same_request(payload, reference);
    }
}

/// As many items as were counted are found in the tables.
fn check_items(payload: &Payload) {
    let found = match payload {
        Payload::Traces(traces) => traces.spans().count(),
        Payload::Metrics(metrics) => metrics.points().count(),
        Payload::Logs(logs) => logs.records().count(),
    };
    assert_eq!(payload.items(), found);
}

fn outcome(signal: Signal, verdict: &Result<Payload, Malformed>) -> Outcome {
    match verdict {
        Ok(payload) => Outcome::of((signal, class(payload.items()), class(payload.size()))),
        Err(error) => {
            let fault = match error.fault {
                Fault::WrongWireType { field, found } => format!("{field} {found}"),
                Fault::IdLength { field, .. } => field.to_owned(),
                fault => format!("{:?}", std::mem::discriminant(&fault)),
            };
            Outcome::of((signal, fault, error.message, class(error.at)))
        }
    }
}
