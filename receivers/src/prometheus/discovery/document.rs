//! Documents that list targets: the answers of servers and files.

use anyhow::{Context as _, bail};

use super::{Group, StaticConfig};

/// The longest document that is read.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// The most targets in one: each costs some hundred bytes while it is known, however short its text.
pub(super) const MAX_TARGETS: usize = 200_000;

/// The groups of a document in JSON; their sources are `source:0`, `source:1`, and so on.
pub(super) fn from_json(bytes: &[u8], source: &str) -> anyhow::Result<Vec<Group>> {
    let listed: Vec<StaticConfig> = serde_json::from_slice(bytes).context("not a list of target groups")?;
    groups(&listed, source)
}

/// The same in YAML.
pub(super) fn from_yaml(text: &str, source: &str) -> anyhow::Result<Vec<Group>> {
    let mut diagnostics = config::Diagnostics::new();
    let listed: Option<Vec<StaticConfig>> = config::parse_value(source, text, &mut diagnostics)
        .and_then(|node| config::read(&node, &config::Path::root(), &mut diagnostics));
    match listed {
        Some(listed) => groups(&listed, source),
        None => bail!("not a list of target groups: {diagnostics}"),
    }
}

/// What a group of a document is told from others by.
pub(super) fn source(document: &str, index: usize) -> String {
    format!("{document}:{index}")
}

fn groups(listed: &[StaticConfig], source: &str) -> anyhow::Result<Vec<Group>> {
    let targets: usize = listed.iter().map(|group| group.targets.len()).sum();
    if targets > MAX_TARGETS {
        bail!("{targets} targets are too many, at most {MAX_TARGETS} are taken from one document");
    }
    let numbered = listed.iter().enumerate();
    Ok(numbered.map(|(index, group)| group.group(self::source(source, index))).collect())
}
