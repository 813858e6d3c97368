//! Checking and adding the header.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use async_trait::async_trait;
use component::{AuthenticationError, Authenticator, Credentials, Identity, Origin};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::expected::Expected;

/// Both sides of the extension.
pub(super) struct Bearer {
    pub(super) header: HeaderName,
    pub(super) tokens: Arc<ArcSwap<Tokens>>,
}

/// Values of the header. There is at least one.
#[derive(Debug)]
pub(super) struct Tokens {
    let_in: Vec<Expected>,
    sent: HeaderValue,
}

impl Tokens {
    /// # Errors
    /// When there is no token, or one cannot stand in a header.
    pub(super) fn new<'a>(scheme: &str, tokens: impl Iterator<Item = &'a str>) -> anyhow::Result<Tokens> {
        let values = tokens.map(|token| value(scheme, token)).collect::<anyhow::Result<Vec<_>>>()?;
        let sent = values.first().context("there is no token")?.clone();
        let let_in =
            values.iter().map(|value| Expected::new(value.as_bytes())).collect::<anyhow::Result<_>>()?;
        Ok(Tokens { let_in, sent })
    }

    /// The tokens of a file with one in each line.
    ///
    /// # Errors
    /// As [`Tokens::new`].
    pub(super) fn parse(scheme: &str, text: &str) -> anyhow::Result<Tokens> {
        Tokens::new(scheme, text.lines().map(str::trim).filter(|line| !line.is_empty()))
    }
}

fn value(scheme: &str, token: &str) -> anyhow::Result<HeaderValue> {
    ensure!(!token.is_empty(), "a token is empty");
    let text = if scheme.is_empty() { token.to_owned() } else { format!("{scheme} {token}") };
    let mut value =
        HeaderValue::try_from(text).context("scheme or token has a character that no header can hold")?;
    value.set_sensitive(true);
    Ok(value)
}

#[async_trait]
impl Authenticator for Bearer {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Identity, AuthenticationError> {
        let Some(presented) = headers.get(&self.header).filter(|value| !value.is_empty()) else {
            return Err(AuthenticationError(format!(
                "missing or empty authorization header: {}",
                self.header
            )));
        };
        // All are compared, so that the time does not tell which one it was.
        let tokens = self.tokens.load();
        let matches = tokens.let_in.iter().filter(|expected| expected.is(presented.as_bytes())).count();
        match matches {
            0 => Err(AuthenticationError("scheme or token does not match".to_owned())),
            _ => Ok(Identity::default()),
        }
    }
}

impl Credentials for Bearer {
    fn add_to(&self, headers: &mut HeaderMap, _: &Origin) -> anyhow::Result<()> {
        headers.insert(self.header.clone(), self.tokens.load().sent.clone());
        Ok(())
    }

    fn require_tls(&self) -> bool {
        true
    }
}
