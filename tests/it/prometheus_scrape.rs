//! Targets are scraped: what they expose arrives, and what is wrong with one costs that one.

mod clients;
mod hostile;
mod points;

use std::fs;

use tests::backend::Answer;
use tests::patience::{until, until_equal};
use tests::proto::metrics::v1::metric::Data;
use tests::serde_json::{self, Value};
use tests::target::{Page, Target};
use tests::tonic::Code;
use tests::{Backend, Collector, web};

use self::points::{Point, gone, numbers, resource};
use crate::FERROTEL;

const PAGE: &str = "# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method=\"post\",code=\"200\"} 1027
http_requests_total{method=\"post\",code=\"400\"} 3
# TYPE temperature gauge
temperature -4.5
# TYPE rpc_seconds histogram
rpc_seconds_bucket{le=\"0.1\"} 2
rpc_seconds_bucket{le=\"1\"} 5
rpc_seconds_bucket{le=\"+Inf\"} 6
rpc_seconds_sum 7.5
rpc_seconds_count 6
# TYPE latency summary
latency{quantile=\"0.5\"} 0.25
latency_sum 10
latency_count 4
";

#[tokio::test]
async fn what_a_target_exposes_arrives_with_its_types_and_its_resource() {
    let (backend, target) = (Backend::start(), Target::with(PAGE));
    let collector = FERROTEL.start(&scraping(&backend, &job("shop", &target, ""))).await;
    until("a scrape arrives", async || numbers(&backend, "shop", "up").pop()).await;

    let requests = numbers(&backend, "shop", "http_requests_total");
    assert_eq!(requests[0], Point::new(1027.0, &[("code", "200"), ("method", "post")]));
    assert_eq!(requests[1], Point::new(3.0, &[("code", "400"), ("method", "post")]));
    assert_eq!(numbers(&backend, "shop", "temperature")[0], Point::new(-4.5, &[]));
    assert_eq!(numbers(&backend, "shop", "up")[0], Point::new(1.0, &[]));
    assert_eq!(numbers(&backend, "shop", "scrape_samples_scraped")[0], Point::new(11.0, &[]));
    let metrics = backend.metrics();
    let data = |name: &str| {
        let found = metrics.iter().find(|metric| metric.name == name).and_then(|metric| metric.data.clone());
        found.unwrap_or_else(|| panic!("there is no {name}"))
    };
    let Data::Histogram(histogram) = data("rpc_seconds") else { panic!("rpc_seconds is no histogram") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum), (6, Some(7.5)));
    assert_eq!((&point.explicit_bounds[..], &point.bucket_counts[..]), (&[0.1, 1.0][..], &[2, 3, 1][..]));
    let Data::Summary(summary) = data("latency") else { panic!("latency is no summary") };
    let point = &summary.data_points[0];
    assert_eq!(
        (point.count, point.quantile_values[0].quantile, point.quantile_values[0].value),
        (4, 0.5, 0.25)
    );

    let resource = resource(&backend, "shop").expect("it has a resource");
    let (_, port) =
        target.address().split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a port");
    for (name, value) in [
        ("service.name", "shop"),
        ("service.instance.id", &target.address()),
        ("server.port", &port),
        ("url.scheme", "http"),
    ] {
        assert_eq!(resource.get(name).map(String::as_str), Some(value), "{resource:?}");
    }
    let head = target.asked().remove(0);
    for line in [
        "get /metrics http/1.1",
        "\r\naccept: application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,",
        "\r\naccept-encoding: gzip\r\n",
        "\r\nx-prometheus-scrape-timeout-seconds: 0.5\r\n",
        "\r\nuser-agent: ferrotel/",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
    assert_settles(&collector).await;
    let account = collector.account("receiver", "prometheus", "metrics").await;
    assert!(account.received > 0 && account.refused == 0, "{account:?}");
}

#[tokio::test]
async fn a_series_that_is_gone_ends_and_the_others_go_on() {
    let (backend, target) = (Backend::start(), Target::with("a{x=\"1\"} 1\nb 2\n"));
    let _collector = FERROTEL.start(&scraping(&backend, &job("shop", &target, ""))).await;
    until("b arrives", async || numbers(&backend, "shop", "b").pop()).await;
    target.show(Page::Text("b 3\n".to_owned()));
    let ended = until("a ends", async || gone(&backend, "shop", "a").pop()).await;
    assert_eq!(ended, Point::new(0.0, &[("x", "1")]));
    until("b goes on", async || numbers(&backend, "shop", "b").into_iter().find(|b| b.value == 3.0)).await;
    assert!(gone(&backend, "shop", "b").is_empty());
    target.show(Page::Status(500));
    until("b ends when the target fails", async || gone(&backend, "shop", "b").pop()).await;
    until("the target is down", async || {
        numbers(&backend, "shop", "up").into_iter().find(|up| up.value == 0.0)
    })
    .await;
    assert!(gone(&backend, "shop", "up").is_empty(), "the target is still scraped");
}

#[tokio::test]
async fn targets_come_and_go_with_the_file_that_lists_them() {
    let (backend, target) = (Backend::start(), Target::with("a 1\n"));
    let list = std::env::temp_dir().join(format!("ferrotel-it-targets-{}.json", std::process::id()));
    let write = |targets: &[&str]| {
        let next = list.with_extension("next");
        let content = serde_json::json!([{ "targets": targets, "labels": { "team": "x" } }]);
        fs::write(&next, content.to_string()).expect("it can be written");
        fs::rename(&next, &list).expect("it can be renamed");
    };
    write(&[&target.address()]);
    let section = format!(
        "{{ job_name: files, file_sd_configs: [{{ files: ['{}'], refresh_interval: 1s }}] }}",
        list.display()
    );
    let collector = FERROTEL.start(&scraping(&backend, &section)).await;
    let first = until("a arrives", async || numbers(&backend, "files", "a").pop()).await;
    assert_eq!(first, Point::new(1.0, &[("team", "x")]));
    write(&[]);
    until("the target's series end, its reports with them", async || {
        gone(&backend, "files", "a").pop()?;
        gone(&backend, "files", "up").pop()
    })
    .await;
    // Nothing is scraped any more, so the books can be read at rest.
    collector.assert_books_balance().await;
    let account = collector.account("receiver", "prometheus", "metrics").await;
    assert!(account.received > 0 && account.received == account.delivered, "{account:?}");
    write(&[&target.address()]);
    target.wait_for_more(1).await;
    fs::remove_file(&list).expect("it is ours");
}

#[tokio::test]
async fn what_no_pipeline_takes_is_refused_and_the_next_scrape_goes_on() {
    let (backend, target) = (Backend::start(), Target::with("a 1\n"));
    backend.always_answer(Answer::refuse(Code::Unavailable));
    let collector = FERROTEL.start(&scraping(&backend, &job("shop", &target, ""))).await;
    let refused = until("it is said", async || {
        let scrape = target_page(&collector, "shop").await?["last_scrape"].clone();
        scrape["refused"].as_str().map(str::to_owned)
    });
    assert!(refused.await.contains("the backend refuses"));
    backend.always_answer(Answer::Accept);
    until("the next one arrives", async || numbers(&backend, "shop", "a").pop()).await;
    until("nothing is refused", async || {
        target_page(&collector, "shop").await?["last_scrape"]["refused"].is_null().then_some(())
    })
    .await;
    assert_settles(&collector).await;
    let account = collector.account("receiver", "prometheus", "metrics").await;
    assert!(account.refused > 0 && account.delivered > 0, "{account:?}");
}

#[tokio::test]
async fn rules_and_limits_are_kept() {
    let (backend, target) = (Backend::start(), Target::with("keep{a=\"1\"} 1\ndrop 2\n"));
    let sections = [
        job(
            "relabelled",
            &target,
            "metric_relabel_configs: [{ source_labels: [__name__], regex: drop, action: drop }], relabel_configs: [{ target_label: zone, replacement: z }]",
        ),
        job("samples", &target, "sample_limit: 1"),
        job("labels", &target, "label_limit: 2"),
        job("body", &target, "body_size_limit: 10B"),
        format!(
            "{{ job_name: targets, target_limit: 1, static_configs: [{{ targets: ['{0}', '127.0.0.1:1'] }}] }}",
            target.address()
        ),
        job("gone", &target, "relabel_configs: [{ action: drop, source_labels: [job], regex: gone }]"),
    ];
    let collector = FERROTEL.start(&scraping(&backend, &sections.join(", "))).await;
    let kept = until("it arrives", async || numbers(&backend, "relabelled", "keep").pop()).await;
    assert_eq!(kept, Point::new(1.0, &[("a", "1"), ("zone", "z")]));
    assert!(numbers(&backend, "relabelled", "drop").is_empty());
    assert_eq!(numbers(&backend, "relabelled", "scrape_samples_post_metric_relabeling")[0].value, 1.0);
    for (job, words) in [
        ("samples", "sample"),
        ("labels", "label"),
        ("body", "the page has more than 9 bytes"),
        ("targets", "2 targets are more than the `target_limit` of 1"),
    ] {
        let error = trouble(&collector, job).await;
        assert!(error.contains(words), "{job}: {error}");
        until("it is down", async || numbers(&backend, job, "up").into_iter().find(|up| up.value == 0.0))
            .await;
    }
    let dropped = pages(&collector, "&state=dropped&job=gone").await;
    let labels = &dropped["receivers"][0]["jobs"][0]["dropped_targets"][0];
    assert_eq!(labels["__address__"], target.address(), "{dropped}");
}

#[tokio::test]
async fn the_page_of_targets_shows_all_of_a_target() {
    let (backend, target) = (Backend::start(), Target::with("a 1\n<oops>\n"));
    let section = job(
        "<shop>",
        &target,
        "relabel_configs: [{ action: labelmap, regex: __meta_(.+), replacement: $1 }]",
    );
    let collector = FERROTEL.start(&scraping(&backend, &section)).await;
    let shown = until("it is scraped", async || {
        target_page(&collector, "<shop>").await.filter(|shown| !shown["last_scrape"].is_null())
    });
    let shown = shown.await;
    assert_eq!((&shown["state"], &shown["labels"]["job"]), (&"up".into(), &"<shop>".into()), "{shown}");
    assert_eq!(shown["url"], format!("http://{}/metrics", target.address()));
    assert_eq!(shown["discovered_labels"]["__metrics_path__"], "/metrics");
    let scrape = &shown["last_scrape"];
    assert_eq!((&scrape["samples"], &scrape["bad_lines"]), (&1.into(), &1.into()), "{scrape}");
    assert!(
        scrape["first_bad_lines"][0].as_str().is_some_and(|line| line.starts_with("line 2: ")),
        "{scrape}"
    );
    let html = web::get(collector.zpages(), "/debug/targetsz").await;
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    let html = html.text();
    assert!(html.contains("&lt;shop&gt;") && !html.contains("<shop>"), "{html}");
    assert!(html.contains("1 bad lines: line 2: "), "{html}");
    let metrics = collector.metrics().await;
    let of_job = [("receiver", "prometheus"), ("scraper", "<shop>")];
    assert!(metrics.sum("otelcol_scraper_scraped_metric_points", &of_job) > 0.0);
    assert!(metrics.sum("otelcol_scraper_errored_metric_points", &of_job) > 0.0);
}

#[tokio::test]
async fn the_files_people_have_are_valid_and_run() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../receivers/src/prometheus/testdata/prometheus.yml");
    let config = format!(
        "yaml:{{ receivers: {{ prometheus: {{ config: '${{file:{file}}}' }} }}, exporters: {{ nop: }}, \
         service: {{ pipelines: {{ metrics: {{ receivers: [prometheus], exporters: [nop] }} }} }} }}"
    );
    let finished = FERROTEL.run(&["validate", "--config", &config]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let (said, once) =
        (finished.stdout + &finished.stderr, |said: &str, key: &str| said.matches(key).count() == 1);
    for key in [
        "config::rule_files: has no effect",
        "config::alerting: has no effect",
        "config::global::evaluation_interval: has no effect",
    ] {
        assert!(once(&said, key), "{key}: {said}");
    }

    // The section of the collector's file, its target on this machine.
    let section = "
receivers:
  prometheus:
    config:
      scrape_configs:
        - job_name: 'myapp'
          static_configs:
            - targets: ['myapp:3000']
";
    let pipeline = "
exporters:
  nop:
service:
  pipelines:
    metrics: { receivers: [prometheus], exporters: [nop] }
";
    let finished = FERROTEL.run(&["validate", "--config", &format!("yaml:{section}{pipeline}")]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    let target = Target::with("a 1\n");
    let local = section.replace("myapp:3000", &target.address());
    let local = local.replace("    config:\n", "    config:\n      global: { scrape_interval: 200ms }\n");
    let collector = FERROTEL.start(&format!("{local}{pipeline}")).await;
    target.wait_for_more(2).await;
    until("it is up", async || (target_page(&collector, "myapp").await?["state"] == "up").then_some(()))
        .await;
}

#[tokio::test]
async fn the_last_values_are_scraped_when_the_collector_stops() {
    let (backend, target) = (Backend::start(), Target::with("a 1\n"));
    let config = scraping(&backend, &job("shop", &target, ""))
        .replace("scrape_interval: 500ms", "scrape_interval: 1h")
        .replace("    config:", "    scrape_on_shutdown: true\n    config:");
    let mut collector = FERROTEL.start(&config).await;
    until("the target is known", async || target_page(&collector, "shop").await).await;
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 0);
    assert_eq!(numbers(&backend, "shop", "a").last(), Some(&Point::new(1.0, &[])));
    assert!(gone(&backend, "shop", "a").is_empty(), "the series goes on with the next collector");
}

/// A collector that scrapes these jobs into `backend`.
pub(crate) fn scraping(backend: &Backend, jobs: &str) -> String {
    format!(
        "
receivers:
  prometheus:
    config:
      global: {{ scrape_interval: 500ms }}
      scrape_configs: [ {jobs} ]
exporters:
  otlp:
    endpoint: '{}'
    tls: {{ insecure: true }}
    sending_queue: {{ enabled: false }}
    retry_on_failure: {{ enabled: false }}
service:
  pipelines:
    metrics: {{ receivers: [prometheus], exporters: [otlp] }}
",
        backend.address()
    )
}

/// A job with one target and further settings.
pub(crate) fn job(name: &str, target: &Target, more: &str) -> String {
    format!("{{ job_name: '{name}', static_configs: [{{ targets: ['{}'] }}], {more} }}", target.address())
}

/// What the page of targets says, as JSON.
async fn pages(collector: &Collector, question: &str) -> Value {
    let reply = web::get(collector.zpages(), &format!("/debug/targetsz?format=json{question}")).await;
    assert_eq!(reply.status, 200);
    serde_json::from_slice(&reply.body).expect("it is JSON")
}

/// The first target of a job, when there is one.
pub(crate) async fn target_page(collector: &Collector, job: &str) -> Option<Value> {
    let shown = pages(collector, "").await;
    let jobs =
        shown["receivers"].as_array()?.iter().filter_map(|receiver| receiver["jobs"].as_array()).flatten();
    let found = jobs.into_iter().find(|shown| shown["job"] == job)?;
    found["targets"].get(0).cloned()
}

/// Why the first target of a job is down.
pub(crate) async fn trouble(collector: &Collector, job: &str) -> String {
    until(&format!("a target of `{job}` is down"), async || {
        let shown = target_page(collector, job).await?;
        let error = shown["last_scrape"]["error"].as_str().map(str::to_owned)?;
        assert_eq!(shown["state"], "down", "{shown}");
        Some(error)
    })
    .await
}

/// Checks that nothing stays in flight, while scraping goes on.
pub(crate) async fn assert_settles(collector: &Collector) {
    let open = async || {
        let ledger = collector.ledger().await;
        ledger.into_iter().filter(|entry| entry.in_flight != 0).count()
    };
    until_equal("accounts with items in flight", 0, open).await;
}
