//! Programs that the bench starts, and their end: by their process id, and with the bench at the latest.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The last lines of its log that are kept of a program.
const LOG_LINES: usize = 30;

/// How long a program may take to end after SIGTERM, and to answer a line.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program that runs.
pub(crate) struct Running {
    name: &'static str,
    process: Child,
    pid: u32,
    log: Arc<Mutex<VecDeque<String>>>,
    _reader: JoinSet<()>,
}

impl Running {
    pub(crate) fn start(name: &'static str, mut command: Command) -> anyhow::Result<Running> {
        command.stderr(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().with_context(|| format!("cannot start the {name}: {command:?}"))?;
        let pid = process.id().context("it has ended already")?;
        let log = Arc::default();
        let mut reader = JoinSet::new();
        if let Some(stderr) = process.stderr.take() {
            reader.spawn(keep_last_lines(stderr, Arc::clone(&log)));
        }
        Ok(Running { name, process, pid, log, _reader: reader })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// An error with the last lines of the log, when it has ended by itself.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("the {} has ended with {status}:\n{}", self.name, self.log()),
        }
    }

    /// Asks it to end, as an operator would, and waits until it has.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.check()?;
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("it has no process id")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.ended().await?;
        if !status.success() {
            bail!("the {} ended with {status} after SIGTERM:\n{}", self.name, self.log());
        }
        Ok(())
    }

    async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let ended = timeout(PATIENCE, self.process.wait()).await;
        Ok(ended.with_context(|| format!("the {} does not end:\n{}", self.name, self.log()))??)
    }

    /// The last lines of its log.
    pub(crate) fn log(&self) -> String {
        let log = self.log.lock().expect("no holder of this lock panics");
        log.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

async fn keep_last_lines(stderr: ChildStderr, log: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut log = log.lock().expect("no holder of this lock panics");
        if log.len() == LOG_LINES {
            log.pop_front();
        }
        log.push_back(line);
    }
}

/// A program of the bench, with which it can talk; see [`crate::control`].
pub(crate) struct Talking {
    running: Running,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Talking {
    /// Starts it; also says its first line.
    pub(crate) async fn start(name: &'static str, mut command: Command) -> anyhow::Result<(Talking, String)> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = Running::start(name, command)?;
        let input = running.process.stdin.take().context("it has no input")?;
        let output = running.process.stdout.take().context("it has no output")?;
        let mut talking = Talking { running, input, output: BufReader::new(output).lines() };
        let first = talking.listen().await?;
        Ok((talking, first))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid
    }

    pub(crate) async fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        self.input.write_all(format!("{line}\n").as_bytes()).await?;
        self.listen().await
    }

    async fn listen(&mut self) -> anyhow::Result<String> {
        let line = timeout(PATIENCE, self.output.next_line()).await;
        let line = line.with_context(|| format!("the {} does not answer", self.running.name))??;
        line.with_context(|| format!("the {} has gone:\n{}", self.running.name, self.running.log()))
    }

    /// Closes its input, which is its end.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        let Talking { mut running, input, .. } = self;
        drop(input);
        running.ended().await.map(drop)
    }
}
