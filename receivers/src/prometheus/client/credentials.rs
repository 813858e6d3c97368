//! The `Authorization` of a request.

use ::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::Context;
use config::Secret;

use super::Fault;
use super::secret::{SecretSource, header_value};
use super::token::Tokens;
use crate::prometheus::http_config::HttpKeys;

/// Who we say we are.
pub(super) enum Credentials {
    Nobody,
    Basic {
        username: SecretSource,
        password: SecretSource,
    },
    /// The first word of the header, and the rest.
    Scheme(String, SecretSource),
    OAuth2(Box<Tokens>),
}

impl Credentials {
    pub(super) fn new(keys: &HttpKeys, cx: &Context) -> anyhow::Result<Credentials> {
        if let Some(basic) = &keys.basic_auth {
            let username = Secret::new(basic.username.0.clone());
            return Ok(Credentials::Basic {
                username: SecretSource::new(&username, &basic.username_file),
                password: SecretSource::new(&basic.password, &basic.password_file),
            });
        }
        if let Some(oauth2) = &keys.oauth2 {
            return Ok(Credentials::OAuth2(Box::new(Tokens::new(oauth2, cx)?)));
        }
        let (scheme, text, file) = match &keys.authorization {
            Some(block) => (block.scheme(), &block.credentials, &block.credentials_file),
            None => ("Bearer", &keys.bearer_token, &keys.bearer_token_file),
        };
        if text.is_empty() && file.is_empty() {
            return Ok(Credentials::Nobody);
        }
        Ok(Credentials::Scheme(scheme.to_owned(), SecretSource::new(text, file)))
    }

    /// The header to send, if there is one.
    pub(super) async fn header(&self) -> Result<Option<HeaderValue>, Fault> {
        match self {
            Credentials::Nobody => Ok(None),
            Credentials::Basic { username, password } => {
                let (username, password) = (username.read().await?, password.read().await?);
                basic(username.expose(), password.expose()).map(Some)
            }
            Credentials::Scheme(scheme, rest) => {
                header_value(&format!("{scheme} {}", rest.read().await?.expose())).map(Some)
            }
            Credentials::OAuth2(tokens) => tokens.header().await.map(Some),
        }
    }
}

/// RFC 7617.
pub(super) fn basic(username: &str, password: &str) -> Result<HeaderValue, Fault> {
    header_value(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}
