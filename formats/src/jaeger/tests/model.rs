//! Jaeger's protobuf messages as the reference codec has them.

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
    #[prost(message, optional, tag = "10")]
    pub(super) process: Option<Process>,
    #[prost(string, tag = "11")]
    pub(super) process_id: String,
    #[prost(string, repeated, tag = "12")]
    pub(super) warnings: Vec<String>,
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

/// A `Timestamp` or a `Duration`.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Seconds {
    #[prost(int64, tag = "1")]
    pub(super) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(super) nanos: i32,
}

/// A request with these spans, without a process.
pub(super) fn request(spans: Vec<Span>) -> Vec<u8> {
    PostSpansRequest { batch: Some(Batch { spans, process: None }) }.encode_to_vec()
}

/// A span with these tags.
pub(super) fn tagged(tags: Vec<KeyValue>) -> Span {
    Span { trace_id: vec![1; 16], span_id: vec![2; 8], tags, ..Span::default() }
}

pub(super) fn text(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), v_str: value.to_owned(), ..KeyValue::default() }
}

pub(super) fn flag(key: &str, value: bool) -> KeyValue {
    KeyValue { key: key.to_owned(), v_type: 1, v_bool: value, ..KeyValue::default() }
}

pub(super) fn int(key: &str, value: i64) -> KeyValue {
    KeyValue { key: key.to_owned(), v_type: 2, v_int64: value, ..KeyValue::default() }
}

pub(super) fn process(service_name: &str, tags: Vec<KeyValue>) -> Process {
    Process { service_name: service_name.to_owned(), tags }
}
