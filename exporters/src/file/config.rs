//! What users write under `exporters::file`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use component::{Consumer, Context, Delivery, Exporter, Problem};
use config::{ComponentId, Interval, Optional};
use otlp::Signal;
use serde::{Deserialize, Serialize};

use super::permissions::Permissions;
use super::rotation::Rotation;
use super::sink;

/// The Go Collector's default, and what it takes 0 for.
const DEFAULT_FLUSH_INTERVAL: Interval = Interval::from_secs(1);

/// The `file` exporter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The file; with `group_by`, a pattern with one `*`.
    pub path: String,
    /// How requests are written.
    pub format: Format,
    /// An extension that encodes; there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<ComponentId>,
    /// Whether to keep what the file holds at the start.
    pub append: bool,
    /// How each request is packed.
    pub compression: Compression,
    /// How hard it is packed.
    pub compression_params: CompressionParams,
    /// How long a request may stay in memory; zero is a second.
    pub flush_interval: Interval,
    /// When to begin a new file.
    pub rotation: Optional<Rotation>,
    /// A file for each value of a resource attribute.
    pub group_by: GroupBy,
    /// Whether to create the directory of the file.
    pub create_directory: bool,
    /// The permissions of that directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory_permissions: Option<Permissions>,
}

/// How requests are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A line of OTLP JSON each.
    #[default]
    Json,
    /// OTLP protobuf, each behind its length.
    Proto,
}

/// How each request is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    #[serde(rename = "")]
    None,
    /// Each in a zstd frame of its own, behind its length.
    Zstd,
}

/// How hard requests are packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompressionParams {
    /// The level; 0 is the default of zstd.
    pub level: i32,
}

/// A file for each value of a resource attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupBy {
    /// Whether to do so.
    pub enabled: bool,
    /// The attribute whose value stands for the `*` of the path.
    pub resource_attribute: String,
    /// How many files are open at the same time.
    pub max_open_files: usize,
}

impl Default for GroupBy {
    fn default() -> GroupBy {
        let resource_attribute = "fileexporter.path_segment".to_owned();
        GroupBy { enabled: false, resource_attribute, max_open_files: 100 }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            path: String::new(),
            format: Format::Json,
            encoding: None,
            append: false,
            compression: Compression::None,
            compression_params: CompressionParams::default(),
            flush_interval: DEFAULT_FLUSH_INTERVAL,
            rotation: Optional::NONE,
            group_by: GroupBy::default(),
            create_directory: false,
            directory_permissions: None,
        }
    }
}

impl Config {
    /// How long a request may stay in memory.
    pub(super) fn flush_interval(&self) -> Duration {
        let interval =
            if self.flush_interval.is_zero() { DEFAULT_FLUSH_INTERVAL } else { self.flush_interval };
        interval.0
    }

    fn check_path(&self) -> Option<Problem> {
        if self.path.is_empty() {
            return Some(Problem::error("path", "path must be non-empty"));
        }
        if !self.group_by.enabled {
            return None;
        }
        let message = match (self.path.matches('*').count(), self.path.starts_with('*')) {
            (1, false) => return None,
            (1, true) => "must not start with `*`, which stands for a value that comes from outside",
            _ => "must have exactly one `*` with `group_by`",
        };
        Some(Problem::error("path", format!("`{}` {message}", self.path)))
    }
}

#[async_trait]
impl Exporter for Config {
    const NAME: &'static str = "file";
    const SIGNALS: &'static [Signal] = &Signal::ALL;

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::from_iter(self.check_path());
        let mut wrong = |path: &str, message: &str| problems.push(Problem::error(path, message));
        if self.append && self.compression != Compression::None {
            wrong("append", "append and compression enabled at the same time is not supported");
        }
        if self.append && self.rotation.is_some() {
            wrong("append", "append and rotation enabled at the same time is not supported");
        }
        if self.encoding.is_some() {
            wrong("encoding", "there is no extension that encodes; use `format`");
        }
        if self.group_by.enabled && self.group_by.resource_attribute.is_empty() {
            wrong("group_by::resource_attribute", "must not be empty");
        }
        if self.group_by.enabled && self.group_by.max_open_files == 0 {
            wrong("group_by::max_open_files", "must be greater than 0");
        }
        if self.group_by.enabled && self.rotation.is_some() {
            problems.push(Problem::warning("rotation", "has no effect together with `group_by`"));
        }
        if !self.create_directory && self.directory_permissions.is_some() {
            let message = "has no effect without `create_directory: true`";
            problems.push(Problem::warning("directory_permissions", message));
        }
        problems
    }

    fn delivery(&self) -> Delivery {
        Delivery::default()
    }

    async fn start(self, cx: Context) -> anyhow::Result<Arc<dyn Consumer>> {
        sink::start(self, &cx).await
    }
}
