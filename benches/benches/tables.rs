//! Requests as bytes and as tables: what reading, editing, writing and cutting them cost, with copying them and with
//! the reference codec beside it.
//!
//! The requests are those of the other benches: 512 and 8192 spans of ten attributes each.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use otlp::{Attribute, Limit, Payload, Pending, Signal, Traces};
use prost::Message;

/// Spans in one request.
const SPANS: [usize; 2] = [512, 8192];
/// An attribute that every span has.
const OLD_KEY: &str = "http.route";

fn main() {
    divan::main();
}

#[divan::bench(args = SPANS)]
fn copy(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).bench(|| black_box(&bytes[..]).to_vec());
}

#[divan::bench(args = SPANS)]
fn parse(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).bench(|| Payload::parse(Signal::Traces, black_box(bytes.clone())));
}

#[divan::bench(args = SPANS)]
fn read(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).with_inputs(|| traces(&bytes)).bench_values(|traces| {
        black_box(traces.spans().next().map(|span| span.kind()));
        traces
    });
}

#[divan::bench(args = SPANS)]
fn look_at_each_span(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    let traces = traces(&bytes);
    counted(bencher, &bytes, spans).bench(|| {
        let healthy = |span: &otlp::Span<'_>| {
            span.attributes().get(OLD_KEY).is_some_and(|route| route == otlp::Value::Text("/healthz".into()))
        };
        black_box(&traces).spans().filter(healthy).count()
    });
}

#[divan::bench(args = SPANS)]
fn upsert_and_delete_on_each_span(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).with_inputs(|| traces(&bytes)).bench_values(|traces| {
        let mut traces = traces;
        edit(&mut traces);
        Payload::from(traces).into_rope()
    });
}

#[divan::bench(args = SPANS)]
fn write_after_upsert_and_delete(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    let edited = || {
        let mut traces = traces(&bytes);
        edit(&mut traces);
        Payload::from(traces)
    };
    counted(bencher, &bytes, spans).with_inputs(edited).bench_values(Payload::into_rope);
}

#[divan::bench(args = SPANS)]
fn drop_every_tenth_span(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).with_inputs(|| traces(&bytes)).bench_values(|mut traces| {
        let mut number = 0;
        traces.retain(|_| {
            number += 1;
            number % 10 != 0
        });
        Payload::from(traces).into_rope()
    });
}

#[divan::bench(args = SPANS)]
fn upsert_and_delete_by_prost(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    counted(bencher, &bytes, spans).bench(|| {
        let mut request =
            ExportTraceServiceRequest::decode(black_box(bytes.clone())).expect("it was encoded");
        let scopes = request.resource_spans.iter_mut().flat_map(|group| &mut group.scope_spans);
        for span in scopes.flat_map(|scope| &mut scope.spans) {
            span.attributes.push(text("deployment.environment", "production"));
            span.attributes.retain(|attribute| attribute.key != OLD_KEY);
        }
        request.encode_to_vec()
    });
}

#[divan::bench(args = SPANS)]
fn upsert_on_each_resource(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    let payload = Payload::from(traces(&bytes));
    let attribute = Attribute::new("deployment.environment", "production");
    counted(bencher, &bytes, spans).bench(|| {
        let mut payload = black_box(&payload).clone();
        payload.edit_resources(|resource| resource.upsert(&attribute));
        payload
    });
}

#[divan::bench(args = SPANS)]
fn split_into_hundreds(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    let payload = Payload::from(traces(&bytes));
    counted(bencher, &bytes, spans)
        .bench(|| black_box(&payload).clone().split(Limit::items(100)).collect::<Vec<_>>());
}

#[divan::bench(args = [10, 512])]
fn batch_of_8192(bencher: Bencher<'_, '_>, spans: usize) {
    let bytes = request(spans);
    let payloads: Vec<_> =
        (0..8192 / spans).map(|_| Payload::from(traces(&Bytes::copy_from_slice(&bytes)))).collect();
    bencher.counter(ItemsCount::new(8192usize)).with_inputs(|| payloads.clone()).bench_values(|payloads| {
        let mut pending = Pending::new(Signal::Traces);
        payloads.into_iter().for_each(|payload| pending.push(payload));
        pending.take_all()
    });
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &Bytes, spans: usize) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(spans))
}

fn request(spans: usize) -> Bytes {
    benches::traces(spans).encode_to_vec().into()
}

fn traces(bytes: &Bytes) -> Traces {
    match Payload::parse(Signal::Traces, bytes.clone()).expect("it was encoded") {
        Payload::Traces(traces) => traces,
        Payload::Metrics(_) | Payload::Logs(_) => unreachable!("parsed as traces"),
    }
}

fn edit(traces: &mut Traces) {
    let attribute = Attribute::new("deployment.environment", "production");
    traces.edit().spans(|span| {
        let mut attributes = span.attributes();
        attributes.upsert(&attribute);
        attributes.delete(OLD_KEY);
    });
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Some(any_value::Value::StringValue(value.to_owned()));
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value }), ..KeyValue::default() }
}
