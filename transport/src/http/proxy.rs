//! Which proxy a request goes through, as Go's programs decide it.

use std::net::IpAddr;

use ::http::{HeaderMap, HeaderValue, Uri};
use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A proxy that speaks HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: u16,
    /// `Proxy-Authorization`.
    pub(super) authorization: Option<HeaderValue>,
    /// More headers of `CONNECT`.
    pub(super) connect: HeaderMap,
}

/// Which proxy for which server.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    /// Names and addresses to reach without one.
    exempt: Vec<String>,
}

impl Proxy {
    /// Reads `http://[user:password@]host[:port]`; nothing when there is nothing.
    pub(super) fn parse(url: &str) -> anyhow::Result<Option<Proxy>> {
        if url.is_empty() {
            return Ok(None);
        }
        let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let Some((scheme, rest)) = url.split_once("://") else { bail!("not a URL") };
        if scheme != "http" {
            bail!("proxies of scheme `{scheme}` are not supported, only `http`");
        }
        let rest = rest.split('/').next().unwrap_or("");
        let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
        let place: Uri = format!("http://{place}").parse().context("not a URL")?;
        let host = place.host().context("there is no host in it")?.trim_matches(['[', ']']).to_owned();
        let authorization = user.map(|user| {
            let plain = crate::percent::decode(user);
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(plain)))
        });
        Ok(Some(Proxy {
            host,
            port: place.port_u16().unwrap_or(80),
            authorization: authorization.transpose()?,
            connect: HeaderMap::new(),
        }))
    }
}

impl Proxies {
    /// No proxy at all.
    #[must_use]
    pub fn none() -> Proxies {
        Proxies::default()
    }

    /// One proxy for every server.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn fixed(url: &str) -> anyhow::Result<Proxies> {
        let proxy = Proxy::parse(url)?;
        Ok(Proxies { http: proxy.clone(), https: proxy, exempt: Vec::new() })
    }

    /// One proxy for every server but those of `no_proxy`, a list as in the environment variable, and this machine.
    ///
    /// # Errors
    /// When the URL cannot be used.
    pub fn fixed_except(url: &str, no_proxy: &str) -> anyhow::Result<Proxies> {
        Ok(Proxies { exempt: exempt(no_proxy), ..Proxies::fixed(url)? })
    }

    /// Those of the environment, as Go's programs read it.
    ///
    /// # Errors
    /// When a URL in it cannot be used.
    pub fn environment() -> anyhow::Result<Proxies> {
        Proxies::of_environment(|name| std::env::var(name).ok())
    }

    /// The same proxies, which are sent these headers with `CONNECT`.
    #[must_use]
    pub fn with_connect_headers(mut self, headers: &HeaderMap) -> Proxies {
        for proxy in [&mut self.http, &mut self.https].into_iter().flatten() {
            proxy.connect.extend(headers.clone());
        }
        self
    }

    /// The one configured, or those of the environment.
    pub(super) fn new(configured: &str, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Proxies> {
        if configured.is_empty() {
            return Proxies::of_environment(env);
        }
        Proxies::fixed(configured).context("`proxy_url` cannot be used")
    }

    fn of_environment(env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Proxies> {
        let var = |name: &str| env(name).or_else(|| env(&name.to_ascii_lowercase())).unwrap_or_default();
        let http = Proxy::parse(&var("HTTP_PROXY")).context("`HTTP_PROXY` cannot be used")?;
        let https = Proxy::parse(&var("HTTPS_PROXY")).context("`HTTPS_PROXY` cannot be used")?;
        Ok(Proxies { http, https, exempt: exempt(&var("NO_PROXY")) })
    }

    /// The proxy for a server.
    pub(super) fn of(&self, scheme: &str, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if scheme == "https" { self.https.as_ref() } else { self.http.as_ref() };
        proxy.filter(|_| !self.exempt.iter().any(|rule| exempts(rule, host, port)))
    }
}

/// The entries of a `NO_PROXY`, and what Go never goes through a proxy of the environment to: this machine.
fn exempt(no_proxy: &str) -> Vec<String> {
    let mut exempt: Vec<String> = no_proxy.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    exempt.retain(|name| !name.is_empty());
    exempt.extend(["localhost".to_owned(), "127.0.0.0/8".to_owned(), "::1".to_owned()]);
    exempt
}

/// Whether a `NO_PROXY` entry covers a host: `*`, a name with its subdomains, `.name`, an address, a network.
fn exempts(rule: &str, host: &str, port: u16) -> bool {
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    if rule == "*" {
        return true;
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        let of_port = rule.strip_suffix(&format!(":{port}")).unwrap_or(rule).trim_matches(['[', ']']);
        return rule.parse() == Ok(ip) || of_port.parse() == Ok(ip) || in_network(rule, ip);
    }
    let (name, rule_port) =
        rule.rsplit_once(':').map_or((rule, None), |(name, port)| (name, port.parse().ok()));
    if rule_port.is_some_and(|rule_port: u16| rule_port != port) {
        return false;
    }
    let bare = name.trim_start_matches("*.").trim_start_matches('.');
    let is_itself = host == bare && bare == name;
    is_itself || host.strip_suffix(bare).is_some_and(|rest| rest.ends_with('.'))
}

fn in_network(rule: &str, ip: IpAddr) -> bool {
    let Some((network, bits)) = rule.split_once('/') else { return false };
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            let differ = u32::from(network) ^ u32::from(ip);
            bits <= 32 && differ.checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => {
            let differ = u128::from(network) ^ u128::from(ip);
            bits <= 128 && differ.checked_shr(128 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}
