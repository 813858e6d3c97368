//! Which proxy requests go through.

use std::collections::BTreeMap;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use anyhow::Context as _;
use component::Problem;
use config::Secret;
use serde::{Deserialize, Serialize};
use transport::http::Proxies;

/// The keys about proxies. Unlike in other places, the environment counts only when it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// A proxy for all requests. It may hold a password.
    pub proxy_url: Secret,
    /// Hosts to reach without it.
    pub no_proxy: String,
    /// Takes the proxies of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    pub proxy_from_environment: bool,
    /// Headers for the proxy, with `CONNECT`.
    pub proxy_connect_header: BTreeMap<String, Vec<Secret>>,
}

impl ProxyConfig {
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let has_url = !self.proxy_url.is_empty();
        if self.proxy_from_environment && has_url {
            let words = "`proxy_from_environment` and `proxy_url` must not both be set";
            problems.push(Problem::error("proxy_url", words));
        }
        if self.proxy_from_environment && !self.no_proxy.is_empty() {
            let words = "`proxy_from_environment` and `no_proxy` must not both be set";
            problems.push(Problem::error("no_proxy", words));
        } else if !has_url && !self.no_proxy.is_empty() {
            problems.push(Problem::error("no_proxy", "needs `proxy_url`"));
        }
        if !has_url && !self.proxy_from_environment && !self.proxy_connect_header.is_empty() {
            let words = "needs `proxy_url` or `proxy_from_environment`";
            problems.push(Problem::error("proxy_connect_header", words));
        }
        if let Err(error) = self.chosen() {
            // What cannot be used in the environment is found when it is read.
            problems.extend(has_url.then(|| Problem::error("proxy_url", format!("{error:#}"))));
        }
        if let Err(error) = self.connect_headers() {
            problems.push(Problem::error("proxy_connect_header", format!("{error:#}")));
        }
        problems
    }

    /// The proxies meant.
    pub(in crate::prometheus) fn proxies(&self) -> anyhow::Result<Proxies> {
        Ok(self.chosen()?.with_connect_headers(&self.connect_headers()?))
    }

    fn chosen(&self) -> anyhow::Result<Proxies> {
        match (self.proxy_from_environment, self.proxy_url.expose(), self.no_proxy.as_str()) {
            (true, _, _) => Proxies::environment(),
            (false, "", _) => Ok(Proxies::none()),
            (false, url, "") => Proxies::fixed(url),
            (false, url, no_proxy) => Proxies::fixed_except(url, no_proxy),
        }
    }

    fn connect_headers(&self) -> anyhow::Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.proxy_connect_header {
            let name = HeaderName::try_from(name).with_context(|| format!("`{name}` is no header"))?;
            for value in values {
                let value = HeaderValue::try_from(value.expose());
                headers.append(name.clone(), value.with_context(|| format!("a value of `{name}`"))?);
            }
        }
        Ok(headers)
    }
}
