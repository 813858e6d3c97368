//! When to begin a new file, what the old ones are called, and which of them go.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The time in the name of an old file.
const TIME: &str = "%Y-%m-%dT%H-%M-%S%.3f";

/// When to begin a new file (`rotation`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotation {
    /// How large a file may become, in MiB; 0 is 100.
    pub max_megabytes: u64,
    /// How long to keep old files; 0 is for ever.
    pub max_days: u32,
    /// How many old files to keep; 0 is all.
    pub max_backups: usize,
    /// Whether the names of old files have the local time instead of UTC.
    pub localtime: bool,
}

impl Default for Rotation {
    fn default() -> Rotation {
        Rotation { max_megabytes: DEFAULT_MEGABYTES, max_days: 0, max_backups: 100, localtime: false }
    }
}

const DEFAULT_MEGABYTES: u64 = 100;

impl Rotation {
    /// How large a file may become.
    pub(super) fn max_bytes(&self) -> u64 {
        let megabytes = if self.max_megabytes == 0 { DEFAULT_MEGABYTES } else { self.max_megabytes };
        megabytes.saturating_mul(1 << 20)
    }

    /// Puts the file at `path` out of the way, under a name that no file has.
    pub(super) fn put_away(&self, path: &Path, now: Timestamp) -> io::Result<()> {
        let mut now = self.local(now);
        while backup(path, now).exists() {
            // Another one within the same millisecond.
            now = now.saturating_add(Span::new().milliseconds(1));
        }
        fs::rename(path, backup(path, now))
    }

    /// Removes the old files of `path` that are too many or too old.
    pub(super) fn prune(&self, path: &Path, now: Timestamp) -> io::Result<()> {
        let oldest = self.local(now).saturating_sub(Span::new().days(self.max_days.min(100_000)));
        for (rank, (time, old)) in backups(path)?.into_iter().enumerate() {
            let is_surplus = self.max_backups > 0 && rank >= self.max_backups;
            let is_too_old = self.max_days > 0 && time < oldest;
            if is_surplus || is_too_old {
                fs::remove_file(old)?;
            }
        }
        Ok(())
    }

    fn local(&self, now: Timestamp) -> DateTime {
        let zone = if self.localtime { TimeZone::system() } else { TimeZone::UTC };
        now.to_zoned(zone).datetime()
    }
}

/// The name that the file at `path` gets when it is put away.
pub(super) fn backup(path: &Path, time: DateTime) -> PathBuf {
    let (stem, extension) = parts(path);
    path.with_file_name(format!("{stem}-{}{extension}", time.strftime(TIME)))
}

/// The old files of `path` with their times, the youngest first.
fn backups(path: &Path) -> io::Result<Vec<(DateTime, PathBuf)>> {
    let (stem, extension) = parts(path);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let time = name
            .to_str()
            .and_then(|name| name.strip_prefix(&*stem)?.strip_prefix('-')?.strip_suffix(&*extension));
        if let Some(time) = time.and_then(|time| DateTime::strptime(TIME, time).ok()) {
            found.push((time, entry.path()));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(found)
}

/// The file's name, and its extension with the dot.
fn parts(path: &Path) -> (String, String) {
    let text =
        |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = text(path.extension());
    let dotted = if extension.is_empty() { extension } else { format!(".{extension}") };
    (text(path.file_stem()), dotted)
}
