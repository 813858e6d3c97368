//! Inputs to begin with: requests of every signal with something in every field, odd ones, and configurations.

mod jaeger;
mod remote_write;

use otlp::{Signal, json};

/// An input of the corpus.
#[derive(Debug)]
pub struct Seed {
    /// The target that it is for.
    pub target: &'static str,
    /// The name of its file.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Requests as JSON; a file's first letter tells its signal.
const REQUESTS: [(&str, &str); 7] = [
    ("traces-example", include_str!("../../../otlp/tests/data/trace.json")),
    ("metrics-example", include_str!("../../../otlp/tests/data/metrics.json")),
    ("logs-example", include_str!("../../../otlp/tests/data/logs.json")),
    ("logs-events", include_str!("../../../otlp/tests/data/events.json")),
    ("traces-full", include_str!("seeds/traces.json")),
    ("metrics-full", include_str!("seeds/metrics.json")),
    ("logs-full", include_str!("seeds/logs.json")),
];

/// Requests that no SDK makes, but that are requests.
const ODD: [(&str, &[u8]); 7] = [
    ("traces-unknown-fields-and-groups", b"\x0a\x1c\x12\x16\x12\x0f*\x01n\xa2\x06\x03abc\x93\x03\x08\x01\x94\x03\xf2>\x02ss\xf2>\x01r\xf8\x01\x01"),
    ("traces-two-resources", b"\x0a\x16\x0a\x05\x0a\x03\x0a\x01a\x12\x02\x12\x00CD\x0a\x07\x10\x05\x0a\x03\x0a\x01b"),
    ("traces-attributes-apart", b"\x0a\x16\x12\x14\x12\x12J\x03\x0a\x01a*\x01nJ\x03\x0a\x01b*\x01mP\x01"),
    ("metrics-two-kinds-of-data", b"\x0a\x17\x12\x15\x12\x13\x0a\x01n*\x02\x0a\x00:\x04\x0a\x00\x10\x02*\x00:\x02\x0a\x00"),
    ("metrics-numbers-one-by-one", b"\x0a$\x12\x22\x12\x20J\x1e\x0a\x1c1\x01\x00\x00\x00\x00\x00\x00\x002\x08\x02\x00\x00\x00\x00\x00\x00\x009\x00\x00\x00\x00\x00\x00\x00\x00"),
    ("logs-lengths-in-more-bytes", b"\x0a\x8c\x00\x12\x88\x80\x00\x12\x85\x00\x1a\x82\x00ab"),
    ("logs-empty", b""),
];

const CONFIGURATIONS: [(&str, &str); 4] = [
    ("founding.yaml", include_str!("seeds/founding.yaml")),
    ("settings.yaml", include_str!("seeds/settings.yaml")),
    ("references.yaml", include_str!("seeds/references.yaml")),
    ("mistakes.yaml", include_str!("seeds/mistakes.yaml")),
];

/// Spans of Zipkin, with what their targets want in front.
const ZIPKIN: [(&str, &str, &[u8]); 6] = [
    ("zipkin_json", "full", concat!("s", include_str!("seeds/zipkin-v2.json")).as_bytes()),
    ("zipkin_json", "groups", concat!("p", include_str!("seeds/zipkin-v2-groups.json")).as_bytes()),
    ("zipkin_proto", "full", ZIPKIN_PROTO),
    ("zipkin_v1", "json", concat!("js", include_str!("seeds/zipkin-v1.json")).as_bytes()),
    ("zipkin_v1", "binary", ZIPKIN_BINARY),
    ("zipkin_v1", "compact", ZIPKIN_COMPACT),
];

/// A span with every field, and one with nothing but short ids.
const ZIPKIN_PROTO: &[u8] =
    b"s\x0a\xa7\x01\x0a\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x12\x08!\"#$%&\
    '(\x1a\x08\x11\x12\x13\x14\x15\x16\x17\x18\x20\x02*\x03get1@\"\x20\x18$\x0a\x06\x008\xdc\x0bB\x0d\
    \x0a\x03svc\x12\x04\x0a\x00\x00\x01\x20PJ\x18\x0a\x02db\x1a\x10\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00\x00\x00\x01\x20\x09R\x1b\x09l\"\x20\x18$\x0a\x06\x00\x12\x10ev|{\"a\":[1.5]}|2Z\x06\
    \x0a\x01k\x12\x015Z\x0a\x0a\x05error\x12\x01xZ\x0e\x0a\x09host.name\x12\x01h`\x01h\x01\x0a\x14\x0a\
    \x08\x00\x00\x00\x00\x00\x00\x00\x01\x1a\x08\x00\x00\x00\x00\x00\x00\x00\x02";

/// A server's span with one endpoint, and two binary annotations, in the binary and in the compact protocol.
const ZIPKIN_BINARY: &[u8] = b"bs\x0c\0\0\0\x01\x0a\0\x01\0\0\0\0\0\0\0\x02\x0b\0\x03\0\0\0\x03get\
\x0a\0\x04\0\0\0\0\0\0\0\x03\x0f\0\x06\x0c\0\0\0\x02\x0a\0\x01\0\x06\x0a\x24\x18\x1e\x40\0\x0b\0\x02\0\0\0\x02sr\
\x0c\0\x03\x08\0\x01\x0a\0\0\x01\x06\0\x02\x9c\x40\x0b\0\x03\0\0\0\x01f\0\0\x0a\0\x01\0\x06\x0a\x24\x18\x1e\x40\x64\x0b\0\x02\0\0\0\x02ss\0\
\x0f\0\x08\x0c\0\0\0\x02\x0b\0\x01\0\0\0\x01k\x0b\0\x02\0\0\0\x02\0\x07\x08\0\x03\0\0\0\x02\0\
\x0b\0\x01\0\0\0\x02sa\x0b\0\x02\0\0\0\x01\x01\x08\0\x03\0\0\0\0\x0c\0\x04\x06\0\x02\0\x50\0\0\0";
const ZIPKIN_COMPACT: &[u8] =
    b"cs\x1c\x16\x04\x28\x03get\x16\x06\x29\x1c\x18\x02sr\x1c\x15\x02\x14\x50\x18\x01f\0\0\
\x29\x1c\x18\x01k\x18\x01v\x15\x0c\0\x26\x02\x16\x04\0";

/// Pages of Prometheus, behind the choice of settings.
const PROMETHEUS: [(&str, &str, &[u8]); 3] = [
    ("prometheus_text", "plain", concat!("\0", include_str!("seeds/prometheus.txt")).as_bytes()),
    ("prometheus_text", "honored", concat!("\x2f", include_str!("seeds/prometheus.txt")).as_bytes()),
    ("prometheus_openmetrics", "plain", concat!("\0", include_str!("seeds/openmetrics.txt")).as_bytes()),
];

/// Families of every kind, with every field.
const PROMETHEUS_PROTO: &[u8] = include_bytes!("seeds/prometheus.pb");

/// Every seed, for every target.
#[must_use]
pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (name, text) in REQUESTS {
        let bytes = json::decode(signal(name), text.as_bytes(), usize::MAX).expect("seeds are requests");
        add_request(&mut seeds, name, &bytes);
        add(&mut seeds, "json_read", name, &[&name.as_bytes()[..1], text.as_bytes()]);
    }
    for (name, bytes) in ODD {
        add_request(&mut seeds, name, bytes);
    }
    for (name, text) in CONFIGURATIONS {
        add(&mut seeds, "configuration", name, &[text.as_bytes()]);
    }
    for (target, name, bytes) in ZIPKIN {
        add(&mut seeds, target, name, &[bytes]);
    }
    for (target, name, bytes) in PROMETHEUS {
        add(&mut seeds, target, name, &[bytes]);
    }
    for (name, choices) in [("classic", 8), ("both", 16), ("merged", 64)] {
        add(&mut seeds, "prometheus_proto", name, &[&[choices], PROMETHEUS_PROTO]);
    }
    jaeger::add_all(&mut seeds);
    add_xray(&mut seeds);
    remote_write::add_all(&mut seeds);
    seeds
}

/// Adds what the translation to X-Ray looks at, with each choice of what to index.
fn add_xray(seeds: &mut Vec<Seed>) {
    let bytes = json::decode(Signal::Traces, include_bytes!("seeds/xray.json"), usize::MAX);
    let bytes = bytes.expect("seeds are requests");
    for (variant, choice) in [("none", 0), ("all", 1), ("some", 2)] {
        add(seeds, "xray", &format!("indexed-{variant}"), &[b"t", &[choice], &bytes]);
    }
}

/// Adds a request to the targets that take protobuf, with choices that do something.
fn add_request(seeds: &mut Vec<Seed>, name: &str, request: &[u8]) {
    let letter = &name.as_bytes()[..1];
    add(seeds, "scan", name, &[letter, request]);
    add(seeds, "json_write", name, &[letter, request]);
    for (variant, choices) in
        [("upsert-delete", [0x05, 0x1a, 0x57, 0x2f]), ("rename-clear", [0x0d, 0x21, 0x00, 0x4c])]
    {
        add(seeds, "resources", &format!("{name}-{variant}"), &[letter, &choices, request]);
    }
    for (variant, choices) in [("by-one", [1, 0]), ("by-bytes", [0, 20]), ("by-both", [2, 40])] {
        add(seeds, "split", &format!("{name}-{variant}"), &[letter, &choices, request]);
    }
    for (variant, choices) in
        [("items", [0x02, 0x05, 0x00, 0x1a, 0x57, 0x03]), ("drops", [0x03, 0x04, 0x06, 0x29, 0x01, 0x0c])]
    {
        add(seeds, "edits", &format!("{name}-{variant}"), &[letter, &choices, request]);
    }
}

fn add(seeds: &mut Vec<Seed>, target: &'static str, name: &str, parts: &[&[u8]]) {
    seeds.push(Seed { target, name: format!("seed-{name}"), bytes: parts.concat() });
}

fn signal(name: &str) -> Signal {
    Signal::ALL.into_iter().find(|signal| name.starts_with(signal.as_str())).expect("names begin so")
}
