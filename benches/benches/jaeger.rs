//! Jaeger to OTLP and back, beside what the libraries take to read it into structs.
//!
//! The yardsticks stop at Jaeger's structs: they neither translate them to OTLP nor write that.

use std::hint::black_box;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use formats::jaeger::{Protocol, decode_proto, decode_thrift, encode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp::{Payload, Signal};
use prost::Message;
use thrift::protocol::{
    TBinaryInputProtocol, TBinaryOutputProtocol, TCompactInputProtocol, TCompactOutputProtocol,
};

use model::{Batch, PostSpansRequest};

fn main() {
    divan::main();
}

/// One resource and two scopes.
const SPANS: usize = 512;

#[divan::bench]
fn decode_protobuf(bencher: Bencher<'_, '_>) {
    let bytes = protobuf();
    counted(bencher, &bytes).bench(|| decode_proto(black_box(&bytes)));
}

#[divan::bench]
fn decode_compact_thrift(bencher: Bencher<'_, '_>) {
    let bytes = compact();
    counted(bencher, &bytes).bench(|| decode_thrift(black_box(&bytes), Protocol::Compact));
}

#[divan::bench]
fn decode_binary_thrift(bencher: Bencher<'_, '_>) {
    let bytes = binary();
    counted(bencher, &bytes).bench(|| decode_thrift(black_box(&bytes), Protocol::Binary));
}

#[divan::bench]
fn encode_protobuf(bencher: Bencher<'_, '_>) {
    let bytes = Bytes::from(benches::traces(SPANS).encode_to_vec());
    counted(bencher, &bytes).bench(|| {
        let payload = Payload::parse(Signal::Traces, black_box(&bytes).clone());
        let payload = payload.expect("the generator makes requests");
        encode(payload.as_traces().expect("these are traces"), usize::MAX).count()
    });
}

#[divan::bench]
fn encode_protobuf_from_tables(bencher: Bencher<'_, '_>) {
    let bytes = Bytes::from(benches::traces(SPANS).encode_to_vec());
    let payload = Payload::parse(Signal::Traces, bytes.clone()).expect("the generator makes requests");
    let traces = payload.as_traces().expect("these are traces");
    counted(bencher, &bytes).bench(|| encode(black_box(traces), usize::MAX).count());
}

#[divan::bench]
fn yardstick_prost_decoding(bencher: Bencher<'_, '_>) {
    let bytes = protobuf();
    counted(bencher, &bytes).bench(|| PostSpansRequest::decode(black_box(bytes.as_slice())));
}

#[divan::bench]
fn yardstick_thrift_decoding_compact(bencher: Bencher<'_, '_>) {
    let bytes = compact();
    counted(bencher, &bytes)
        .bench(|| library::batch(&mut TCompactInputProtocol::new(black_box(bytes.as_slice()))));
}

#[divan::bench]
fn yardstick_thrift_decoding_binary(bencher: Bencher<'_, '_>) {
    let bytes = binary();
    counted(bencher, &bytes)
        .bench(|| library::batch(&mut TBinaryInputProtocol::new(black_box(bytes.as_slice()), true)));
}

/// Reads OTLP into structs and writes Jaeger's from others, which were there before.
#[divan::bench]
fn yardstick_prost_encoding(bencher: Bencher<'_, '_>) {
    let bytes = benches::traces(SPANS).encode_to_vec();
    let request = PostSpansRequest { batch: Some(batch()) };
    counted(bencher, &bytes).bench(|| {
        let read = ExportTraceServiceRequest::decode(black_box(bytes.as_slice()));
        (read, black_box(&request).encode_to_vec())
    });
}

fn protobuf() -> Vec<u8> {
    let bytes = Bytes::from(benches::traces(SPANS).encode_to_vec());
    let payload = Payload::parse(Signal::Traces, bytes).expect("the generator makes requests");
    let mut requests = encode(payload.as_traces().expect("these are traces"), usize::MAX);
    requests.next().expect("there is a resource").body
}

fn batch() -> Batch {
    let request = PostSpansRequest::decode(protobuf().as_slice()).expect("it is what Jaeger reads");
    request.batch.expect("there is a batch")
}

fn compact() -> Vec<u8> {
    let mut bytes = Vec::new();
    library::write_batch(&mut TCompactOutputProtocol::new(&mut bytes), &batch()).expect("memory takes it");
    bytes
}

fn binary() -> Vec<u8> {
    let mut bytes = Vec::new();
    library::write_batch(&mut TBinaryOutputProtocol::new(&mut bytes, true), &batch())
        .expect("memory takes it");
    bytes
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8]) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::of_slice(bytes)).counter(ItemsCount::new(SPANS))
}

/// Jaeger's messages, as prost has them.
mod model {
    use prost::Message;

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct PostSpansRequest {
        #[prost(message, optional, tag = "1")]
        pub(super) batch: Option<Batch>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Batch {
        #[prost(message, repeated, tag = "1")]
        pub(super) spans: Vec<Span>,
        #[prost(message, optional, tag = "2")]
        pub(super) process: Option<Process>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) span_id: Vec<u8>,
        #[prost(string, tag = "3")]
        pub(super) operation_name: String,
        #[prost(message, repeated, tag = "4")]
        pub(super) references: Vec<SpanRef>,
        #[prost(uint32, tag = "5")]
        pub(super) flags: u32,
        #[prost(message, optional, tag = "6")]
        pub(super) start_time: Option<Seconds>,
        #[prost(message, optional, tag = "7")]
        pub(super) duration: Option<Seconds>,
        #[prost(message, repeated, tag = "8")]
        pub(super) tags: Vec<KeyValue>,
        #[prost(message, repeated, tag = "9")]
        pub(super) logs: Vec<Log>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Process {
        #[prost(string, tag = "1")]
        pub(super) service_name: String,
        #[prost(message, repeated, tag = "2")]
        pub(super) tags: Vec<KeyValue>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct KeyValue {
        #[prost(string, tag = "1")]
        pub(super) key: String,
        #[prost(int32, tag = "2")]
        pub(super) v_type: i32,
        #[prost(string, tag = "3")]
        pub(super) v_str: String,
        #[prost(bool, tag = "4")]
        pub(super) v_bool: bool,
        #[prost(int64, tag = "5")]
        pub(super) v_int64: i64,
        #[prost(double, tag = "6")]
        pub(super) v_float64: f64,
        #[prost(bytes = "vec", tag = "7")]
        pub(super) v_binary: Vec<u8>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct Log {
        #[prost(message, optional, tag = "1")]
        pub(super) timestamp: Option<Seconds>,
        #[prost(message, repeated, tag = "2")]
        pub(super) fields: Vec<KeyValue>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(super) struct SpanRef {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) span_id: Vec<u8>,
        #[prost(int32, tag = "3")]
        pub(super) ref_type: i32,
    }

    #[derive(Clone, Copy, PartialEq, Message)]
    pub(super) struct Seconds {
        #[prost(int64, tag = "1")]
        pub(super) seconds: i64,
        #[prost(int32, tag = "2")]
        pub(super) nanos: i32,
    }
}

/// Thrift into structs and out of them, in the manner of the code that Apache's compiler generates.
mod library {
    use thrift::Result;
    use thrift::protocol::{
        TFieldIdentifier, TInputProtocol, TListIdentifier, TOutputProtocol, TStructIdentifier, TType,
    };

    use super::model::{self, KeyValue};

    #[derive(Default)]
    pub(super) struct Batch {
        pub(super) process: Process,
        pub(super) spans: Vec<Span>,
    }

    #[derive(Default)]
    pub(super) struct Process {
        pub(super) service_name: String,
        pub(super) tags: Vec<Tag>,
    }

    #[derive(Default)]
    pub(super) struct Span {
        pub(super) numbers: [i64; 7],
        pub(super) operation_name: String,
        pub(super) references: Vec<Reference>,
        pub(super) tags: Vec<Tag>,
        pub(super) logs: Vec<Log>,
    }

    #[derive(Default)]
    pub(super) struct Reference {
        pub(super) ref_type: i32,
        pub(super) ids: [i64; 3],
    }

    #[derive(Default)]
    pub(super) struct Log {
        pub(super) timestamp: i64,
        pub(super) fields: Vec<Tag>,
    }

    #[derive(Default)]
    pub(super) struct Tag {
        pub(super) key: String,
        pub(super) v_type: i32,
        pub(super) text: Option<String>,
        pub(super) double: Option<f64>,
        pub(super) flag: Option<bool>,
        pub(super) long: Option<i64>,
        pub(super) binary: Option<Vec<u8>>,
    }

    pub(super) fn batch(input: &mut dyn TInputProtocol) -> Result<Batch> {
        structure(input, |input, batch: &mut Batch, id| {
            match id {
                1 => batch.process = process(input)?,
                2 => batch.spans = list(input, span)?,
                _ => input.skip(TType::Struct)?,
            }
            Ok(())
        })
    }

    fn process(input: &mut dyn TInputProtocol) -> Result<Process> {
        structure(input, |input, process: &mut Process, id| {
            match id {
                1 => process.service_name = input.read_string()?,
                _ => process.tags = list(input, tag)?,
            }
            Ok(())
        })
    }

    fn span(input: &mut dyn TInputProtocol) -> Result<Span> {
        structure(input, |input, span: &mut Span, id| {
            match id {
                1..=4 => span.numbers[id as usize - 1] = input.read_i64()?,
                5 => span.operation_name = input.read_string()?,
                6 => span.references = list(input, reference)?,
                7 => span.numbers[4] = input.read_i32()?.into(),
                8 | 9 => span.numbers[id as usize - 3] = input.read_i64()?,
                10 => span.tags = list(input, tag)?,
                _ => span.logs = list(input, log)?,
            }
            Ok(())
        })
    }

    fn reference(input: &mut dyn TInputProtocol) -> Result<Reference> {
        structure(input, |input, reference: &mut Reference, id| {
            match id {
                1 => reference.ref_type = input.read_i32()?,
                _ => reference.ids[id as usize - 2] = input.read_i64()?,
            }
            Ok(())
        })
    }

    fn log(input: &mut dyn TInputProtocol) -> Result<Log> {
        structure(input, |input, log: &mut Log, id| {
            match id {
                1 => log.timestamp = input.read_i64()?,
                _ => log.fields = list(input, tag)?,
            }
            Ok(())
        })
    }

    fn tag(input: &mut dyn TInputProtocol) -> Result<Tag> {
        structure(input, |input, tag: &mut Tag, id| {
            match id {
                1 => tag.key = input.read_string()?,
                2 => tag.v_type = input.read_i32()?,
                3 => tag.text = Some(input.read_string()?),
                4 => tag.double = Some(input.read_double()?),
                5 => tag.flag = Some(input.read_bool()?),
                6 => tag.long = Some(input.read_i64()?),
                _ => tag.binary = Some(input.read_bytes()?),
            }
            Ok(())
        })
    }

    fn structure<T: Default>(
        input: &mut dyn TInputProtocol,
        field: impl Fn(&mut dyn TInputProtocol, &mut T, i16) -> Result<()>,
    ) -> Result<T> {
        let mut value = T::default();
        input.read_struct_begin()?;
        loop {
            let header = input.read_field_begin()?;
            if header.field_type == TType::Stop {
                break;
            }
            field(input, &mut value, header.id.unwrap_or_default())?;
            input.read_field_end()?;
        }
        input.read_struct_end()?;
        Ok(value)
    }

    fn list<T>(
        input: &mut dyn TInputProtocol,
        element: impl Fn(&mut dyn TInputProtocol) -> Result<T>,
    ) -> Result<Vec<T>> {
        let header = input.read_list_begin()?;
        let mut list = Vec::with_capacity(header.size as usize);
        for _ in 0..header.size {
            list.push(element(input)?);
        }
        input.read_list_end()?;
        Ok(list)
    }

    pub(super) fn write_batch(out: &mut dyn TOutputProtocol, batch: &model::Batch) -> Result<()> {
        write_structure(out, |out| {
            let process = batch.process.clone().unwrap_or_default();
            write_field(out, 1, TType::Struct, |out| {
                write_structure(out, |out| {
                    write_field(out, 1, TType::String, |out| out.write_string(&process.service_name))?;
                    write_list(out, 2, &process.tags, write_tag)
                })
            })?;
            write_list(out, 2, &batch.spans, write_span)
        })
    }

    fn write_span(out: &mut dyn TOutputProtocol, span: &model::Span) -> Result<()> {
        write_structure(out, |out| {
            write_i64(out, 1, number(&span.trace_id[8..]))?;
            write_i64(out, 2, number(&span.trace_id[..8]))?;
            write_i64(out, 3, number(&span.span_id))?;
            write_i64(out, 4, span.references.first().map_or(0, |parent| number(&parent.span_id)))?;
            write_field(out, 5, TType::String, |out| out.write_string(&span.operation_name))?;
            write_list(out, 6, &span.references, write_reference)?;
            write_field(out, 7, TType::I32, |out| out.write_i32(1))?;
            write_i64(out, 8, micros(span.start_time))?;
            write_i64(out, 9, micros(span.duration))?;
            write_list(out, 10, &span.tags, write_tag)?;
            write_list(out, 11, &span.logs, write_log)
        })
    }

    fn write_reference(out: &mut dyn TOutputProtocol, reference: &model::SpanRef) -> Result<()> {
        write_structure(out, |out| {
            write_field(out, 1, TType::I32, |out| out.write_i32(reference.ref_type))?;
            write_i64(out, 2, number(&reference.trace_id[8..]))?;
            write_i64(out, 3, number(&reference.trace_id[..8]))?;
            write_i64(out, 4, number(&reference.span_id))
        })
    }

    fn write_log(out: &mut dyn TOutputProtocol, log: &model::Log) -> Result<()> {
        write_structure(out, |out| {
            write_i64(out, 1, micros(log.timestamp))?;
            write_list(out, 2, &log.fields, write_tag)
        })
    }

    fn write_tag(out: &mut dyn TOutputProtocol, tag: &KeyValue) -> Result<()> {
        // The formats number their types differently.
        let v_type = [0, 2, 3, 1, 4][tag.v_type as usize];
        write_structure(out, |out| {
            write_field(out, 1, TType::String, |out| out.write_string(&tag.key))?;
            write_field(out, 2, TType::I32, |out| out.write_i32(v_type))?;
            match v_type {
                0 => write_field(out, 3, TType::String, |out| out.write_string(&tag.v_str)),
                1 => write_field(out, 4, TType::Double, |out| out.write_double(tag.v_float64)),
                2 => write_field(out, 5, TType::Bool, |out| out.write_bool(tag.v_bool)),
                3 => write_i64(out, 6, tag.v_int64),
                _ => write_field(out, 7, TType::String, |out| out.write_bytes(&tag.v_binary)),
            }
        })
    }

    fn write_structure(
        out: &mut dyn TOutputProtocol,
        fields: impl FnOnce(&mut dyn TOutputProtocol) -> Result<()>,
    ) -> Result<()> {
        out.write_struct_begin(&TStructIdentifier::new(""))?;
        fields(out)?;
        out.write_field_stop()?;
        out.write_struct_end()
    }

    fn write_field(
        out: &mut dyn TOutputProtocol,
        id: i16,
        kind: TType,
        value: impl FnOnce(&mut dyn TOutputProtocol) -> Result<()>,
    ) -> Result<()> {
        out.write_field_begin(&TFieldIdentifier::new("", kind, id))?;
        value(out)?;
        out.write_field_end()
    }

    fn write_i64(out: &mut dyn TOutputProtocol, id: i16, value: i64) -> Result<()> {
        write_field(out, id, TType::I64, |out| out.write_i64(value))
    }

    fn write_list<T>(
        out: &mut dyn TOutputProtocol,
        id: i16,
        list: &[T],
        write: impl Fn(&mut dyn TOutputProtocol, &T) -> Result<()>,
    ) -> Result<()> {
        write_field(out, id, TType::List, |out| {
            out.write_list_begin(&TListIdentifier::new(TType::Struct, list.len() as i32))?;
            list.iter().try_for_each(|element| write(out, element))?;
            out.write_list_end()
        })
    }

    fn number(id: &[u8]) -> i64 {
        id.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
    }

    fn micros(time: Option<model::Seconds>) -> i64 {
        time.map_or(0, |time| time.seconds * 1_000_000 + i64::from(time.nanos) / 1000)
    }
}
