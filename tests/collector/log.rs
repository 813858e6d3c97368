//! What a process writes, line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::patience::{PATIENCE, until, until_within};

/// The lines that came so far, and whether more can come. All clones are one log.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    /// Reads `from` on a thread of its own until it ends.
    #[must_use]
    pub fn read(from: impl Read + Send + 'static) -> Log {
        let log = Log::default();
        let written = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
                written.with(|lines| lines.lines.push(String::from_utf8_lossy(&line).into_owned()));
            }
            written.with(|lines| lines.ended = true);
        });
        log
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.with(|lines| lines.lines.clone())
    }

    /// All lines so far as one text.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The last line.
    #[must_use]
    pub fn last_line(&self) -> String {
        self.lines().pop().unwrap_or_default()
    }

    /// Waits for a line with that text in it, and gives the first.
    pub async fn wait_for(&self, text: &str) -> String {
        self.wait_for_within(PATIENCE, text).await
    }

    /// The same, for programs that take another time to start.
    pub async fn wait_for_within(&self, patience: Duration, text: &str) -> String {
        until_within(patience, &format!("a log line with `{text}`"), async || {
            self.lines().into_iter().find(|line| line.contains(text))
        })
        .await
    }

    /// Waits until nothing more can come.
    pub(super) async fn ended(&self) {
        until("the log ends", async || self.with(|lines| lines.ended).then_some(())).await;
    }

    /// Writes it where the output of a failing test goes.
    pub(super) fn show(&self) {
        let mut stderr = std::io::stderr().lock();
        // There is nobody to tell when that fails.
        let _ = writeln!(stderr, "the collector's log:\n{}", self.text());
    }

    fn with<T>(&self, act: impl FnOnce(&mut Lines) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
