//! Versions, cipher suites and key exchanges by the names that Go gives them.

use std::sync::Arc;

use component::Problem;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::{SupportedCipherSuite, SupportedProtocolVersion, version};

/// Suites that Go knows and rustls does not offer: without forward secrecy, or in CBC mode.
const NOT_OFFERED: [&str; 16] = [
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
];

const TLS_12: &[&SupportedProtocolVersion] = &[&version::TLS12];
const TLS_13: &[&SupportedProtocolVersion] = &[&version::TLS13];
const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS13, &version::TLS12];

/// The versions from `min` to `max`, where empty means no bound.
pub(super) fn between(min: &str, max: &str) -> &'static [&'static SupportedProtocolVersion] {
    match (min, max) {
        ("1.3", _) => TLS_13,
        (_, "1.2") => TLS_12,
        _ => BOTH,
    }
}

/// The cryptography with these suites and key exchanges only; none named is all of them.
pub(super) fn provider(suites: &[String], curves: &[String]) -> Arc<CryptoProvider> {
    let mut provider = ring::default_provider();
    if !suites.is_empty() {
        // As in Go, the list is about TLS 1.2: the suites of 1.3 cannot be chosen.
        provider.cipher_suites.retain(|suite| {
            suite.version() == &version::TLS13 || suites.iter().any(|name| find_suite(name) == Some(*suite))
        });
    }
    if !curves.is_empty() {
        provider.kx_groups = curves.iter().filter_map(|name| find_group(name)).collect();
    }
    Arc::new(provider)
}

pub(super) fn check(min: &str, max: &str, suites: &[String], curves: &[String]) -> Vec<Problem> {
    let mut problems = check_versions(min, max);
    problems.extend(check_names("cipher_suites", suites, |name| match find_suite(name) {
        Some(_) => Known::Offered,
        None if NOT_OFFERED.contains(&name) => Known::NotOffered,
        None => Known::No,
    }));
    problems.extend(check_names("curve_preferences", curves, |name| match find_group(name) {
        Some(_) => Known::Offered,
        None if matches!(name, "P521" | "X25519MLKEM768") => Known::NotOffered,
        None => Known::No,
    }));
    problems
}

enum Known {
    Offered,
    NotOffered,
    No,
}

fn check_versions(min: &str, max: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in [("min_version", min), ("max_version", max)] {
        if !matches!(value, "" | "1.0" | "1.1" | "1.2" | "1.3") {
            problems.push(Problem::error(
                key,
                format!("unsupported TLS version `{value}`, expected `1.2` or `1.3`"),
            ));
        }
    }
    if matches!(min, "1.0" | "1.1") {
        problems.push(Problem::warning(
            "min_version",
            format!("TLS {min} is not offered; the least version is 1.2"),
        ));
    }
    if matches!(max, "1.0" | "1.1") {
        problems.push(Problem::error(
            "max_version",
            format!("TLS {max} is not offered; the least version is 1.2"),
        ));
    } else if min == "1.3" && max == "1.2" {
        problems.push(Problem::error("min_version", "must not be higher than `max_version`"));
    }
    problems
}

fn check_names(key: &str, names: &[String], known: impl Fn(&str) -> Known) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut offered = 0;
    for name in names {
        match known(name) {
            Known::Offered => offered += 1,
            Known::NotOffered => problems.push(Problem::warning(key, format!("`{name}` is not offered"))),
            Known::No => problems.push(Problem::error(key, format!("invalid name `{name}`"))),
        }
    }
    if offered == 0 && !names.is_empty() {
        problems.push(Problem::error(key, "none of these is offered"));
    }
    problems
}

fn find_suite(name: &str) -> Option<SupportedCipherSuite> {
    // Go keeps old names of these two without the hash.
    let with_hash = if name.ends_with("_POLY1305") { format!("{name}_SHA256") } else { name.to_owned() };
    let iana = |suite: &SupportedCipherSuite| {
        suite.suite().as_str().map(|known| known.replacen("TLS13_", "TLS_", 1))
    };
    ring::ALL_CIPHER_SUITES.iter().find(|suite| iana(suite).as_ref() == Some(&with_hash)).copied()
}

fn find_group(name: &str) -> Option<&'static dyn SupportedKxGroup> {
    match name {
        "X25519" => Some(ring::kx_group::X25519),
        "P256" => Some(ring::kx_group::SECP256R1),
        "P384" => Some(ring::kx_group::SECP384R1),
        _ => None,
    }
}
