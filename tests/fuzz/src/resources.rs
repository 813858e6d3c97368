//! The editor of resources against the same edits of prost's structs.

use bytes::Bytes;
use otlp::{Payload, Signal};

use crate::input::{Choices, Input};
use crate::mirror::Edit;
use crate::outcome::{Outcome, class};
use crate::reference::{Reference, has_whole_values};

/// Edited resources, on the wire and in tables, equal edited structs; all else stays as it was.
pub(crate) fn resources(data: &[u8]) -> Outcome {
    let Some(Input { signal, choices, body }) = Input::<4>::read(data) else {
        return Outcome::of("short");
    };
    let Ok(payload) = Payload::parse(signal, Bytes::copy_from_slice(body)) else {
        return Outcome::of("refused");
    };
    let on_wire = edit(payload.clone(), choices);
    let in_tables = edit(read_into_tables(payload.clone()), choices);
    assert_eq!(on_wire.items(), payload.items());
    let (on_wire, in_tables) = (written(&on_wire), written(&in_tables));
    assert_eq!(items(signal, &on_wire), payload.items());
    assert_eq!(items(signal, &in_tables), payload.items());
    if has_whole_values(signal, body)
        && let Ok(expected) = Reference::read(signal, body)
    {
        let expected = edit_structs(expected, choices);
        same(signal, &on_wire, &expected);
        same(signal, &in_tables, &expected);
    }
    let growth = on_wire.len().abs_diff(body.len());
    Outcome::of((
        signal,
        class(payload.items()),
        class(body.len()),
        class(growth),
        on_wire.len() > body.len(),
    ))
}

/// Looked into, so that edits are made in its tables.
fn read_into_tables(payload: Payload) -> Payload {
    match &payload {
        Payload::Traces(traces) => drop(traces.resources().count()),
        Payload::Metrics(metrics) => drop(metrics.resources().count()),
        Payload::Logs(logs) => drop(logs.resources().count()),
    }
    payload
}

fn edit(mut payload: Payload, choices: [u8; 4]) -> Payload {
    let mut choices = Choices::new(&choices);
    payload.edit_resources(|attributes| {
        Edit::choose(choices.next()).apply(attributes);
        Edit::choose(choices.next()).apply(attributes);
        Edit::choose(choices.next()).apply(attributes);
    });
    payload
}

fn edit_structs(mut request: Reference, choices: [u8; 4]) -> Reference {
    let mut choices = Choices::new(&choices);
    request.edit_resources(|attributes| {
        Edit::choose(choices.next()).apply_to_structs(attributes);
        Edit::choose(choices.next()).apply_to_structs(attributes);
        Edit::choose(choices.next()).apply_to_structs(attributes);
    });
    request
}

fn written(payload: &Payload) -> Bytes {
    let bytes = payload.to_rope().to_contiguous();
    assert_eq!(payload.size(), bytes.len());
    bytes
}

fn items(signal: Signal, bytes: &[u8]) -> usize {
    otlp::wire::scan::scan(signal, bytes).expect("what is written can be read")
}

fn same(signal: Signal, found: &[u8], expected: &Reference) {
    let found = plain(Reference::read(signal, found).expect("all of it is UTF-8"));
    let expected = plain(expected.clone());
    assert!(found.to_bytes() == expected.to_bytes(), "found {found:?}, expected {expected:?}");
}

/// Without the differences that mean nothing: no resource is an empty one, no value an empty one, and an attribute
/// that is set to what it was keeps the reference to a dictionary, which requests other than profiles do not have.
fn plain(mut request: Reference) -> Reference {
    request.edit_resources(|attributes| {
        for attribute in attributes {
            attribute.value.get_or_insert_default();
            attribute.key_strindex = 0;
        }
    });
    request
}
