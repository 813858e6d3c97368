//! Starting the program.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use super::{Collector, Folder, Log, OVERLAY};
use crate::patience::{PATIENCE, until, within};

/// Where the built program is.
#[derive(Clone, Copy, Debug)]
pub struct Program(pub &'static str);

/// A run that has come to its end.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; -1 after a signal.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

/// How often to try again when somebody else has taken a port in the meantime.
const ATTEMPTS: usize = 5;

impl Program {
    /// Starts a collector with `config` laid over the frame of all stories, and waits until it is ready.
    pub async fn start(self, config: &str) -> Collector {
        self.start_with(config, &[]).await
    }

    /// The same, with more words on the command line.
    pub async fn start_with(self, config: &str, arguments: &[&str]) -> Collector {
        let more = |command: &mut Command| {
            command.args(arguments);
        };
        self.start_by(config, more, Command::new).await
    }

    /// The same by another program, which `by` makes a command of; it becomes this one, so that it is stopped as one.
    pub async fn start_under(self, config: &str, by: impl Fn(&'static str) -> Command) -> Collector {
        self.start_by(config, |_| (), by).await
    }

    async fn start_by(
        self,
        config: &str,
        more: impl Fn(&mut Command),
        by: impl Fn(&'static str) -> Command,
    ) -> Collector {
        for _ in 0..ATTEMPTS {
            let folder = Folder::new();
            let (health, zpages) = (free_address(), free_address());
            let frame = folder.path().join("frame.yaml");
            std::fs::write(&frame, frame_config(&health, &zpages)).expect("the folder is ours");
            let story = folder.path().join(OVERLAY);
            std::fs::write(&story, config).expect("the folder is ours");
            let mut command = by(self.0);
            command.arg("--config").arg(frame).arg("--config").arg(story);
            more(&mut command);
            if let Some(collector) = launch(command, folder, health, zpages).await {
                return collector;
            }
        }
        panic!("no port stays free for long enough");
    }

    /// Starts a collector with nothing but `arguments`; `health` and `zpages` are the addresses they lead to.
    pub async fn start_bare(self, arguments: &[&str], health: &str, zpages: &str) -> Collector {
        self.try_start_bare(arguments, health, zpages).await.expect("the ports are free")
    }

    /// The same; `None` when somebody else has taken a port in the meantime.
    pub async fn try_start_bare(self, arguments: &[&str], health: &str, zpages: &str) -> Option<Collector> {
        let mut command = Command::new(self.0);
        command.args(arguments);
        launch(command, Folder::new(), health.to_owned(), zpages.to_owned()).await
    }

    /// Runs the program to its end.
    pub async fn run(self, arguments: &[&str]) -> Finished {
        let mut command = Command::new(self.0);
        command.args(arguments).stdin(Stdio::null());
        without_aws(&mut command);
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = within("the program ends", output).await.expect("it does not panic").expect("it runs");
        Finished {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs `command` until it is ready; `None` when a port was taken.
async fn launch(mut command: Command, folder: Folder, health: String, zpages: String) -> Option<Collector> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    without_aws(&mut command);
    let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let log = Log::read(child.stderr.take().expect("it is piped"));
    let output = Log::read(child.stdout.take().expect("it is piped"));
    let mut collector = Collector { child, log, output, health, zpages, folder };
    let state = until("the collector is ready", || {
        let ready = collector.log.text().contains("Everything is ready");
        let ended = !collector.is_running();
        async move { (ready || ended).then_some(ready) }
    });
    if state.await {
        return Some(collector);
    }
    collector.log.ended().await;
    let log = collector.log.text();
    assert!(log.contains("in use"), "the collector did not start within {PATIENCE:?}:\n{log}");
    None
}

/// Takes away the machine's own settings for the SDK of AWS.
fn without_aws(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
}

/// An address on which nobody listened just now. Taken by few: what can say its own port is given port 0.
#[must_use]
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("it is bound").to_string()
}

/// What all stories have in common: OTLP in, health, pages and metrics, each on a port of its own.
fn frame_config(health: &str, zpages: &str) -> String {
    format!(
        "
receivers:
  otlp:
    protocols:
      grpc: {{ endpoint: '127.0.0.1:0' }}
      http: {{ endpoint: '127.0.0.1:0' }}
extensions:
  health_check: {{ endpoint: '{health}' }}
  zpages: {{ endpoint: '{zpages}' }}
service:
  extensions: [health_check, zpages]
  telemetry:
    logs: {{ level: debug, disable_zap_resource: true, sampling: {{ enabled: false }} }}
    metrics:
      readers: [{{ pull: {{ exporter: {{ prometheus: {{ host: 127.0.0.1, port: 0 }} }} }} }}]
"
    )
}
