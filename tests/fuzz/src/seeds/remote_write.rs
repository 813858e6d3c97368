//! Seeds of remote write: requests of OTLP as series.

use bytes::Bytes;
use formats::prometheus::remote::{EncodeOptions, Message, Series};
use otlp::{Payload, Signal, json};

use super::{REQUESTS, Seed, add};

pub(super) fn add_all(seeds: &mut Vec<Seed>) {
    let options = EncodeOptions { scope_labels: true, target_info: true, ..EncodeOptions::default() };
    for (name, text) in REQUESTS.into_iter().filter(|(name, _)| name.starts_with("metrics")) {
        let bytes = json::decode(Signal::Metrics, text.as_bytes(), usize::MAX).expect("seeds are requests");
        let payload = Payload::parse(Signal::Metrics, Bytes::from(bytes)).expect("seeds are requests");
        let series = Series::new(payload.as_metrics().expect("they are metrics"), &options);
        for (target, message) in [("remote_write_v1", Message::V1), ("remote_write_v2", Message::V2)] {
            for request in series.requests(message, usize::MAX) {
                add(seeds, target, name, &[&request.body]);
            }
        }
        for body in series.metadata(usize::MAX) {
            add(seeds, "remote_write_v1", &format!("{name}-metadata"), &[&body]);
        }
    }
}
