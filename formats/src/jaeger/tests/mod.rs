//! What the mapping says, vector by vector, and what must hold for all bytes.

mod hostile;
mod model;
mod reading;
mod round_trip;
mod thrift_library;
mod writing;

use bytes::Bytes;
use otlp::{Payload, Signal, Traces, json};

use super::Decoded;

/// The bytes that these digits stand for; white space does not matter.
fn hex(digits: &str) -> Vec<u8> {
    let digits: String = digits.split_whitespace().collect();
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// The OTLP request as JSON. Checks that it is one, and that its spans were counted right.
fn shown(decoded: &Decoded) -> String {
    assert_eq!(payload(&decoded.traces).items(), decoded.spans);
    let mut out = Vec::new();
    json::encode(Signal::Traces, &decoded.traces, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn payload(traces: &[u8]) -> Payload {
    Payload::parse(Signal::Traces, Bytes::copy_from_slice(traces)).unwrap()
}

fn traces(payload: &Payload) -> &Traces {
    payload.as_traces().unwrap()
}

const V1: &str = "0add01
    0aa8010a100102030405060708090a0b0c0d0e0f10120811121314151617181a026f70221c0a100102030405060708090a0b0c0d
    0e0f10120821222324252627282801320b0880e2cfaa06108094ef3a3a06080010e0c65b42130a097370616e2e6b696e641a0673
    6572766572420b0a056572726f721001200142070a016e100228074a260a0b0880e2cfaa0610e0ebf13a120e0a056576656e741a
    05636163686512070a03686974100112300a03737663120e0a08686f73746e616d651a02683112190a0e6a61656765722e766572
    73696f6e1a07476f2d322e3330";

const V2: &str = "
    0c00010b00010000000173000f00020c000000010a000100000000000000010a000200000000000000000a000300000000000000
    020a000400000000000000030b0005000000016f080007000000010a000800060a24181e40000a000900000000000000fa0f000a
    0c000000020b0001000000016b080002000000030a0006fffffffffffffffb000b00010000000165080002000000020200050100
    0000";

const V3: &str = "
    1c18017300191c160216001604160618016f2502168080f2818389850616f403192c18016b1506460900180165150431000000";

const V3_DATAGRAM: &str = "
    82810109656d697442617463681c1c18017300191c160216001604160618016f2502168080f2818389850616f403192c18016b15
    0646090018016515043100000000";

fn v4_datagram() -> Vec<u8> {
    [hex("8001000400000009656d6974426174636800000001 0c0001"), hex(V2), hex("00")].concat()
}
