//! Scraped pages to OTLP: by a translator that is new, by one that knows the target, and beside yardsticks.
//!
//! `steady` is what a collector does nearly all the time: a page with the series of the last one and other numbers.
//! `reordered` is a page whose series are known, but not in that order.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use formats::prometheus::Labels;
use formats::prometheus::translate::{Format, Outcome, Scrape, Settings, Target, Translator};

fn main() {
    divan::main();
}

/// A page, and the next one.
struct Pages {
    format: Format,
    first: Vec<u8>,
    next: Vec<u8>,
}

const KINDS: [&str; 4] = ["node_exporter", "application", "openmetrics", "protobuf"];

const NODE_EXPORTER: &str =
    include_str!("../../formats/src/prometheus/translate/tests/data/node_exporter.txt");
const NODE_EXPORTER_PROTO: &[u8] =
    include_bytes!("../../formats/src/prometheus/translate/tests/data/node_exporter.pb");

#[divan::bench(args = KINDS)]
fn cold(bencher: Bencher<'_, '_>, kind: &str) {
    let pages = pages(kind);
    let samples = scrape(&mut translator(), &pages.first, pages.format).scraped;
    counted(bencher, &pages.first, samples)
        .bench(|| scrape(&mut translator(), black_box(&pages.first), pages.format));
}

#[divan::bench(args = KINDS)]
fn steady(bencher: Bencher<'_, '_>, kind: &str) {
    let pages = pages(kind);
    let mut translator = translator();
    let samples = scrape(&mut translator, &pages.first, pages.format).scraped;
    let again = scrape(&mut translator, &pages.next, pages.format);
    assert_eq!((again.scraped, again.added, again.stale), (samples, 0, 0));
    counted(bencher, &pages.next, samples)
        .bench_local(|| scrape(&mut translator, black_box(&pages.next), pages.format));
}

#[divan::bench(args = ["node_exporter", "application"])]
fn reordered(bencher: Bencher<'_, '_>, kind: &str) {
    let pages = pages(kind);
    let text = String::from_utf8_lossy(&pages.first).into_owned();
    let families: Vec<_> = text.split("# HELP ").filter(|family| !family.is_empty()).collect();
    let other: String = families.iter().rev().map(|family| format!("# HELP {family}")).collect();
    let mut translator = translator();
    let samples = scrape(&mut translator, &pages.first, pages.format).scraped;
    let mut is_other = false;
    counted(bencher, &pages.next, samples).bench_local(|| {
        is_other = !is_other;
        let page = if is_other { other.as_bytes() } else { &pages.first };
        scrape(&mut translator, black_box(page), pages.format)
    });
}

/// The least that can be done with a page: its bytes are copied.
#[divan::bench]
fn yardstick_memcpy(bencher: Bencher<'_, '_>) {
    let page = pages("node_exporter").first;
    bencher.counter(BytesCount::of_slice(&page)).bench(|| black_box(&page).clone());
}

/// Into structs of the crate's own, and no further.
#[divan::bench]
fn yardstick_prometheus_parse(bencher: Bencher<'_, '_>) {
    let page = NODE_EXPORTER;
    let lines = || page.lines().map(|line| Ok(line.to_owned()));
    let samples = prometheus_parse::Scrape::parse(lines()).expect("the page is read").samples.len();
    counted(bencher, page.as_bytes(), samples).bench(|| prometheus_parse::Scrape::parse(black_box(lines())));
}

fn pages(kind: &str) -> Pages {
    let text = |format, page: &str| Pages { format, first: page.into(), next: next(page).into() };
    match kind {
        "node_exporter" => text(Format::Text, NODE_EXPORTER),
        "application" => text(Format::Text, &application("", "")),
        "openmetrics" => text(Format::OpenMetrics, &application("_created", "# EOF\n")),
        _ => Pages {
            format: Format::Protobuf,
            first: NODE_EXPORTER_PROTO.to_vec(),
            next: NODE_EXPORTER_PROTO.to_vec(),
        },
    }
}

/// The page with other digits in its values.
fn next(page: &str) -> String {
    let change = |line: &str| match line.rsplit_once(' ') {
        Some((series, value)) if !line.starts_with('#') => format!("{series} {}\n", value.replace('2', "3")),
        _ => format!("{line}\n"),
    };
    page.lines().map(change).collect()
}

/// What a service exposes: requests by route and status, counted and as histograms.
fn application(created: &str, end: &str) -> String {
    let mut page = String::new();
    for name in ["http_requests", "grpc_requests", "queue_messages"] {
        page += &format!("# HELP {name} Handled {name}.\n# TYPE {name} counter\n");
        for route in 0..50 {
            for status in [200, 404, 500] {
                let labels =
                    format!("{{route=\"/api/v1/items/{route}\",method=\"GET\",status=\"{status}\"}}");
                page += &format!("{name}_total{labels} {}.0\n", route * 7919 + status);
                if !created.is_empty() {
                    page += &format!("{name}{created}{labels} 1.7000000{status}25e+09\n");
                }
            }
        }
        page += &format!("# HELP {name}_seconds Time of {name}.\n# TYPE {name}_seconds histogram\n");
        for route in 0..30 {
            let labels = format!("route=\"/api/v1/items/{route}\",method=\"GET\"");
            for (index, le) in
                ["0.005", "0.01", "0.05", "0.1", "0.5", "1.0", "5.0", "+Inf"].iter().enumerate()
            {
                page += &format!("{name}_seconds_bucket{{{labels},le=\"{le}\"}} {}.0\n", (index + 1) * 1111);
            }
            page += &format!("{name}_seconds_count{{{labels}}} 8888.0\n");
            page += &format!("{name}_seconds_sum{{{labels}}} 1234.5678912345\n");
        }
    }
    page + end
}

fn translator() -> Translator {
    let labels = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Labels>();
    let target = Target {
        labels: labels(&[("job", "node"), ("instance", "10.0.0.1:9100")]),
        discovered: labels(&[("__scheme__", "http")]),
    };
    Translator::new(Arc::new(Settings::default()), target)
}

fn scrape(translator: &mut Translator, page: &[u8], format: Format) -> Outcome {
    let scrape = Scrape { at: 1_700_000_000_000, body_bytes: page.len() };
    translator.page(page, format, scrape, || Duration::from_millis(5))
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>, bytes: &[u8], items: usize) -> Bencher<'a, 'b> {
    bencher.counter(BytesCount::of_slice(bytes)).counter(ItemsCount::new(items))
}
