//! OTLP as JSON, in both directions.

use bytes::Bytes;
use otlp::wire::scan::scan;
use otlp::{Payload, Signal, json};

use crate::input::Input;
use crate::outcome::{Outcome, class, gist};
use crate::reference::Reference;

/// As much protobuf as a receiver would take, at the scale of these inputs.
const LIMIT: usize = 1 << 20;

/// What is read from any text is a request, and is the same after it was written and read again.
pub(crate) fn json_read(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices: [], body }) = Input::read(data) else {
        return Outcome::of("short");
    };
    match json::decode(signal, body, LIMIT) {
        Ok(bytes) => {
            assert!(bytes.len() <= LIMIT);
            let items = scan(signal, &bytes).expect("what is read from JSON can be scanned");
            check_round_trip(signal, &bytes);
            Outcome::of((signal, class(items), class(bytes.len())))
        }
        Err(error) => {
            // Bytes that are not UTF-8 were replaced by three each.
            assert!(error.at <= 3 * body.len() && error.line > 0 && error.column > 0, "{error}");
            Outcome::of((signal, gist(&error.message), class(error.at)))
        }
    }
}

/// A request that was scanned can be written, and what is written is read as the same request.
pub(crate) fn json_write(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices: [], body }) = Input::read(data) else {
        return Outcome::of("short");
    };
    let Ok(payload) = Payload::parse(signal, Bytes::copy_from_slice(body)) else {
        // Not a request, so all that is promised is an error or some JSON.
        let mut text = b"before".to_vec();
        let outcome = json::encode(signal, body, &mut text).is_ok();
        assert!(outcome || text == b"before");
        return Outcome::of(("refused", outcome, class(text.len())));
    };
    let text = check_round_trip(signal, body);
    Outcome::of((signal, class(payload.items()), class(body.len()), class(text)))
}

/// Checks a scanned request, and says how long its text is.
fn check_round_trip(signal: Signal, bytes: &[u8]) -> usize {
    let text = write(signal, bytes);
    serde_json::from_slice::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
    let again = json::decode(signal, &text, usize::MAX).expect("what is written can be read");
    assert_eq!(scan(signal, &again), scan(signal, bytes));
    assert_same_text(&write(signal, &again), &text);
    let Ok(reference) = Reference::read(signal, bytes) else {
        return text.len();
    };
    // Prost puts fields in order and merges what was given in parts; the text does not tell.
    let ordered = write(signal, &reference.to_bytes());
    let from_text = Reference::read(signal, &again).expect("text is UTF-8").to_bytes();
    assert_same_text(&write(signal, &from_text), &ordered);
    check_text_of_serde(signal, &reference);
    text.len()
}

/// What the derived code of the reference writes is read as prost reads the bytes.
fn check_text_of_serde(signal: Signal, reference: &Reference) {
    let text = match reference {
        Reference::Traces(request) => serde_json::to_vec(request),
        Reference::Metrics(request) => serde_json::to_vec(request),
        Reference::Logs(request) => serde_json::to_vec(request),
    };
    let text = text.expect("structs are JSON");
    let read = match json::decode(signal, &text, usize::MAX) {
        Ok(read) => read,
        // It writes numbers that are none as null.
        Err(error) => {
            let values = format!("{reference:?}");
            assert!(values.contains("NaN") || values.contains("inf"), "{error}");
            return;
        }
    };
    let found = Reference::read(signal, &read).expect("text is UTF-8");
    let is_same = found.to_bytes() == reference.to_bytes();
    assert!(is_same || text_is_lossy(reference), "found {found:?}, expected {reference:?}");
}

/// Whether the derived code loses something: numbers that are none become null, and so absent.
fn text_is_lossy(reference: &Reference) -> bool {
    let values = format!("{reference:?}");
    ["NaN", "inf"].iter().any(|name| values.contains(name))
}

fn write(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    json::encode(signal, bytes, &mut text).expect("a scanned request can be written");
    text
}

/// Names may stand in another order.
fn assert_same_text(found: &[u8], expected: &[u8]) {
    let read = serde_json::from_slice::<serde_json::Value>;
    let (Ok(one), Ok(other)) = (read(found), read(expected)) else {
        // Nested deeper than serde goes; the numbers of items were compared.
        return;
    };
    assert!(one == other, "found {one}, expected {other}");
}
