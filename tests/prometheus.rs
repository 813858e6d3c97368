//! A real Prometheus, Debian's: its server, asked by its own API, and `promtool`, which judges pages.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::collector::{Finished, Folder, Log};
use crate::patience::{until, within};
use crate::sdk::{run, said};
use crate::web::{self, Reply};

/// Where Debian puts them; not looked for elsewhere, so that every machine runs the same.
const SERVER: &str = "/usr/bin/prometheus";
const TOOL: &str = "/usr/bin/promtool";

/// A running Prometheus. Killed when it goes out of scope.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    address: String,
    log: Log,
    /// Its configuration and its data.
    _folder: Folder,
}

impl Prometheus {
    /// Starts one with that configuration and these words on its command line; `None`, and a word about it, where there
    /// is none. With `--web.enable-remote-write-receiver` it takes remote write at `/api/v1/write`.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(config: &str, arguments: &[&str]) -> Option<Prometheus> {
        said(&available(SERVER), "prometheus")?;
        let folder = Folder::new();
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config).expect("the folder is ours");
        let mut command = Command::new(SERVER);
        command.arg("--config.file").arg(file).arg("--storage.tsdb.path").arg(folder.path().join("data"));
        command.arg("--web.listen-address=127.0.0.1:0").args(arguments).current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is there");
        let log = Log::read(child.stderr.take().expect("it is piped"));
        let mut prometheus = Prometheus { child, address: String::new(), log, _folder: folder };
        let line = prometheus.log.wait_for("Listening on").await;
        let (_, address) = line.rsplit_once("address=").expect("it names its address");
        address.trim().clone_into(&mut prometheus.address);
        prometheus.log.wait_for("Server is ready to receive web requests").await;
        Some(prometheus)
    }

    /// Starts one that scrapes `target` four times a second, as the job `story`.
    pub async fn scraping(target: &str, arguments: &[&str]) -> Option<Prometheus> {
        let job = format!(
            "{{ job_name: story, honor_labels: true, static_configs: [{{ targets: ['{target}'] }}] }}"
        );
        let config =
            format!("global: {{ scrape_interval: 250ms, scrape_timeout: 250ms }}\nscrape_configs: [{job}]\n");
        Prometheus::start(&config, arguments).await
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The `data` of an answer of its API, such as `/api/v1/targets`.
    ///
    /// # Panics
    /// When it answers with an error.
    pub async fn data(&self, path: &str) -> Value {
        let reply: Reply = web::get(&self.address, path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let mut answer: Value = serde_json::from_slice(&reply.body).expect("it answers in JSON");
        answer["data"].take()
    }

    /// The value now of each series that `expression` finds: `name{labels} value`, in order. A histogram's value is its
    /// JSON.
    pub async fn query(&self, expression: &str) -> Vec<String> {
        let data = self.data(&format!("/api/v1/query?query={}", encoded(expression))).await;
        let mut found: Vec<_> = data["result"].as_array().into_iter().flatten().map(in_words).collect();
        found.sort();
        found
    }

    /// Waits until `expression` finds these series with these values, in any order.
    ///
    /// # Panics
    /// When it does not in a long time.
    pub async fn shows(&self, expression: &str, expected: &[&str]) {
        let mut expected: Vec<_> = expected.iter().map(|&line| line.to_owned()).collect();
        expected.sort();
        let what = format!("`{expression}`");
        crate::patience::until_equal(&what, expected, async || self.query(expression).await).await;
    }

    /// What it knows of that metric: `type: help`. Waits until it knows something.
    pub async fn metadata(&self, metric: &str) -> String {
        let found = until(&format!("metadata of `{metric}`"), async || {
            let data = self.data(&format!("/api/v1/metadata?metric={}", encoded(metric))).await;
            data[metric].get(0).cloned()
        })
        .await;
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        format!("{}: {}", text("type"), text("help"))
    }

    /// The exemplars of the series that `expression` finds: `series labels value`. Needs
    /// `--enable-feature=exemplar-storage`. Waits until there are some.
    pub async fn exemplars(&self, expression: &str) -> Vec<String> {
        let path = format!("/api/v1/query_exemplars?start=0&end=9999999999&query={}", encoded(expression));
        let mut found = until(&format!("exemplars of `{expression}`"), async || {
            let data = self.data(&path).await;
            let series = data.as_array()?.iter();
            let found: Vec<_> = series.flat_map(exemplars_in_words).collect();
            (!found.is_empty()).then_some(found)
        })
        .await;
        found.sort();
        found
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What `promtool check metrics` says of a page; `None`, and a word about it, where there is no `promtool`.
///
/// Its exit code is 1 for a page that cannot be read, and 3 for names that break conventions.
///
/// # Panics
/// When it cannot be run.
pub async fn check_metrics(page: &str) -> Option<Finished> {
    said(&available(TOOL), "promtool")?;
    let page = page.to_owned();
    let judged = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(TOOL);
        command
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("it is there");
        let mut input = child.stdin.take().expect("it is piped");
        // Who does not read to the end says why on the other side.
        let _ = input.write_all(page.as_bytes());
        drop(input);
        child.wait_with_output().expect("it ends")
    });
    let output = within("promtool ends", judged).await.expect("it does not panic");
    Some(Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// Whether the program can be run.
fn available(program: &str) -> Result<(), String> {
    if !Path::new(program).exists() {
        return Err(format!("there is no {program}"));
    }
    run(Command::new(program).arg("--version")).map(drop)
}

fn in_words(series: &Value) -> String {
    let value = match series["value"][1].as_str() {
        Some(number) => number.to_owned(),
        None => series["histogram"][1].to_string(),
    };
    format!("{} {value}", labels_in_words(&series["metric"]))
}

fn exemplars_in_words(series: &Value) -> Vec<String> {
    let of = labels_in_words(&series["seriesLabels"]);
    let exemplars = series["exemplars"].as_array().into_iter().flatten();
    let word = |exemplar: &Value| {
        let value = exemplar["value"].as_str().unwrap_or_default();
        format!("{of} {} {value}", labels_in_words(&exemplar["labels"]))
    };
    exemplars.map(word).collect()
}

/// `name{a="b", c="d"}`.
fn labels_in_words(labels: &Value) -> String {
    let labels = labels.as_object().expect("labels are a map");
    let name = labels.get("__name__").and_then(Value::as_str).unwrap_or_default();
    let mut pairs: Vec<_> = labels
        .iter()
        .filter(|(key, _)| *key != "__name__")
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.sort();
    format!("{name}{{{}}}", pairs.join(", "))
}

/// As the value of a query's parameter.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
