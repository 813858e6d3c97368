//! A group of targets as it is kept: small, since there may be very many, for each job that found them.

use std::fmt;

use formats::prometheus::Labels;

use super::Group;
use crate::prometheus::texts::Texts;

/// How long names begin, and what stands for it: the first character of every name that is kept.
const BEGINNINGS: [(&str, char); 3] = [("__meta_kubernetes_", '2'), ("__meta_", '1'), ("", '0')];

/// A group that was found. Its labels are made when they are asked for: kept as they are, they would take three times
/// as much.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    source: Box<str>,
    /// Names and values, first those of the group, then those of each target.
    texts: Texts,
    /// Where in the texts each of these ends.
    ends: Box<[u32]>,
}

impl Kept {
    pub(super) fn new(group: &Group) -> Kept {
        let mut texts = Vec::new();
        let mut ends = Vec::with_capacity(1 + group.targets.len());
        for labels in std::iter::once(&group.labels).chain(&group.targets) {
            for (name, value) in labels.iter() {
                texts.extend([shorten(name), value.to_owned()]);
            }
            ends.push(u32::try_from(texts.len()).expect("a group has at most some millions of labels"));
        }
        Kept {
            source: group.source.as_str().into(),
            texts: Texts::new(texts.iter().map(String::as_str)),
            ends: ends.into(),
        }
    }

    /// What tells it from the other groups of its discovery.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Labels of all its targets, where they have none of that name.
    #[must_use]
    pub fn labels(&self) -> Labels {
        self.set(0)
    }

    /// How many targets it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len() - 1
    }

    /// Whether it has no targets. A group that is kept has some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The labels of one of its targets; none beyond the last.
    #[must_use]
    pub fn target(&self, index: usize) -> Labels {
        self.set(index + 1)
    }

    /// The labels of each target.
    pub fn targets(&self) -> impl Iterator<Item = Labels> {
        (0..self.len()).map(|index| self.target(index))
    }

    fn set(&self, index: usize) -> Labels {
        let end = self.ends.get(index).copied().unwrap_or_default() as usize;
        let start =
            index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let pairs = (start as usize..end).step_by(2);
        pairs.map(|at| (lengthen(self.texts.get(at)), self.texts.get(at + 1))).collect()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets: Vec<Labels> = self.targets().collect();
        f.debug_struct("Kept")
            .field("source", &self.source)
            .field("labels", &self.labels())
            .field("targets", &targets)
            .finish()
    }
}

fn shorten(name: &str) -> String {
    let begins = BEGINNINGS.iter().find_map(|(beginning, mark)| Some((name.strip_prefix(beginning)?, mark)));
    let (rest, mark) = begins.expect("every name begins with nothing");
    format!("{mark}{rest}")
}

fn lengthen(short: &str) -> String {
    let found =
        BEGINNINGS.iter().find_map(|(beginning, mark)| Some((*beginning, short.strip_prefix(*mark)?)));
    let (beginning, rest) = found.unwrap_or_default();
    format!("{beginning}{rest}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels() -> impl Strategy<Value = Labels> {
        let name = prop_oneof!["__meta_kubernetes_[a-z]{0,3}", "__meta_[a-z]{0,3}", ".{1,4}"];
        proptest::collection::vec((name, ".{0,5}"), 0..5).prop_map(Labels::from_iter)
    }

    proptest! {
        #[test]
        fn what_is_kept_is_what_was_found(
            labels in labels(),
            targets in proptest::collection::vec(labels(), 0..4),
        ) {
            let group = Group { source: "a".to_owned(), labels: labels.clone(), targets: targets.clone() };
            let kept = Kept::new(&group);
            prop_assert_eq!((kept.source(), kept.labels()), ("a", labels));
            prop_assert_eq!(kept.targets().collect::<Vec<_>>(), targets);
            prop_assert_eq!(kept.target(kept.len()), Labels::new());
        }
    }
}
