//! Payloads as a whole.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;

use crate::{Payload, Signal, fixtures};

proptest! {
    #[test]
    fn what_is_only_read_goes_out_as_it_came(request in fixtures::traces()) {
        let bytes = Bytes::from(request.encode_to_vec());
        let mut payload = Payload::parse(Signal::Traces, bytes.clone()).unwrap();
        let Payload::Traces(traces) = &mut payload else { unreachable!() };
        prop_assert_eq!(traces.retain(|_| true), 0);
        traces.edit().spans(|span| {
            span.attributes().delete("not there");
        });
        prop_assert_eq!(payload.to_rope().to_contiguous(), bytes);
    }

    #[test]
    fn appended_requests_are_one_request(one in fixtures::metrics(), other in fixtures::metrics()) {
        let parse = |bytes: Vec<u8>| Payload::parse(Signal::Metrics, Bytes::from(bytes)).unwrap();
        let mut payload = parse(one.encode_to_vec());
        payload.append(parse(other.encode_to_vec()));
        let whole = [one.encode_to_vec(), other.encode_to_vec()].concat();
        let (items, size) = (payload.items(), payload.size());
        prop_assert_eq!(parse(whole.clone()).items(), items);
        prop_assert_eq!(size, whole.len());
        prop_assert_eq!(payload.into_rope().to_contiguous(), whole);
    }
}

#[test]
fn malformed_bytes_do_not_become_a_payload() {
    for signal in Signal::ALL {
        assert!(Payload::parse(signal, Bytes::from_static(b"\x0a\x05")).is_err());
        assert!(Payload::parse(signal, Bytes::new()).unwrap().is_empty());
        assert_eq!(Payload::empty(signal).signal(), signal);
    }
}

#[test]
fn clones_share_one_reading() {
    let bytes = b"\x0a\x06\x12\x04\x12\x02\x30\x02";
    let payload = Payload::parse(Signal::Traces, Bytes::from_static(bytes)).unwrap();
    let clone = payload.clone();
    let read = |payload: &Payload| std::ptr::from_ref(payload.as_traces().unwrap().0.tables(Signal::Traces));
    assert_eq!(read(&payload), read(&clone));
    assert_eq!(payload.as_traces().unwrap().spans().next().unwrap().kind(), 2);
}

#[test]
fn a_detached_request_has_the_same_bytes_and_a_reading_of_its_own() {
    let bytes = b"\x0a\x06\x12\x04\x12\x02\x30\x02";
    let payload = Payload::parse(Signal::Traces, Bytes::from_static(bytes)).unwrap();
    let detached = payload.detached();
    let read = |payload: &Payload| std::ptr::from_ref(payload.as_traces().unwrap().0.tables(Signal::Traces));
    assert_ne!(read(&payload), read(&detached));
    assert_eq!((detached.items(), detached.to_rope()), (payload.items(), payload.to_rope()));
}
