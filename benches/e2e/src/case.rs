//! What is measured.

use crate::request::{Protocol, Shape};

/// One thing to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
}

/// What to do for it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// CPU time under load.
    Load(Loaded),
    /// Memory without any load.
    Idle,
    /// Memory under a load for which the sink is too slow, because it has stopped.
    Stalled,
    /// From the start of the program to its first open port.
    Start,
    /// CPU time and memory while so many targets of a thousand samples are scraped every 15 seconds.
    Scrape(usize),
    /// A page with a million series.
    Expose,
}

/// A load, and what the collector does with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loaded {
    pub(crate) shape: Shape,
    pub(crate) pipeline: Pipeline,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
    /// Spans a second; 0 is as many as are taken.
    pub(crate) rate: u64,
    pub(crate) two_cores: bool,
    /// CPU seconds per million spans: what must be reached, and what is wanted.
    pub(crate) budget: Option<(f64, f64)>,
}

/// The processors between receiver and exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pipeline {
    /// `memory_limiter`, `resource` with one upsert, `batch`.
    Resource,
    /// The same with `attributes`: a condition on every span, one upsert, one delete.
    Attributes,
}

const GRPC_512: Loaded = Loaded {
    shape: Shape { protocol: Protocol::Grpc, spans: 512, gzip: false },
    pipeline: Pipeline::Resource,
    connections: 4,
    in_flight: 8,
    rate: 0,
    two_cores: false,
    budget: Some((0.30, 0.22)),
};

pub(crate) const CASES: [Case; 14] = [
    Case { name: "grpc-512", work: Work::Load(GRPC_512) },
    Case {
        name: "grpc-512-attributes",
        work: Work::Load(Loaded { pipeline: Pipeline::Attributes, budget: Some((0.50, 0.35)), ..GRPC_512 }),
    },
    Case {
        name: "http-512",
        work: Work::Load(Loaded {
            shape: Shape { protocol: Protocol::Http, ..GRPC_512.shape },
            budget: Some((0.28, 0.21)),
            ..GRPC_512
        }),
    },
    Case {
        name: "grpc-10",
        work: Work::Load(Loaded {
            shape: Shape { spans: 10, ..GRPC_512.shape },
            in_flight: 64,
            budget: Some((0.80, 0.55)),
            ..GRPC_512
        }),
    },
    Case {
        name: "grpc-512-gzip1",
        work: Work::Load(Loaded {
            shape: Shape { gzip: true, ..GRPC_512.shape },
            budget: Some((1.3, 1.0)),
            ..GRPC_512
        }),
    },
    Case {
        name: "jaeger-grpc-512",
        work: Work::Load(Loaded {
            shape: Shape { protocol: Protocol::JaegerGrpc, ..GRPC_512.shape },
            budget: None,
            ..GRPC_512
        }),
    },
    Case {
        name: "zipkin-json-512",
        work: Work::Load(Loaded {
            shape: Shape { protocol: Protocol::Zipkin, ..GRPC_512.shape },
            budget: None,
            ..GRPC_512
        }),
    },
    Case {
        name: "agent",
        // 3% and 2.5% of a core at 10,000 spans a second.
        work: Work::Load(Loaded {
            shape: Shape { spans: 50, ..GRPC_512.shape },
            rate: 10_000,
            budget: Some((3.0, 2.5)),
            ..GRPC_512
        }),
    },
    Case { name: "two-cores", work: Work::Load(Loaded { two_cores: true, budget: None, ..GRPC_512 }) },
    Case { name: "idle", work: Work::Idle },
    Case { name: "stalled-10x", work: Work::Stalled },
    Case { name: "start", work: Work::Start },
    Case { name: "scrape-1000", work: Work::Scrape(1_000) },
    Case { name: "expose-million", work: Work::Expose },
];

/// The load that [`Work::Stalled`] multiplies, and with which it compares.
pub(crate) const STALLED: Loaded = GRPC_512;
