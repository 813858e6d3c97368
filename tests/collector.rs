//! The real program as a child process: started, watched, signalled, and always stopped.

mod books;
mod log;
mod program;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::Value;

pub use self::books::{Entry, Metrics};
pub use self::log::Log;
pub use self::program::{Finished, Program, free_address};
use crate::patience::{until, until_equal};
use crate::web;

/// A running collector. Killed when it goes out of scope.
#[derive(Debug)]
pub struct Collector {
    child: Child,
    log: Log,
    /// What it writes to its standard output.
    output: Log,
    health: String,
    zpages: String,
    folder: Folder,
}

impl Collector {
    /// Where it takes OTLP/gRPC: `127.0.0.1:<port>`.
    pub async fn grpc(&self) -> String {
        self.listener("Starting GRPC server").await
    }

    /// Where it takes OTLP/HTTP: `127.0.0.1:<port>`.
    pub async fn http(&self) -> String {
        self.listener("Starting HTTP server").await
    }

    /// Where it takes Zipkin: `127.0.0.1:<port>`.
    pub async fn zipkin(&self) -> String {
        self.listener("Starting Zipkin server").await
    }

    /// Where that component listens: the address that it logged last with that message.
    pub async fn listener_of(&self, component: &str, message: &str) -> String {
        self.log.wait_for(message).await;
        let of = format!("\"otelcol.component.id\":\"{component}\"");
        let what = format!("`{component}` says `{message}`");
        let line = until(&what, async || {
            let lines = self.log.lines();
            lines.into_iter().rfind(|line| line.contains(message) && line.contains(&of))
        });
        endpoint(&line.await)
    }

    /// Where it answers for its health.
    #[must_use]
    pub fn health(&self) -> &str {
        &self.health
    }

    /// Where it shows its pages.
    #[must_use]
    pub fn zpages(&self) -> &str {
        &self.zpages
    }

    /// What it has logged so far.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What it has printed so far.
    #[must_use]
    pub fn output(&self) -> &Log {
        &self.output
    }

    /// The folder of its configuration files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// Writes the configuration that the next reload reads.
    pub fn rewrite_config(&self, config: &str) {
        std::fs::write(self.folder.0.join(OVERLAY), config).expect("the folder is ours");
    }

    /// Sends a signal: `TERM`, `INT`, `HUP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{name}");
    }

    /// Waits for its end and gives its exit code.
    pub async fn exit_code(&mut self) -> i32 {
        let child = &mut self.child;
        let status = until("the collector ends", || {
            let status = child.try_wait().expect("it is our child");
            async move { status }
        });
        let status = status.await;
        // What it wrote last is still on its way through the pipe.
        self.log.ended().await;
        status.code().unwrap_or(-1)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("it is our child").is_none()
    }

    /// Where it serves its own metrics: `127.0.0.1:<port>`.
    pub async fn metrics_address(&self) -> String {
        self.listener("Serving metrics").await
    }

    /// Its own metrics.
    pub async fn metrics(&self) -> Metrics {
        let reply = web::get(&self.metrics_address().await, "/metrics").await;
        assert_eq!(reply.status, 200, "metrics are served");
        Metrics::parse(&reply.text())
    }

    /// Its books.
    pub async fn ledger(&self) -> Vec<Entry> {
        let reply = web::get(&self.zpages, "/debug/ledgerz?format=json").await;
        assert_eq!(reply.status, 200, "the ledger is served");
        let entries: Value = serde_json::from_slice(&reply.body).expect("the ledger is JSON");
        entries.as_array().expect("the ledger is a list").iter().map(Entry::parse).collect()
    }

    /// Checks that every account has come to rest with: received = delivered + refused + dropped, and that the metrics
    /// say the same.
    ///
    /// # Panics
    /// When an account does not balance, or stays open.
    pub async fn assert_books_balance(&self) {
        let open =
            async || self.ledger().await.into_iter().filter(|entry| entry.in_flight != 0).collect::<Vec<_>>();
        until_equal("accounts with items in flight", Vec::new(), open).await;
        let ledger = self.ledger().await;
        assert!(!ledger.is_empty(), "the ledger has no accounts");
        let metrics = self.metrics().await;
        for entry in &ledger {
            assert_eq!(entry.received, entry.delivered + entry.refused + entry.all_dropped(), "{entry:?}");
            let labels = [("kind", entry.kind.as_str()), ("id", &entry.id), ("otel_signal", &entry.signal)];
            let count = |name: &str| metrics.sum(&format!("ferrotel_ledger_{name}_items"), &labels);
            assert_eq!(count("received"), as_f64(entry.received), "{entry:?}");
            assert_eq!(count("delivered"), as_f64(entry.delivered), "{entry:?}");
            assert_eq!(count("refused"), as_f64(entry.refused), "{entry:?}");
            assert_eq!(count("dropped"), as_f64(entry.all_dropped()), "{entry:?}");
            assert_eq!(count("in_flight"), 0.0, "{entry:?}");
        }
    }

    /// One account.
    ///
    /// # Panics
    /// When there is no such account.
    pub async fn account(&self, kind: &str, id: &str, signal: &str) -> Entry {
        let ledger = self.ledger().await;
        let of = |entry: &&Entry| entry.kind == kind && entry.id == id && entry.signal == signal;
        let found = ledger.iter().find(of).cloned();
        found.unwrap_or_else(|| panic!("no account {kind} {id} {signal} among {ledger:#?}"))
    }

    /// How much memory it holds now, in bytes.
    #[must_use]
    pub fn resident_memory(&self) -> usize {
        self.memory("VmRSS")
    }

    /// The most memory it has held, in bytes.
    #[must_use]
    pub fn peak_memory(&self) -> usize {
        self.memory("VmHWM")
    }

    fn memory(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says so");
        let kibibytes = line.trim_matches(|c: char| !c.is_ascii_digit());
        kibibytes.parse::<usize>().expect("a number") * 1024
    }

    /// How many files it may have open at a time, as the kernel says it.
    #[must_use]
    pub fn most_files(&self) -> String {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id()));
        let limits = limits.expect("it runs");
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
        line.expect("the kernel says so").split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// The address that it logged last with that message.
    async fn listener(&self, message: &str) -> String {
        let line = self.log.wait_for(message).await;
        let line = self.log.lines().into_iter().rfind(|line| line.contains(message)).unwrap_or(line);
        endpoint(&line)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            self.log.show();
        }
    }
}

/// The field `endpoint` of a line of the log.
fn endpoint(line: &str) -> String {
    let (_, fields) = line.split_once('{').expect("the line has fields");
    let fields: Value = serde_json::from_str(&format!("{{{fields}")).expect("the fields are JSON");
    fields["endpoint"].as_str().expect("the line names the endpoint").to_owned()
}

/// The file that a reload reads anew.
const OVERLAY: &str = "story.yaml";

/// A folder of our own, removed at the end.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("ferrotel-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Folder(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[expect(clippy::cast_precision_loss, reason = "the stories count to a few thousand")]
fn as_f64(items: u64) -> f64 {
    items as f64
}
