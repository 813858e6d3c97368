//! Spans as those who send them tell of them, and as those who get them have them.

use tests::Backend;
use tests::backend::Export;
use tests::jaeger::{Jaeger, model};
use tests::proto::common::v1::KeyValue;
use tests::proto::common::v1::any_value::Value as Any;
use tests::proto::trace::v1::{ResourceSpans, Span};
use tests::serde_json::Value;

/// What every exporter must keep of a span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) trace: String,
    pub(super) span: String,
    pub(super) name: String,
    /// Start and end, in nanoseconds.
    pub(super) times: (u64, u64),
    /// `service.name`, `environment` and `cluster` of its resource.
    pub(super) of: [String; 3],
}

/// What a span is of when it has passed the processors of the file.
const STAMP: [&str; 3] = ["shop", "production", "us-west-2"];

impl Told {
    /// A span as it must arrive.
    pub(super) fn new(trace: &str, span: &str, name: &str, times: (u64, u64)) -> Told {
        let (trace, span, name) = (trace.to_owned(), span.to_owned(), name.to_owned());
        Told { trace, span, name, times, of: STAMP.map(str::to_owned) }
    }

    /// The two spans of a script for Jaeger, of which it prints ids and times.
    pub(super) fn by_script(printed: &Value) -> Vec<Told> {
        let time = |number: usize| printed["times"][number].as_u64().expect("a time") * 1000;
        let ids = |span: &str, id: &str| printed[span][id].as_str().expect("an id").to_owned();
        let told = |span: &str, name, times| Told::new(&ids(span, "trace"), &ids(span, "span"), name, times);
        vec![told("server", "GET /cart", (time(0), time(4))), told("client", "SELECT", (time(2), time(3)))]
    }

    /// The spans of an SDK.
    pub(super) fn by_sdk(export: &Export) -> Vec<Told> {
        export.spans().iter().map(|span| read(span, STAMP.map(str::to_owned))).collect()
    }
}

/// What the backend has, in order.
pub(super) fn at_backend(backend: &Backend) -> Vec<Told> {
    let parts = backend.taken().into_iter().flat_map(parts);
    in_order(parts.flat_map(|part| {
        let attributes = part.resource.unwrap_or_default().attributes;
        let of = ["service.name", "environment", "cluster"].map(|key| text(&attributes, key));
        let spans = part.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.map(|span| read(&span, of.clone())).collect::<Vec<_>>()
    }))
}

/// What Jaeger has, in order.
pub(super) fn at_jaeger(jaeger: &Jaeger) -> Vec<Told> {
    in_order(jaeger.batches().into_iter().flat_map(|batch| {
        let process = batch.process.unwrap_or_default();
        let tag = |key: &str| {
            let found = process.tags.iter().find(|tag| tag.key == key);
            found.map(|tag| tag.v_str.clone()).unwrap_or_default()
        };
        let of = [process.service_name.clone(), tag("environment"), tag("cluster")];
        batch.spans.into_iter().map(|span| read_jaeger(span, of.clone())).collect::<Vec<_>>()
    }))
}

/// The parts of a request that have a resource each.
pub(super) fn parts(export: Export) -> Vec<ResourceSpans> {
    match export {
        Export::Traces(request) => request.resource_spans,
        Export::Metrics(_) | Export::Logs(_) => Vec::new(),
    }
}

/// In order, without the span that the client for Zipkin puts around the one that it is told to send.
pub(super) fn in_order(spans: impl IntoIterator<Item = Told>) -> Vec<Told> {
    let mut spans: Vec<_> = spans.into_iter().filter(|span| span.name != "frame").collect();
    spans.sort();
    spans
}

fn read(span: &Span, of: [String; 3]) -> Told {
    Told {
        trace: hex(&span.trace_id),
        span: hex(&span.span_id),
        name: span.name.clone(),
        times: (span.start_time_unix_nano, span.end_time_unix_nano),
        of,
    }
}

fn read_jaeger(span: model::Span, of: [String; 3]) -> Told {
    let nanos = |time: Option<model::Seconds>| {
        let time = time.unwrap_or_default();
        let (seconds, nanos) = (u64::try_from(time.seconds), u64::try_from(time.nanos));
        seconds.expect("after 1970") * 1_000_000_000 + nanos.expect("not below zero")
    };
    let start = nanos(span.start_time);
    Told {
        trace: hex(&span.trace_id),
        span: hex(&span.span_id),
        name: span.operation_name,
        times: (start, start + nanos(span.duration)),
        of,
    }
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Any::StringValue(text)) => text,
        other => format!("{other:?}"),
    }
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
