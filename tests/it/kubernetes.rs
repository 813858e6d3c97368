//! Targets are found in a cluster, with the file that a Prometheus server had there.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::process::Command;

use tests::certificates::Certificates;
use tests::kubernetes::{Cluster, endpoints, node, pod_with, service};
use tests::patience::until;
use tests::serde_json::json;
use tests::target::{Page, Target};
use tests::{Backend, Collector};

use crate::FERROTEL;
use crate::prometheus_scrape::points::numbers;
use crate::prometheus_scrape::{assert_settles, pages};

/// The file of a Prometheus server in a cluster, as it is.
const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../receivers/src/prometheus/testdata/prometheus.yml");

/// The hosts that it names.
const HOSTS: [&str; 6] = [
    "kubernetes.default.svc",
    "myapp",
    "postgres-exporter",
    "redis-exporter",
    "nginx-exporter",
    "blackbox-exporter",
];

/// Gives the program that it becomes a list of hosts and a folder of a pod's account of its own; nothing stays.
const IN_A_POD: &str = "mount --bind \"$HOSTS_FILE\" /etc/hosts && mount -t tmpfs tmpfs /var/run \
     && mkdir -p /var/run/secrets/kubernetes.io \
     && ln -s \"$ACCOUNT\" /var/run/secrets/kubernetes.io/serviceaccount && exec \"$0\" \"$@\"";

/// Where the API server passes on what is asked of nodes.
const NODES: &str = "https://kubernetes.default.svc:443/api/v1/nodes";

/// What the file makes of the sites that a prober is to look at.
const PROBE: &str = "http://blackbox-exporter:9115/probe?module=http_2xx&target=https%3A%2F%2F";

/// A place where a pod of a cluster can be played: an address of this machine that nobody else has.
struct Pod {
    ip: String,
    folder: PathBuf,
    certificates: Certificates,
}

impl Pod {
    /// `None`, with words, where a program cannot be given files of its own.
    fn new() -> Option<Pod> {
        if let Err(why) = may_mount() {
            skip(&why);
            return None;
        }
        // All of 127.0.0.0/8 is this machine, so the ports that the file names are free at an address of our own.
        let [_, a, b, c, ..] = RandomState::new().hash_one(0).to_be_bytes();
        let ip = format!("127.{}.{b}.{}", a | 1, c.clamp(1, 254));
        let certificates = Certificates::make_for(&["kubernetes.default.svc", &ip]);
        let folder = certificates.path("pod");
        let account = folder.join("account");
        fs::create_dir_all(&account).expect("the folder is ours");
        fs::copy(certificates.path("ca.pem"), account.join("ca.crt")).expect("it was written");
        fs::write(account.join("namespace"), "monitoring").expect("the folder is ours");
        let hosts: String = HOSTS.iter().map(|host| format!("{ip} {host}\n")).collect();
        fs::write(folder.join("hosts"), format!("127.0.0.1 localhost\n{hosts}")).expect("the folder is ours");
        Some(Pod { ip, folder, certificates })
    }

    fn set_token(&self, token: &str) {
        fs::write(self.folder.join("account/token"), format!("{token}\n")).expect("the folder is ours");
    }

    /// A target at one of the ports that the file names.
    fn target(&self, port: u16, text: &str) -> Target {
        Target::start_at(&format!("{}:{port}", self.ip), Page::Text(text.to_owned()))
    }

    async fn start_collector(&self, backend: &Backend) -> Collector {
        let config = format!(
            "
receivers:
  prometheus:
    config: ${{file:{FILE}}}
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
        );
        let in_pod = |program: &'static str| {
            let mut command = Command::new("unshare");
            command.args(["-m", "sh", "-c", IN_A_POD, program]);
            command.env("HOSTS_FILE", self.folder.join("hosts")).env("ACCOUNT", self.folder.join("account"));
            command.env("KUBERNETES_SERVICE_HOST", &self.ip).env("KUBERNETES_SERVICE_PORT", "443");
            command
        };
        FERROTEL.start_under(&config, in_pod).await
    }

    /// What there is in the cluster.
    fn populate(&self, cluster: &Cluster) {
        let ip = &self.ip;
        let none = || json!({});
        cluster.apply(node("n1", ip));
        cluster.apply(service("default", "kubernetes", 443, none()));
        let api = endpoints("default", "kubernetes", ("https", 443), &[("kube-apiserver", ip)]);
        cluster.apply(api);
        let annotations = json!({
            "prometheus.io/scrape": "true", "prometheus.io/port": "9102", "prometheus.io/path": "/orders",
        });
        let labels = json!({ "app": "orders" });
        cluster.apply(pod_with("shop", "orders-1", ip, &[8080, 8081], labels, annotations));
        cluster.apply(pod_with("shop", "silent-1", ip, &[8080], none(), none()));
        let scraped = json!({ "prometheus.io/scrape": "true", "prometheus.io/port": "9200" });
        for namespace in ["production", "staging", "elsewhere"] {
            cluster.apply(service(namespace, "billing", 80, scraped.clone()));
            cluster.apply(endpoints(namespace, "billing", ("http", 8080), &[("billing-1", ip)]));
        }
    }
}

#[tokio::test]
async fn the_file_that_a_prometheus_server_had_in_a_cluster_runs_as_it_is() {
    let Some(pod) = Pod::new() else { return };
    let cluster = Cluster::start_with_tls_at(&format!("{}:443", pod.ip), pod.certificates.server_of_all());
    pod.set_token("first");
    cluster.require_token("first");
    pod.populate(&cluster);
    let orders = pod.target(9102, "orders 3\n");
    let _others = [
        pod.target(3000, "app 1\n"),
        pod.target(9113, "nginx 1\n"),
        pod.target(9115, "probe 1\n"),
        pod.target(9200, "billing 7\n"),
    ];
    let backend = Backend::start();
    let mut collector = pod.start_collector(&backend).await;

    assert_values_arrive(&backend, &orders).await;
    assert_targets_are_shown(&collector, &pod.ip).await;
    // Four jobs, and each resource of a namespace, or of all, is watched once.
    for (resource, count) in [("nodes", 1), ("pods", 3), ("endpoints", 3), ("services", 3)] {
        cluster.wait_for_watches(resource, count).await;
    }

    // The cluster changes while the token does, too.
    cluster.require_token("second");
    pod.set_token("second");
    cluster.end_watches();
    cluster.apply(node("n2", &pod.ip));
    cluster.delete("pods", "shop", "orders-1");
    until("the new node is a target", async || {
        (targets(&collector, "kubernetes-nodes").await.len() == 2).then_some(())
    })
    .await;
    until("the pod that is gone is no target", async || {
        targets(&collector, "kubernetes-pods").await.is_empty().then_some(())
    })
    .await;
    assert_settles(&collector).await;
    collector.signal("TERM");
    assert_eq!(collector.exit_code().await, 0);
    for resource in ["nodes", "pods", "endpoints", "services"] {
        cluster.wait_for_watches(resource, 0).await;
    }
}

/// Something of every job arrives, with the labels that the file gives it.
async fn assert_values_arrive(backend: &Backend, orders: &Target) {
    for (job, metric, value) in [
        ("kubernetes-apiservers", "apiserver_up", 1.0),
        ("kubernetes-nodes", "kubelet_up", 1.0),
        ("kubernetes-pods", "orders", 3.0),
        ("myapp", "app", 1.0),
        ("nginx", "nginx", 1.0),
        ("blackbox", "probe", 1.0),
        ("custom-metrics", "billing", 7.0),
    ] {
        let what = format!("{job} arrives");
        let point = until(&what, async || numbers(backend, job, metric).pop()).await;
        assert_eq!(point.value, value, "{job}");
        assert_eq!(point.attributes.get("cluster").map(String::as_str), Some("production"), "{point:?}");
    }
    let expected = BTreeMap::from(
        [
            ("app", "orders"),
            ("cluster", "production"),
            ("kubernetes_namespace", "shop"),
            ("kubernetes_pod_name", "orders-1"),
            ("region", "us-west-2"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    assert_eq!(numbers(backend, "kubernetes-pods", "orders")[0].attributes, expected);
    assert!(orders.asked()[0].starts_with("get /orders http/1.1\r\n"), "{:?}", orders.asked());
    let kubelet = &numbers(backend, "kubernetes-nodes", "kubelet_up")[0].attributes;
    assert_eq!((kubelet["of"].as_str(), kubelet["kubernetes_io_os"].as_str()), ("n1", "linux"));
}

/// The page of targets shows what the file makes of the cluster.
async fn assert_targets_are_shown(collector: &Collector, ip: &str) {
    let expected = [
        (
            "blackbox",
            vec![format!("{PROBE}api.example.com%2Fhealth"), format!("{PROBE}app.example.com%2Fhealth")],
        ),
        ("custom-metrics", vec![format!("http://{ip}:9200/metrics")]),
        ("kubernetes-apiservers", vec![format!("https://{ip}:443/metrics")]),
        ("kubernetes-nodes", vec![format!("{NODES}/n1/proxy/metrics")]),
        ("kubernetes-pods", vec![format!("http://{ip}:9102/orders")]),
        // Scraped every 30 seconds, which is longer than this story.
        ("postgres", vec!["http://postgres-exporter:9187/metrics".to_owned()]),
        ("redis", vec!["http://redis-exporter:9121/metrics".to_owned()]),
    ];
    for (job, urls) in expected {
        assert_eq!(targets(collector, job).await, urls, "{job}");
    }
}

/// Why a program cannot be given files of its own, or a server the port of an API server.
fn may_mount() -> Result<(), String> {
    let test = ["-m", "sh", "-c", "mount -t tmpfs tmpfs /var/run"];
    let output =
        Command::new("unshare").args(test).output().map_err(|error| format!("`unshare`: {error}"))?;
    if !output.status.success() {
        return Err(format!("no mounts: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    std::net::TcpListener::bind("127.111.111.111:443").map_err(|error| format!("port 443: {error}"))?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "who runs the tests is told what was left out")]
fn skip(why: &str) {
    eprintln!("SKIPPED: a pod cannot be played here: {why}");
}

/// The URLs of a job's targets.
async fn targets(collector: &Collector, job: &str) -> Vec<String> {
    let answer = pages(collector, &format!("&job={job}")).await;
    let targets = answer["receivers"][0]["jobs"][0]["targets"].as_array().cloned().unwrap_or_default();
    let url = |target: &tests::serde_json::Value| target["url"].as_str().unwrap_or_default().to_owned();
    let mut urls: Vec<String> = targets.iter().map(url).collect();
    urls.sort();
    urls
}
