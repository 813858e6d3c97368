//! Cookies that servers set, for load balancers that know their clients by them.
//!
//! Kept by host, name and value; paths and dates are not looked at, except that a cookie set to expire is forgotten.

use std::collections::BTreeMap;

use ::http::HeaderMap;
use ::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use parking_lot::Mutex;

/// More hosts or cookies than these are not remembered: redirects can name any number.
const MAX_HOSTS: usize = 16;
const MAX_COOKIES: usize = 32;

/// What servers asked to be told again.
#[derive(Default)]
pub(super) struct Jar(Mutex<BTreeMap<String, BTreeMap<String, String>>>);

impl Jar {
    /// Adds what is known of `host`.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, host: &str) {
        let hosts = self.0.lock();
        let Some(known) = hosts.get(host).filter(|known| !known.is_empty()) else { return };
        let pairs: Vec<String> = known.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if let Ok(value) = HeaderValue::try_from(pairs.join("; ")) {
            headers.insert(COOKIE, value);
        }
    }

    /// Keeps what `host` has set.
    pub(super) fn keep(&self, headers: &HeaderMap, host: &str) {
        let mut hosts = self.0.lock();
        for cookie in headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            let mut parts = cookie.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            if !hosts.contains_key(host) && hosts.len() == MAX_HOSTS {
                return;
            }
            let known = hosts.entry(host.to_owned()).or_default();
            let expired =
                parts.any(|part| part.to_ascii_lowercase().strip_prefix("max-age=").is_some_and(is_over));
            if expired {
                known.remove(name);
            } else if known.contains_key(name) || known.len() < MAX_COOKIES {
                known.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn is_over(max_age: &str) -> bool {
    max_age.parse::<i64>().is_ok_and(|seconds| seconds <= 0)
}
