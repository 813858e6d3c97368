//! Inputs to begin with: requests of every signal with something in every field, odd ones, and configurations.

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
    seeds
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
