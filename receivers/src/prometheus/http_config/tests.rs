//! What is read, and what is refused.

use config::{Secrets, to_node, to_yaml};

use super::*;
use crate::prometheus::loopback::{read, try_read, words};

#[test]
fn the_defaults_are_those_of_prometheus() {
    let config: HttpConfig = read("{}");
    assert_eq!(config, HttpConfig::default());
    assert!(config.keys.follow_redirects && config.keys.enable_http2);
    assert!(config.check().is_empty());
}

#[test]
fn settings_that_are_right_have_no_problems() {
    for yaml in [
        "{basic_auth: {username: prom, password: 12345678x}}",
        "{basic_auth: {username_file: /a, password_file: /b}}",
        "{authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}}",
        "{authorization: {type: Token, credentials: abc}}",
        "{oauth2: {client_id: a, client_secret: b, token_url: 'https://idp/token', scopes: [x], endpoint_params: {a: 1}}}",
        "{tls_config: {ca_file: /ca, cert_file: /c, key_file: /k, server_name: x, min_version: TLS12, max_version: TLS13}}",
        "{proxy_url: 'http://u:p@proxy:3128', no_proxy: '10.0.0.0/8,.svc', proxy_connect_header: {X-A: [b]}}",
        "{proxy_from_environment: true}",
        "{http_headers: {X-Scope-OrgID: {values: [tenant], files: [/x]}, Accept-Language: {secrets: [s]}}}",
        "{follow_redirects: false, enable_http2: false}",
    ] {
        assert_eq!(words(read::<HttpConfig>(yaml).check()), [""; 0], "{yaml}");
    }
}

/// Settings, and words of what is said about them.
const WRONG: &[(&str, &str)] = &[
    ("{basic_auth: {}, bearer_token: x}", "bearer_token: `basic_auth` and `bearer_token` must not both"),
    ("{authorization: {}, oauth2: {client_id: a, token_url: 'http://a'}}", "oauth2: `authorization` and"),
    ("{bearer_token: a, bearer_token_file: b}", "bearer_token_file: `bearer_token` and"),
    ("{bearer_token_file: b}", "warning: bearer_token_file: is the old spelling of `authorization: {cred"),
    ("{basic_auth: {password: a, password_file: b}}", "basic_auth::password_file: `password` and"),
    ("{basic_auth: {username: a, username_file: b}}", "basic_auth::username_file: "),
    ("{basic_auth: {password_ref: b}}", "basic_auth::password_ref: references to secret managers are not"),
    ("{authorization: {type: basic}}", "authorization::type: must not be `Basic`"),
    ("{authorization: {type: \"a\\nb\"}}", "authorization::type: must be one word"),
    ("{authorization: {credentials: a, credentials_file: b}}", "authorization::credentials_file: "),
    ("{authorization: {credentials_ref: b}}", "authorization::credentials_ref: "),
    ("{oauth2: {token_url: 'http://a'}}", "oauth2::client_id: must be set"),
    ("{oauth2: {client_id: a}}", "oauth2::token_url: must be set"),
    ("{oauth2: {client_id: a, token_url: 'ftp://a'}}", "oauth2::token_url: `ftp://a` must begin with"),
    ("{oauth2: {client_id: a, token_url: 'http://u:p@a/'}}", "oauth2::token_url: must not have a user"),
    ("{oauth2: {client_id: a, token_url: 'http://a', client_secret_ref: b}}", "oauth2::client_secret_ref"),
    ("{oauth2: {client_id: a, token_url: 'http://a', iss: b}}", "oauth2::iss: belongs to the JWT-bearer"),
    (
        "{oauth2: {client_id: a, token_url: 'http://a', grant_type: 'urn:x'}}",
        "oauth2::grant_type: `urn:x` is not supported, only `client_credentials`",
    ),
    (
        "{oauth2: {client_id: a, token_url: 'http://a', tls_config: {key_file: b}}}",
        "oauth2::tls_config: a key needs its certificate",
    ),
    ("{oauth2: {client_id: a, token_url: 'http://a', no_proxy: b}}", "no_proxy: needs `proxy_url`"),
    ("{tls_config: {cert_file: a}}", "tls_config: a certificate needs its key"),
    ("{tls_config: {ca: a, ca_file: b}}", "tls_config::ca_file: `ca` and `ca_file` must not both"),
    ("{tls_config: {ca_ref: a}}", "tls_config::ca_ref: "),
    ("{tls_config: {min_version: '1.2'}}", "tls_config::min_version: unknown TLS version `1.2`"),
    ("{tls_config: {min_version: TLS10}}", "warning: tls_config::min_version: TLS10 is not offered"),
    ("{tls_config: {max_version: TLS11}}", "tls_config::max_version: TLS11 is not offered"),
    ("{tls_config: {min_version: TLS13, max_version: TLS12}}", "tls_config::min_version: must not be higher"),
    ("{no_proxy: a}", "no_proxy: needs `proxy_url`"),
    ("{proxy_from_environment: true, no_proxy: a}", "no_proxy: `proxy_from_environment` and"),
    ("{proxy_from_environment: true, proxy_url: 'http://a'}", "proxy_url: `proxy_from_environment` and"),
    ("{proxy_connect_header: {A: [b]}}", "proxy_connect_header: needs `proxy_url`"),
    ("{proxy_url: 'socks5://a'}", "proxy_url: proxies of scheme `socks5` are not supported"),
    ("{proxy_url: 'http://a', proxy_connect_header: {'a b': [c]}}", "proxy_connect_header: `a b` is no"),
    ("{http_headers: {authorization: {values: [a]}}}", "http_headers::authorization: is a header that must"),
    ("{http_headers: {'a b': {values: [c]}}}", "http_headers::a b: is not the name of a header"),
    ("{http_headers: {X-A: {secrets: [\"a\\nb\"]}}}", "http_headers::X-A::secrets: a value has characters"),
];

#[test]
fn what_is_wrong_is_said_with_its_path() {
    for (yaml, expected) in WRONG {
        let said = words(read::<HttpConfig>(yaml).check());
        // What is old is said besides what is wrong.
        let (about_it, others): (Vec<_>, Vec<_>) = said.iter().partition(|line| line.contains(*expected));
        let is_all = others.iter().all(|line| line.starts_with("warning: "));
        assert!(about_it.len() == 1 && is_all, "{yaml}: {said:?}");
    }
}

#[test]
fn unknown_keys_are_refused_at_every_depth() {
    for yaml in [
        "{follow_redirect: true}",
        "{basic_auth: {user: a}}",
        "{authorization: {credential: a}}",
        "{oauth2: {clientid: a}}",
        "{tls_config: {insecure: true}}",
        "{http_headers: {X-A: {value: b}}}",
    ] {
        let errors = try_read::<HttpConfig>(yaml).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains("unknown key"), "{yaml}: {errors:?}");
    }
}

#[test]
fn no_secret_is_ever_printed() {
    let yaml = "{basic_auth: {password: SECRET}, authorization: {credentials: SECRET}, bearer_token: SECRET, \
                oauth2: {client_secret: SECRET}, tls_config: {key: SECRET}, proxy_url: 'http://u:SECRET@p', \
                proxy_connect_header: {A: [SECRET]}, http_headers: {X-A: {secrets: [SECRET]}}}";
    let config: HttpConfig = read(yaml);
    let printed = to_yaml(&to_node(&config, Secrets::Redact).unwrap());
    assert!(!printed.contains("SECRET") && printed.contains("REDACTED"), "{printed}");
    assert!(!format!("{config:?}").contains("SECRET"));
    assert!(words(config.check()).iter().all(|line| !line.contains("SECRET")));
    // Revealed, it is what was written.
    let revealed = to_yaml(&to_node(&config, Secrets::Reveal).unwrap());
    assert_eq!(read::<HttpConfig>(&revealed), config);
}
