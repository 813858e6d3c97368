//! What users write under `extensions::headers_setter`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Problem};
use config::{ComponentId, Secret};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::set::{Header, HeadersSetter, Source};
use crate::watched_file;

/// The `headers_setter` extension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// What to do, in this order.
    pub headers: Vec<HeaderConfig>,
    /// Another extension whose headers are set before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_auth: Option<ComponentId>,
}

/// What to do with one header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderConfig {
    /// What to do; `upsert` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The header's name.
    pub key: String,
    /// A fixed value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The value of that header of the request that brought the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_context: Option<String>,
    /// The value of that attribute of the client that brought the data, as its authenticator knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_attribute: Option<String>,
    /// The value where the request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Secret>,
    /// A file that holds the value, read anew when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_file: Option<String>,
}

/// What to do with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Add it where it is absent.
    Insert,
    /// Replace it where it is present.
    Update,
    /// Set it in any case.
    Upsert,
    /// Take it out.
    Delete,
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "headers_setter";

    fn check(&self) -> Vec<Problem> {
        if self.headers.is_empty() && self.additional_auth.is_none() {
            return vec![Problem::error("headers", "missing headers configuration")];
        }
        let entries = self.headers.iter().enumerate();
        let wrong = entries.flat_map(|(index, header)| {
            let problems = header.check().into_iter();
            problems.map(move |problem| problem.under(&format!("headers::{index}")))
        });
        wrong.collect()
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let before = self.additional_auth.as_ref().map(|id| cx.credentials(id)).transpose()?;
        let mut headers = Vec::new();
        for header in &self.headers {
            headers.push(header.open(&cx).await?);
        }
        let setter = HeadersSetter { before, headers };
        Ok(Capabilities { credentials: Some(Arc::new(setter)), ..Capabilities::default() })
    }
}

impl HeaderConfig {
    fn action(&self) -> Action {
        self.action.unwrap_or(Action::Upsert)
    }

    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.key.is_empty() {
            problems.push(Problem::error("key", "missing header name"));
        } else if HeaderName::try_from(&self.key).is_err() {
            problems.push(Problem::error("key", format!("`{}` is not the name of a header", self.key)));
        }
        if self.action() != Action::Delete {
            problems.extend(self.check_source());
        }
        problems
    }

    fn check_source(&self) -> Option<Problem> {
        let choices = "`value`, `value_file`, `from_context` or `from_attribute`";
        let sources = [&self.value, &self.value_file, &self.from_context, &self.from_attribute];
        match sources.iter().filter(|source| source.is_some()).count() {
            0 => return Some(Problem::error("", format!("missing header source, must be {choices}"))),
            1 => (),
            _ => return Some(Problem::error("", format!("invalid header source, must be one of {choices}"))),
        }
        let value = self.value.as_deref().unwrap_or("");
        let is_sendable = HeaderValue::from_str(value).is_ok();
        (!is_sendable).then(|| Problem::error("value", "has a character that no header can hold"))
    }

    async fn open(&self, cx: &Context) -> anyhow::Result<Header> {
        let default = self.default_value.as_ref().map(|value| value.expose().to_owned()).unwrap_or_default();
        let source = if let Some(path) = &self.value_file {
            let parse = |text: &str| Ok(text.trim().to_owned());
            Source::File(watched_file::watch(cx, path, parse).await?)
        } else if let Some(key) = &self.from_context {
            Source::Metadata { key: key.clone(), default }
        } else if let Some(name) = &self.from_attribute {
            Source::Attribute { name: name.clone(), default }
        } else {
            Source::Fixed(self.value.clone().unwrap_or_default())
        };
        Ok(Header { action: self.action(), name: HeaderName::try_from(&self.key)?, source })
    }
}
