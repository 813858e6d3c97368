//! The way from the top of a configuration to a value.

use std::fmt;
use std::sync::Arc;

/// Keys and list indexes from the top down; printed joined by `::`, as in `processors::attributes::actions::0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(Vec<Arc<str>>);

impl Path {
    /// The top of the configuration.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path one step further down.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        let mut keys = Vec::with_capacity(self.0.len() + 1);
        keys.extend_from_slice(&self.0);
        keys.push(Arc::from(key));
        Self(keys)
    }

    /// The keys from the top down.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(|key| &**key)
    }

    /// Whether `other` is this or below it.
    pub fn leads_to(&self, other: &Path) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether this is the top.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const LENGTH: usize> From<[&str; LENGTH]> for Path {
    fn from(keys: [&str; LENGTH]) -> Self {
        Self(keys.into_iter().map(Arc::from).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.join("::"))
    }
}
