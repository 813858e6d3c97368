//! Remote write of Prometheus, both versions, in both directions.

use bytes::Bytes;
use formats::prometheus::remote::{
    DecodeOptions, Decoded, EncodeOptions, Known, Malformed, Message, Series, decode,
};
use otlp::{Payload, Signal};

use crate::outcome::{Outcome, class, gist};

/// How much OTLP may come out of an input.
const OPTIONS: DecodeOptions = DecodeOptions { max_bytes: 1 << 20 };

/// How many times its size an input may take beside that: the names of things that OTLP repeats for each series.
const MAX_GROWTH: usize = 64;

/// Any bytes are an error, or a request of a bounded size that can be written in both versions, and read again.
pub(crate) fn remote_write_v1(data: &[u8]) -> Outcome {
    check(Message::V1, data)
}

/// The same for version 2.
pub(crate) fn remote_write_v2(data: &[u8]) -> Outcome {
    check(Message::V2, data)
}

fn check(message: Message, data: &[u8]) -> Outcome {
    let mut known = Known::default();
    let decoded = match decode(message, data, &known, OPTIONS) {
        Ok(decoded) => decoded,
        Err(Malformed { at, reason }) => {
            assert!(at <= data.len());
            return Outcome::of((gist(&reason), class(at)));
        }
    };
    let series = series(&decoded);
    let size = decoded.metrics.len();
    assert!(size <= OPTIONS.max_bytes + MAX_GROWTH * data.len(), "{} bytes became {size}", data.len());
    known.learn(decoded.learned.clone());
    for (message, max_bytes) in [(Message::V1, usize::MAX), (Message::V2, usize::MAX), (Message::V2, 100)] {
        let mut samples = 0;
        for request in series.requests(message, max_bytes) {
            let again = decode(message, &request.body, &known, OPTIONS).expect("what is written can be read");
            assert_eq!(again.refused.total, 0, "{:?}", again.refused);
            samples += again.written.samples + again.written.histograms;
        }
        assert!(samples >= series.points(), "{samples} of {}", series.points());
    }
    let reasons: Vec<_> = decoded.refused.reasons.iter().map(|reason| gist(reason)).collect();
    let written = decoded.written;
    Outcome::of((
        class(decoded.points),
        class(written.histograms),
        class(written.exemplars),
        reasons.first(),
        decoded.learned.is_empty(),
    ))
}

/// What was read, as series again.
fn series(decoded: &Decoded) -> Series {
    let payload = Payload::parse(Signal::Metrics, Bytes::copy_from_slice(&decoded.metrics));
    let payload = payload.expect("what is read is a request");
    assert_eq!(payload.items(), decoded.points);
    let options = EncodeOptions { scope_labels: true, target_info: true, ..EncodeOptions::default() };
    let series = Series::new(payload.as_metrics().expect("they are metrics"), &options);
    assert_eq!(series.points() + series.refused().total, decoded.points);
    series
}
