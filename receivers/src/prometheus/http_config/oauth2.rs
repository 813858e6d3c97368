//! Tokens from an authorization server (RFC 6749, section 4.4).

use std::collections::BTreeMap;

use component::Problem;
use config::{Inline, Secret};
use serde::{Deserialize, Serialize};

use super::{ProxyConfig, TlsConfig, check_source, under};
use crate::prometheus::Text;

const CLIENT_CREDENTIALS: &str = "client_credentials";

/// The `oauth2` block.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct OAuth2 {
    /// Whom to ask, and as whom.
    pub keys: OAuth2Keys,
    /// Which proxy the requests for tokens go through.
    pub proxy: ProxyConfig,
}

type Parts = Inline<(OAuth2Keys, ProxyConfig)>;

/// The keys of `oauth2` that are not about proxies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the protocol's words")]
pub struct OAuth2Keys {
    pub client_id: Text,
    pub client_secret: Secret,
    pub client_secret_file: String,
    /// Not supported.
    pub client_secret_ref: String,
    pub token_url: String,
    pub scopes: Vec<Text>,
    /// Further parameters of the request.
    pub endpoint_params: BTreeMap<String, Text>,
    pub tls_config: TlsConfig,
    /// Only `client_credentials`, which is the default.
    pub grant_type: String,
    /// Of the JWT-bearer grant, like those that follow.
    pub audience: String,
    pub iss: String,
    pub claims: BTreeMap<String, Text>,
    pub client_certificate_key: Secret,
    pub client_certificate_key_file: String,
    pub client_certificate_key_ref: String,
    pub client_certificate_key_id: Text,
    pub signature_algorithm: String,
}

impl From<Parts> for OAuth2 {
    fn from(Inline((keys, proxy)): Parts) -> OAuth2 {
        OAuth2 { keys, proxy }
    }
}

impl From<OAuth2> for Parts {
    fn from(config: OAuth2) -> Parts {
        Inline((config.keys, config.proxy))
    }
}

impl OAuth2 {
    pub(super) fn check(&self) -> Vec<Problem> {
        let keys = &self.keys;
        let mut problems = check_source(
            "client_secret",
            !keys.client_secret.is_empty(),
            !keys.client_secret_file.is_empty(),
            !keys.client_secret_ref.is_empty(),
        );
        if keys.client_id.is_empty() {
            problems.push(Problem::error("client_id", "must be set"));
        }
        match crate::prometheus::client::parse_url(&keys.token_url) {
            Err(_) if keys.token_url.is_empty() => problems.push(Problem::error("token_url", "must be set")),
            Err(words) => problems.push(Problem::error("token_url", words)),
            Ok(_) => {}
        }
        problems.extend(keys.check_grant());
        problems.extend(under("tls_config", keys.tls_config.check()));
        problems.extend(self.proxy.check());
        problems
    }
}

impl OAuth2Keys {
    fn check_grant(&self) -> Vec<Problem> {
        if !matches!(self.grant_type.as_str(), "" | CLIENT_CREDENTIALS) {
            let words = format!("`{}` is not supported, only `{CLIENT_CREDENTIALS}`", self.grant_type);
            return vec![Problem::error("grant_type", words)];
        }
        let of_other_grant = [
            ("audience", self.audience.is_empty()),
            ("iss", self.iss.is_empty()),
            ("claims", self.claims.is_empty()),
            ("client_certificate_key", self.client_certificate_key.is_empty()),
            ("client_certificate_key_file", self.client_certificate_key_file.is_empty()),
            ("client_certificate_key_ref", self.client_certificate_key_ref.is_empty()),
            ("client_certificate_key_id", self.client_certificate_key_id.is_empty()),
            ("signature_algorithm", self.signature_algorithm.is_empty()),
        ];
        let set = of_other_grant.into_iter().filter(|(_, is_empty)| !is_empty);
        set.map(|(key, _)| Problem::error(key, "belongs to the JWT-bearer grant, which is not supported"))
            .collect()
    }
}
