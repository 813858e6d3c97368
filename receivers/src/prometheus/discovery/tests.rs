//! What discoveries tell, and what is refused.

mod file;
mod http;

use std::time::Duration;

use component::testing::context;
use component::{Kind, Value};

use super::*;
use crate::prometheus::http_config::HttpConfig;
use crate::prometheus::loopback::{read, try_read, words};

fn receiver() -> Context {
    context(Kind::Receiver, "prometheus")
}

fn group(source: &str, addresses: &[&str]) -> Group {
    let targets = addresses.iter().map(|address| Labels::from_iter([(ADDRESS, *address)])).collect();
    Group { source: source.to_owned(), labels: Labels::new(), targets }
}

/// `source labels: addresses` for each group.
fn summary(found: &mut Found) -> Vec<String> {
    let addresses = |group: &Kept| {
        let addresses: Vec<String> = group.targets().map(|target| target.get(ADDRESS).to_owned()).collect();
        addresses.join(" ")
    };
    found.groups().iter().map(|group| format!("{}: {}", group.labels(), addresses(group))).collect()
}

/// Waits until that is what was found.
async fn until(found: &mut Found, expected: &[&str]) {
    let waiting = async {
        while summary(found) != expected {
            found.changed().await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), waiting).await.is_err() {
        panic!("expected {expected:?}, found {:?} {:?}", summary(found), found.standings());
    }
}

/// Waits until a discovery has failed that often, for a reason with these words.
async fn until_failed(found: &Found, failures: u64, expected: &str) {
    let waiting = async {
        loop {
            let standing = &found.standings()[0];
            let says_so = standing.last_error.as_ref().is_some_and(|error| error.contains(expected));
            if standing.failures >= failures && says_so {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), waiting).await.is_err() {
        panic!("expected {expected:?}, found {:?}", found.standings());
    }
}

/// Waits until the discovery works.
async fn until_works(found: &Found) {
    let waiting = async {
        while found.standings()[0].last_error.is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(Duration::from_secs(30), waiting).await.is_err() {
        panic!("it does not work: {:?}", found.standings());
    }
}

#[tokio::test]
async fn a_group_replaces_the_one_of_its_source_and_an_empty_one_removes_it() {
    let cx = receiver();
    let mut found = Found::new(&cx, "job");
    let one = found.finder(&cx, "file", "a".to_owned());
    let other = found.finder(&cx, "http", "b".to_owned());
    one.update([group("1", &["a:1"]), group("2", &["b:1", "b:2"])]);
    // The same source at another discovery is another group.
    other.update([group("1", &["c:1"])]);
    assert_eq!(summary(&mut found), ["{}: a:1", "{}: b:1 b:2", "{}: c:1"]);
    one.update([group("2", &[]), group("1", &["a:2"])]);
    assert_eq!(summary(&mut found), ["{}: a:2", "{}: c:1"]);
    other.replace(vec![group("2", &["d:1"])]);
    assert_eq!(summary(&mut found), ["{}: a:2", "{}: d:1"]);
    let gauge =
        cx.metrics.read().into_iter().find(|family| family.name == "prometheus_sd_discovered_targets");
    assert_eq!(gauge.unwrap().samples[0].value, Value::Number(2.0));
}

#[tokio::test]
async fn only_what_is_new_wakes_those_who_wait() {
    let cx = receiver();
    let mut found = Found::new(&cx, "job");
    let finder = found.finder(&cx, "file", "a".to_owned());
    let is_new = async |found: &mut Found| {
        let waiting = tokio::time::timeout(Duration::from_millis(10), found.changed());
        let is_new = waiting.await.is_ok();
        found.groups();
        is_new
    };
    assert!(!is_new(&mut found).await);
    finder.update([group("1", &["a:1"])]);
    assert!(is_new(&mut found).await);
    finder.update([group("1", &["a:1"]), group("2", &[])]);
    finder.replace(vec![group("1", &["a:1"])]);
    assert!(!is_new(&mut found).await);
    finder.replace(Vec::new());
    assert!(is_new(&mut found).await);
    // Many changes are one.
    finder.update([group("1", &["a:1"])]);
    finder.update([group("1", &["a:2"])]);
    assert!(is_new(&mut found).await && !is_new(&mut found).await);
}

#[tokio::test]
async fn failures_keep_the_targets_are_counted_and_shown_until_it_works_again() {
    let cx = receiver();
    let mut found = Found::new(&cx, "job");
    let finder = found.finder(&cx, "http", "http://a".to_owned());
    finder.update([group("1", &["a:1", "a:2"])]);
    finder.failed(&"connection refused");
    finder.failed(&"no answer");
    let expected = Standing {
        kind: "http",
        name: "http://a".to_owned(),
        groups: 1,
        targets: 2,
        failures: 2,
        last_error: Some("no answer".to_owned()),
    };
    assert_eq!(found.standings()[0], expected);
    assert_eq!(summary(&mut found), ["{}: a:1 a:2"]);
    finder.works();
    assert_eq!(found.standings(), [Standing { last_error: None, ..expected }]);
    let counter =
        cx.metrics.read().into_iter().find(|family| family.name == "prometheus_sd_refresh_failures");
    assert_eq!(counter.unwrap().samples[0].value, Value::Number(2.0));
}

#[derive(Clone)]
struct Dies;

#[async_trait]
impl Discovery for Dies {
    const NAME: &'static str = "dying";

    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    fn describe(&self) -> String {
        "this".to_owned()
    }

    async fn run(self, _: Context, finder: Finder) -> anyhow::Result<()> {
        finder.update([group("1", &["a:1"])]);
        finder.failed(&"about to die");
        panic!("as asked")
    }
}

#[tokio::test(start_paused = true)]
async fn a_discovery_that_dies_is_started_again_and_its_targets_stay() {
    let cx = receiver();
    let mut found = Found::new(&cx, "job");
    found.start(&cx, &Dies);
    until_failed(&found, 3, "about to die").await;
    assert_eq!(summary(&mut found), ["{}: a:1"]);
    assert_eq!(cx.scope.stop(tokio::time::Instant::now() + Duration::from_secs(1)).await, Ok(()));
}

#[tokio::test]
async fn targets_of_the_configuration_are_there_at_once() {
    let config: DiscoveryConfig = read(
        "static_configs: [{targets: ['a:1', 'b:2'], labels: {env: prod, shard: 7, on: true}}, {targets: [c]}]",
    );
    assert!(config.check().is_empty());
    let mut found = config.start(&receiver(), "job");
    assert_eq!(summary(&mut found), [r#"{env="prod", on="true", shard="7"}: a:1 b:2"#, "{}: c"]);
    assert_eq!(found.standings()[0].kind, "static");
}

#[test]
fn what_is_wrong_is_said_with_its_path() {
    for (yaml, expected) in [
        (
            "file_sd_configs: [{files: [a.json]}, {}]",
            "file_sd_configs::1::files: must name at least one file",
        ),
        ("file_sd_configs: [{files: [a.txt]}]", "file_sd_configs::0::files::0: `a.txt` must end in"),
        (
            "file_sd_configs: [{files: ['*/a.yml']}]",
            "file_sd_configs::0::files::0: `*/a.yml` must have `*` in",
        ),
        (
            "file_sd_configs: [{files: [a.json], refresh_interval: 0s}]",
            "file_sd_configs::0::refresh_interval",
        ),
        ("http_sd_configs: [{}]", "http_sd_configs::0::url: must be set"),
        ("http_sd_configs: [{url: 'file:///a'}]", "http_sd_configs::0::url: `file:///a` must begin with"),
        (
            "http_sd_configs: [{url: 'http://a', tls_config: {cert_file: a}}]",
            "http_sd_configs::0::tls_config: a certificate needs its key",
        ),
        ("dns_sd_configs: [{}]", "dns_sd_configs::0::names: must have at least one name"),
        ("dns_sd_configs: [{names: ['a..b']}]", "dns_sd_configs::0::names::0: `a..b` is not a domain name"),
        ("dns_sd_configs: [{names: [a], type: A}]", "dns_sd_configs::0::port: must be set"),
        (
            "static_configs: [{targets: [a], labels: {'': b}}]",
            "static_configs::0::labels: a label needs a name",
        ),
    ] {
        let said = words(read::<DiscoveryConfig>(yaml).check());
        assert!(said.len() == 1 && said[0].contains(expected), "{yaml}: {said:?}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (yaml, expected) in [
        ("static_configs: [{target: [a]}]", "unknown key `target`"),
        ("http_sd_configs: [{url: 'http://a', bearer: x}]", "unknown key `bearer`"),
        ("dns_sd_configs: [{names: [a], type: TXT}]", "unknown type `TXT`"),
        ("dns_sd_configs: [{names: [a], port: 70000}]", "port"),
        ("consul_sd_configs: [{server: 'localhost:8500'}]", "this way to find targets is not supported"),
        ("ec2_sd_configs: [{}]", "this way to find targets is not supported"),
    ] {
        let errors = try_read::<DiscoveryConfig>(yaml).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains(expected), "{yaml}: {errors:?}");
    }
    let empty: DiscoveryConfig =
        read("{consul_sd_configs: [], dns_sd_configs: [{names: [a], type: a, port: 1}]}");
    assert!(empty.check().is_empty());
}

#[test]
fn the_example_of_the_page_is_right() {
    let page = include_str!("../DISCOVERY.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let ::config::Inline((found, http)) = read::<::config::Inline<(DiscoveryConfig, HttpConfig)>>(example);
    assert_eq!(words(found.check()), [""; 0]);
    assert_eq!(words(http.check()), [""; 0]);
    assert_eq!((found.static_configs.len(), found.dns_sd_configs.len()), (1, 1));
    for limit in [format!("{} MiB", document::MAX_BYTES >> 20), "200,000 targets".to_owned()] {
        assert!(page.contains(&limit), "{limit}");
    }
    assert_eq!(document::MAX_TARGETS, 200_000);
}
