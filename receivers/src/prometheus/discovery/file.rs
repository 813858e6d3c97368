//! Targets listed in files.
//!
//! Files are looked at every few seconds, and read when their time stamp, length or inode is another one: that sees
//! a new file renamed over the old one, and the links of a Kubernetes ConfigMap. All are read again after
//! `refresh_interval` in any case. A file that cannot be read or understood keeps its targets; one that is gone has
//! none.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Context, Problem};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::{Discovery, Finder, Group, document, glob};
use crate::prometheus::PromDuration;

/// Which file a target was read from.
const META_FILEPATH: &str = "__meta_filepath";

/// How often files are looked at.
const GLANCE: Duration = Duration::from_secs(5);

/// The endings that a name may have, in small or capital letters.
const ENDINGS: [&str; 6] = ["json", "yml", "yaml", "JSON", "YML", "YAML"];

/// One of `file_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileSdConfig {
    /// Paths to files in JSON or YAML; the last part may have `*`, `?` and `[…]`.
    pub files: Vec<String>,
    /// How often files are read again even if they seem not to have changed.
    pub refresh_interval: PromDuration,
}

impl Default for FileSdConfig {
    fn default() -> FileSdConfig {
        FileSdConfig { files: Vec::new(), refresh_interval: PromDuration::from_secs(300) }
    }
}

#[async_trait]
impl Discovery for FileSdConfig {
    const NAME: &'static str = "file";

    fn check(&self) -> Vec<Problem> {
        let mut problems = super::check_interval(self.refresh_interval);
        if self.files.is_empty() {
            problems.push(Problem::error("files", "must name at least one file"));
        }
        for (index, file) in self.files.iter().enumerate() {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
            let path = format!("files::{index}");
            if !ENDINGS.contains(&ending) {
                let words = format!("`{file}` must end in `.json`, `.yml` or `.yaml`");
                problems.push(Problem::error(&path, words));
            }
            if folder.contains('*') {
                let words = format!("`{file}` must have `*` in its last part only");
                problems.push(Problem::error(&path, words));
            }
        }
        problems
    }

    fn describe(&self) -> String {
        self.files.join(", ")
    }

    async fn run(self, _: Context, finder: Finder) -> anyhow::Result<()> {
        let glance = GLANCE.min(self.refresh_interval.0);
        let mut watch = Watch { patterns: self.files, finder, known: BTreeMap::new() };
        let mut read_all_at = Instant::now();
        loop {
            let is_due = Instant::now() >= read_all_at;
            if is_due {
                read_all_at = Instant::now() + self.refresh_interval.0;
            }
            watch.look(is_due).await;
            tokio::time::sleep(glance).await;
        }
    }
}

/// What is known of the files.
struct Watch {
    patterns: Vec<String>,
    finder: Finder,
    known: BTreeMap<String, Known>,
}

/// What is known of one file.
#[derive(Default)]
struct Known {
    stamp: Option<Stamp>,
    /// How many groups of it there are.
    groups: usize,
    is_bad: bool,
}

/// What tells one version of a file from the next.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    inode: u64,
}

impl Watch {
    /// Looks at all files, and reads those that have changed, or all.
    async fn look(&mut self, read_all: bool) {
        let mut failures = Vec::new();
        let mut present = Vec::new();
        for pattern in &self.patterns {
            match glob::files(pattern).await {
                Ok(files) if files.is_empty() && read_all => {
                    failures.push(format!("there is no file `{pattern}`"));
                }
                Ok(files) => present.extend(files),
                Err(error) => {
                    failures.push(format!("cannot look for `{pattern}`: {error}"));
                    // Not knowing whether its files are there is no reason to forget them.
                    present.extend(self.known.keys().cloned());
                }
            }
        }
        for path in &present {
            if let Err(error) = self.look_at(path, read_all).await {
                failures.push(format!("`{path}`: {error:#}"));
            }
        }
        self.forget_all_but(&present);
        match failures.first() {
            Some(why) => self.finder.failed(why),
            None if self.known.values().all(|known| !known.is_bad) && !self.known.is_empty() => {
                self.finder.works()
            }
            None => {}
        }
    }

    async fn look_at(&mut self, path: &str, read_anyway: bool) -> anyhow::Result<()> {
        let known = self.known.entry(path.to_owned()).or_default();
        let stamp = stamp(path).await;
        if !read_anyway && known.stamp == stamp.as_ref().ok().copied() {
            return Ok(());
        }
        // Also when it cannot be read: once more is enough until it changes.
        known.stamp = stamp.as_ref().ok().copied();
        known.is_bad = true;
        stamp?;
        let mut groups = read(path).await?;
        known.is_bad = false;
        let count = groups.len();
        // Those at the end that are no longer in it.
        groups.extend((count..known.groups).map(|index| empty(path, index)));
        known.groups = count;
        self.finder.update(groups);
        Ok(())
    }

    fn forget_all_but(&mut self, present: &[String]) {
        let finder = &self.finder;
        self.known.retain(|path, known| {
            let is_present = present.contains(path);
            if !is_present {
                finder.update((0..known.groups).map(|index| empty(path, index)));
            }
            is_present
        });
    }
}

async fn stamp(path: &str) -> anyhow::Result<Stamp> {
    let metadata = tokio::fs::metadata(path).await?;
    Ok(Stamp { modified: metadata.modified()?, length: metadata.len(), inode: metadata.ino() })
}

async fn read(path: &str) -> anyhow::Result<Vec<Group>> {
    let file = tokio::fs::File::open(path).await?;
    let mut bytes = Vec::new();
    file.take(document::MAX_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    anyhow::ensure!(bytes.len() <= document::MAX_BYTES, "has more than {} bytes", document::MAX_BYTES);
    let mut groups = if path.to_ascii_lowercase().ends_with(".json") {
        document::from_json(&bytes, path)?
    } else {
        document::from_yaml(std::str::from_utf8(&bytes).context("not UTF-8")?, path)?
    };
    for group in &mut groups {
        group.labels.set(META_FILEPATH, path);
    }
    Ok(groups)
}

/// A group that takes away the one that was read before.
fn empty(path: &str, index: usize) -> Group {
    Group { source: document::source(path, index), ..Group::default() }
}
