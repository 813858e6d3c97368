//! The thread that writes, and the files it has open.

use std::collections::{BTreeMap, HashSet};
use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use component::{Acknowledge, ConsumeError, Context};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use otlp::Payload;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;
use tracing::error;

use super::config::Config;
use super::encode::Encoder;
use super::group::{self, Pattern};
use super::output::Output;

/// What the thread is asked to do.
pub(super) enum Job {
    Write {
        payload: Payload,
        answer: oneshot::Sender<Result<(), ConsumeError>>,
        _room: OwnedSemaphorePermit,
    },
    /// Write all that is pending, and end.
    Close,
}

/// The files, and how to write into them.
pub(super) struct Files {
    config: Config,
    cx: Context,
    encoder: Encoder,
    pattern: Pattern,
    open: BTreeMap<PathBuf, Open>,
    /// Files that were open before: what they hold is ours, and is kept.
    known: HashSet<PathBuf>,
    /// Counts uses of files, so that the one that was not used for longest is known.
    uses: u64,
}

struct Open {
    output: Output,
    last_use: u64,
}

/// Does the jobs until there are no more. Blocks.
pub(super) fn run(files: &mut Files, jobs: &Receiver<Job>) {
    let interval = files.config.flush_interval();
    let mut flush_at = Instant::now() + interval;
    loop {
        match jobs.recv_timeout(flush_at.saturating_duration_since(Instant::now())) {
            Ok(Job::Write { payload, answer, _room }) => {
                // Whoever does not wait for the answer any more does not need it.
                let _ = answer.send(files.write(payload));
            }
            Ok(Job::Close) | Err(RecvTimeoutError::Disconnected) => return files.close(),
            Err(RecvTimeoutError::Timeout) => (),
        }
        if flush_at <= Instant::now() {
            files.flush();
            flush_at = Instant::now() + interval.max(Duration::from_millis(1));
        }
    }
}

impl Files {
    /// Opens the file, unless there is one for each value of an attribute.
    pub(super) fn open(config: Config, cx: Context) -> anyhow::Result<Files> {
        let mut files = Files {
            encoder: Encoder::new(&config),
            pattern: Pattern::new(&config.path),
            config,
            cx,
            open: BTreeMap::new(),
            known: HashSet::new(),
            uses: 0,
        };
        if !files.config.group_by.enabled {
            let path = PathBuf::from(&files.config.path);
            files.output(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
        }
        Ok(files)
    }

    fn write(&mut self, payload: Payload) -> Result<(), ConsumeError> {
        if !self.config.group_by.enabled {
            let path = PathBuf::from(&self.config.path);
            return self.write_to(&path, &payload);
        }
        let signal = payload.signal();
        let (parts, homeless) = group::split(payload, &self.config.group_by.resource_attribute);
        self.cx.dropped(signal, homeless, "resource names no file");
        let mut outcome: Result<(), ConsumeError> = Ok(());
        for (value, part) in parts {
            let path = PathBuf::from(self.pattern.path(&value));
            outcome = match (outcome, self.write_to(&path, &part)) {
                (Err(first), Err(second)) => Err(first.join(second)),
                (outcome, Ok(())) => outcome,
                (Ok(()), outcome) => outcome,
            };
        }
        outcome
    }

    fn write_to(&mut self, path: &Path, payload: &Payload) -> Result<(), ConsumeError> {
        let acknowledge = self.cx.acknowledge;
        let written = self.encoder.frame(payload).and_then(|frame| {
            let output = self.output(path)?;
            match acknowledge {
                Acknowledge::Held => output.append(&frame),
                Acknowledge::Delivered => output.append_now(&frame),
            }
        });
        written.map_err(|error| consume_error(path, &error))
    }

    /// The open file at `path`; another one is closed for it when there are too many.
    fn output(&mut self, path: &Path) -> io::Result<&mut Output> {
        self.uses += 1;
        if !self.open.contains_key(path) {
            self.make_room()?;
            self.create_directory(path)?;
            let grouped = self.config.group_by.enabled;
            let rotation = self.config.rotation.as_ref().filter(|_| !grouped).cloned();
            let keep = self.config.append || self.known.contains(path);
            let output = Output::open(path.to_owned(), keep, rotation)?;
            self.known.insert(path.to_owned());
            self.open.insert(path.to_owned(), Open { output, last_use: self.uses });
        }
        let open = self.open.get_mut(path).expect("it is open now");
        open.last_use = self.uses;
        Ok(&mut open.output)
    }

    fn make_room(&mut self) -> io::Result<()> {
        if !self.config.group_by.enabled || self.open.len() < self.config.group_by.max_open_files {
            return Ok(());
        }
        let longest_unused = self.open.iter().min_by_key(|(_, open)| open.last_use);
        let Some(path) = longest_unused.map(|(path, _)| path.clone()) else { return Ok(()) };
        self.open.get_mut(&path).map_or(Ok(()), |open| open.output.flush())?;
        self.open.remove(&path);
        Ok(())
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let wanted = self.config.create_directory || self.config.group_by.enabled;
        let directory = path.parent().filter(|parent| wanted && !parent.as_os_str().is_empty());
        let mode = self.config.directory_permissions.unwrap_or_default().bits();
        directory.map_or(Ok(()), |directory| DirBuilder::new().recursive(true).mode(mode).create(directory))
    }

    /// Writes what is pending; what cannot be written stays, and the file has said so.
    fn flush(&mut self) {
        for open in self.open.values_mut() {
            drop(open.output.flush());
        }
    }

    /// Writes what is pending, for the last time.
    fn close(&mut self) {
        for (path, mut open) in std::mem::take(&mut self.open) {
            if let Err(error) = open.output.flush() {
                error!(path = %path.display(), %error, bytes = open.output.pending(), "could not be written; lost");
            }
        }
    }
}

/// A full disk can be emptied, a wrong name stays wrong.
fn consume_error(path: &Path, error: &io::Error) -> ConsumeError {
    let message = format!("cannot write `{}`: {error}", path.display());
    match error.kind() {
        ErrorKind::InvalidInput
        | ErrorKind::InvalidFilename
        | ErrorKind::IsADirectory
        | ErrorKind::NotADirectory
        | ErrorKind::PermissionDenied
        | ErrorKind::FileTooLarge => ConsumeError::permanent(message),
        _ => ConsumeError::retryable(message),
    }
}
