//! Setting headers.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use arc_swap::ArcSwap;
use component::{Credentials, Origin};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::config::Action;

pub(super) struct HeadersSetter {
    /// Another extension whose headers are set first.
    pub(super) before: Option<Arc<dyn Credentials>>,
    pub(super) headers: Vec<Header>,
}

/// What to do with one header.
pub(super) struct Header {
    pub(super) action: Action,
    pub(super) name: HeaderName,
    pub(super) source: Source,
}

/// Where a value comes from.
pub(super) enum Source {
    Fixed(String),
    File(Arc<ArcSwap<String>>),
    /// A header of the request that brought the data.
    Metadata {
        key: String,
        default: String,
    },
    /// An attribute of who brought the data.
    Attribute {
        name: String,
        default: String,
    },
}

impl Credentials for HeadersSetter {
    fn add_to(&self, headers: &mut HeaderMap, origin: &Origin) -> anyhow::Result<()> {
        if let Some(before) = &self.before {
            before.add_to(headers, origin)?;
        }
        self.headers.iter().try_for_each(|header| header.apply(headers, origin))
    }

    fn require_tls(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.require_tls())
    }
}

impl Header {
    fn apply(&self, headers: &mut HeaderMap, origin: &Origin) -> anyhow::Result<()> {
        let is_set = match self.action {
            Action::Insert => !headers.contains_key(&self.name),
            Action::Update => headers.contains_key(&self.name),
            Action::Upsert => true,
            Action::Delete => {
                headers.remove(&self.name);
                false
            }
        };
        if is_set {
            headers.insert(self.name.clone(), self.value(origin)?);
        }
        Ok(())
    }

    fn value(&self, origin: &Origin) -> anyhow::Result<HeaderValue> {
        let text = self.source.value(origin).with_context(|| format!("header `{}`", self.name))?;
        HeaderValue::from_str(&text).with_context(|| {
            format!("header `{}`: the value has a character that no header can hold", self.name)
        })
    }
}

impl Source {
    fn value(&self, origin: &Origin) -> anyhow::Result<String> {
        match self {
            Source::Fixed(value) => Ok(value.clone()),
            Source::File(content) => Ok(content.load().as_ref().clone()),
            Source::Metadata { key, default } => {
                let values = origin.metadata.as_ref().map_or(&[][..], |metadata| metadata.get(key));
                match values {
                    [] => Ok(default.clone()),
                    [value] => Ok(value.clone()),
                    _ => bail!("the request had {} values of `{key}`, and one is needed", values.len()),
                }
            }
            Source::Attribute { name, default } => {
                let identity = origin.identity.as_ref();
                Ok(identity.and_then(|identity| identity.get(name)).unwrap_or(default).to_owned())
            }
        }
    }
}
