//! Operations and their buckets; time is paused.

use super::*;

#[tokio::test(start_paused = true)]
async fn nothing_is_measured_until_somebody_watches() {
    let operations = Operations::default();
    let sends = operations.operation("exporter/otlp/traces".to_owned());
    sends.end(sends.begin(), 1, Ok::<(), &String>(()));
    assert_eq!(sends.counts(), [0; 10]);
}

#[tokio::test(start_paused = true)]
async fn an_operation_falls_into_the_bucket_of_its_latency_or_its_error() {
    let operations = Operations::default();
    operations.watch();
    let sends = operations.operation("exporter/otlp/traces".to_owned());
    for (took, outcome) in [(0, Ok(())), (10, Ok(())), (11, Ok(())), (10, Err(&"refused".to_owned()))] {
        let began = sends.begin();
        tokio::time::advance(Duration::from_millis(took)).await;
        sends.end(began, 5, outcome);
    }
    assert_eq!(sends.counts(), [1, 0, 0, 0, 2, 0, 0, 0, 0, 1]);
    let kept: Vec<_> = sends.samples(4).iter().map(|sample| sample.took.as_millis()).collect();
    assert_eq!(kept, [11, 10]);
    assert_eq!(sends.samples(9)[0].error.as_deref(), Some("refused"));
}

#[tokio::test(start_paused = true)]
async fn a_bucket_keeps_the_newest() {
    let operations = Operations::default();
    operations.watch();
    let sends = operations.operation("x".to_owned());
    (0..25).for_each(|items| sends.end(sends.begin(), items, Ok::<(), &String>(())));
    let items: Vec<_> = operations.all()[0].1.samples(0).iter().map(|sample| sample.items).collect();
    assert_eq!(items, (15..25).rev().collect::<Vec<_>>());
}
