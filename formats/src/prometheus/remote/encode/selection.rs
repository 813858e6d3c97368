//! Choosing attributes by patterns of their keys.

/// Which attributes become labels: none, unless their keys match a pattern in which `*` stands for anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Patterns of keys.
    pub included: Vec<String>,
    /// Patterns of keys that are left out all the same.
    pub excluded: Vec<String>,
}

impl Selection {
    /// Whether no key is chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.included.is_empty()
    }

    /// Whether `key` is chosen.
    #[must_use]
    pub fn takes(&self, key: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, key));
        any(&self.included) && !any(&self.excluded)
    }
}

/// Each part between two `*` is looked for behind the one before.
fn matches(pattern: &str, key: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == key };
    let Some(mut key) = key.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        let Some(at) = key.find(part) else { return false };
        key = &key[at + part.len()..];
    }
    key.ends_with(last)
}
