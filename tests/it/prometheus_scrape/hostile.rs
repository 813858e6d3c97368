//! Targets that are broken or evil: each is down for a plain reason, and a good one beside them goes on.

use tests::Backend;
use tests::patience::until;
use tests::target::{Page, Target};

use super::points::{gone, numbers};
use super::{assert_settles, job, scraping, trouble};
use crate::FERROTEL;

#[tokio::test]
async fn what_is_wrong_with_a_target_is_told_and_costs_that_target_alone() {
    let backend = Backend::start();
    let good = Target::with("good 1\n");
    let text = |text: &str| text.to_owned();
    let cases = [
        ("status", Page::Status(500), "the server answered 500"),
        ("circle", Page::Redirect(String::new()), "redirect"),
        ("lost", Page::Redirect(text("ftp://nowhere/")), "no URL"),
        ("silent", Page::Hang, "no whole page within 500ms"),
        ("slow", Page::HangAfter(text("a 1\n")), "no whole page within 500ms"),
        ("cut", Page::Cut(text("a 1\n")), "cannot send to"),
        ("endless", Page::Endless, "the page has more than 1048575 bytes"),
        ("bomb", Page::Bomb(8 << 20), "the page has more than 1048575 bytes"),
        ("unpacked", Page::NotPacked(b"a 1\n".to_vec()), "packed body is broken"),
        ("gibberish", Page::Gibberish, "cannot send to"),
        ("cut-openmetrics", Page::Typed("application/openmetrics-text; version=1.0.0", text("a 1\n")), "EOF"),
        ("not-protobuf", Page::Typed("application/vnd.google.protobuf", text("a 1\n")), ""),
    ];
    let targets: Vec<_> = cases.iter().map(|(name, page, _)| (*name, Target::start(page.clone()))).collect();
    let mut sections = vec![job("good", &good, "")];
    sections.extend(targets.iter().map(|(name, target)| job(name, target, "body_size_limit: 1MB")));
    sections.push(
        "{ job_name: closed, static_configs: [{ targets: ['127.0.0.1:1'] }] }, \
         { job_name: unknown, static_configs: [{ targets: ['no-such-host.invalid:1'] }] }, \
         { job_name: secret, bearer_token_file: /no/such/token, static_configs: [{ targets: ['127.0.0.1:1'] }] }"
            .to_owned(),
    );
    let collector = FERROTEL.start(&scraping(&backend, &sections.join(", "))).await;
    let others = [("closed", "refused"), ("unknown", "cannot send to"), ("secret", "/no/such/token")];
    for (name, words) in cases.iter().map(|(name, _, words)| (*name, *words)).chain(others) {
        let error = trouble(&collector, name).await;
        assert!(error.contains(words), "{name}: {error}");
        until(&format!("`{name}` is down"), async || {
            numbers(&backend, name, "up").into_iter().find(|up| up.value == 0.0)
        })
        .await;
        assert!(numbers(&backend, name, "a").is_empty(), "{name}");
    }
    let before = numbers(&backend, "good", "good").len();
    until("the good one goes on", async || {
        (numbers(&backend, "good", "good").len() > before + 1).then_some(())
    })
    .await;
    assert!(numbers(&backend, "good", "up").iter().all(|up| up.value == 1.0));
    assert!(collector.peak_memory() < 200 << 20, "{}", collector.peak_memory());
    assert_settles(&collector).await;
    let metrics = collector.metrics().await;
    for (job, reason) in
        [("silent", "timeout"), ("bomb", "body_size_limit"), ("status", "status"), ("closed", "unreachable")]
    {
        let labels = [("scraper", job), ("reason", reason)];
        assert!(metrics.sum("otelcol_receiver_prometheus_failed_scrapes", &labels) > 0.0, "{job} {reason}");
    }
}

#[tokio::test]
async fn a_page_that_says_nothing_of_its_type_is_read_as_the_job_falls_back_to() {
    let backend = Backend::start();
    let untyped = Target::start(Page::Typed("", "a 1\n".to_owned()));
    let odd = Target::start(Page::Typed("text/html", "a 1\n# EOF\n".to_owned()));
    let packed = Target::start(Page::Packed("a 1\n".to_owned()));
    let sections = [
        job("untyped", &untyped, ""),
        job("odd", &odd, "fallback_scrape_protocol: OpenMetricsText1.0.0"),
        job("packed", &packed, ""),
    ];
    let _collector = FERROTEL.start(&scraping(&backend, &sections.join(", "))).await;
    for job in ["untyped", "odd", "packed"] {
        until(job, async || numbers(&backend, job, "a").pop()).await;
    }
}

#[tokio::test]
async fn bad_lines_cost_themselves() {
    let backend = Backend::start();
    let page = "good 1\n{broken\nagain 2\nagain 3\nnumber x\nlate 4 5\nlast 5\n";
    let target = Target::with(page);
    let collector = FERROTEL.start(&scraping(&backend, &job("shop", &target, ""))).await;
    until("the last line arrives", async || numbers(&backend, "shop", "last").pop()).await;
    assert_eq!(numbers(&backend, "shop", "good")[0].value, 1.0);
    assert_eq!(numbers(&backend, "shop", "again")[0].value, 2.0, "the first of two is the one that counts");
    assert_eq!(numbers(&backend, "shop", "up")[0].value, 1.0);
    let metrics = collector.metrics().await;
    let errored = |reason| {
        metrics.sum("otelcol_scraper_errored_metric_points", &[("scraper", "shop"), ("reason", reason)])
    };
    assert!(errored("bad_line") >= 2.0 && errored("duplicate") >= 1.0);
}

#[tokio::test]
async fn a_flood_of_labels_ends_at_the_limits() {
    let backend = Backend::start();
    let labels: Vec<_> = (0..5_000).map(|number| format!("label_{number}=\"{number}\"")).collect();
    let flood = Target::with(&format!("flood{{{}}} 1\n", labels.join(",")));
    let long = Target::with(&format!("long{{a=\"{}\"}} 1\n", "x".repeat(100_000)));
    let sections = [
        job("flood", &flood, "label_limit: 30"),
        job("long", &long, "label_value_length_limit: 200"),
        job("calm", &flood, ""),
    ];
    let collector = FERROTEL.start(&scraping(&backend, &sections.join(", "))).await;
    for name in ["flood", "long"] {
        let error = trouble(&collector, name).await;
        assert!(error.contains("label") && error.len() < 1_000, "{name}: {error}");
        assert!(gone(&backend, name, name).is_empty());
    }
    let taken = until("without a limit it is taken", async || numbers(&backend, "calm", "flood").pop()).await;
    assert_eq!(taken.attributes.len(), 5_000);
}
