//! Bytes that were not scanned: tables must not panic on them, whatever they show.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;

use crate::fixtures;
use crate::payload::Form;
use crate::{Attribute, Logs, Metrics, Signal, Traces};

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        poke_all(&bytes);
    }

    #[test]
    fn damaged_requests_do_not_panic(
        request in prop_oneof![
            fixtures::traces().prop_map(|request| request.encode_to_vec()),
            fixtures::logs().prop_map(|request| request.encode_to_vec()),
            fixtures::metrics().prop_map(|request| request.encode_to_vec()),
        ],
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = request;
        if bytes.is_empty() {
            return Ok(());
        }
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        poke_all(&bytes);
        bytes.truncate(length.index(bytes.len()));
        poke_all(&bytes);
    }
}

fn poke_all(bytes: &[u8]) {
    for signal in Signal::ALL {
        let form = || Form::wire(Bytes::copy_from_slice(bytes).into(), bytes.len());
        match signal {
            Signal::Traces => poke_traces(Traces(form())),
            Signal::Metrics => poke_metrics(Metrics(form())),
            Signal::Logs => poke_logs(Logs(form())),
        }
    }
}

fn poke_traces(mut traces: Traces) {
    let shown = |traces: &Traces| {
        for span in traces.spans() {
            let attributes: Vec<_> = span.attributes().iter().map(|(_, value)| value.to_text()).collect();
            let times = (span.start_time_unix_nano(), span.end_time_unix_nano(), span.status());
            let events: Vec<_> = span.events().map(|event| event.attributes().len()).collect();
            drop((attributes, times, events, span.links().count(), span.flags()));
            let _ = (span.resource().attributes().len(), span.scope().name(), span.scope().schema_url());
        }
    };
    shown(&traces);
    traces.edit().retain_spans(|span| {
        span.attributes().upsert(&Attribute::new("x", 1));
        span.set_name("name");
        span.view().kind() != 3
    });
    traces.edit().resources(|resource| resource.set_schema_url("url"));
    shown(&traces);
    traces.0.to_rope();
}

fn poke_metrics(mut metrics: Metrics) {
    for (metric, point) in metrics.points() {
        let _ = (metric.name(), metric.temporality(), metric.metadata().len(), metric.scope().version());
        let _ = (
            point.value(),
            point.count(),
            point.sum(),
            point.min(),
            point.max(),
            point.scale(),
            point.flags(),
        );
        let _ = (point.bucket_counts().count(), point.explicit_bounds().count(), point.quantiles().count());
        let _ = (point.positive().counts().count(), point.zero_threshold());
        drop(point.exemplars().map(|exemplar| exemplar.value()).collect::<Vec<_>>());
    }
    metrics.edit().points(|point| {
        point.attributes().upsert(&Attribute::new("x", 1));
    });
    metrics.edit().metrics(|metric| metric.set_temporality(2));
    metrics.retain(|metric| metric.name().is_empty());
    metrics.0.to_rope();
}

fn poke_logs(mut logs: Logs) {
    for record in logs.records() {
        drop((record.body().to_text(), record.trace_id(), record.event_name()));
    }
    logs.edit().records(|record| {
        record.attributes().delete("a");
        record.set_body(true);
    });
    logs.0.to_rope();
}
