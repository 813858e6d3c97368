//! Where the text goes when not into the collector's own log.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use anyhow::Context as _;
use parking_lot::Mutex;

/// Everything that `output_paths` names.
pub(super) struct Output(Mutex<Vec<Target>>);

enum Target {
    Stdout,
    Stderr,
    File(File),
}

impl Output {
    /// Opens the files; what they hold stays.
    pub(super) fn open(paths: &[String]) -> anyhow::Result<Output> {
        let targets = paths.iter().map(|path| Target::open(path)).collect::<anyhow::Result<_>>()?;
        Ok(Output(Mutex::new(targets)))
    }

    /// Writes to all of them. Blocks.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let mut targets = self.0.lock();
        targets.iter_mut().try_for_each(|target| target.write(text.as_bytes()))
    }
}

impl Target {
    fn open(path: &str) -> anyhow::Result<Target> {
        match path {
            "stdout" => return Ok(Target::Stdout),
            "stderr" => return Ok(Target::Stderr),
            _ => (),
        }
        let path = path.strip_prefix("file://").unwrap_or(path);
        let file = OpenOptions::new().create(true).append(true).open(path);
        Ok(Target::File(file.with_context(|| format!("cannot open `{path}` of `output_paths`"))?))
    }

    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Target::Stdout => io::stdout().write_all(text).and_then(|()| io::stdout().flush()),
            Target::Stderr => io::stderr().write_all(text),
            Target::File(file) => file.write_all(text),
        }
    }
}
