//! Stopping and reloading in the middle of traffic: what was acknowledged arrives, once.

use std::collections::BTreeSet;

use tests::client::Client;
use tests::patience::within;
use tests::tokio::task::JoinSet;
use tests::{Backend, samples};

use crate::FERROTEL;
use crate::configs::{queued_to, queued_with};

const CLIENTS: usize = 4;

#[tokio::test]
async fn what_was_acknowledged_arrives_though_the_collector_stops_in_the_middle() {
    let backend = Backend::start();
    let queue = "{ num_consumers: 2, sizer: items, queue_size: 100000, batch: { flush_timeout: 50ms, min_size: 500 } }";
    let mut collector = FERROTEL.start(&queued_with(&backend.address(), queue)).await;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(send_until_refused(collector.grpc().await, number));
    }
    backend.wait_for_spans(1000).await;
    collector.signal("TERM");
    let acknowledged = gather(clients).await;
    assert_eq!(collector.exit_code().await, 0);
    assert_arrived(&acknowledged, &[&backend]);
}

#[tokio::test]
async fn what_was_acknowledged_arrives_though_the_configuration_changes_in_the_middle() {
    let (old, new) = (Backend::start(), Backend::start());
    let collector = FERROTEL.start(&queued_to(&old.address())).await;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        // The port is gone with the old configuration.
        clients.spawn(send_until_refused(collector.grpc().await, number));
    }
    old.wait_for_spans(200).await;
    collector.rewrite_config(&queued_to(&new.address()));
    collector.signal("HUP");
    let mut acknowledged = gather(clients).await;
    collector.log().wait_for("The new configuration runs").await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("after", 1)).await.expect("the new one takes it");
    acknowledged.push("after 0".to_owned());
    new.wait_for_spans(1).await;
    assert_arrived(&acknowledged, &[&old, &new]);
    collector.assert_books_balance().await;
}

/// Sends one request after the other until one is not taken; gives the names of the spans that were.
async fn send_until_refused(address: String, client: usize) -> Vec<String> {
    let connection = Client::connect(&address).await;
    let mut acknowledged = Vec::new();
    for request in 0.. {
        let name = format!("{client}/{request}");
        if connection.export(samples::spans(&name, 2)).await.is_err() {
            break;
        }
        acknowledged.extend([format!("{name} 0"), format!("{name} 1")]);
    }
    acknowledged
}

async fn gather(clients: JoinSet<Vec<String>>) -> Vec<String> {
    within("the clients are refused", clients.join_all()).await.concat()
}

fn assert_arrived(acknowledged: &[String], backends: &[&Backend]) {
    let arrived: Vec<_> = backends.iter().flat_map(|backend| backend.spans()).map(|span| span.name).collect();
    let names: BTreeSet<_> = arrived.iter().collect();
    assert_eq!(names.len(), arrived.len(), "some arrived twice");
    let lost: Vec<_> = acknowledged.iter().filter(|name| !names.contains(name)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} acknowledged spans are lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
}
