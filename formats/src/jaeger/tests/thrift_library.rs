//! Thrift as Apache's library writes it means the same as protobuf.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use prost::Message;
use thrift::protocol::{
    TBinaryOutputProtocol, TCompactOutputProtocol, TFieldIdentifier, TListIdentifier, TMessageIdentifier,
    TMessageType, TOutputProtocol, TStructIdentifier, TType,
};

use super::model::{Batch, KeyValue, Log, PostSpansRequest, Process, Seconds, Span, SpanRef};
use crate::jaeger::{AgentMessage, Protocol, decode_agent, decode_proto, decode_thrift};

const BOTH: [Protocol; 2] = [Protocol::Binary, Protocol::Compact];

/// Keys that mean something, beside those that do not.
const KEYS: [&str; 11] = [
    "a",
    "b",
    "event",
    "error",
    "span.kind",
    "http.status_code",
    "otel.status_code",
    "otel.status_description",
    "w3c.tracestate",
    "hostname",
    "jaeger.version",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn thrift_means_the_same_as_protobuf(batch in batch()) {
        let bytes = PostSpansRequest { batch: Some(batch.clone()) }.encode_to_vec();
        let expected = decode_proto(&bytes).unwrap();
        prop_assert_eq!(expected.spans, batch.spans.len());
        for protocol in BOTH {
            let bytes = thrift(protocol, &batch);
            prop_assert_eq!(decode_thrift(&bytes, protocol), Ok(expected.clone()));
            let datagram = written(protocol, |out| call(out, "emitBatch", TType::Struct, |out| write_batch(out, &batch)));
            let expected = AgentMessage::Jaeger(expected.clone());
            prop_assert_eq!(decode_agent(&datagram, protocol), Ok(expected));
        }
    }
}

#[test]
fn spans_of_zipkin_are_handed_out_as_they_are() {
    let list = |out: &mut dyn TOutputProtocol| {
        out.write_list_begin(&TListIdentifier::new(TType::Struct, 2)).unwrap();
        for id in 1..=2 {
            structure(out, |out| {
                field(out, 1, TType::I64, |out| out.write_i64(id).unwrap());
                field(out, 9, TType::Bool, |out| out.write_bool(true).unwrap());
                field(out, 40, TType::String, |out| out.write_string("unknown").unwrap());
            });
        }
    };
    for protocol in BOTH {
        let bytes = written(protocol, list);
        let datagram = written(protocol, |out| call(out, "emitZipkinBatch", TType::List, list));
        match decode_agent(&datagram, protocol).unwrap() {
            AgentMessage::Zipkin(spans) => assert_eq!((spans.bytes, spans.protocol), (&bytes[..], protocol)),
            AgentMessage::Jaeger(_) => panic!("not of Jaeger"),
        }
    }
}

#[test]
fn unknown_fields_of_all_types_are_skipped() {
    let unknown = |out: &mut dyn TOutputProtocol| {
        field(out, 50, TType::Bool, |out| out.write_bool(false).unwrap());
        field(out, 51, TType::I08, |out| out.write_i8(-1).unwrap());
        field(out, 52, TType::I16, |out| out.write_i16(-300).unwrap());
        field(out, 53, TType::Double, |out| out.write_double(0.5).unwrap());
        field(out, 30_000, TType::Set, |out| {
            out.write_set_begin(&thrift::protocol::TSetIdentifier::new(TType::Bool, 2)).unwrap();
            out.write_bool(true).unwrap();
            out.write_bool(false).unwrap();
        });
        field(out, 55, TType::Map, |out| {
            out.write_map_begin(&thrift::protocol::TMapIdentifier::new(TType::I32, TType::String, 1))
                .unwrap();
            out.write_i32(7).unwrap();
            out.write_string("seven").unwrap();
        });
        field(out, 56, TType::Map, |out| {
            out.write_map_begin(&thrift::protocol::TMapIdentifier::new(TType::I32, TType::I32, 0)).unwrap();
        });
        // A known number with another type counts as unknown.
        field(out, 2, TType::Struct, |out| structure(out, |_| ()));
    };
    for protocol in BOTH {
        let bytes = written(protocol, |out| {
            structure(out, |out| {
                unknown(out);
                field(out, 1, TType::Struct, |out| write_process(out, &Process::default()));
                field(out, 2, TType::List, |out| list(out, &[], write_span));
                unknown(out);
            });
        });
        assert_eq!(decode_thrift(&bytes, protocol).map(|decoded| decoded.spans), Ok(0));
    }
}

fn written(protocol: Protocol, write: impl Fn(&mut dyn TOutputProtocol)) -> Vec<u8> {
    let mut bytes = Vec::new();
    match protocol {
        Protocol::Binary => write(&mut TBinaryOutputProtocol::new(&mut bytes, true)),
        Protocol::Compact => write(&mut TCompactOutputProtocol::new(&mut bytes)),
    }
    bytes
}

fn call(
    out: &mut dyn TOutputProtocol,
    method: &str,
    kind: TType,
    argument: impl Fn(&mut dyn TOutputProtocol),
) {
    out.write_message_begin(&TMessageIdentifier::new(method, TMessageType::OneWay, 3)).unwrap();
    structure(out, |out| field(out, 1, kind, argument));
    out.write_message_end().unwrap();
}

pub(super) fn thrift(protocol: Protocol, batch: &Batch) -> Vec<u8> {
    written(protocol, |out| write_batch(out, batch))
}

fn write_batch(out: &mut dyn TOutputProtocol, batch: &Batch) {
    structure(out, |out| {
        let process = batch.process.clone().unwrap_or_default();
        field(out, 1, TType::Struct, |out| write_process(out, &process));
        field(out, 2, TType::List, |out| list(out, &batch.spans, write_span));
        field(out, 3, TType::I64, |out| out.write_i64(99).unwrap());
        field(out, 4, TType::Struct, |out| {
            structure(out, |out| (1..4).for_each(|id| i64_field(out, id, 0)));
        });
    });
}

fn write_process(out: &mut dyn TOutputProtocol, process: &Process) {
    structure(out, |out| {
        field(out, 1, TType::String, |out| out.write_string(&process.service_name).unwrap());
        field(out, 2, TType::List, |out| list(out, &process.tags, write_tag));
    });
}

fn write_span(out: &mut dyn TOutputProtocol, span: &Span) {
    let (high, low) = halves(&span.trace_id);
    structure(out, |out| {
        i64_field(out, 1, low);
        i64_field(out, 2, high);
        i64_field(out, 3, number(&span.span_id));
        i64_field(out, 4, 0);
        field(out, 5, TType::String, |out| out.write_string(&span.operation_name).unwrap());
        field(out, 6, TType::List, |out| list(out, &span.references, write_reference));
        field(out, 7, TType::I32, |out| out.write_i32(1).unwrap());
        i64_field(out, 8, micros(span.start_time));
        i64_field(out, 9, micros(span.duration));
        field(out, 10, TType::List, |out| list(out, &span.tags, write_tag));
        field(out, 11, TType::List, |out| list(out, &span.logs, write_log));
    });
}

fn write_reference(out: &mut dyn TOutputProtocol, reference: &SpanRef) {
    let (high, low) = halves(&reference.trace_id);
    structure(out, |out| {
        field(out, 1, TType::I32, |out| out.write_i32(reference.ref_type).unwrap());
        i64_field(out, 2, low);
        i64_field(out, 3, high);
        i64_field(out, 4, number(&reference.span_id));
    });
}

fn write_log(out: &mut dyn TOutputProtocol, log: &Log) {
    structure(out, |out| {
        i64_field(out, 1, micros(log.timestamp));
        field(out, 2, TType::List, |out| list(out, &log.fields, write_tag));
    });
}

fn write_tag(out: &mut dyn TOutputProtocol, tag: &KeyValue) {
    // The formats number their types differently.
    let v_type = [0, 2, 3, 1, 4][tag.v_type as usize];
    structure(out, |out| {
        field(out, 1, TType::String, |out| out.write_string(&tag.key).unwrap());
        field(out, 2, TType::I32, |out| out.write_i32(v_type).unwrap());
        match tag.v_type {
            0 => field(out, 3, TType::String, |out| out.write_string(&tag.v_str).unwrap()),
            1 => field(out, 5, TType::Bool, |out| out.write_bool(tag.v_bool).unwrap()),
            2 => i64_field(out, 6, tag.v_int64),
            3 => field(out, 4, TType::Double, |out| out.write_double(tag.v_float64).unwrap()),
            _ => field(out, 7, TType::String, |out| out.write_bytes(&tag.v_binary).unwrap()),
        }
    });
}

fn structure(out: &mut dyn TOutputProtocol, fields: impl FnOnce(&mut dyn TOutputProtocol)) {
    out.write_struct_begin(&TStructIdentifier::new("")).unwrap();
    fields(out);
    out.write_field_stop().unwrap();
    out.write_struct_end().unwrap();
}

fn field(out: &mut dyn TOutputProtocol, id: i16, kind: TType, value: impl FnOnce(&mut dyn TOutputProtocol)) {
    out.write_field_begin(&TFieldIdentifier::new("", kind, id)).unwrap();
    value(out);
    out.write_field_end().unwrap();
}

fn i64_field(out: &mut dyn TOutputProtocol, id: i16, value: i64) {
    field(out, id, TType::I64, |out| out.write_i64(value).unwrap());
}

fn list<T>(out: &mut dyn TOutputProtocol, elements: &[T], write: impl Fn(&mut dyn TOutputProtocol, &T)) {
    out.write_list_begin(&TListIdentifier::new(TType::Struct, elements.len() as i32)).unwrap();
    elements.iter().for_each(|element| write(out, element));
    out.write_list_end().unwrap();
}

fn halves(id: &[u8]) -> (i64, i64) {
    (number(&id[..8]), number(&id[8..]))
}

fn number(id: &[u8]) -> i64 {
    i64::from_be_bytes(id.try_into().unwrap())
}

fn micros(time: Option<Seconds>) -> i64 {
    let time = time.unwrap_or_default();
    time.seconds * 1_000_000 + i64::from(time.nanos) / 1000
}

pub(super) fn batch() -> impl Strategy<Value = Batch> {
    (process(), vec(span(), 0..20)).prop_map(|(process, spans)| Batch { spans, process: Some(process) })
}

fn process() -> impl Strategy<Value = Process> {
    ("[a-z]{0,5}", tags()).prop_map(|(service_name, tags)| Process { service_name, tags })
}

fn span() -> impl Strategy<Value = Span> {
    let ids = (id::<16>(), id::<8>(), "[a-z ]{0,200}", vec(reference(), 0..3));
    (ids, option::of(time()), time(), tags(), vec(log(), 0..3)).prop_map(
        |((trace_id, span_id, operation_name, references), start_time, duration, tags, logs)| Span {
            trace_id,
            span_id,
            operation_name,
            references,
            start_time,
            duration: Some(duration),
            tags,
            logs,
            ..Span::default()
        },
    )
}

fn reference() -> impl Strategy<Value = SpanRef> {
    (id::<16>(), id::<8>(), 0..3).prop_map(|(trace_id, span_id, ref_type)| SpanRef {
        trace_id,
        span_id,
        ref_type,
    })
}

fn log() -> impl Strategy<Value = Log> {
    (option::of(time()), tags()).prop_map(|(timestamp, fields)| Log { timestamp, fields })
}

/// Few ids, so that they meet.
fn id<const N: usize>() -> impl Strategy<Value = Vec<u8>> {
    (1..4_u8).prop_map(|byte| vec![byte; N])
}

/// Whole microseconds.
fn time() -> impl Strategy<Value = Seconds> {
    (0..4_000_000_000_i64, 0..1_000_000)
        .prop_map(|(seconds, micros)| Seconds { seconds, nanos: micros * 1000 })
}

fn tags() -> impl Strategy<Value = Vec<KeyValue>> {
    let key = prop_oneof![proptest::sample::select(KEYS.as_slice()).prop_map(str::to_owned), "[a-z.]{0,30}"];
    let value = prop_oneof![
        prop_oneof!["[a-z]{0,200}", Just("error".to_owned()), Just("server".to_owned())]
            .prop_map(|v_str| KeyValue { v_str, ..KeyValue::default() }),
        any::<bool>().prop_map(|v_bool| KeyValue { v_type: 1, v_bool, ..KeyValue::default() }),
        any::<i64>().prop_map(|v_int64| KeyValue { v_type: 2, v_int64, ..KeyValue::default() }),
        (-1e9..1e9).prop_map(|v_float64| KeyValue { v_type: 3, v_float64, ..KeyValue::default() }),
        vec(any::<u8>(), 0..9).prop_map(|v_binary| KeyValue { v_type: 4, v_binary, ..KeyValue::default() }),
    ];
    vec((key, value).prop_map(|(key, value)| KeyValue { key, ..value }), 0..12)
}
