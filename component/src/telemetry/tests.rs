//! The registry of metrics.

use super::*;

const SENT: Description = Description { name: "sent", help: "Sent.", unit: "{item}" };

fn labels(exporter: &str) -> Labels {
    vec![("exporter", exporter.to_owned())]
}

#[test]
fn a_counter_appears_when_it_is_first_used_even_with_nothing() {
    let metrics = Metrics::default();
    let counter = metrics.counter(SENT, labels("otlp"));
    assert!(metrics.read().is_empty());
    counter.add(0);
    assert_eq!(metrics.read()[0].samples[0].value, Value::Number(0.0));
}

#[test]
fn the_same_labels_are_the_same_counter() {
    let metrics = Metrics::default();
    metrics.counter(SENT, labels("otlp")).add(1);
    metrics.counter(SENT, labels("otlp")).add(2);
    metrics.counter(SENT, labels("debug")).add(4);
    let family = &metrics.read()[0];
    let values: Vec<_> = family.samples.iter().map(|sample| sample.value.clone()).collect();
    assert_eq!(values, [Value::Number(3.0), Value::Number(4.0)]);
}

#[test]
fn a_histogram_counts_a_value_on_a_bound_below_it() {
    let histogram = Histogram::new(&[1.0, 2.0]);
    [0.5, 1.0, 1.5, 9.0].into_iter().for_each(|value| histogram.record(value));
    let expected = Value::Histogram { bounds: vec![1.0, 2.0], counts: vec![2, 1, 1], sum: 12.0 };
    assert_eq!(histogram.read(), expected);
}

#[test]
fn threads_add_up() {
    let counter = Counter::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| counter.add(1)));
        }
    });
    assert_eq!(counter.value(), 4000);
}
