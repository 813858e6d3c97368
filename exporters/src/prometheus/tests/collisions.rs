//! Who is in whose way, and what that costs: the series in question, and nobody else's.

use opentelemetry_proto::tonic::metrics::v1::{Histogram, HistogramDataPoint};

use super::*;

fn one(pairs: &[(&str, &str)]) -> Vec<NumberDataPoint> {
    vec![point(pairs, 1, 1.0)]
}

#[tokio::test(start_paused = true)]
async fn the_first_kind_of_a_name_stays() {
    let exporter = exporter("");
    let point_of = HistogramDataPoint { count: 1, ..HistogramDataPoint::default() };
    let data = Histogram { data_points: vec![point_of], aggregation_temporality: CUMULATIVE };
    exporter.send(vec![gauge("a.b", one(&[])), sum("other", CUMULATIVE, false, one(&[]))]).await;
    exporter.send(vec![metric("a_b", Data::Histogram(data)), gauge("free", one(&[]))]).await;
    assert_eq!(exporter.samples(), ["a_b 1", "free 1", "other 1"]);
    assert_eq!(exporter.dropped(), [("its name belongs to another metric", 1)]);
}

#[tokio::test(start_paused = true)]
async fn names_of_samples_are_taken_too() {
    let point_of = || HistogramDataPoint { count: 1, ..HistogramDataPoint::default() };
    let histogram = |name: &str| {
        let data = Histogram { data_points: vec![point_of()], aggregation_temporality: CUMULATIVE };
        metric(name, Data::Histogram(data))
    };
    let exporter = exporter("");
    exporter
        .send(vec![histogram("h"), gauge("h.count", one(&[])), gauge("h2.sum", one(&[])), histogram("h2")])
        .await;
    assert_eq!(exporter.samples(), ["h_bucket{le=\"+Inf\"} 1", "h_sum 0", "h_count 1", "h2_sum 1"]);
    assert_eq!(exporter.dropped(), [("its name belongs to another metric", 2)]);
}

#[tokio::test(start_paused = true)]
async fn in_open_metrics_a_counter_has_its_bare_name_as_well() {
    for (settings, shown) in [("", 2), ("enable_open_metrics: true", 1)] {
        let exporter = exporter(settings);
        exporter.send(vec![counter("requests", one(&[])), gauge("requests", one(&[]))]).await;
        assert_eq!(exporter.samples().len(), shown, "{settings}");
    }
}

#[tokio::test(start_paused = true)]
async fn labels_that_become_one_or_are_somebody_elses_cost_their_point_only() {
    let exporter = exporter("const_labels: { env: prod }");
    let points = vec![
        point(&[("a.b", "1"), ("a_b", "2")], 1, 1.0),
        point(&[("env", "test")], 1, 1.0),
        point(&[("__name__", "evil")], 1, 1.0),
        point(&[("%", "1")], 1, 1.0),
        point(&[("fine", "1")], 1, 1.0),
    ];
    exporter.send(vec![gauge("g", points)]).await;
    assert_eq!(exporter.samples(), [r#"g{env="prod",fine="1"} 1"#]);
    let expected =
        [("a name without a letter that Prometheus allows", 1), ("two of its labels have one name", 3)];
    assert_eq!(exporter.dropped(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_histogram_has_its_own_label_le() {
    let exporter = exporter("");
    let point_of =
        HistogramDataPoint { attributes: attributes(&[("le", "1")]), ..HistogramDataPoint::default() };
    let data = Histogram { data_points: vec![point_of], aggregation_temporality: CUMULATIVE };
    exporter.send(vec![metric("h", Data::Histogram(data)), gauge("g", one(&[("le", "1")]))]).await;
    assert_eq!(exporter.samples(), [r#"g{le="1"} 1"#]);
}

#[tokio::test(start_paused = true)]
async fn of_two_series_with_the_same_name_and_labels_the_first_stays() {
    let exporter = exporter("");
    exporter.send(vec![gauge("a.b", one(&[("c", "1")]))]).await;
    exporter.send(vec![gauge("a_b", vec![point(&[("c", "1")], 2, 2.0), point(&[("c", "2")], 2, 2.0)])]).await;
    assert_eq!(exporter.samples(), [r#"a_b{c="1"} 1"#, r#"a_b{c="2"} 2"#]);
    assert_eq!(exporter.dropped(), [("another series has the same labels", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_metric_has_no_more_series_than_the_limit_and_the_offender_is_named() {
    let exporter = exporter("series_limit: 100");
    let flood = (0..100_000_u32).map(|number| point(&[("user", &number.to_string())], 1, 1.0)).collect();
    exporter.send(vec![gauge("offender", flood), gauge("neighbour", one(&[]))]).await;
    // Those that are known go on.
    exporter.send(vec![gauge("offender", vec![point(&[("user", "7")], 2, 42.0)])]).await;
    assert_eq!(exporter.registry.len(), 101);
    assert!(exporter.page().contains("offender{user=\"7\"} 42\n"));
    assert_eq!(exporter.dropped(), [("series limit", 99_900)]);
    let families = exporter.cx.metrics.read();
    let refused = families.iter().find(|family| family.name.ends_with("refused_points")).unwrap();
    assert!(refused.samples[0].labels.contains(&("metric", "offender".to_owned())), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_names_is_counted_by_name_for_the_first_only() {
    let exporter = exporter("");
    let refused = one(&[("__name__", "b")]);
    exporter.send((0..300).map(|number| gauge(&format!("g{number}"), refused.clone())).collect()).await;
    let families = exporter.cx.metrics.read();
    let refused = families.iter().find(|family| family.name.ends_with("refused_points")).unwrap();
    assert_eq!(refused.samples.len(), 101);
    assert_eq!(exporter.dropped().iter().map(|(_, points)| points).sum::<u64>(), 300);
}
