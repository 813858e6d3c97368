//! The scan of a request, beside copying it and beside reading it with prost.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp::Signal;
use prost::Message;

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [512, 8192];

#[divan::bench(args = SIZES)]
fn traces(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::traces(count).encode_to_vec();
    counted(bencher, &bytes, count).bench(|| otlp::wire::scan::scan(Signal::Traces, black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn metrics(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::metrics(count).encode_to_vec();
    counted(bencher, &bytes, count).bench(|| otlp::wire::scan::scan(Signal::Metrics, black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn logs(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::logs(count).encode_to_vec();
    counted(bencher, &bytes, count).bench(|| otlp::wire::scan::scan(Signal::Logs, black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn yardstick_copying_traces(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::traces(count).encode_to_vec();
    let mut copy = bytes.clone();
    counted(bencher, &bytes, count).bench_local(|| black_box(&mut copy).copy_from_slice(black_box(&bytes)));
}

#[divan::bench(args = SIZES)]
fn yardstick_prost_reading_traces(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = benches::traces(count).encode_to_vec();
    counted(bencher, &bytes, count).bench(|| ExportTraceServiceRequest::decode(black_box(&bytes[..])));
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8], items: usize) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::of_slice(bytes)).counter(ItemsCount::new(items))
}
