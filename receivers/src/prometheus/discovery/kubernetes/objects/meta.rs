//! What all objects have: a name, a namespace, labels, annotations, owners.

use serde::Deserialize;

use super::nullable;
use crate::prometheus::texts::Texts;

/// Who an object is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct Meta {
    /// Name, namespace, kind and name of the controller.
    texts: Texts,
    pub(crate) labels: Texts,
    pub(crate) annotations: Texts,
}

impl Meta {
    pub(crate) fn name(&self) -> &str {
        self.texts.get(0)
    }

    /// Empty for what belongs to the whole cluster.
    pub(crate) fn namespace(&self) -> &str {
        self.texts.get(1)
    }

    /// The kind of its controller; empty without.
    pub(crate) fn controller_kind(&self) -> &str {
        self.texts.get(2)
    }

    /// The name of its controller; empty without.
    pub(crate) fn controller_name(&self) -> &str {
        self.texts.get(3)
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.texts.bytes() + self.labels.bytes() + self.annotations.bytes()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Written {
    name: String,
    namespace: String,
    #[serde(deserialize_with = "nullable")]
    labels: Texts,
    #[serde(deserialize_with = "nullable")]
    annotations: Texts,
    #[serde(rename = "ownerReferences", deserialize_with = "nullable")]
    owners: Vec<Owner>,
    pub(super) uid: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Owner {
    kind: String,
    name: String,
    controller: Option<bool>,
}

impl From<Written> for Meta {
    fn from(written: Written) -> Meta {
        let owner = written.owners.iter().find(|owner| owner.controller == Some(true));
        let (kind, name) = owner.map_or(("", ""), |owner| (&owner.kind, &owner.name));
        let texts = Texts::new([written.name.as_str(), &written.namespace, kind, name]);
        Meta { texts, labels: written.labels, annotations: written.annotations }
    }
}

/// An object of which only the controller matters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "OwnedWritten")]
pub(crate) struct Owned {
    pub(crate) controller_kind: Box<str>,
    pub(crate) controller_name: Box<str>,
}

#[derive(Deserialize)]
struct OwnedWritten {
    metadata: Meta,
}

impl From<OwnedWritten> for Owned {
    fn from(OwnedWritten { metadata }: OwnedWritten) -> Owned {
        Owned {
            controller_kind: metadata.controller_kind().into(),
            controller_name: metadata.controller_name().into(),
        }
    }
}
