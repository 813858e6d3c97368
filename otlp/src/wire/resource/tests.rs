//! Edited resources against the same edits on structs.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use proptest::prelude::*;
use prost::Message;

use crate::fixtures::{self, text_attribute};
use crate::{Attribute, Payload, Rope, Signal};

proptest! {
    #[test]
    fn edits_equal_the_same_edits_of_structs(request in fixtures::traces(), cuts in proptest::collection::vec(1..200usize, 0..9)) {
        let bytes = request.encode_to_vec();
        let edited = super::edit_resources(&chopped(&bytes, &cuts), |resource| {
            resource.upsert(&Attribute::new("x", "new"));
            resource.delete("a");
        });
        let mut expected = request;
        for group in &mut expected.resource_spans {
            let attributes = &mut group.resource.get_or_insert_default().attributes;
            match attributes.iter_mut().find(|attribute| attribute.key == "x") {
                Some(attribute) => *attribute = text_attribute("x", "new"),
                None => attributes.push(text_attribute("x", "new")),
            }
            attributes.retain(|attribute| attribute.key != "a");
        }
        let edited = edited.map_or(Bytes::from(bytes), |edited| edited.to_contiguous());
        prop_assert_eq!(ExportTraceServiceRequest::decode(edited).unwrap(), expected);
    }

    #[test]
    fn what_is_not_changed_stays_byte_for_byte(request in fixtures::logs()) {
        let bytes = Bytes::from(request.encode_to_vec());
        let mut payload = Payload::parse(Signal::Logs, bytes.clone()).unwrap();
        let mut seen = 0;
        payload.edit_resources(|resource| {
            resource.delete("not there");
            seen += resource.len();
        });
        prop_assert_eq!(payload.to_rope().to_contiguous(), bytes);
        let resources = request.resource_logs.iter().filter_map(|group| group.resource.as_ref());
        prop_assert_eq!(seen, resources.map(|resource| resource.attributes.len()).sum::<usize>());
    }

    #[test]
    fn only_the_resources_that_change_are_written(request in fixtures::logs()) {
        let mut payload = Payload::parse(Signal::Logs, Bytes::from(request.encode_to_vec())).unwrap();
        let mut number = 0;
        payload.edit_resources(|resource| {
            if number == 1 {
                resource.set("only", "this one");
            }
            number += 1;
        });
        let mut expected = request;
        if let Some(group) = expected.resource_logs.get_mut(1) {
            group.resource.get_or_insert_default().attributes.push(text_attribute("only", "this one"));
        }
        let written = payload.to_rope().to_contiguous();
        prop_assert_eq!(ExportLogsServiceRequest::decode(written).unwrap(), expected);
    }
}

#[test]
fn several_resources_in_one_group_become_one() {
    let request =
        b"\x0a\x18\x0a\x07\x0a\x05\x0a\x01a\x12\x00\x43\x44\x12\x00\x0a\x09\x10\x05\x0a\x05\x0a\x01b\x12\x00";
    let mut request = request.to_vec();
    request[1] = (request.len() - 2) as u8;
    let mut payload = Payload::parse(Signal::Traces, Bytes::from(request)).unwrap();
    payload.edit_resources(|resource| {
        assert_eq!(resource.len(), 2);
        assert!(resource.delete("a"));
    });
    let written = payload.to_rope().to_contiguous();
    assert_eq!(written, b"\x0a\x0f\x0a\x09\x0a\x05\x0a\x01b\x12\x00\x10\x05\x43\x44\x12\x00".as_slice());
}

/// `bytes` in chunks that are not gathered, however small they are.
fn chopped(bytes: &[u8], lengths: &[usize]) -> Rope {
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut chunks: Vec<_> = lengths.iter().map(|length| rest.split_to((*length).min(rest.len()))).collect();
    chunks.push(rest);
    Rope::of_chunks(chunks)
}
