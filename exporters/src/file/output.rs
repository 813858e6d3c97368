//! One open file with what is not in it yet.
//!
//! 1. A frame is taken as a whole or not at all. What was taken stays in memory until the file has it, so a write that
//!    fails half way is continued where it stopped, and never leaves half a frame between two others.
//! 2. Not more than [`ENOUGH`] and one frame are held; while the file takes nothing, nothing more is taken.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use tracing::{info, warn};

use super::rotation::Rotation;

/// So much is worth a call to the system.
const ENOUGH: usize = 64 << 10;

/// Nobody else reads telemetry unless they are let.
const MODE: u32 = 0o600;

pub(super) struct Output {
    path: PathBuf,
    file: File,
    pending: Vec<u8>,
    /// Of the file, with what is pending.
    size: u64,
    rotation: Option<Rotation>,
    /// Whether the last write failed.
    is_stuck: bool,
}

impl Output {
    /// Opens the file; what it holds is kept if `keep`, or if files are rotated.
    pub(super) fn open(path: PathBuf, keep: bool, rotation: Option<Rotation>) -> io::Result<Output> {
        let file = open(&path, keep || rotation.is_some())?;
        let size = file.metadata()?.len();
        Ok(Output { path, file, pending: Vec::new(), size, rotation, is_stuck: false })
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// When the file does not take what came before; the frame is not taken then.
    pub(super) fn append(&mut self, frame: &[u8]) -> io::Result<()> {
        if self.pending.len() >= ENOUGH {
            self.flush()?;
        }
        let size = self.size.saturating_add(frame.len() as u64);
        if self.size > 0 && self.rotation.as_ref().is_some_and(|rotation| size > rotation.max_bytes()) {
            self.rotate()?;
        }
        self.pending.extend_from_slice(frame);
        self.size += frame.len() as u64;
        if self.pending.len() >= ENOUGH {
            // The frame is taken; if the file does not take it now, whoever comes next hears of it.
            drop(self.flush());
        }
        Ok(())
    }

    /// Takes a frame and writes it.
    ///
    /// # Errors
    /// When the file does not take it. The frame is given up again, if nothing of it has been written.
    pub(super) fn append_now(&mut self, frame: &[u8]) -> io::Result<()> {
        self.append(frame)?;
        let written = self.flush();
        if written.is_err() && self.pending.len() >= frame.len() {
            self.pending.truncate(self.pending.len() - frame.len());
            self.size -= frame.len() as u64;
        }
        written
    }

    /// Writes what is pending. The log has when it begins to fail, and when that ends.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        let outcome = self.write_pending();
        match &outcome {
            Err(error) if !self.is_stuck => {
                warn!(path = %self.path.display(), %error, bytes = self.pending.len(), "cannot write; trying on");
            }
            Ok(()) if self.is_stuck => info!(path = %self.path.display(), "writes again"),
            Ok(()) | Err(_) => (),
        }
        self.is_stuck = outcome.is_err();
        outcome
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let mut done = 0;
        let outcome = loop {
            match self.pending.get(done..) {
                None | Some([]) => break Ok(()),
                Some(rest) => match self.file.write(rest) {
                    Ok(0) => break Err(ErrorKind::WriteZero.into()),
                    Ok(written) => done += written,
                    Err(error) if error.kind() == ErrorKind::Interrupted => (),
                    Err(error) => break Err(error),
                },
            }
        };
        self.pending.drain(..done);
        outcome
    }

    /// How many bytes are pending.
    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.flush()?;
        let Some(rotation) = &self.rotation else { return Ok(()) };
        let now = Timestamp::now();
        rotation.put_away(&self.path, now)?;
        self.file = open(&self.path, true)?;
        self.size = 0;
        let pruned = rotation.prune(&self.path, now);
        pruned.unwrap_or_else(|error| warn!(path = %self.path.display(), %error, "cannot remove old files"));
        Ok(())
    }
}

fn open(path: &PathBuf, keep: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).mode(MODE);
    if keep {
        options.append(true)
    } else {
        options.write(true).truncate(true)
    };
    options.open(path)
}
