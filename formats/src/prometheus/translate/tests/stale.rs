//! From page to page: what is new, what has ended, what is the same.

use std::time::Duration;

use super::{AT, Rendered, Settings, check_points, openmetrics, scrape, target, translator};
use crate::prometheus::translate::{Failure, Format, Outcome, Scrape, Translator};

fn page(translator: &mut Translator, page: &str) -> Outcome {
    scrape(translator, page.as_bytes(), Format::Text, AT)
}

fn fail(translator: &mut Translator, failure: Failure) -> Outcome {
    let scrape = Scrape { at: AT, body_bytes: 0 };
    translator.failed(failure, "connection refused".into(), scrape, || Duration::from_secs(1))
}

/// What comes of a scrape without an answer.
pub(super) fn fail_once(translator: &mut Translator) -> Outcome {
    fail(translator, Failure::Other)
}

#[test]
fn a_series_that_is_gone_has_ended() {
    let mut translator = translator(Settings::default());
    assert_eq!(page(&mut translator, "a 1\nb{x=\"y\"} 2\n").added, 2);
    let outcome = page(&mut translator, "a 3\n");
    check_points(&outcome, &["a{} 3", "b{x=y} stale"]);
    assert_eq!((outcome.added, outcome.stale), (0, 1));
    let outcome = page(&mut translator, "a 3\n");
    check_points(&outcome, &["a{} 3"]);
    let outcome = page(&mut translator, "a 3\nb{x=\"y\"} 2\n");
    check_points(&outcome, &["a{} 3", "b{x=y} 2"]);
    assert_eq!(outcome.added, 1);
}

#[test]
fn a_marker_keeps_what_its_metric_was() {
    let mut translator = translator(Settings::default());
    page(
        &mut translator,
        "# HELP a Help.\n# TYPE a counter\na 1\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 2\n",
    );
    let outcome = page(&mut translator, "b 1\n");
    let rendered = Rendered::of(&outcome);
    assert_eq!(
        rendered.families(),
        ["b (gauge, unknown, ) ", "a (counter, counter, ) Help.", "h (histogram, histogram, ) "]
    );
    check_points(&outcome, &["b{} 1", "a{} stale", "h{} stale [1.0] [0, 0]"]);
}

#[test]
fn a_failed_scrape_ends_all_and_says_so() {
    let mut translator = translator(Settings::default());
    page(&mut translator, "a 1\n");
    let outcome = fail(&mut translator, Failure::Other);
    check_points(&outcome, &["a{} stale"]);
    assert_eq!(outcome.error.as_deref(), Some("connection refused"));
    let rendered = Rendered::of(&outcome);
    assert!(rendered.report("up")[0].starts_with("up{} 0"));
    assert!(rendered.report("scrape_duration_seconds")[0].starts_with("scrape_duration_seconds{} 1 "));
    check_points(&fail(&mut translator, Failure::Other), &[]);
    let outcome = page(&mut translator, "a 2\n");
    check_points(&outcome, &["a{} 2"]);
    assert_eq!(outcome.added, 0, "a series that comes back is not new");
}

#[test]
fn an_empty_page_is_a_success_that_ends_all() {
    let mut translator = translator(Settings::default());
    page(&mut translator, "a 1\n");
    let outcome = page(&mut translator, "");
    check_points(&outcome, &["a{} stale"]);
    assert!(Rendered::of(&outcome).report("up")[0].starts_with("up{} 1"));
}

#[test]
fn a_page_that_does_not_end_as_it_should_fails() {
    let mut translator = translator(Settings::default());
    scrape(&mut translator, b"a 1\n# EOF\n", Format::OpenMetrics, AT);
    let outcome = scrape(&mut translator, b"a 1\nb 2\n", Format::OpenMetrics, AT);
    check_points(&outcome, &["a{} stale"]);
    assert_eq!(outcome.error.as_deref(), Some("data does not end with `# EOF`"));
    assert_eq!(outcome.scraped, 2);
    let outcome = scrape(&mut translator, b"a 1\n# EOF\nb 2\n", Format::OpenMetrics, AT);
    assert_eq!(outcome.error.as_deref(), Some("there is data behind `# EOF`"));
    check_points(&outcome, &[]);
}

#[test]
fn a_series_with_times_of_its_own_ends_only_where_that_is_tracked() {
    for (tracks, expected) in [(false, &[][..]), (true, &["a{} stale"][..])] {
        let settings = Settings { track_timestamps_staleness: tracks, ..Settings::default() };
        let mut translator = translator(settings);
        page(&mut translator, "a 1 1000\n");
        check_points(&page(&mut translator, ""), expected);
    }
}

#[test]
fn a_target_that_is_gone_ends_its_reports_too() {
    let mut translator = translator(Settings::default());
    assert_eq!(translator.gone(AT).points, 0, "there was nothing yet");
    page(&mut translator, "a 1\n");
    let outcome = translator.gone(AT);
    let points = Rendered::of(&outcome).all_points();
    assert_eq!(points.len(), 6);
    assert!(points.iter().all(|line| line.contains(" stale @")), "{points:?}");
    assert_eq!(translator.gone(AT).points, 0);
}

#[test]
fn a_histogram_that_lost_its_count_has_ended() {
    let mut translator = translator(Settings::default());
    let whole = "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 2\n";
    page(&mut translator, whole);
    let outcome = page(&mut translator, "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n");
    check_points(&outcome, &["h{} stale [1.0] [0, 0]"]);
    check_points(&page(&mut translator, whole), &["h{} 2/none [1.0] [1, 1]"]);
}

#[test]
fn a_series_of_another_type_is_another_one() {
    let mut translator = translator(Settings::default());
    page(&mut translator, "# TYPE a gauge\na 1\n");
    let outcome = page(&mut translator, "# TYPE a counter\na 1\n");
    assert_eq!(Rendered::of(&outcome).families(), ["a (counter, counter, ) ", "a (gauge, gauge, ) "]);
    check_points(&outcome, &["a{} 1", "a{} stale"]);
    assert_eq!(outcome.added, 0, "its text was there before");
}

#[test]
fn a_sample_that_is_there_again_is_counted() {
    let mut translator = translator(Settings::default());
    let outcome = page(&mut translator, "a 1\na 2\n");
    check_points(&outcome, &["a{} 1"]);
    assert_eq!((outcome.scraped, outcome.duplicates), (2, 1));
}

#[test]
fn the_report_tells_how_the_scrape_went() {
    let mut extra =
        translator(Settings { extra_scrape_metrics: true, sample_limit: 7, ..Settings::default() });
    let outcome = page(&mut extra, "a 1\n");
    let expected = [
        ("up", "1"),
        ("scrape_duration_seconds", "0.25"),
        ("scrape_samples_scraped", "1"),
        ("scrape_samples_post_metric_relabeling", "1"),
        ("scrape_series_added", "1"),
        ("scrape_timeout_seconds", "10"),
        ("scrape_sample_limit", "7"),
        ("scrape_body_size_bytes", "4"),
    ];
    for (name, value) in expected {
        assert_eq!(Rendered::of(&outcome).report(name), [format!("{name}{{}} {value} @{AT}")]);
    }
    let too_large = fail(&mut extra, Failure::BodyTooLarge);
    assert!(Rendered::of(&too_large).report("scrape_body_size_bytes")[0].contains(" -1 "));
}

#[test]
fn the_labels_of_the_target_are_on_its_reports() {
    let mut target = target();
    target.labels.set("zone", "z");
    let mut translator = Translator::new(Settings::default().into(), target);
    let outcome = page(&mut translator, "");
    assert_eq!(Rendered::of(&outcome).report("up"), [format!("up{{zone=z}} 1 @{AT}")]);
    assert_eq!(outcome.points, 5);
}

#[test]
fn nothing_is_kept_of_a_page_that_failed() {
    let strict = Settings { sample_limit: 1, ..Settings::default() };
    let mut translator = translator(strict);
    assert!(page(&mut translator, "a 1\nb 1\n").error.is_some());
    let outcome = page(&mut translator, "b 1\n");
    check_points(&outcome, &["b{} 1"]);
    assert_eq!(outcome.added, 1);
}

#[test]
fn an_end_is_needed_even_behind_nothing() {
    assert_eq!(openmetrics(Settings::default(), "").error, None);
}

#[test]
fn a_series_that_comes_again_under_another_type_was_there_already() {
    let mut translator = translator(Settings::default());
    let outcome = page(&mut translator, "h_sum 0\n# TYPE h histogram\nh_sum 0\n");
    check_points(&outcome, &["h_sum{} 0"]);
    assert_eq!(outcome.duplicates, 1);
    let outcome = page(&mut translator, "# TYPE h histogram\nh_sum 0\n");
    check_points(&outcome, &["h_sum{} stale"]);
    assert_eq!(outcome.incomplete, 1);
}

#[test]
fn samples_of_one_series_may_have_other_times_on_the_next_page() {
    let mut warm = translator(Settings::default());
    let pages = ["a 1 1000\na 2 1000\n", "a 1 2000\na 2 2000\n", "a 1 3000\na 2 4000\n"];
    let outcomes = pages.map(|page| scrape(&mut warm, page.as_bytes(), Format::Text, AT));
    let counts = outcomes.each_ref().map(|outcome| (outcome.duplicates, outcome.bad_lines));
    assert_eq!(counts, [(1, 0), (1, 0), (0, 1)]);
}
