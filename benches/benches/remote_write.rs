//! Remote write of Prometheus, both versions and both directions, beside prost with the same request and a plain copy.

use std::hint::black_box;

use bytes::Bytes;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use formats::prometheus::remote::{DecodeOptions, EncodeOptions, Known, Message, Series, decode};
use otlp::{Payload, Signal};
use prost::Message as _;

fn main() {
    divan::main();
}

const SIZES: [usize; 2] = [256, 4096];

/// What a request may mean is not what is measured.
const OPTIONS: DecodeOptions = DecodeOptions { max_bytes: 1 << 30 };

#[divan::bench(args = SIZES)]
fn write_v1(bencher: Bencher<'_, '_>, count: usize) {
    write(bencher, count, Message::V1);
}

#[divan::bench(args = SIZES)]
fn write_v2(bencher: Bencher<'_, '_>, count: usize) {
    write(bencher, count, Message::V2);
}

#[divan::bench(args = SIZES)]
fn read_v1(bencher: Bencher<'_, '_>, count: usize) {
    read(bencher, count, Message::V1);
}

#[divan::bench(args = SIZES)]
fn read_v2(bencher: Bencher<'_, '_>, count: usize) {
    read(bencher, count, Message::V2);
}

/// Encoding alone: the structs are there already.
#[divan::bench(args = SIZES)]
fn yardstick_prost_encode_v1(bencher: Bencher<'_, '_>, count: usize) {
    let body = body(&otlp_request(count), Message::V1);
    let request = WriteRequest::decode(&*body).expect("it is a request");
    counted(bencher, &body, count).bench(|| black_box(&request).encode_to_vec());
}

#[divan::bench(args = SIZES)]
fn yardstick_prost_decode_v1(bencher: Bencher<'_, '_>, count: usize) {
    let body = body(&otlp_request(count), Message::V1);
    counted(bencher, &body, count).bench(|| WriteRequest::decode(black_box(&*body)));
}

#[divan::bench(args = SIZES)]
fn yardstick_copy(bencher: Bencher<'_, '_>, count: usize) {
    let body = body(&otlp_request(count), Message::V1);
    counted(bencher, &body, count).bench(|| black_box(&body).clone());
}

fn write(bencher: Bencher<'_, '_>, count: usize, message: Message) {
    let request = otlp_request(count);
    counted(bencher, &request, count).bench(|| body(black_box(&request), message));
}

fn read(bencher: Bencher<'_, '_>, count: usize, message: Message) {
    let body = body(&otlp_request(count), message);
    let known = Known::default();
    counted(bencher, &body, count).bench(|| decode(message, black_box(&body), &known, OPTIONS));
}

fn otlp_request(count: usize) -> Bytes {
    Bytes::from(benches::metrics(count).encode_to_vec())
}

/// A request of OTLP as one of remote write.
fn body(request: &Bytes, message: Message) -> Vec<u8> {
    let payload = Payload::parse(Signal::Metrics, request.clone()).expect("the generator makes requests");
    let options = EncodeOptions { scope_labels: true, target_info: true, ..EncodeOptions::default() };
    let series = Series::new(payload.as_metrics().expect("they are metrics"), &options);
    series.requests(message, usize::MAX).next().expect("there are points").body
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8], count: usize) -> Bencher<'a, 'b> {
    bencher.counter(ItemsCount::new(count)).counter(BytesCount::new(bytes.len()))
}

#[derive(Clone, PartialEq, prost::Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}
