//! Pages of a node_exporter as it sent them.

use super::{AT, Rendered, Settings, scrape, translator};
use crate::prometheus::translate::{Format, Outcome};

const TEXT: &[u8] = include_bytes!("data/node_exporter.txt");
const PROTOBUF: &[u8] = include_bytes!("data/node_exporter.pb");

fn first(page: &[u8], format: Format) -> Outcome {
    scrape(&mut translator(Settings::default()), page, format, AT)
}

#[test]
fn every_line_of_a_real_page_is_read() {
    let outcome = first(TEXT, Format::Text);
    let samples = TEXT.split(|byte| *byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#');
    assert_eq!((outcome.scraped, outcome.error), (samples.count(), None));
    assert_eq!((outcome.bad_lines, outcome.incomplete, outcome.duplicates), (0, 0, 0));
}

#[test]
fn a_real_page_has_the_metrics_that_its_type_lines_say() {
    let page = String::from_utf8_lossy(TEXT);
    let mut said: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    said.sort_unstable();
    let outcome = first(TEXT, Format::Text);
    let mut told: Vec<_> = Rendered::of(&outcome).families().iter().map(|line| type_line(line)).collect();
    told.sort_unstable();
    assert_eq!(told, said);
}

/// `name (kind, type, unit) description` as a TYPE line says it.
fn type_line(family: &str) -> String {
    let (name, rest) = family.split_once(" (").expect("a family has a kind");
    let kind = rest.split(", ").nth(1).expect("a family has a type");
    format!("{name} {}", if kind == "unknown" { "untyped" } else { kind })
}

#[test]
fn a_real_page_with_other_numbers_is_the_request_with_other_numbers() {
    // The digit 7 becomes 3 in values alone.
    let page = String::from_utf8_lossy(TEXT);
    let change = |line: &str| match line.rsplit_once(' ') {
        Some((series, value)) if !line.starts_with('#') => format!("{series} {}\n", value.replace('7', "3")),
        _ => format!("{line}\n"),
    };
    let changed: String = page.lines().map(change).collect();
    assert_ne!(changed, page);
    let mut warm = translator(Settings::default());
    scrape(&mut warm, TEXT, Format::Text, AT);
    let steady = scrape(&mut warm, changed.as_bytes(), Format::Text, AT + 1000);
    let cold = scrape(&mut translator(Settings::default()), changed.as_bytes(), Format::Text, AT + 1000);
    assert_eq!(steady.points, cold.points);
    let but_added = |outcome: &Outcome| {
        let mut points = Rendered::of(outcome).all_points();
        points.retain(|line| !line.starts_with("scrape_series_added"));
        points
    };
    assert_eq!(but_added(&steady), but_added(&cold));
}

#[test]
fn a_page_in_protobuf_says_what_its_text_says() {
    let told = |outcome: &Outcome| Rendered::of(outcome).families();
    let (text, protobuf) = (first(TEXT, Format::Text), first(PROTOBUF, Format::Protobuf));
    assert_eq!(told(&protobuf), told(&text));
    assert_eq!((protobuf.scraped, protobuf.bad_lines), (text.scraped, 0));
}

#[test]
fn a_page_cut_anywhere_is_read_up_to_there() {
    let mut translator = translator(Settings::default());
    for end in (0..TEXT.len()).step_by(977) {
        let outcome = scrape(&mut translator, &TEXT[..end], Format::Text, AT);
        assert!(outcome.bad_lines <= 1 && outcome.error.is_none(), "{end}");
        let _ = Rendered::of(&outcome);
    }
}
