use component::Problem;

use super::*;

fn errors(config: &ClientTlsConfig) -> usize {
    config.check().iter().filter(|problem| matches!(problem, Problem::Error { .. })).count()
}

fn warnings(config: &ClientTlsConfig) -> usize {
    config.check().iter().filter(|problem| matches!(problem, Problem::Warning { .. })).count()
}

#[test]
fn what_rustls_cannot_do_is_said() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let with = |change: &dyn Fn(&mut ClientTlsConfig)| {
        let mut config = ClientTlsConfig::default();
        change(&mut config);
        (errors(&config), warnings(&config))
    };
    assert_eq!(with(&|_| {}), (0, 0));
    assert_eq!(with(&|config| config.min_version = "1.0".to_owned()), (0, 1));
    assert_eq!(with(&|config| config.min_version = "1.4".to_owned()), (1, 0));
    assert_eq!(with(&|config| config.max_version = "1.1".to_owned()), (1, 0));
    assert_eq!(with(&|config| config.tpm.enabled = true), (1, 0));
    assert_eq!(with(&|config| config.cert_file = "a".to_owned()), (1, 0));
    assert_eq!(
        with(&|config| {
            config.ca_file = "a".to_owned();
            config.ca_pem = "b".into();
        }),
        (1, 0)
    );
    let suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    let old = "TLS_RSA_WITH_AES_128_GCM_SHA256";
    assert_eq!(with(&|config| config.cipher_suites = names(&[suite])), (0, 0));
    assert_eq!(with(&|config| config.cipher_suites = names(&["TLS_AES_128_GCM_SHA256"])), (0, 0));
    assert_eq!(with(&|config| config.cipher_suites = names(&[suite, old])), (0, 1));
    assert_eq!(with(&|config| config.cipher_suites = names(&[old])), (1, 1));
    assert_eq!(with(&|config| config.cipher_suites = names(&["NONSENSE", suite])), (1, 0));
    assert_eq!(with(&|config| config.curve_preferences = names(&["P256", "X25519MLKEM768"])), (0, 1));
    assert_eq!(with(&|config| config.curve_preferences = names(&["P257", "P256"])), (1, 0));
}

#[test]
fn a_ca_to_trust_outweighs_insecure() {
    let mut config = ClientTlsConfig { insecure: true, ..ClientTlsConfig::default() };
    assert!(config.is_plain());
    config.ca_file = "ca.pem".to_owned();
    assert!(!config.is_plain());
}

#[test]
fn a_server_needs_a_certificate() {
    assert_eq!(ServerTlsConfig::default().check().len(), 1);
}
