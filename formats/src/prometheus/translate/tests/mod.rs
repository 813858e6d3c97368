//! What pages become, by example; then what holds for all pages.

mod families;
mod histograms;
mod honor;
mod protobuf;
mod recorded;
mod rendered;
mod resources;
mod same;
mod stale;

use std::sync::Arc;
use std::time::Duration;

use rendered::Rendered;

use super::{Format, Outcome, Scrape, Settings, Target, Translator};
use crate::prometheus::Labels;

/// When the first page of a test is asked for.
const AT: i64 = 1_700_000_000_000;

/// Labels as `name=value`.
fn labels(pairs: &[&str]) -> Labels {
    pairs.iter().map(|pair| pair.split_once('=').expect("a label is `name=value`")).collect()
}

fn target() -> Target {
    Target { labels: labels(&["job=j", "instance=host:1"]), discovered: labels(&["__scheme__=http"]) }
}

fn translator(settings: Settings) -> Translator {
    Translator::new(Arc::new(settings), target())
}

fn scrape(translator: &mut Translator, page: &[u8], format: Format, at: i64) -> Outcome {
    let scrape = Scrape { at, body_bytes: page.len() };
    translator.page(page, format, scrape, || Duration::from_millis(250))
}

/// What comes of one page of text.
fn text(settings: Settings, page: &str) -> Outcome {
    scrape(&mut translator(settings), page.as_bytes(), Format::Text, AT)
}

/// What comes of one page of OpenMetrics, whose end is added.
fn openmetrics(settings: Settings, page: &str) -> Outcome {
    let page = format!("{page}# EOF\n");
    scrape(&mut translator(settings), page.as_bytes(), Format::OpenMetrics, AT)
}

/// Checks the points of a page of text. Their time, if it is that of the scrape, is not in `expected`.
#[track_caller]
fn check_text(settings: Settings, page: &str, expected: &[&str]) {
    check_points(&text(settings, page), expected);
}

/// The same with a page of OpenMetrics.
#[track_caller]
fn check_openmetrics(settings: Settings, page: &str, expected: &[&str]) {
    check_points(&openmetrics(settings, page), expected);
}

#[track_caller]
fn check_points(outcome: &Outcome, expected: &[&str]) {
    let now = format!(" @{AT}");
    let points: Vec<_> = Rendered::of(outcome).points().iter().map(|line| line.replace(&now, "")).collect();
    assert_eq!(points, expected, "{:?}", outcome.described);
}
