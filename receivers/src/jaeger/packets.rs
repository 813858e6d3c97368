//! What became of the packets that did not make it: by reason, in numbers and in the log.

use component::{Context, Counter, Description, MetricKind, Trouble};
use transport::Datagrams;

const DROPPED: Description = Description {
    name: "ferrotel_receiver_dropped_packets",
    help: "Datagrams that were dropped whole, by reason. How many items were in them is not known.",
    unit: "{packets}",
};

/// Why a packet is dropped whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// As many packets wait as may.
    QueueFull,
    /// The process holds as many bytes as it may.
    MemoryLimit,
    /// It is longer than `max_packet_size`.
    TooLong,
    /// It cannot be read.
    Malformed,
    /// The pipeline did not take it, for as long as was waited for.
    Refused,
}

impl Reason {
    const ALL: [Reason; 5] =
        [Reason::QueueFull, Reason::MemoryLimit, Reason::TooLong, Reason::Malformed, Reason::Refused];

    fn label(self) -> &'static str {
        match self {
            Reason::QueueFull => "queue_full",
            Reason::MemoryLimit => "memory_limit",
            Reason::TooLong => "too_long",
            Reason::Malformed => "malformed",
            Reason::Refused => "refused",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Reason::QueueFull => "the queue of packets is full; dropping packets",
            Reason::MemoryLimit => "the memory limit is reached; dropping packets",
            Reason::TooLong => "packets are too long; dropping them",
            Reason::Malformed => "packets cannot be read; dropping them",
            Reason::Refused => "the pipeline refuses; dropping packets",
        }
    }

    /// Whether it is a state of ours, which ends, or a fault of a client, which comes again.
    fn ends(self) -> bool {
        match self {
            Reason::QueueFull | Reason::MemoryLimit | Reason::Refused => true,
            Reason::TooLong | Reason::Malformed => false,
        }
    }
}

/// The packets of one socket that were dropped.
pub(super) struct Dropped([(Counter, Trouble); 5]);

impl Dropped {
    pub(super) fn new(cx: &Context, transport: &'static str, socket: &Datagrams) -> Dropped {
        let labels = |reason: &str| {
            vec![
                ("receiver", cx.id.to_string()),
                ("transport", transport.to_owned()),
                ("reason", reason.to_owned()),
            ]
        };
        if let Some(count) = socket.drop_count() {
            cx.metrics.ask(DROPPED, MetricKind::Counter, labels("kernel"), move || count.value().map(to_f64));
        }
        Dropped(Reason::ALL.map(|reason| {
            let counter = cx.metrics.counter(DROPPED, labels(reason.label()));
            // The series are there from the beginning, so that a rate of them can be seen to rise.
            counter.add(0);
            (counter, Trouble::new(format!("{} ({transport})", cx.id), reason.words()))
        }))
    }

    /// A packet was dropped, with so many spans as far as that is known.
    pub(super) fn report(&self, reason: Reason, spans: usize, why: &dyn std::fmt::Display) {
        let (counter, trouble) = &self.0[reason as usize];
        counter.add(1);
        trouble.report(spans, why);
    }

    /// A packet was not dropped for that reason.
    pub(super) fn passed(&self, reason: Reason) {
        if reason.ends() {
            self.0[reason as usize].1.over();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
fn to_f64(value: u64) -> f64 {
    value as f64
}
