//! Documents that list targets: the answers of servers and files.

use std::fmt;

use anyhow::{Context as _, bail};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Group, StaticConfig};

/// The longest document that is read.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// The most targets in one: each costs some hundred bytes while it is known, however short its text.
pub(super) const MAX_TARGETS: usize = 200_000;

/// How many errors of one document are said.
const MAX_ERRORS: usize = 3;

/// The groups of a document in JSON; their sources are `source:0`, `source:1`, and so on.
pub(super) fn from_json(bytes: &[u8], source: &str) -> anyhow::Result<Vec<Group>> {
    let listed: Option<Vec<Entry>> = serde_json::from_slice(bytes).context("not a list of target groups")?;
    let listed: Vec<StaticConfig> = listed.into_iter().flatten().map(|Entry(group)| group).collect();
    groups(&listed, source)
}

/// The same in YAML.
pub(super) fn from_yaml(text: &str, source: &str) -> anyhow::Result<Vec<Group>> {
    let mut diagnostics = config::Diagnostics::new();
    let listed: Option<Vec<StaticConfig>> = config::parse_value(source, text, &mut diagnostics)
        .and_then(|node| config::read(&node, &config::Path::root(), &mut diagnostics));
    match listed {
        Some(listed) => groups(&listed, source),
        None => {
            let words: Vec<String> = diagnostics.iter().take(MAX_ERRORS).map(ToString::to_string).collect();
            bail!("not a list of target groups: {}", words.join("; "))
        }
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

/// A group in JSON. Only a map is one: serde would take the list of a struct's values as well.
struct Entry(StaticConfig);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with `targets` and `labels`")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Entry, A::Error> {
        StaticConfig::deserialize(MapAccessDeserializer::new(entries)).map(Entry)
    }
}
