//! Own metrics as OTLP.

use otlp::{Payload, Signal};

use super::*;

#[test]
fn every_series_becomes_a_point() {
    let labels = vec![("exporter", "otlp".to_owned())];
    let number = Sample { labels: labels.clone(), value: Value::Number(3.0) };
    let buckets = Value::Histogram { bounds: vec![1.0], counts: vec![1, 2], sum: 9.5 };
    let families = [
        Family {
            name: "sent",
            help: "Sent.",
            unit: "{items}",
            kind: MetricKind::Counter,
            samples: vec![number],
        },
        Family {
            name: "size",
            help: "Size.",
            unit: "By",
            kind: MetricKind::Histogram,
            samples: vec![Sample { labels, value: buckets }],
        },
    ];
    let resource = [("service.name".to_owned(), "ferrotel".to_owned())];
    let bytes = encode(&families, &resource, SystemTime::now());
    let Payload::Metrics(metrics) = Payload::parse(Signal::Metrics, bytes.into()).unwrap() else {
        panic!("these are metrics")
    };
    let seen: Vec<_> = metrics
        .points()
        .map(|(metric, point)| {
            let exporter = point.attributes().get("exporter").unwrap().to_text().into_owned();
            let service = metric.resource().attributes().get("service.name").unwrap().to_text().into_owned();
            (
                metric.name().to_str().into_owned(),
                exporter,
                service,
                point.count(),
                point.bucket_counts().collect(),
            )
        })
        .collect();
    let expected = |name: &str, count, buckets: Vec<u64>| {
        (name.to_owned(), "otlp".to_owned(), "ferrotel".to_owned(), count, buckets)
    };
    assert_eq!(seen, [expected("sent", 0, vec![]), expected("size", 3, vec![1, 2])]);
}

#[test]
fn urls_are_completed() {
    for (endpoint, insecure, expected) in [
        ("a:4318", true, "http://a:4318/v1/metrics"),
        ("a:4318/", false, "https://a:4318/v1/metrics"),
        ("http://a/x", false, "http://a/x"),
    ] {
        let otlp =
            OtlpReaderConfig { endpoint: endpoint.to_owned(), insecure, ..OtlpReaderConfig::default() };
        assert_eq!(url(&otlp).unwrap().to_string(), expected);
    }
}
