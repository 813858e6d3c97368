//! Jobs that stand in other files: `scrape_config_files`.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use component::Problem;
use config::{Diagnostics, Severity};
use serde::{Deserialize, Serialize};

use super::global::PrometheusConfig;
use super::scrape::ScrapeConfig;

/// A file is read up to this size: more than people write, and no harm to memory.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// What such a file holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    scrape_configs: Vec<ScrapeConfig>,
}

/// The sections of all files, each with the place that stands for it in messages, and what is wrong with the files.
pub(super) fn sections(config: &PrometheusConfig) -> (Vec<(String, ScrapeConfig)>, Vec<Problem>) {
    let (mut sections, mut problems) = (Vec::new(), Vec::new());
    for (index, pattern) in config.scrape_config_files.iter().enumerate() {
        let place = format!("scrape_config_files::{index}");
        for path in matching(pattern) {
            match read(&path) {
                Ok(file) => {
                    sections.extend(file.scrape_configs.into_iter().map(|section| (place.clone(), section)));
                }
                Err(faults) => problems.extend(faults.into_iter().map(|words| Problem::error(&place, words))),
            }
        }
    }
    (sections, problems)
}

fn read(path: &Path) -> Result<File, Vec<String>> {
    let name = path.display().to_string();
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text));
    read.map_err(|error| vec![format!("cannot read `{name}`: {error}")])?;
    let mut found = Diagnostics::new();
    let file = config::parse(&name, &text, &mut found)
        .and_then(|node| config::read::<File>(&node, &config::Path::root(), &mut found));
    let errors: Vec<_> =
        found.iter().filter(|found| found.severity == Severity::Error).map(ToString::to_string).collect();
    match file {
        Some(file) if errors.is_empty() => Ok(file),
        _ => Err(errors),
    }
}

/// The files that a pattern names, sorted; `*` and `?` in any part of it stand for what is not a `/`.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let root = if pattern.starts_with('/') { "/" } else { "" };
    let mut found = vec![PathBuf::from(root)];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part.contains(['*', '?']) {
            false => found.into_iter().map(|folder| folder.join(part)).filter(|path| path.exists()).collect(),
            true => found.iter().flat_map(|folder| children(folder, part)).collect(),
        };
    }
    found.sort();
    found
}

fn children(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let here = Path::new(".");
    let entries = fs::read_dir(if folder.as_os_str().is_empty() { here } else { folder });
    let names = entries.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let fits = |name: &String| fits(pattern.as_bytes(), name.as_bytes());
    names.filter(fits).map(|name| folder.join(name)).collect()
}

/// Whether `name` is what `pattern` stands for: the last `*` takes one more byte whenever what follows does not fit.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[from] => (at, from) = (at + 1, from + 1),
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                (at, from) = (star_at + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_number_of_characters() {
        for (pattern, name, expected) in [
            ("*.yml", "a.yml", true),
            ("*.yml", ".yml", true),
            ("*.yml", "a.yaml", false),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyyb", false),
            ("jobs-?.yml", "jobs-1.yml", true),
            ("jobs-?.yml", "jobs-10.yml", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }
}
