//! Every example starts, with its ports moved to free ones.

use tests::Collector;
use tests::certificates::Certificates;
use tests::collector::free_address;
use tests::serde_json::{self, Value};

use super::{configurations, ferrotel, root, said};
use crate::FERROTEL;

#[tokio::test]
async fn every_example_starts_and_is_well() {
    for path in configurations() {
        let path = path.display().to_string();
        let collector = start(&path, &[]).await;
        let reply = tests::web::get(collector.health(), "/").await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    }
}

/// How often to try again when somebody else has taken a port in the meantime.
const ATTEMPTS: usize = 5;

/// Starts that example. `sets` come after those that move it.
pub(crate) async fn start(path: &str, sets: &[String]) -> Collector {
    for _ in 0..ATTEMPTS {
        if let Some(collector) = try_start(path, sets).await {
            return collector;
        }
    }
    panic!("no port stays free for long enough");
}

async fn try_start(path: &str, sets: &[String]) -> Option<Collector> {
    let certificates = Certificates::make();
    let token = certificates.path("token");
    std::fs::write(&token, "sesame\n").expect("the folder is ours");
    let (health, zpages) = (free_address(), free_address());
    let mut all = vec![
        format!("extensions.health_check.endpoint={health}"),
        format!("extensions.zpages.endpoint={zpages}"),
        "service.telemetry.metrics={ level: normal, readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: 0 } } } }] }"
            .to_owned(),
    ];
    let config = effective(path);
    moves(&config, &mut Vec::new(), &certificates, &mut all);
    all.push(extensions(&config));
    if path.ends_with("prometheus-receiver.yaml") {
        let file = root().join("examples/prometheus.yml");
        all.push(format!("receivers.prometheus.config=${{file:{}}}", file.display()));
    }
    if config["exporters"].get("awsxray").is_some() {
        // Nobody is asked who is not on this machine.
        all.push("exporters.awsxray.local_mode=true".to_owned());
        all.push(format!("exporters.awsxray.endpoint=http://{}", free_address()));
    }
    all.extend(sets.iter().cloned());
    let mut arguments = vec!["--config", path];
    all.iter().for_each(|set| arguments.extend(["--set", set]));
    FERROTEL.try_start_bare(&arguments, &health, &zpages).await
}

/// The configuration with all defaults.
fn effective(path: &str) -> Value {
    let output = ferrotel(&["print-config", "--format", "json", "--config", path]);
    assert!(output.status.success(), "{path}: {}", said(&output));
    serde_json::from_slice(&output.stdout).expect("it prints JSON")
}

/// Settings that move listeners to free ports, and files to some that are there.
fn moves(node: &Value, path: &mut Vec<String>, certificates: &Certificates, sets: &mut Vec<String>) {
    let Value::Object(entries) = node else { return };
    for (key, value) in entries {
        path.push(key.clone());
        if let Some(new) =
            value.as_str().filter(|value| !value.is_empty()).and_then(|_| moved(path, certificates))
        {
            sets.push(format!("{}={new}", path.join(".")));
        }
        moves(value, path, certificates, sets);
        path.pop();
    }
}

/// What stands there instead.
fn moved(path: &[String], certificates: &Certificates) -> Option<String> {
    let file = |name: &str| Some(certificates.path(name).display().to_string());
    let last = path.last()?.as_str();
    let kept =
        ["health_check", "zpages"].contains(&path.get(1)?.as_str()) || path.contains(&"remote".to_owned());
    let listens =
        matches!(path.first()?.as_str(), "receivers" | "extensions") || path.get(1)? == "prometheus";
    match last {
        "endpoint" if listens && !kept => Some("127.0.0.1:0".to_owned()),
        "cert_file" => file("server.pem"),
        "key_file" => file("server.key"),
        "ca_file" => file("ca.pem"),
        "filename" => file("token"),
        _ => None,
    }
}

/// The extensions of the file, and those that stories ask.
fn extensions(config: &Value) -> String {
    let listed = config["service"]["extensions"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut all: Vec<_> = listed.collect();
    for needed in ["health_check", "zpages"] {
        if !all.contains(&needed) {
            all.push(needed);
        }
    }
    format!("service.extensions=[{}]", all.join(", "))
}
