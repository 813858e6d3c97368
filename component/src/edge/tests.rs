use otlp::Signal;

use super::*;
use crate::testing::payload;

fn edge() -> Edge {
    Edge::of_component("receiver", "otlp", Signal::Traces)
}

#[tokio::test]
async fn a_watcher_sees_what_passes_while_it_watches() {
    let (edge, other) = (edge(), Edge::of_pipeline("traces/eu", Signal::Traces));
    edge.pass(&payload(Signal::Traces, 1));
    let mut watcher = Watcher::new(vec![edge.clone(), other.clone()]);
    assert_eq!((edge.watchers(), other.watchers()), (1, 1));
    edge.pass(&payload(Signal::Traces, 2));
    other.pass(&payload(Signal::Traces, 3));
    let (first, second) = (watcher.next().await.unwrap(), watcher.next().await.unwrap());
    assert_eq!((first.edge, first.payload.items()), (0, 2));
    assert_eq!((second.edge, second.payload.items()), (1, 3));
    drop(watcher);
    assert_eq!((edge.watchers(), other.watchers()), (0, 0));
    edge.pass(&payload(Signal::Traces, 4));
    assert_eq!((edge.passed(), other.passed()), (7, 3));
}

#[tokio::test]
async fn a_slow_watcher_misses_items_and_knows_how_many() {
    let edge = edge();
    let mut watcher = Watcher::new(vec![edge.clone()]);
    for _ in 0..MAX_WAITING + 3 {
        edge.pass(&payload(Signal::Traces, 5));
    }
    assert_eq!(watcher.missed(), 15);
    for _ in 0..MAX_WAITING {
        watcher.next().await.unwrap();
    }
    watcher.set_hungry(false);
    edge.pass(&payload(Signal::Traces, 1));
    assert_eq!(watcher.missed(), 16);
    watcher.set_hungry(true);
    edge.pass(&payload(Signal::Traces, 1));
    assert_eq!(watcher.next().await.unwrap().payload.items(), 1);
}

#[tokio::test]
async fn the_bytes_that_wait_are_bounded_and_one_large_batch_is_taken() {
    let edge = edge();
    let mut watcher = Watcher::new(vec![edge.clone()]);
    let large = payload(Signal::Traces, MAX_WAITING_BYTES / 5);
    assert!(large.size() > MAX_WAITING_BYTES);
    edge.pass(&large);
    edge.pass(&payload(Signal::Traces, 1));
    assert_eq!(watcher.missed(), 1);
    drop(watcher.next().await.unwrap());
    edge.pass(&payload(Signal::Traces, 1));
    assert_eq!(watcher.next().await.unwrap().payload.items(), 1);
}

#[test]
fn names_say_where_an_edge_is() {
    assert_eq!(edge().name(), "receiver/otlp/traces");
    assert_eq!(Edge::of_pipeline("traces/eu", Signal::Traces).name(), "pipeline/traces/eu");
    assert_eq!(Edge::of_processor("logs", "batch/a", Signal::Logs).name(), "processor/logs/batch/a");
}
