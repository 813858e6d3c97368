//! Adding user name and password to requests.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::{Context, Credentials, Origin};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};

use super::config::ClientAuth;
use crate::watched_file;

pub(super) struct Client {
    username: Arc<ArcSwap<String>>,
    password: Arc<ArcSwap<String>>,
}

impl Client {
    pub(super) async fn start(config: &ClientAuth, cx: &Context) -> anyhow::Result<Client> {
        let username = value(cx, &config.username_file, &config.username).await;
        let password = value(cx, &config.password_file, config.password.expose()).await;
        Ok(Client {
            username: username.context("client_auth::username_file")?,
            password: password.context("client_auth::password_file")?,
        })
    }
}

/// What the file holds, or what was written where there is no file.
async fn value(cx: &Context, path: &str, written: &str) -> anyhow::Result<Arc<ArcSwap<String>>> {
    if path.is_empty() {
        return Ok(Arc::new(ArcSwap::from_pointee(written.to_owned())));
    }
    watched_file::watch(cx, path, |text| Ok(text.trim_end_matches(['\r', '\n']).to_owned())).await
}

impl Credentials for Client {
    fn add_to(&self, headers: &mut HeaderMap, _: &Origin) -> anyhow::Result<()> {
        let (username, password) = (self.username.load(), self.password.load());
        ensure!(!username.contains(':'), "the user name `{username}` must not have a `:`");
        let text = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
        let mut value = HeaderValue::try_from(text).expect("base64 can stand in a header");
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    fn require_tls(&self) -> bool {
        true
    }
}
