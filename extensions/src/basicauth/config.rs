//! What users write under `extensions::basicauth`.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use component::{Capabilities, Context, Extension, Problem};
use config::{Explicit, Secret};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::htpasswd::Accounts;
use super::server::Server;

/// The `basicauth` extension.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who is let in.
    pub htpasswd: Explicit<Htpasswd>,
    /// Who we are.
    pub client_auth: Explicit<ClientAuth>,
}

/// Who is let in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Htpasswd {
    /// A file as Apache's `htpasswd` writes it.
    pub file: String,
    /// The same, written here; it counts where both have a user.
    pub inline: Secret,
}

/// Who we are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientAuth {
    /// The user's name.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// A file that holds the name, read anew when it changes.
    pub username_file: String,
    /// A file that holds the password, read anew when it changes.
    pub password_file: String,
}

#[async_trait]
impl Extension for Config {
    const NAME: &'static str = "basicauth";

    fn check(&self) -> Vec<Problem> {
        match (self.htpasswd.as_ref(), self.client_auth.as_ref()) {
            (None, None) => {
                let message = "no credential source provided; set `htpasswd` to check who comes in, \
                               or `client_auth` to send a password";
                vec![Problem::error("", message)]
            }
            (Some(_), Some(_)) => {
                let message = "only one of `htpasswd` and `client_auth` can be used; \
                               use two extensions, such as `basicauth/server` and `basicauth/client`";
                vec![Problem::error("", message)]
            }
            (Some(htpasswd), None) => htpasswd.check(),
            (None, Some(client)) => client.check(),
        }
    }

    async fn start(self, cx: Context) -> anyhow::Result<Capabilities> {
        let mut capabilities = Capabilities::default();
        if let Some(htpasswd) = self.htpasswd.as_ref() {
            capabilities.authenticator = Some(Arc::new(Server::new(htpasswd.accounts().await?)?));
        }
        if let Some(client) = self.client_auth.as_ref() {
            capabilities.credentials = Some(Arc::new(Client::start(client, &cx).await?));
        }
        Ok(capabilities)
    }
}

impl Htpasswd {
    fn check(&self) -> Vec<Problem> {
        if self.file.is_empty() && self.inline.is_empty() {
            return vec![Problem::error("htpasswd", "must have a `file` or `inline`")];
        }
        let inline = Accounts::default().extended(self.inline.expose());
        inline
            .err()
            .map(|error| Problem::error("htpasswd::inline", format!("{error:#}")))
            .into_iter()
            .collect()
    }

    async fn accounts(&self) -> anyhow::Result<Accounts> {
        let mut accounts = Accounts::default();
        if !self.file.is_empty() {
            let context = || format!("cannot read `{}`", self.file);
            let text = tokio::fs::read_to_string(&self.file).await.with_context(context)?;
            accounts = accounts.extended(&text).with_context(context)?;
        }
        accounts.extended(self.inline.expose()).context("htpasswd::inline")
    }
}

impl ClientAuth {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.username.is_empty() && self.username_file.is_empty() {
            problems.push(Problem::error("client_auth::username", "must not be empty"));
        }
        if self.username.contains(':') {
            let message = format!("`{}` must not have a `:`", self.username);
            problems.push(Problem::error("client_auth::username", message));
        }
        problems
    }
}
