//! Which extension checks requests that come in, or signs those that go out.

use std::sync::Arc;

use component::{AuthenticationError, Authenticator, Context, Credentials, Identity};
use config::ComponentId;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// The `auth` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// The extension's id.
    pub authenticator: Option<ComponentId>,
    /// Query parameters that the authenticator sees as headers; HTTP servers only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_params: Vec<String>,
}

impl AuthConfig {
    /// What checks requests.
    pub(crate) fn guard(&self, cx: &Context) -> anyhow::Result<Guard> {
        let authenticator = cx.authenticator(self.id()?)?;
        Ok(Guard { authenticator, request_params: self.request_params.clone() })
    }

    /// What signs requests.
    pub(crate) fn credentials(&self, cx: &Context) -> anyhow::Result<Arc<dyn Credentials>> {
        cx.credentials(self.id()?)
    }

    fn id(&self) -> anyhow::Result<&ComponentId> {
        self.authenticator
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("`auth::authenticator` must name an extension"))
    }
}

/// Checks who calls.
#[derive(Clone)]
pub(crate) struct Guard {
    authenticator: Arc<dyn Authenticator>,
    request_params: Vec<String>,
}

impl Guard {
    /// Who sent this, by its headers and the query parameters that stand in for headers.
    pub(crate) async fn check(
        &self,
        headers: &HeaderMap,
        query: Option<&str>,
    ) -> Result<Arc<Identity>, AuthenticationError> {
        if self.request_params.is_empty() {
            return self.authenticator.authenticate(headers).await.map(Arc::new);
        }
        let headers = self.with_params(headers, query.unwrap_or(""));
        self.authenticator.authenticate(&headers).await.map(Arc::new)
    }

    /// The headers with the named query parameters over them.
    fn with_params(&self, headers: &HeaderMap, query: &str) -> HeaderMap {
        let mut headers = headers.clone();
        for name in &self.request_params {
            let Ok(header) = HeaderName::try_from(name) else { continue };
            let mut values = values_of(query, name).filter_map(|value| HeaderValue::try_from(value).ok());
            let Some(first) = values.next() else { continue };
            headers.insert(header.clone(), first);
            for value in values {
                headers.append(header.clone(), value);
            }
        }
        headers
    }
}

/// The values of one query parameter, decoded.
fn values_of<'a>(query: &'a str, name: &'a str) -> impl Iterator<Item = String> + 'a {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.filter(move |(key, _)| unescape(key) == name).map(|(_, value)| unescape(value))
}

fn unescape(text: &str) -> String {
    let spaced = text.replace('+', " ");
    String::from_utf8_lossy(&crate::percent::decode(&spaced)).into_owned()
}

#[cfg(test)]
mod tests;
