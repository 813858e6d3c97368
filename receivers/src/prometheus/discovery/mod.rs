//! What there is to scrape, and how that is found out.
//!
//! 1. A [`Discovery`] is its settings plus the way to run it. It tells its [`Finder`] what it found, as groups of
//!    targets; a group replaces the one that has the same source, an empty group removes it.
//! 2. [`Found`] is what all discoveries of one job have told, at any moment. Who scrapes waits for a change, and reads
//!    all of it: nothing is queued, so nothing can be lost or pile up.
//! 3. What fails keeps the targets that were found before. Failures are counted, logged when they begin and end, and
//!    the last one is there to be shown.

mod config;
mod dns;
mod document;
mod file;
mod found;
mod glob;
mod http;
mod kept;
pub mod kubernetes;
mod statics;

use async_trait::async_trait;
use component::{Context, Problem};
use formats::prometheus::Labels;

use super::PromDuration;

pub use config::{DiscoveryConfig, Unsupported};
pub use dns::{DnsSdConfig, RecordType};
pub use file::FileSdConfig;
pub use found::{Finder, Found, Standing};
pub use http::{HttpKeysOfSd, HttpSdConfig};
pub use kept::Kept;
pub use statics::StaticConfig;

/// The label that says where a target is: `host:port`.
pub const ADDRESS: &str = "__address__";

/// Targets that were found together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// What tells it from the other groups of its discovery.
    pub source: String,
    /// Labels of all its targets, where they have none of that name.
    pub labels: Labels,
    /// The labels of each target; [`ADDRESS`] is among them.
    pub targets: Vec<Labels>,
}

/// A way to find targets.
#[async_trait]
pub trait Discovery: Clone + Send + Sync + 'static {
    /// As `<NAME>_sd_configs` names it.
    const NAME: &'static str;

    /// What is wrong with its settings, with paths from its own block.
    fn check(&self) -> Vec<Problem>;

    /// Which one it is among others of its kind, for people: a URL, a file. Without secrets.
    fn describe(&self) -> String;

    /// Finds targets for ever: it is dropped when the component stops. After an error it is started anew with a
    /// growing pause, so what can fail in the course of things is told to `finder` instead.
    async fn run(self, cx: Context, finder: Finder) -> anyhow::Result<()>;
}

/// Who looks for targets has to pause in between.
fn check_interval(interval: PromDuration) -> Vec<Problem> {
    let is_zero = interval.is_zero();
    is_zero.then(|| Problem::error("refresh_interval", "must be more than 0")).into_iter().collect()
}

#[cfg(test)]
mod tests;
