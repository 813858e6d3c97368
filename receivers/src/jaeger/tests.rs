//! The receiver's services, called as the transport calls them; packets without a network.

mod answers;
mod configuration;
mod packets;

use std::sync::Arc;

use ::http::HeaderMap;
use bytes::Bytes;
use component::testing::{Script, context};
use component::{ConsumeError, Context, Kind, Value};
use transport::{grpc, http};

use super::intake::Intake;

/// A `PostSpansRequest` with one span `op` of the service `svc`.
const PROTO: &str = "0add010aa8010a100102030405060708090a0b0c0d0e0f10120811121314151617181a026f70221c0a10010203040506\
    0708090a0b0c0d0e0f10120821222324252627282801320b0880e2cfaa06108094ef3a3a06080010e0c65b42130a097370616e2e6b696e64\
    1a0673657276657242 0b0a056572726f721001200142070a016e100228074a260a0b0880e2cfaa0610e0ebf13a120e0a056576656e741a05\
    636163686512070a03686974100112300a03737663120e0a08686f73746e616d651a02683112190a0e6a61656765722e76657273696f6e1a\
    07476f2d322e3330";

/// A `jaeger.Batch` in binary Thrift with one span `o` of the service `s`.
const BINARY: &str = "0c00010b00010000000173000f00020c000000010a000100000000000000010a000200000000000000000a00030000\
    0000000000020a000400000000000000030b0005000000016f080007000000010a000800060a24181e40000a000900000000000000fa0f000a\
    0c000000020b0001000000016b080002000000030a0006fffffffffffffffb000b000100000001650800020000000202000501000000";

/// The same as a message to an agent in compact Thrift.
const COMPACT_PACKET: &str = "82810109656d697442617463681c1c18017300191c160216001604160618016f2502168080f2818389850616\
    f403192c18016b150646090018016515043100000000";

/// What wraps a batch in binary Thrift as a message to an agent, before and after.
const BINARY_PACKET: (&str, &str) = ("8001000400000009656d69744261746368000000010c0001", "00");

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// A receiver in front of a pipeline that gives `answers`.
struct Setup {
    cx: Context,
    pipeline: Arc<Script>,
    intake: Arc<Intake>,
}

impl Setup {
    fn new(answers: impl IntoIterator<Item = Result<(), ConsumeError>>) -> Setup {
        let (cx, pipeline) = (context(Kind::Receiver, "jaeger"), Script::new(answers));
        let intake = Arc::new(Intake::new(&cx, pipeline.clone()));
        Setup { cx, pipeline, intake }
    }

    /// The sum of the series of that metric which have this value among their labels.
    fn count(&self, name: &str, label: &str) -> f64 {
        count(&self.cx, name, label)
    }
}

fn count(cx: &Context, name: &str, label: &str) -> f64 {
    let families = cx.metrics.read();
    let samples = families.iter().filter(|family| family.name == name).flat_map(|family| &family.samples);
    let fitting = samples.filter(|sample| sample.labels.iter().any(|(_, value)| value == label));
    let numbers = fitting.map(|sample| match sample.value {
        Value::Number(number) => number,
        Value::Histogram { .. } => panic!("{name} is a histogram"),
    });
    numbers.sum()
}

fn call(path: &str, message: &[u8]) -> grpc::Request {
    grpc::Request {
        path: path.to_owned(),
        headers: HeaderMap::new(),
        peer: None,
        identity: None,
        metadata: None,
        message: Bytes::copy_from_slice(message),
    }
}

fn post(kind: &str, body: &[u8]) -> http::Request {
    let request = ::http::Request::post("/api/traces?format=jaeger.thrift").header("content-type", kind);
    let (head, ()) = request.body(()).unwrap().into_parts();
    http::Request { head, body: Bytes::copy_from_slice(body), peer: None, identity: None, metadata: None }
}
