//! SIGHUP: reading the configuration anew.

use tests::client::Client;
use tests::patience::until;
use tests::{Answer, Backend, samples, tonic::Code, web};

use crate::FERROTEL;
use crate::configs::{queued_to, queued_with, straight_to};

#[tokio::test]
async fn a_good_configuration_is_changed_over_to() {
    let (old, new) = (Backend::start(), Backend::start());
    let mut collector = FERROTEL.start(&straight_to(&old.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("before", 1)).await.expect("it is taken");
    collector.rewrite_config(&straight_to(&new.address()));
    collector.signal("HUP");
    collector.log().wait_for("The new configuration runs").await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("after", 1)).await.expect("it is taken");
    assert_eq!(old.spans()[0].name, "before 0");
    assert_eq!(new.spans()[0].name, "after 0");
    assert!(collector.is_running());
    assert_eq!(web::get(collector.health(), "/").await.status, 200);
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn what_was_held_is_delivered_before_the_change() {
    let (old, new) = (Backend::start(), Backend::start());
    let queue =
        "{ num_consumers: 1, sizer: items, queue_size: 100, batch: { flush_timeout: 1h, min_size: 100 } }";
    let collector = FERROTEL.start(&queued_with(&old.address(), queue)).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("held", 9)).await.expect("the queue takes it");
    collector.rewrite_config(&queued_to(&new.address()));
    collector.signal("HUP");
    collector.log().wait_for("The new configuration runs").await;
    assert_eq!((old.spans().len(), new.spans().len()), (9, 0));
}

#[tokio::test]
async fn a_wrong_configuration_is_reported_and_the_old_one_goes_on() {
    let backend = Backend::start();
    let mut collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("before", 1)).await.expect("it is taken");
    for wrong in
        ["exporters: { otlp: { endpiont: 'x:1' } }", "{ this is: [not yaml", "exporters: { nowhere: }"]
    {
        collector.rewrite_config(wrong);
        let said = times_said(&collector);
        collector.signal("HUP");
        until("it is reported", async || (times_said(&collector) > said).then_some(())).await;
    }
    let log = collector.log().text();
    assert!(log.contains("`endpiont`") && log.contains("story.yaml:1:"), "{log}");
    client.export(samples::spans("after", 1)).await.expect("the same connection still serves");
    assert_eq!(backend.spans().len(), 2);
    assert!(collector.is_running());
    collector.assert_books_balance().await;
}

#[tokio::test]
async fn a_configuration_that_cannot_start_is_given_up_for_the_old_one() {
    let backend = Backend::start();
    let collector = FERROTEL.start(&straight_to(&backend.address())).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = taken.local_addr().expect("it is bound");
    let clash = format!("receivers: {{ otlp: {{ protocols: {{ grpc: {{ endpoint: '{address}' }} }} }} }}");
    collector.rewrite_config(&format!("{}\n{clash}", straight_to(&backend.address())));
    collector.signal("HUP");
    collector.log().wait_for("going back to the old one").await;
    until("the old one is ready again", async || {
        (web::status(collector.health(), "/").await == Some(200)).then_some(())
    })
    .await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("as before", 1)).await.expect("it is taken");
    assert_eq!(backend.spans().len(), 1);
}

#[tokio::test]
async fn a_reload_with_a_dead_backend_says_what_it_cost() {
    let backend = Backend::start();
    backend.always_answer(Answer::refuse(Code::Unavailable));
    let collector = FERROTEL.start(&queued_to(&backend.address())).await;
    let client = Client::connect(&collector.grpc().await).await;
    client.export(samples::spans("unlucky", 4)).await.expect("the queue takes it");
    backend.wait_for_asked(1).await;
    collector.rewrite_config(&queued_to(&Backend::start().address()));
    collector.signal("HUP");
    collector.log().wait_for("The new configuration runs").await;
    let log = collector.log().text();
    assert!(log.contains("\"dropped_items\":4") || log.contains("\"left\":4"), "{log}");
}

fn times_said(collector: &tests::Collector) -> usize {
    collector.log().text().matches("the old one goes on running").count()
}
