//! From what is discovered to what is scraped.

use formats::prometheus::Labels;

use super::super::config::Job;
use super::super::target::{Built, Target, build, discovered};
use super::jobs;

/// The target that a job makes of one with these labels.
fn make(job: &Job, own: &[(&str, &str)], group: &[(&str, &str)]) -> Built {
    let labels = |pairs: &[(&str, &str)]| pairs.iter().copied().collect::<Labels>();
    build(job, &job.rules, discovered(job, labels(own), &labels(group)))
}

fn job(section: &str) -> Job {
    let config = jobs("", &format!("{{ job_name: j, {section} }}"));
    let (mut jobs, problems) = config.jobs();
    assert!(problems.is_empty(), "{problems:?}");
    jobs.remove(0)
}

fn kept(built: Built) -> Box<Target> {
    match built {
        Built::Kept(target) => target,
        other => panic!("it is not scraped: {other:?}"),
    }
}

/// Checks the URL and the public labels of what becomes of a target at `address`.
#[track_caller]
fn check(section: &str, own: &[(&str, &str)], url: &str, labels: &str) {
    let target = kept(make(&job(section), own, &[]));
    assert_eq!((&*target.id.url, &*target.id.public().to_string()), (url, labels));
}

#[test]
fn an_address_alone_makes_a_target() {
    check(
        "",
        &[("__address__", "myapp:3000")],
        "http://myapp:3000/metrics",
        r#"{instance="myapp:3000", job="j"}"#,
    );
    check(
        "scheme: https, metrics_path: /a b",
        &[("__address__", "[::1]:1"), ("team", "x")],
        "https://[::1]:1/a%20b",
        r#"{instance="[::1]:1", job="j", team="x"}"#,
    );
    check(
        "params: { z: [1, 2], a: ['x y&'] }",
        &[("__address__", "h"), ("__param_z", "first")],
        "http://h/metrics?a=x+y%26&z=first&z=2",
        r#"{instance="h", job="j"}"#,
    );
}

#[test]
fn nodes_behind_one_address_differ_by_their_paths() {
    let section = "scheme: https, relabel_configs: [
        { action: labelmap, regex: __meta_kubernetes_node_label_(.+) },
        { target_label: __address__, replacement: 'kubernetes.default.svc:443' },
        { source_labels: [__meta_kubernetes_node_name], regex: (.+), target_label: __metrics_path__,
          replacement: '/api/v1/nodes/${1}/proxy/metrics' } ]";
    let node = [
        ("__address__", "10.0.0.1:10250"),
        ("instance", "n1"),
        ("__meta_kubernetes_node_name", "n1"),
        ("__meta_kubernetes_node_label_kubernetes_io_os", "linux"),
    ];
    check(
        section,
        &node,
        "https://kubernetes.default.svc:443/api/v1/nodes/n1/proxy/metrics",
        r#"{instance="n1", job="j", kubernetes_io_os="linux"}"#,
    );
    let target = kept(make(&job(section), &node, &[]));
    assert!(target.id.labels.iter().all(|(name, _)| !name.starts_with("__meta_")));
    assert!(target.discovered.contains("__meta_kubernetes_node_name"));
}

#[test]
fn what_is_probed_becomes_a_parameter() {
    check(
        "metrics_path: /probe, params: { module: [http_2xx] }, relabel_configs: [
           { source_labels: [__address__], target_label: __param_target },
           { source_labels: [__param_target], target_label: instance },
           { target_label: __address__, replacement: 'blackbox-exporter:9115' } ]",
        &[("__address__", "https://api.example.com/health")],
        "http://blackbox-exporter:9115/probe?module=http_2xx&target=https%3A%2F%2Fapi.example.com%2Fhealth",
        r#"{instance="https://api.example.com/health", job="j"}"#,
    );
}

#[test]
fn ports_of_annotations_replace_those_of_containers() {
    let section = "relabel_configs: [{ source_labels: [__address__, __meta_port], action: replace, \
                   regex: '([^:]+)(?::\\d+)?;(\\d+)', replacement: '$1:$2', target_label: __address__ }]";
    for (address, port, becomes) in [
        ("10.1.2.3:8080", "9102", "10.1.2.3:9102"),
        ("10.1.2.3", "9102", "10.1.2.3:9102"),
        ("10.1.2.3:8080", "", "10.1.2.3:8080"),
        ("[fd00::1]:8080", "9102", "[fd00::1]:8080"),
    ] {
        let target = kept(make(&job(section), &[("__address__", address), ("__meta_port", port)], &[]));
        assert_eq!(target.id.url, format!("http://{becomes}/metrics"), "{address} {port}");
    }
}

#[test]
fn own_labels_win_over_those_of_the_group_and_of_the_job() {
    let target = kept(make(
        &job("scrape_interval: 30s"),
        &[("__address__", "a"), ("x", "own"), ("__scrape_interval__", "1m30s"), ("__scrape_timeout__", "7s")],
        &[("x", "group"), ("y", "group"), ("job", "renamed")],
    ));
    assert_eq!(target.id.public().to_string(), r#"{instance="a", job="renamed", x="own", y="group"}"#);
    assert_eq!((target.interval.as_secs(), target.timeout.as_secs()), (90, 7));
    let target = kept(make(&job(""), &[("__address__", "a"), ("__scrape_native_histograms__", "T")], &[]));
    assert!(target.histograms.native && !target.histograms.classic_too);
}

#[test]
fn what_cannot_be_scraped_says_why() {
    let replace = |label: &str, value: &str| {
        format!("relabel_configs: [{{ target_label: {label}, replacement: '{value}' }}]")
    };
    for (section, words) in [
        (replace("__address__", ""), "no address"),
        (replace("__address__", "a/b"), "`a/b` is not an address"),
        (replace("__scrape_interval__", "x"), "`__scrape_interval__`: "),
        (replace("__scrape_interval__", "0"), "`__scrape_interval__` must be longer"),
        (replace("__scrape_timeout__", "2m"), "the timeout of `2m` is longer than the interval of `1m`"),
        (replace("__scheme__", "ftp"), "must begin with"),
        (replace("__address__", "a b"), "is not a URL"),
        (replace("__address__", "user:pw@h"), "must not have a user"),
        (replace("__scrape_native_histograms__", "maybe"), "expected `true` or `false`"),
    ] {
        match make(&job(&section), &[("__address__", "a:1")], &[]) {
            Built::Wrong(why) => assert!(why.contains(words), "{why}"),
            other => panic!("{section}: {other:?}"),
        }
    }
}

#[test]
fn rules_drop_targets() {
    let dropped =
        |section: &str| matches!(make(&job(section), &[("__address__", "a:1")], &[]), Built::Dropped);
    assert!(dropped("relabel_configs: [{ action: drop, source_labels: [__address__], regex: 'a:.*' }]"));
    assert!(!dropped("relabel_configs: [{ action: drop, source_labels: [__address__], regex: 'a' }]"));
    assert!(!dropped("relabel_configs: [{ action: labeldrop, regex: 'job' }]"), "`instance` is left");
}

#[test]
fn equal_targets_are_one_and_others_are_not() {
    let id = |own: &[(&str, &str)]| kept(make(&job(""), own, &[])).id.clone();
    let one = id(&[("__address__", "a:1"), ("__meta_port", "1")]);
    assert_eq!(one, id(&[("__address__", "a:1"), ("__meta_port", "2")]));
    assert_ne!(one, id(&[("__address__", "a:1"), ("x", "y")]));
    assert_ne!(one, id(&[("__address__", "a:1"), ("__param_x", "y")]));
    assert_eq!(one.spread("s"), one.clone().spread("s"));
    assert_ne!(one.spread("s"), one.spread("t"));
}

#[test]
fn shards_leave_neither_gap_nor_double() {
    let addresses: Vec<_> = (0..300).map(|n| format!("10.{}.{}.7:{}", n % 7, n, 9000 + n % 11)).collect();
    for shards in 1..=9_usize {
        let shard = |number: usize| {
            job(&format!(
                "relabel_configs: [
                   {{ source_labels: [__address__], modulus: {shards}, target_label: __tmp_hash, action: hashmod }},
                   {{ source_labels: [__tmp_hash], regex: {number}, action: keep }} ]"
            ))
        };
        let shard_jobs: Vec<_> = (0..shards).map(shard).collect();
        for address in &addresses {
            let scraped = shard_jobs
                .iter()
                .filter(|job| matches!(make(job, &[("__address__", address)], &[]), Built::Kept(_)))
                .count();
            assert_eq!(scraped, 1, "{address} in {shards} shards");
        }
    }
}
