//! Batches from payloads.

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use super::Pending;
use crate::{Limit, Payload, Signal};

proptest! {
    #[test]
    fn nothing_is_lost_and_the_order_stays(
        sizes in proptest::collection::vec(0..20usize, 0..20),
        limit in prop_oneof![(1..30usize).prop_map(Limit::items), (20..900usize).prop_map(Limit::bytes)],
    ) {
        let mut pending = Pending::new(Signal::Traces);
        let mut name = 0..;
        for size in &sizes {
            pending.push(spans(name.by_ref().take(*size)));
        }
        prop_assert_eq!(pending.items(), sizes.iter().sum::<usize>());
        let mut taken = Vec::new();
        while let Some(batch) = pending.take(limit) {
            prop_assert!(batch.items() > 0 && batch.items() <= limit.items);
            prop_assert!(batch.size() <= limit.bytes || batch.items() == 1);
            taken.extend(names(&batch));
        }
        prop_assert_eq!(taken, (0..name.start).map(|name| name.to_string()).collect::<Vec<_>>());
        prop_assert_eq!((pending.items(), pending.bytes()), (0, 0));
        prop_assert!(pending.is_empty());
    }
}

#[test]
fn all_is_taken_as_it_came() {
    let mut pending = Pending::new(Signal::Traces);
    assert!(pending.take_all().is_none());
    let (one, other) = (spans(0..3), spans(3..5));
    let size = one.size() + other.size();
    pending.push(one);
    pending.push(Payload::empty(Signal::Traces));
    pending.push(other);
    assert_eq!((pending.items(), pending.bytes()), (5, size));
    let batch = pending.take_all().unwrap();
    assert_eq!((batch.items(), batch.size()), (5, size));
    assert_eq!(names(&batch), ["0", "1", "2", "3", "4"]);
}

fn spans(names: impl Iterator<Item = i32>) -> Payload {
    let spans = names.map(|name| Span { name: name.to_string(), ..Span::default() }).collect();
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }];
    let request = ExportTraceServiceRequest { resource_spans };
    Payload::parse(Signal::Traces, Bytes::from(request.encode_to_vec())).unwrap()
}

fn names(payload: &Payload) -> Vec<String> {
    payload.as_traces().unwrap().spans().map(|span| span.name().to_string()).collect()
}
