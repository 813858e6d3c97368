//! Targets that are found while the collector runs.

use tests::patience::until;
use tests::serde_json::json;
use tests::target::{Page, Target};
use tests::{Backend, Collector};

use crate::FERROTEL;
use crate::prometheus_scrape::points::{Point, gone, numbers};
use crate::prometheus_scrape::scraping;

#[tokio::test]
async fn targets_come_and_go_with_the_list_of_a_server_and_stay_when_it_fails() {
    let (backend, one, other) = (Backend::start(), Target::with("m 1\n"), Target::with("m 2\n"));
    let list = Target::start(listing(&[&one]));
    let section = format!(
        "{{ job_name: listed, http_sd_configs: [{{ url: 'http://{}/sd', refresh_interval: 200ms,
             authorization: {{ credentials: secret-token }} }}],
           relabel_configs: [{{ source_labels: [__meta_url], target_label: list, regex: '.*/(.*)' }}] }}",
        list.address()
    );
    let collector: Collector = FERROTEL.start(&scraping(&backend, &section)).await;
    let first = until("the first target is scraped", async || numbers(&backend, "listed", "m").pop()).await;
    assert_eq!(first, Point::new(1.0, &[("list", "sd"), ("team", "x")]));
    assert!(list.asked()[0].contains("\r\nauthorization: bearer secret-token\r\n"), "{}", list.asked()[0]);

    list.show(Page::Status(503));
    list.wait_for_more(3).await;
    one.wait_for_more(2).await;

    list.show(listing(&[&other]));
    other.wait_for_more(1).await;
    until("the series of the first target end", async || {
        gone(&backend, "listed", "m").into_iter().find(|point| point.attributes == first.attributes)
    })
    .await;
    list.show(listing(&[]));
    let ended = async || (gone(&backend, "listed", "up").len() >= 2).then_some(());
    until("all series end", ended).await;
    collector.assert_books_balance().await;
}

fn listing(targets: &[&Target]) -> Page {
    let addresses: Vec<String> = targets.iter().map(|target| target.address()).collect();
    let list = json!([{ "targets": addresses, "labels": { "team": "x" } }]);
    Page::Typed("application/json", list.to_string())
}
