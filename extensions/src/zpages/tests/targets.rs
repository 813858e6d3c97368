//! The page of targets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use component::{Choice, DiscoveryStatus, JobStatus, ScrapeStatus, Scraper, TargetState, TargetStatus};

use super::start;
use crate::html::escape;
use crate::loopback::get;

/// A job of that many targets, every tenth of them down.
struct Scrapes(usize);

impl Scraper for Scrapes {
    fn jobs(&self) -> Vec<JobStatus> {
        let discovery = DiscoveryStatus {
            kind: "file".to_owned(),
            name: "<list>.json".to_owned(),
            targets: self.0,
            failures: 2,
            last_error: Some("no <such> file".to_owned()),
        };
        vec![JobStatus {
            job: "<shop>".to_owned(),
            states: [self.0 - self.0 / 10, self.0 / 10, 0],
            dropped: 1,
            errors: vec!["too <many>".to_owned()],
            discoveries: vec![discovery],
        }]
    }

    fn targets(&self, _: &str, choice: &mut Choice, show: &mut dyn FnMut(TargetStatus)) {
        for number in 0..self.0 {
            let is_down = number % 10 == 9;
            let state = if is_down { TargetState::Down } else { TargetState::Up };
            if choice.admits(Some(state)) {
                show(TargetStatus {
                    url: format!("http://host:{number}/metrics"),
                    state,
                    labels: vec![("job".to_owned(), "<shop>".to_owned())],
                    discovered: vec![("__address__".to_owned(), format!("host:{number}"))],
                    last: Some(ScrapeStatus {
                        at: SystemTime::UNIX_EPOCH,
                        took: Duration::from_millis(5),
                        bytes: 100,
                        samples: 7,
                        after_relabel: 6,
                        bad_lines: 1,
                        described: vec!["line 3: <what>".to_owned()],
                        error: is_down.then(|| "<gone>".to_owned()),
                        refused: None,
                    }),
                });
            }
        }
    }

    fn dropped(&self, _: &str, choice: &mut Choice, show: &mut dyn FnMut(Vec<(String, String)>)) {
        if choice.admits(None) {
            show(vec![("__address__".to_owned(), "dropped:1".to_owned())]);
        }
    }
}

#[tokio::test]
async fn very_many_targets_are_shown_in_parts() {
    let (cx, address) = start("{}").await;
    assert!(get(&address, "/debug/targetsz").await.text().contains("Nothing is scraped"));
    let scraper: Arc<dyn Scraper> = Arc::new(Scrapes(10_000));
    cx.targets.add("prometheus".to_owned(), &scraper);
    let page = get(&address, "/debug/targetsz").await.text();
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("http://host:199/metrics") && !page.contains("http://host:200/metrics"));
    for text in ["<shop>", "<list>", "<such>", "<many>", "<what>", "<gone>"] {
        assert!(!page.contains(text) && page.contains(&escape(text)), "{text}");
    }
    let next = "/debug/targetsz?receiver=prometheus&amp;job=%3Cshop%3E&amp;skip=200";
    assert!(page.contains(next), "{page}");
    let next = get(&address, &next.replace("&amp;", "&")).await.text();
    assert!(next.contains("http://host:200/metrics") && !next.contains("http://host:199/metrics"));

    let json = |query: &'static str| {
        let address = address.clone();
        async move {
            let answer = get(&address, &format!("/debug/targetsz?format=json{query}")).await;
            let answer: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            answer["receivers"][0]["jobs"][0].clone()
        }
    };
    let all = json("").await;
    assert_eq!((&all["up"], &all["down"]), (&9_000.into(), &1_000.into()));
    assert_eq!(all["targets"].as_array().unwrap().len(), 1_000);
    assert_eq!(json("&limit=1000000").await["targets"].as_array().unwrap().len(), 5_000);
    let down = json("&state=down&skip=1&limit=2").await;
    let urls: Vec<_> =
        down["targets"].as_array().unwrap().iter().map(|target| target["url"].clone()).collect();
    assert_eq!(urls, ["http://host:19/metrics", "http://host:29/metrics"]);
    assert_eq!(down["targets"][0]["last_scrape"]["error"], "<gone>");
    assert_eq!(json("&state=dropped").await["dropped_targets"][0]["__address__"], "dropped:1");
    assert!(json("&job=other").await.is_null());
    drop(scraper);
    assert!(get(&address, "/debug/targetsz").await.text().contains("Nothing is scraped"));
}
