use std::sync::Arc;

use component::testing::context;
use component::{
    Account, Context, Extension, ExtensionOverview, Kind, LedgerEntry, Overview, PipelineOverview,
};
use otlp::Signal;

use component::{Choice, DiscoveryStatus, JobStatus, ScrapeStatus, Scraper, TargetState, TargetStatus};
use std::time::{Duration, SystemTime};

use super::config::Config;
use super::serve;
use crate::html::{decode, encode, escape};
use crate::loopback::{example, get, get_with, lines, read};

async fn start(text: &str) -> (Context, String) {
    let cx = context(Kind::Extension, "zpages");
    let mut config: Config = read(text).unwrap();
    config.server.endpoint = "127.0.0.1:0".to_owned();
    let server = config.server.bind(&cx).await.unwrap();
    let address = server.local_addr();
    serve::start(server, &config.own, &cx);
    (cx, address)
}

fn overview() -> Overview {
    let account = Account::default();
    account.received(10);
    account.delivered(6);
    account.refused(1);
    account.dropped(2, "<too late>");
    let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    Overview {
        pipelines: vec![PipelineOverview {
            id: "traces/<eu>".to_owned(),
            signal: Signal::Traces,
            mutates_data: true,
            receivers: ids(&["otlp", "forward"]),
            processors: ids(&["memory_limiter", "batch"]),
            exporters: ids(&["debug"]),
            connectors: ids(&["forward"]),
        }],
        extensions: vec![ExtensionOverview { id: "zpages".to_owned() }],
        ledger: vec![LedgerEntry {
            kind: "pipeline",
            id: Arc::from("traces/<eu>"),
            signal: Signal::Traces,
            account,
        }],
        gates: vec![("exporter.x".to_owned(), true)],
    }
}

#[tokio::test]
async fn every_link_of_the_front_page_leads_somewhere() {
    let (_cx, address) = start("expvar: { enabled: true }").await;
    for path in ["/", "/debug", "/debug/"] {
        let index = get(&address, path).await;
        assert_eq!(index.status, 200);
        assert!(index.head.contains("content-type: text/html; charset=utf-8"), "{}", index.head);
        let text = index.text();
        let links: Vec<_> =
            text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(links.len(), 8);
        for link in links {
            let status = get(&address, link).await.status;
            assert_eq!(status, 200, "{link}");
        }
    }
    assert_eq!(get(&address, "/debug/nothing").await.status, 404);
}

#[tokio::test]
async fn the_pages_show_what_runs_as_soon_as_it_runs() {
    let (cx, address) = start("{}").await;
    assert!(!get(&address, "/debug/pipelinez").await.text().contains("otlp"));
    cx.overview.store(Arc::new(overview()));
    let pipelines =
        get(&address, "/debug/pipelinez?pipelinenamez=%3Cb%3E&componentnamez=x&componentkindz=exporter")
            .await;
    let text = pipelines.text();
    assert!(text.contains("Pipeline &lt;b&gt;, exporter x"), "{text}");
    assert!(text.contains("<td>traces/&lt;eu&gt;</td><td>traces</td><td>true</td>"), "{text}");
    assert!(text.contains("→ memory_limiter → batch →"), "{text}");
    assert!(text.contains("forward (connector)"), "{text}");
    assert!(get(&address, "/debug/extensionz").await.text().contains("zextensionname=zpages"));
    assert!(get(&address, "/debug/featurez").await.text().contains("<td>exporter.x</td><td>true</td>"));
    assert!(get(&address, "/debug/servicez").await.text().contains("Service ferrotel"));
}

#[tokio::test]
async fn the_ledger_is_a_page_and_json() {
    let (cx, address) = start("{}").await;
    cx.overview.store(Arc::new(overview()));
    let page = get(&address, "/debug/ledgerz").await.text();
    assert!(page.contains("traces/&lt;eu&gt;") && page.contains("2 &lt;too late&gt;"), "{page}");
    assert!(!page.contains("<too late>"));
    let expected = r#"[{"kind":"pipeline","id":"traces/<eu>","signal":"traces","received":10,"delivered":6,"refused":1,"dropped":{"<too late>":2},"in_flight":1}]"#;
    assert_eq!(get(&address, "/debug/ledgerz?format=json").await.text(), expected);
    let accepted = get_with(&address, "/debug/ledgerz", "Accept: application/json\r\n").await;
    assert_eq!(accepted.text(), expected);
    assert!(accepted.head.contains("content-type: application/json"), "{}", accepted.head);
}

#[tokio::test]
async fn variables_are_shown_on_request_only() {
    let (_cx, address) = start("{}").await;
    assert_eq!(get(&address, "/debug/expvarz").await.status, 404);
    let (_cx, address) = start("expvar: { enabled: true }").await;
    let variables: serde_json::Value =
        serde_json::from_slice(&get(&address, "/debug/expvarz").await.body).unwrap();
    assert!(variables["cmdline"].is_array());
    assert!(variables["memory"]["VmRSS"].as_u64().unwrap() > 0);
}

#[test]
fn texts_are_escaped_and_addresses_encoded() {
    assert_eq!(escape(r#"<a href="x">'&'</a>"#), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    for text in ["traces/eu", "a b&c=d", "ü%", "50%+x"] {
        assert_eq!(decode(&encode(text)), text);
    }
    assert_eq!(decode("%zz%4"), "%zz%4");
}

#[test]
fn the_settings_have_the_known_defaults() {
    let config: Config = read("").unwrap_or_else(|_| read("{}").unwrap());
    assert_eq!(config.server.endpoint, "localhost:55679");
    assert!(!config.own.expvar.enabled);
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    let listens = config.listens_on();
    assert_eq!((listens[0].address.as_str(), listens[0].setting), ("localhost:55679", "endpoint"));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "zpages");
    assert_eq!(config.server.endpoint, "localhost:55679");
}

#[tokio::test]
async fn operations_are_shown_by_latency_and_one_by_one() {
    let (cx, address) = start("{}").await;
    let sends = cx.operations.operation("exporter/<otlp>/traces".to_owned());
    sends.end(sends.begin(), 7, Err(&"refused & gone".to_owned()));
    let page =
        get(&address, "/debug/tracez?zspanname=exporter%2F%3Cotlp%3E%2Ftraces&zlatencybucket=9").await.body;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("exporter/&lt;otlp&gt;/traces"), "{page}");
    assert!(page.contains("refused &amp; gone"), "{page}");
}

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
