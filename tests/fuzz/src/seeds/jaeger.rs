//! Batches and packets of Jaeger's clients.

use super::{Seed, add};

/// A `PostSpansRequest`: one span with a parent, tags, a log.
const PROTO: &str = "0add010aa8010a100102030405060708090a0b0c0d0e0f10120811121314151617181a026f70221c0a10\
    0102030405060708090a0b0c0d0e0f10120821222324252627282801320b0880e2cfaa06108094ef3a3a06080010e0c65b42130a09\
    7370616e2e6b696e641a06736572766572420b0a056572726f721001200142070a016e100228074a260a0b0880e2cfaa0610e0ebf1\
    3a120e0a056576656e741a05636163686512070a03686974100112300a03737663120e0a08686f73746e616d651a02683112190a0e\
    6a61656765722e76657273696f6e1a07476f2d322e3330";

/// The same with a scope, a status, links, trace state, all kinds of values, a process of its own, and a bad span.
const PROTO_FULL: &str = "0aa1030af3020a080101010101010101120802020202020202021a0164221e0a100b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b12\
    080303030303030303180122140a08010101010101010112080404040404040404280332080880e2cfaa0610053a06080110\
    80897a42160a0f6f74656c2e73636f70652e6e616d651a036c696242170a126f74656c2e73636f70652e76657273696f6e1a\
    013142160a106f74656c2e7374617475735f636f64651a026f6b421e0a176f74656c2e7374617475735f6465736372697074\
    696f6e1a0377687942150a0e7733632e747261636573746174651a03613d62420e0a01661003310000000000000440420a0a\
    016210043a0300ff0742170a10687474702e7374617475735f636f6465100228f40342050a0175100542130a097370616e2e\
    6b696e641a06636c69656e744a1c0a060880e2cfaa06120a0a056576656e741a017812060a016b1a017652140a036f776e12\
    0d0a08686f73746e616d651a01685a02703162076361726566756c0a0a0a030102031a03626164121d0a0373766312160a0e\
    6a61656765722e76657273696f6e1a04476f2d32";

/// A `jaeger.Batch` in binary Thrift.
const BINARY: &str = "0c00010b00010000000173000f00020c000000010a000100000000000000010a000200000000000000000a\
    000300000000000000020a000400000000000000030b0005000000016f080007000000010a000800060a24181e40000a0009000000\
    00000000fa0f000a0c000000020b0001000000016b080002000000030a0006fffffffffffffffb000b000100000001650800020000\
    000202000501000000";

/// The same in compact Thrift.
const COMPACT: &str = "1c18017300191c160216001604160618016f2502168080f2818389850616f403192c18016b150646090018\
    0165150431000000";

/// A list of one of Zipkin's spans in compact Thrift, with two annotations and a binary one.
const ZIPKIN: &str = "191c160228016e1606192c16c0843d180273721c150218047468697300001664180273731c1502180474686973\
    000000291c18016b18017615 0c0000";

pub(super) fn add_all(seeds: &mut Vec<Seed>) {
    add(seeds, "jaeger_proto", "jaeger", &[&bytes(PROTO)]);
    add(seeds, "jaeger_proto", "jaeger-full", &[&bytes(PROTO_FULL)]);
    add(seeds, "jaeger_proto", "jaeger-twice", &[&bytes(PROTO), &bytes(PROTO)]);
    let (binary, compact) = (bytes(BINARY), bytes(COMPACT));
    add(seeds, "jaeger_thrift", "jaeger-binary", &[&[0], &binary]);
    add(seeds, "jaeger_thrift", "jaeger-compact", &[&[1], &compact]);
    let head = b"\x02\x80\x01\x00\x04\x00\x00\x00\x09emitBatch\x00\x00\x00\x01\x0c\x00\x01";
    add(seeds, "jaeger_thrift", "jaeger-packet-binary", &[head, &binary, &[0]]);
    let head = b"\x03\x82\x81\x01\x09emitBatch\x1c";
    add(seeds, "jaeger_thrift", "jaeger-packet-compact", &[head, &compact, &[0]]);
    let head = b"\x03\x82\x81\x01\x0femitZipkinBatch";
    add(seeds, "jaeger_thrift", "zipkin-packet-compact", &[head, &bytes(ZIPKIN), &[0]]);
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | value(*digit).unwrap_or(0));
    digits.chunks(2).map(byte).collect()
}
