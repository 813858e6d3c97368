//! What holds for all pages: a naive reading gives the same, and so does a translator that knows the target.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use proptest::collection::vec;
use proptest::prelude::*;

use super::{AT, Rendered, Settings, openmetrics, scrape, text, translator};
use crate::prometheus::parse::number;
use crate::prometheus::translate::{Format, Outcome};

/// Lines of pages; `%` stands for a value.
const LINES: [&str; 30] = [
    "# HELP a Something.",
    "# TYPE a counter",
    "# TYPE a gauge",
    "# TYPE h histogram",
    "# TYPE h gauge",
    "# TYPE s summary",
    "# a comment",
    "a %",
    "a{x=\"1\"} %",
    "a{x=\"2\",y=\"}\"} %",
    "a{y=\"}\",x=\"2\"} %",
    "a_total{x=\"1\"} %",
    "a_created{x=\"1\"} %",
    "b % 1600000000000",
    "b{x=\"\\\\\"} % 1600000000001",
    "h_bucket{le=\"1\"} %",
    "h_bucket{le=\"2.5\"} %",
    "h_bucket{le=\"+Inf\"} %",
    "h_bucket{x=\"1\",le=\"0.1\"} %",
    "h_count %",
    "h_sum %",
    "h_count{x=\"1\"} %",
    "s{quantile=\"0.5\"} %",
    "s{quantile=\"0.9\"} %",
    "s_sum %",
    "s_count %",
    "target_info{k=\"v\"} 1",
    "a{otel_scope_name=\"z\"} %",
    "broken{ %",
    "a{x=\"unended %",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0u32..20).prop_map(|value| value.to_string()),
        2 => any::<f64>().prop_map(|value| value.to_string()),
        1 => Just("NaN".to_owned()),
        1 => Just("1.5e+09".to_owned()),
    ]
}

/// How a page differs from the one before it.
#[derive(Debug, Clone)]
enum Change {
    Values,
    Without(prop::sample::Index),
    With(prop::sample::Index, usize),
    Swapped(prop::sample::Index, prop::sample::Index),
    CutAt(prop::sample::Index),
    Failed,
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => Just(Change::Values),
        1 => index().prop_map(Change::Without),
        1 => (index(), 0..LINES.len()).prop_map(|(at, line)| Change::With(at, line)),
        1 => (index(), index()).prop_map(|(one, other)| Change::Swapped(one, other)),
        1 => index().prop_map(Change::CutAt),
        1 => Just(Change::Failed),
    ]
}

/// Pages of one target, one after the other; none where the scrape failed.
fn pages() -> impl Strategy<Value = Vec<Option<String>>> {
    let values = vec(value(), 24);
    (vec(0..LINES.len(), 0..24), vec((change(), values), 1..6)).prop_map(|(mut lines, changes)| {
        let mut pages = Vec::new();
        for (change, values) in changes {
            let mut cut = None;
            match change {
                Change::Values => (),
                Change::Without(at) if !lines.is_empty() => drop(lines.remove(at.index(lines.len()))),
                Change::With(at, line) => lines.insert(at.index(lines.len() + 1), line),
                Change::Swapped(one, other) if !lines.is_empty() => {
                    let count = lines.len();
                    lines.swap(one.index(count), other.index(count));
                }
                Change::CutAt(at) => cut = Some(at),
                Change::Failed => {
                    pages.push(None);
                    continue;
                }
                Change::Without(_) | Change::Swapped(..) => (),
            }
            let mut values = values.iter().cycle();
            let mut next = || values.next().expect("a cycle has no end");
            let page: String = lines.iter().map(|line| LINES[*line].replace('%', next()) + "\n").collect();
            pages.push(Some(match cut {
                Some(at) if !page.is_empty() => page[..at.index(page.len())].to_owned(),
                _ => page,
            }));
        }
        pages
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_translator_that_knows_the_target_gives_what_a_new_one_gives(pages in pages()) {
        for (format, end) in [(Format::Text, ""), (Format::OpenMetrics, "# EOF\n")] {
            let mut warm = translator(Settings::default());
            let mut live = BTreeSet::new();
            for page in &pages {
                let Some(page) = page else {
                    let outcome = super::stale::fail_once(&mut warm);
                    let mut request = Rendered::of(&outcome).request;
                    prop_assert_eq!(ended(&mut request), std::mem::take(&mut live));
                    continue;
                };
                let page = format!("{page}{end}");
                let warm = scrape(&mut warm, page.as_bytes(), format, AT);
                let cold = scrape(&mut translator(Settings::default()), page.as_bytes(), format, AT);
                let now = untimed(&cold);
                let gone: BTreeSet<_> = live.difference(&all(&cold)).cloned().collect();
                let mut request = Rendered::of(&warm).request;
                prop_assert_eq!(&ended(&mut request), &gone, "{}", page);
                prop_assert_eq!(warm.stale, gone.len());
                live = now;
                if page.is_empty() || cold.error.is_some() {
                    // The resource stays what it was, for all that is said of it is that its series have ended.
                    continue;
                }
                let expected = without_added(Rendered::of(&cold).request);
                prop_assert_eq!(format!("{:?}", without_added(request)), format!("{expected:?}"), "{}", page);
                prop_assert_eq!(counts(&warm), counts(&cold));
            }
        }
    }

    #[test]
    fn a_naive_reading_gives_the_same(lines in vec((0..LINES.len() - 4, value()), 0..24)) {
        let lines: Vec<_> = lines.iter().map(|(line, value)| LINES[*line].replace('%', value)).collect();
        let page = lines.join("\n") + "\n";
        let outcome = text(Settings::default(), &page);
        let mut points = Rendered::of(&outcome).points();
        points.sort();
        prop_assert_eq!(points, naive(&lines), "{}", page);
    }

    #[test]
    fn any_bytes_are_read_and_a_second_time_too(bytes in vec(any::<u8>(), 0..300)) {
        for format in [Format::Text, Format::OpenMetrics, Format::Protobuf] {
            let mut translator = translator(Settings { native_histograms: true, ..Settings::default() });
            let first = scrape(&mut translator, &bytes, format, AT);
            let again = scrape(&mut translator, &bytes, format, AT);
            prop_assert_eq!(Rendered::of(&first).points().len(), Rendered::of(&again).points().len());
        }
    }
}

#[test]
fn the_same_page_is_the_same_request() {
    let page = LINES[..28].join("\n").replace('%', "3") + "\n";
    let mut translator = translator(Settings::default());
    let outcomes: Vec<_> =
        (0..3).map(|_| scrape(&mut translator, page.as_bytes(), Format::Text, AT)).collect();
    assert_eq!(outcomes[1].metrics, outcomes[2].metrics);
    assert_eq!(openmetrics(Settings::default(), "").points, 5);
}

fn counts(outcome: &Outcome) -> impl PartialEq + std::fmt::Debug {
    let Outcome { scraped, after_relabel, duplicates, unsupported, incomplete, bad_lines, .. } = *outcome;
    (scraped, after_relabel, duplicates, unsupported, incomplete, bad_lines, outcome.described.clone())
}

/// The points of a scrape by what identifies them, but for those with a time of their own.
fn untimed(outcome: &Outcome) -> BTreeSet<String> {
    let mut request = Rendered::of(outcome).request;
    select(&mut request, |time, _| time == AT as u64 * 1_000_000)
}

fn all(outcome: &Outcome) -> BTreeSet<String> {
    select(&mut Rendered::of(outcome).request, |_, _| true)
}

/// Takes the points out that have ended. What identifies them.
fn ended(request: &mut ExportMetricsServiceRequest) -> BTreeSet<String> {
    select(request, |_, flags| flags == 1)
}

/// Takes points out by their time and flags, and what holds nothing any more. What identifies them.
fn select(request: &mut ExportMetricsServiceRequest, wanted: impl Fn(u64, u32) -> bool) -> BTreeSet<String> {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    let mut found = BTreeSet::new();
    for group in &mut request.resource_metrics {
        for scope in &mut group.scope_metrics {
            let name = scope.scope.clone().unwrap_or_default().name;
            scope.metrics.retain_mut(|metric| {
                let key = format!("{name} {} {:?}", metric.name, metric.metadata);
                let is_report = metric.name == "up" || metric.name.starts_with("scrape_");
                let mut keep = |attributes: &dyn std::fmt::Debug, time, flags| {
                    let is_wanted = !is_report && wanted(time, flags);
                    if is_wanted {
                        found.insert(format!("{key} {attributes:?}"));
                    }
                    !is_wanted
                };
                match metric.data.as_mut().expect("a metric has data") {
                    Data::Gauge(data) => {
                        data.data_points
                            .retain(|point| keep(&point.attributes, point.time_unix_nano, point.flags));
                        !data.data_points.is_empty()
                    }
                    Data::Sum(data) => {
                        data.data_points
                            .retain(|point| keep(&point.attributes, point.time_unix_nano, point.flags));
                        !data.data_points.is_empty()
                    }
                    Data::Histogram(data) => {
                        data.data_points
                            .retain(|point| keep(&point.attributes, point.time_unix_nano, point.flags));
                        !data.data_points.is_empty()
                    }
                    Data::Summary(data) => {
                        data.data_points
                            .retain(|point| keep(&point.attributes, point.time_unix_nano, point.flags));
                        !data.data_points.is_empty()
                    }
                    Data::ExponentialHistogram(_) => true,
                }
            });
        }
        group.scope_metrics.retain(|scope| !scope.metrics.is_empty());
    }
    request.resource_metrics.retain(|group| !group.scope_metrics.is_empty());
    found
}

/// The request without the one number that depends on what was there before.
fn without_added(mut request: ExportMetricsServiceRequest) -> ExportMetricsServiceRequest {
    for group in request.resource_metrics.iter_mut().flat_map(|group| &mut group.scope_metrics) {
        group.metrics.retain(|metric| metric.name != "scrape_series_added");
    }
    request
}

/// The points of a page of well-formed lines, read in the plainest way.
fn naive(lines: &[String]) -> Vec<String> {
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut points: BTreeMap<(String, String), Naive> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let families = ["a", "b", "h", "s"];
    for line in lines {
        if let Some(meta) = line.strip_prefix("# TYPE ") {
            let (family, kind) = meta.split_once(' ').expect("a type has two words");
            types.insert(family, kind);
        } else if !line.starts_with('#') {
            let end = line.rfind('}').map_or_else(|| line.find(' ').expect("a blank"), |brace| brace + 1);
            let (series, numbers) = line.split_at(end);
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.strip_suffix('}').expect("labels end");
            let mut labels: Vec<_> = labels.split("\",").filter(|label| !label.is_empty()).collect();
            labels.sort();
            let kind = |family: &str| types.get(family).copied();
            let family =
                families.iter().find(|family| name == **family || name.starts_with(&format!("{family}_")));
            let (family, kind) = (*family.unwrap_or(&"none"), family.and_then(|family| kind(family)));
            let mut numbers = numbers.split_whitespace();
            let number = number::parse(numbers.next().expect("a value").as_bytes()).expect("a number");
            let is_timed = numbers.next().map(str::to_owned);
            let is_again = !seen.insert(series.to_owned()) && is_timed.is_none();
            if name == "target_info" || is_again {
                continue;
            }
            let part = match kind {
                Some("histogram") => "le",
                Some("summary") => "quantile",
                _ => "none",
            };
            let metric = match kind {
                Some("histogram" | "summary") => family.to_owned(),
                Some("counter") if name == "a_created" => "a_total".to_owned(),
                _ => name.to_owned(),
            };
            let is_own = |label: &&str| !label.starts_with(part) && !label.starts_with("otel");
            let scope = labels.iter().find(|label| label.starts_with("otel")).unwrap_or(&"").len();
            let attributes: Vec<_> =
                labels.iter().copied().filter(is_own).map(|label| label.replace('"', "")).collect();
            let attributes = attributes.join(",").replace("\\\\", "\\");
            let key = (format!("{metric}{{{attributes}}}"), format!("{kind:?} {scope}"));
            let point = points.entry(key).or_default();
            let bound = labels.iter().find_map(|label| label.strip_prefix(part)?.strip_prefix("=\""));
            let bound =
                bound.map(|bound| number::parse(bound.trim_end_matches('"').as_bytes()).expect("a bound"));
            point.add(kind, name.strip_prefix(family).unwrap_or(""), bound, number, is_timed);
        }
    }
    let mut lines: Vec<_> =
        points.iter().filter_map(|((name, _), point)| Some(name.clone() + &point.line()?)).collect();
    lines.sort();
    lines
}

#[derive(Default)]
struct Naive {
    kind: String,
    value: Option<(f64, Option<String>)>,
    start: Option<f64>,
    count: Option<f64>,
    sum: Option<f64>,
    parts: Vec<(f64, f64)>,
}

impl Naive {
    fn add(
        &mut self,
        kind: Option<&str>,
        suffix: &str,
        bound: Option<f64>,
        number: f64,
        time: Option<String>,
    ) {
        self.kind = kind.unwrap_or_default().to_owned();
        match (kind, suffix) {
            (Some("histogram" | "summary"), "_count") => self.count = self.count.or(Some(number)),
            (Some("histogram" | "summary"), "_sum") => self.sum = self.sum.or(Some(number)),
            (Some("histogram" | "summary"), _) => self.parts.push((bound.expect("a bound"), number)),
            (Some("counter"), "_created") => self.start = Some(number),
            _ => self.value = self.value.take().or(Some((number, time))),
        }
    }

    fn line(&self) -> Option<String> {
        let whole = |start: f64| (start.trunc() as u64).saturating_mul(1_000_000_000);
        let nanos = |start: f64| whole(start).saturating_add((start.fract() * 1e9).round() as u64);
        let start = self.start.filter(|start| *start > 0.0).map(nanos).filter(|nanos| *nanos > 0);
        let since = start.map_or(String::new(), |nanos| format!(" since {}", nanos / 1_000_000));
        match self.kind.as_str() {
            "histogram" => {
                let count = self.count?;
                let mut parts = self.parts.clone();
                parts.sort_by(|one, other| one.0.total_cmp(&other.0));
                let mut below = 0.0;
                for (_, cumulative) in &parts {
                    if cumulative.is_nan() || *cumulative < below {
                        return None;
                    }
                    below = *cumulative;
                }
                if count.is_nan() || count < below {
                    return None;
                }
                parts.retain(|part| part.0.is_finite());
                let bounds: Vec<_> = parts.iter().map(|part| part.0).collect();
                let cumulative: Vec<_> = parts.iter().map(|part| part.1).chain([count]).collect();
                let before = std::iter::once(0.0).chain(cumulative.iter().copied());
                let counts: Vec<_> =
                    cumulative.iter().zip(before).map(|(one, before)| *one as u64 - before as u64).collect();
                let sum = self.sum.map_or("none".to_owned(), |sum| sum.to_string());
                Some(format!(" {}/{sum} {bounds:?} {counts:?} @{AT}", count as u64))
            }
            "summary" => {
                let count = self.count.filter(|count| *count >= 0.0)? as u64;
                let mut parts = self.parts.clone();
                parts.sort_by(|one, other| one.0.total_cmp(&other.0));
                let quantiles: String = parts.iter().map(|(key, value)| format!(" {key}={value}")).collect();
                Some(format!(" {count}/{}{quantiles} @{AT}", self.sum.unwrap_or_default()))
            }
            _ => {
                let (value, time) = self.value.clone()?;
                Some(format!(" {value} @{}{since}", time.unwrap_or(AT.to_string())))
            }
        }
    }
}
