//! Histograms, summaries and what makes them whole.

use super::{Settings, check_openmetrics, check_points, check_text, openmetrics, text};

fn plain() -> Settings {
    Settings::default()
}

#[test]
fn buckets_sum_and_count_are_one_point() {
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 4.5\nh_count 3\n";
    check_text(plain(), page, &["h{} 3/4.5 [1.0] [2, 1]"]);
}

#[test]
fn without_a_count_there_is_no_point() {
    let outcome =
        text(plain(), "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 4.5\n");
    check_points(&outcome, &[]);
    assert_eq!((outcome.scraped, outcome.incomplete), (3, 1));
}

#[test]
fn without_a_sum_there_is_none() {
    let page = "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 3\nh_count 3\n";
    check_text(plain(), page, &["h{} 3/none [] [3]"]);
}

#[test]
fn without_buckets_there_is_one_with_all() {
    check_text(plain(), "# TYPE h histogram\nh_count 3\nh_sum 1\n", &["h{} 3/1 [] [3]"]);
}

#[test]
fn buckets_may_come_in_any_order() {
    let page = "# TYPE h histogram\nh_count 4\nh_bucket{le=\"+Inf\"} 4\nh_bucket{le=\"5\"} 3\n\
        h_bucket{le=\"-1\"} 1\n";
    check_text(plain(), page, &["h{} 4/none [-1.0, 5.0] [1, 2, 1]"]);
}

#[test]
fn a_bound_that_is_there_twice_is_counted_once() {
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"1.0\"} 3\nh_count 3\n";
    let outcome = text(plain(), page);
    check_points(&outcome, &["h{} 3/none [1.0] [2, 1]"]);
    assert_eq!(outcome.duplicates, 1);
}

#[test]
fn a_histogram_that_contradicts_itself_is_dropped() {
    for page in [
        "h_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 1\nh_count 3\n",
        "h_bucket{le=\"1\"} 4\nh_count 3\n",
        "h_bucket{le=\"1\"} NaN\nh_count 3\n",
        "h_bucket{le=\"1\"} -1\nh_count 3\n",
        "h_count NaN\n",
    ] {
        let outcome = text(plain(), &format!("# TYPE h histogram\n{page}"));
        check_points(&outcome, &[]);
        assert_eq!(outcome.incomplete, 1, "{page}");
    }
}

#[test]
fn a_bucket_without_a_bound_is_a_bad_line() {
    let page = "# TYPE h histogram\nh_bucket 2\nh_bucket{le=\"x\"} 2\nh{le=\"1\"} 2\nh_count 3\n";
    let outcome = text(plain(), page);
    check_points(&outcome, &["h{} 3/none [] [3]"]);
    assert_eq!(outcome.bad_lines, 3);
}

#[test]
fn points_are_told_apart_by_their_other_labels() {
    let page = "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 1\nh_count{a=\"1\"} 1\n\
        h_bucket{le=\"1\",a=\"2\"} 2\nh_count{a=\"2\"} 2\n";
    check_text(plain(), page, &["h{a=1} 1/none [1.0] [1, 0]", "h{a=2} 2/none [1.0] [2, 0]"]);
}

#[test]
fn the_exemplars_of_its_buckets_belong_to_the_point() {
    let page = "# TYPE h histogram\nh_bucket{le=\"1\"} 1 # {a=\"b\"} 0.5 1\nh_bucket{le=\"+Inf\"} 2 # {} 7 2\n\
        h_count 2\nh_sum 7.5\nh_created 3\n";
    let expected = "h{} 2/7.5 [1.0] [1, 1] since 3000 # {a=b} / 0.5 @1000 # {} / 7 @2000";
    check_openmetrics(plain(), page, &[expected]);
}

#[test]
fn a_sample_of_another_time_is_left_out() {
    let page = "# TYPE h histogram\nh_count 2 5000\nh_sum 7.5 6000\n";
    let outcome = text(plain(), page);
    check_points(&outcome, &["h{} 2/none [] [2] @5000"]);
    assert_eq!(outcome.bad_lines, 1);
}

#[test]
fn quantiles_sum_and_count_are_one_point() {
    let page = "# TYPE s summary\ns{quantile=\"0.9\"} 9\ns{quantile=\"0.5\"} 5\ns_sum 17\ns_count 3\n";
    check_text(plain(), page, &["s{} 3/17 0.5=5 0.9=9"]);
}

#[test]
fn a_summary_needs_its_count_alone() {
    check_text(plain(), "# TYPE s summary\ns_count 3\n", &["s{} 3/0"]);
    let outcome = text(plain(), "# TYPE s summary\ns{quantile=\"0.5\"} 5\ns_sum 1\n");
    check_points(&outcome, &[]);
    assert_eq!(outcome.incomplete, 1);
}

#[test]
fn bounds_stay_labels_of_what_is_no_histogram() {
    check_text(plain(), "h_bucket{le=\"1\"} 2\n", &["h_bucket{le=1} 2"]);
    let page = "# TYPE h histogram\nother{le=\"1\"} 2\n";
    check_text(plain(), page, &["other{le=1.0} 2"]);
}

#[test]
fn gauge_histograms_are_dropped_and_counted() {
    let page = "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\ng_gcount 1\ng_gsum 1\nfine 1\n";
    let outcome = openmetrics(plain(), page);
    check_points(&outcome, &["fine{} 1"]);
    assert_eq!((outcome.scraped, outcome.unsupported), (4, 3));
}
