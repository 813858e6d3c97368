//! Pages of Prometheus in their three forms: read by a translator that is new, and by one that knows the target.

use std::time::Duration;

use bytes::Bytes;
use formats::prometheus::Labels;
use formats::prometheus::translate::{Format, Outcome as Scraped, Scrape, Settings, Target, Translator};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use otlp::{Payload, Signal};
use prost::Message;

use crate::outcome::{Outcome, class, gist};

/// How many times its size a page may take as an OTLP request: a line of 14 bytes may have a resource of its own.
const MAX_GROWTH: usize = 48;

/// The same in protobuf: the gaps of a native histogram of some 20 bytes are written with a thousand zeros.
const MAX_GROWTH_PROTO: usize = 192;

/// What the report and the resource of the target take beside that.
const FRAME: usize = 2048;

const AT: i64 = 1_700_000_000_000;

/// Any text is a request of a bounded size, and the same when the target is known already.
pub(crate) fn prometheus_text(data: &[u8]) -> Outcome {
    page(data, Format::Text, MAX_GROWTH)
}

/// The same with OpenMetrics.
pub(crate) fn prometheus_openmetrics(data: &[u8]) -> Outcome {
    page(data, Format::OpenMetrics, MAX_GROWTH)
}

/// The same with families in protobuf.
pub(crate) fn prometheus_proto(data: &[u8]) -> Outcome {
    page(data, Format::Protobuf, MAX_GROWTH_PROTO)
}

fn page(data: &[u8], format: Format, max_growth: usize) -> Outcome {
    let Some((choices, page)) = data.split_first() else { return Outcome::of("short") };
    let cold = scrape(&mut translator(*choices), page, format);
    let (size, most) = (cold.metrics.len(), max_growth * page.len() + FRAME);
    assert!(size <= most, "{} bytes became {size}", page.len());
    // A translator that has seen the first half, then all of it; the third time it may be quick.
    let mut warm = translator(*choices);
    scrape(&mut warm, &page[..page.len() / 2], format);
    for _ in 0..3 {
        let outcome = scrape(&mut warm, page, format);
        if outcome.stale == 0 && cold.stale == 0 && !page.is_empty() && cold.error.is_none() {
            assert_eq!(content(&outcome), content(&cold));
        }
        assert_eq!(counts(&outcome), counts(&cold));
    }
    let gone = warm.gone(AT);
    assert_eq!(gone.points, gone.stale);
    check(&gone);
    let first = cold.described.first().map(|line| gist(&line.reason));
    let error = cold.error.as_deref().map(gist);
    Outcome::of((class(cold.points), class(cold.scraped), class(cold.bad_lines), first, error, seldom(&cold)))
}

/// The lowest bits of the first byte choose settings.
fn translator(choices: u8) -> Translator {
    let is = |bit: u8| choices & bit != 0;
    let settings = Settings {
        honor_labels: is(1),
        honor_timestamps: !is(2),
        track_timestamps_staleness: is(4),
        native_histograms: !is(8),
        always_classic_histograms: is(16),
        trim_metric_suffixes: is(32),
        bucket_limit: if is(64) { 4 } else { 0 },
        ..Settings::default()
    };
    let labels = |pairs: [(&str, &str); 2]| pairs.into_iter().collect::<Labels>();
    let target = Target {
        labels: labels([("job", "j"), ("instance", "i:1")]),
        discovered: labels([("__scheme__", "http"), ("__meta_kubernetes_namespace", "n")]),
    };
    Translator::new(settings.into(), target)
}

fn scrape(translator: &mut Translator, page: &[u8], format: Format) -> Scraped {
    let outcome =
        translator.page(page, format, Scrape { at: AT, body_bytes: page.len() }, || Duration::from_millis(1));
    check(&outcome);
    outcome
}

/// What holds for every outcome.
fn check(outcome: &Scraped) {
    let payload = Payload::parse(Signal::Metrics, Bytes::copy_from_slice(&outcome.metrics));
    assert_eq!(payload.expect("what is read is a request").items(), outcome.points);
    assert!(outcome.after_relabel <= outcome.scraped);
    assert!(outcome.described.len() <= outcome.bad_lines);
}

/// The request without the number of new series, which depends on what was there before.
fn content(outcome: &Scraped) -> String {
    let request = ExportMetricsServiceRequest::decode(outcome.metrics.as_slice());
    let mut request = request.expect("all text is UTF-8");
    for scope in request.resource_metrics.iter_mut().flat_map(|group| &mut group.scope_metrics) {
        scope.metrics.retain(|metric| metric.name != "scrape_series_added");
    }
    format!("{request:?}")
}

fn counts(outcome: &Scraped) -> impl PartialEq + std::fmt::Debug {
    let Scraped { scraped, after_relabel, duplicates, unsupported, incomplete, bad_lines, .. } = *outcome;
    (scraped, after_relabel, duplicates, unsupported, incomplete, bad_lines, outcome.error.clone())
}

/// Whether there was anything unusual, by kind.
fn seldom(outcome: &Scraped) -> [bool; 3] {
    [outcome.duplicates > 0, outcome.unsupported > 0, outcome.incomplete > 0]
}
