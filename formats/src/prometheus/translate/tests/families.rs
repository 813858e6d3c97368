//! Types, names, units and timestamps of single samples.

use super::{AT, Rendered, Settings, check_openmetrics, check_points, check_text, openmetrics, text};
use crate::prometheus::translate::{BadLines, Format};

fn plain() -> Settings {
    Settings::default()
}

#[test]
fn a_sample_without_a_type_is_a_gauge() {
    check_text(plain(), "a 1\nb{c=\"d\"} 2.5\n", &["a{} 1", "b{c=d} 2.5"]);
}

#[test]
fn every_type_has_its_kind_and_tells_its_name() {
    let page = "# TYPE c counter\n# HELP c Helps \\n \\\\ \\\".\nc_total 1\n\
        # TYPE g gauge\ng 1\n# TYPE s stateset\ns{s=\"a\"} 1\n# TYPE i info\ni_info{v=\"1\"} 1\n\
        # TYPE u unknown\nu 1\nn 1\n# TYPE h histogram\nh_count 0\n# TYPE y summary\ny_count 1\n";
    let rendered = Rendered::of(&openmetrics(plain(), page));
    assert_eq!(
        rendered.families(),
        [
            "c_total (counter, counter, ) Helps \n \\ \".",
            "g (gauge, gauge, ) ",
            "s (sum, stateset, ) ",
            "i (sum, info, ) ",
            "u (gauge, unknown, ) ",
            "n (gauge, unknown, ) ",
            "h (histogram, histogram, ) ",
            "y (summary, summary, ) ",
        ]
    );
}

#[test]
fn a_family_of_the_very_name_comes_before_one_without_the_suffix() {
    let page = "# TYPE a counter\n# TYPE a_count gauge\na_count 1\na_total 2\na_sum 3\n";
    let rendered = Rendered::of(&text(plain(), page));
    assert_eq!(
        rendered.families(),
        ["a_count (gauge, gauge, ) ", "a_total (counter, counter, ) ", "a_sum (counter, counter, ) "]
    );
}

#[test]
fn a_type_that_comes_too_late_is_none() {
    let rendered = Rendered::of(&text(plain(), "a 1\n# TYPE a counter\n"));
    assert_eq!(rendered.families(), ["a (gauge, unknown, ) "]);
}

#[test]
fn a_unit_is_told_as_ucum_has_it() {
    let page = "# TYPE x_seconds gauge\n# UNIT x_seconds seconds\nx_seconds 1\n";
    assert_eq!(Rendered::of(&openmetrics(plain(), page)).families(), ["x_seconds (gauge, gauge, s) "]);
    let trim = Settings { trim_metric_suffixes: true, ..plain() };
    assert_eq!(Rendered::of(&openmetrics(trim, page)).families(), ["x (gauge, gauge, s) "]);
}

#[test]
fn suffixes_are_trimmed_to_what_is_left() {
    let trim = || Settings { trim_metric_suffixes: true, ..plain() };
    let page = "# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 1\n\
        # TYPE seconds gauge\nseconds 1\n# TYPE total counter\ntotal_total 1\n";
    check_openmetrics(trim(), page, &["a{} 1", "seconds{} 1", "total{} 1"]);
}

#[test]
fn a_timestamp_of_the_page_counts_unless_it_is_not_honored() {
    check_text(plain(), "a 1 1234\n", &["a{} 1 @1234"]);
    check_text(Settings { honor_timestamps: false, ..plain() }, "a 1 1234\n", &["a{} 1"]);
    check_openmetrics(plain(), "a 1 1520879607.7899\n", &["a{} 1 @1520879607789"]);
    check_openmetrics(plain(), "a 1 -5\n", &["a{} 1 @0"]);
}

#[test]
fn an_exemplar_with_ids_is_linked_to_its_trace() {
    let page = "# TYPE foo counter\nfoo_total{a=\"b\"} 5 1520879607.789 # \
        {trace_id=\"4bf92f3577b34da6a3ce929d0e0e4736\"} 1 1520879607\n";
    let expected = "foo_total{a=b} 5 @1520879607789 # {} 4bf92f3577b34da6a3ce929d0e0e4736/ 1 @1520879607000";
    check_openmetrics(plain(), page, &[expected]);
}

#[test]
fn an_exemplar_without_a_time_has_that_of_its_sample() {
    let page = "# TYPE a counter\na_total 5 # {span_id=\"00f067aa0ba902b7\",x=\"y\"} 0.5\n";
    let outcome = openmetrics(plain(), page);
    let points = Rendered::of(&outcome).points();
    assert_eq!(points, [format!("a_total{{}} 5 @{AT} # {{x=y}} /00f067aa0ba902b7 0.5 @{AT}")]);
}

#[test]
fn an_id_of_the_wrong_length_is_an_attribute() {
    let page = "a 1 # {trace_id=\"abcd\",span_id=\"zzf067aa0ba902b7\"} 2 3\n";
    check_openmetrics(plain(), page, &["a{} 1 # {trace_id=abcd,span_id=zzf067aa0ba902b7} / 2 @3000"]);
}

#[test]
fn a_created_line_is_the_start_of_its_counter() {
    let page = "# TYPE a counter\na_total{x=\"1\"} 5\na_created{x=\"1\"} 1520430000.5\na_total{x=\"2\"} 5\n\
        a_created{x=\"3\"} 1520430000\n";
    check_openmetrics(plain(), page, &["a_total{x=1} 5 since 1520430000500", "a_total{x=2} 5"]);
}

#[test]
fn a_created_line_with_a_type_of_its_own_is_a_gauge() {
    let page = "# TYPE a_total counter\na_total 5\n# TYPE a_created gauge\na_created 12\n";
    check_text(plain(), page, &["a_total{} 5", "a_created{} 12"]);
}

#[test]
fn names_may_be_any_text_in_quotes() {
    let page = "# TYPE \"http.requests\" counter\n{\"http.requests\",\"a.b\"=\"ü\",c=\"\\\"\\\\\\n\\x\"} 1\n";
    check_text(plain(), page, &["http.requests{a.b=ü,c=\"\\\n\\x} 1"]);
}

#[test]
fn names_of_the_old_kind_can_be_asked_for() {
    let legacy = Settings { validation: crate::prometheus::names::Validation::Legacy, ..plain() };
    let outcome = text(legacy, "{\"a.b\"} 1\na{\"b.c\"=\"d\"} 1\nfine 1\n");
    check_points(&outcome, &["fine{} 1"]);
    assert_eq!(outcome.bad_lines, 2);
}

#[test]
fn a_bad_line_costs_itself_and_is_told() {
    let outcome = text(plain(), "a 1\nb x\n# TYPE c nothing\nc 2\n");
    check_points(&outcome, &["a{} 1", "c{} 2"]);
    assert_eq!((outcome.bad_lines, outcome.error.as_deref()), (2, None));
    let told: Vec<_> =
        outcome.described.iter().map(|line| format!("{}: {}", line.line, line.reason)).collect();
    assert_eq!(told, ["2: the value is not a number", "3: unknown type `nothing`"]);
}

#[test]
fn a_bad_line_costs_the_scrape_where_that_is_wanted() {
    let strict = Settings { bad_lines: BadLines::FailTheScrape, ..plain() };
    let outcome = text(strict, "a 1\nb x\nc 2\n");
    assert_eq!(outcome.error.as_deref(), Some("line 2: the value is not a number"));
    assert_eq!(Rendered::of(&outcome).report("up").len(), 1);
    check_points(&outcome, &[]);
}

#[test]
fn of_many_bad_lines_a_few_are_told() {
    let outcome = text(plain(), &"?\n".repeat(1000));
    assert_eq!((outcome.bad_lines, outcome.described.len()), (1000, 5));
}

#[test]
fn the_form_is_told_by_the_media_type() {
    let of = Format::from_content_type;
    assert_eq!(of("text/plain; version=0.0.4; charset=utf-8"), Some(Format::Text));
    assert_eq!(of("application/openmetrics-text;version=1.0.0"), Some(Format::OpenMetrics));
    let proto =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    assert_eq!(of(proto), Some(Format::Protobuf));
    assert_eq!((of("text/html"), of("")), (None, None));
}
