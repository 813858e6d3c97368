//! OTLP JSON in both directions, beside what serde makes of the prost structs.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp::{Signal, json};
use prost::Message;

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [512, 8192];

#[divan::bench(args = SIZES)]
fn decode_traces(bencher: Bencher<'_, '_>, count: usize) {
    let text = as_json(Signal::Traces, &benches::traces(count).encode_to_vec());
    counted(bencher, &text, count).bench(|| json::decode(Signal::Traces, black_box(&text), usize::MAX));
}

#[divan::bench(args = SIZES)]
fn decode_metrics(bencher: Bencher<'_, '_>, count: usize) {
    let text = as_json(Signal::Metrics, &benches::metrics(count).encode_to_vec());
    counted(bencher, &text, count).bench(|| json::decode(Signal::Metrics, black_box(&text), usize::MAX));
}

#[divan::bench(args = SIZES)]
fn decode_logs(bencher: Bencher<'_, '_>, count: usize) {
    let text = as_json(Signal::Logs, &benches::logs(count).encode_to_vec());
    counted(bencher, &text, count).bench(|| json::decode(Signal::Logs, black_box(&text), usize::MAX));
}

#[divan::bench(args = SIZES)]
fn encode_traces(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::traces(count).encode_to_vec();
    let text = as_json(Signal::Traces, &bytes);
    let mut out = Vec::with_capacity(text.len());
    counted(bencher, &text, count).bench_local(|| {
        out.clear();
        json::encode(Signal::Traces, black_box(&bytes), &mut out)
    });
}

#[divan::bench(args = SIZES)]
fn yardstick_serde_decoding_traces(bencher: Bencher<'_, '_>, count: usize) {
    let text = as_json(Signal::Traces, &benches::traces(count).encode_to_vec());
    counted(bencher, &text, count)
        .bench(|| serde_json::from_slice::<ExportTraceServiceRequest>(black_box(&text)));
}

#[divan::bench(args = SIZES)]
fn yardstick_serde_encoding_traces(bencher: Bencher<'_, '_>, count: usize) {
    let request = benches::traces(count);
    let mut out = serde_json::to_vec(&request).expect("prost structs are JSON");
    counted(bencher, &out.clone(), count).bench_local(|| {
        out.clear();
        serde_json::to_writer(&mut out, black_box(&request))
    });
}

fn as_json(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    json::encode(signal, bytes, &mut text).expect("the generator makes requests");
    text
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8], items: usize) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::of_slice(bytes)).counter(ItemsCount::new(items))
}
