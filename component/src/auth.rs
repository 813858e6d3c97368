//! What extensions can do for others: check who calls, and prove who we are.

use std::sync::Arc;

use async_trait::async_trait;
use http::HeaderMap;

use crate::consumer::Origin;

/// What a started extension offers to other components.
#[derive(Clone, Default)]
pub struct Capabilities {
    /// Checks requests that come in.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// Adds proof to requests that go out.
    pub credentials: Option<Arc<dyn Credentials>>,
}

/// Checks who sends a request, by its headers.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who sent these headers.
    ///
    /// # Errors
    /// Answered to the client as gRPC `UNAUTHENTICATED` or HTTP 401, with the error's text.
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Identity, AuthenticationError>;
}

/// Adds headers to requests that an exporter sends.
pub trait Credentials: Send + Sync + 'static {
    /// Adds or replaces headers of one request; `origin` is where the data came from.
    ///
    /// # Errors
    /// When there are no credentials to send; the request is not sent then, and can be tried again.
    fn add_to(&self, headers: &mut HeaderMap, origin: &Origin) -> anyhow::Result<()>;

    /// Whether these are secrets, which gRPC sends over TLS only.
    fn require_tls(&self) -> bool;
}

/// Who a client proved to be: attributes under the names that `from_context: auth.<name>` uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name and value of each attribute.
    pub attributes: Vec<(String, String)>,
}

impl Identity {
    /// The attribute of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why a request was not let in. The text is shown to the client: it never holds a secret.
#[derive(Clone, Debug)]
pub struct AuthenticationError(pub String);

impl std::fmt::Display for AuthenticationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AuthenticationError {}
