//! The text that is scraped.

use component::{Sample, Value};

use super::*;

fn families() -> Vec<Family> {
    let labels = vec![("exporter", "otlp/\"a\"\\\n".to_owned())];
    let number = Sample { labels, value: Value::Number(3.0) };
    let buckets = Value::Histogram { bounds: vec![1.0, 2.5], counts: vec![1, 0, 2], sum: 9.5 };
    vec![
        Family {
            name: "sent",
            help: "Sent.",
            unit: "{items}",
            kind: MetricKind::Counter,
            samples: vec![number],
        },
        Family {
            name: "otelcol_processor_batch_batch_send_size",
            help: "Size.",
            unit: "By",
            kind: MetricKind::Histogram,
            samples: vec![Sample { labels: Vec::new(), value: buckets }],
        },
    ]
}

fn write(config: &PrometheusConfig, level: MetricsLevel) -> String {
    let resource = [("service.name".to_owned(), "ferrotel".to_owned()), ("1x".to_owned(), "y".to_owned())];
    Exposition::new(config, level, &resource).write(&families())
}

#[test]
fn names_are_bare_labels_are_escaped_buckets_are_cumulative() {
    let expected = r#"# HELP sent Sent.
# TYPE sent counter
sent{exporter="otlp/\"a\"\\\n"} 3
# HELP otelcol_processor_batch_batch_send_size Size.
# TYPE otelcol_processor_batch_batch_send_size histogram
otelcol_processor_batch_batch_send_size_bucket{le="1"} 1
otelcol_processor_batch_batch_send_size_bucket{le="2.5"} 1
otelcol_processor_batch_batch_send_size_bucket{le="+Inf"} 3
otelcol_processor_batch_batch_send_size_sum 9.5
otelcol_processor_batch_batch_send_size_count 3
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="ferrotel",_1x="y"} 1
"#;
    assert_eq!(write(&PrometheusConfig::default(), MetricsLevel::Normal), expected);
}

#[test]
fn level_basic_leaves_the_batch_metrics_out() {
    assert!(!write(&PrometheusConfig::default(), MetricsLevel::Basic).contains("batch"));
}

#[test]
fn suffixes_are_added_when_asked_for() {
    let config =
        PrometheusConfig { without_units: false, without_type_suffix: false, ..PrometheusConfig::default() };
    let text = write(&config, MetricsLevel::Normal);
    assert!(text.contains("sent_total{") && text.contains("batch_send_size_bytes_bucket{"), "{text}");
}

#[test]
fn chosen_resource_attributes_become_labels_of_every_series() {
    let mut config = PrometheusConfig::default();
    config.with_resource_constant_labels.included = vec!["service.name".to_owned()];
    assert!(write(&config, MetricsLevel::Normal).contains(r#"service_name="ferrotel"} 3"#));
}
