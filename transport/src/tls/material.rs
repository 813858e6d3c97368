//! Certificates and keys, from files or from the configuration itself.

use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, bail};
use component::Problem;
use config::Secret;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{Tpm, versions};

/// What both sides can be given.
#[derive(Clone, Copy)]
pub(super) struct Material<'a> {
    pub(super) ca_file: &'a str,
    pub(super) ca_pem: &'a Secret,
    pub(super) include_system: bool,
    pub(super) cert_file: &'a str,
    pub(super) cert_pem: &'a Secret,
    pub(super) key_file: &'a str,
    pub(super) key_pem: &'a Secret,
    pub(super) min_version: &'a str,
    pub(super) max_version: &'a str,
    pub(super) cipher_suites: &'a [String],
    pub(super) curve_preferences: &'a [String],
    pub(super) tpm: &'a Tpm,
}

/// A certificate with those that signed it, and its key.
pub(super) type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Material<'_> {
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let sources = [
            ("ca_pem", self.ca_file, self.ca_pem),
            ("cert_pem", self.cert_file, self.cert_pem),
            ("key_pem", self.key_file, self.key_pem),
        ];
        for (key, file, pem) in sources {
            if !file.is_empty() && !pem.is_empty() {
                let file_key = key.replace("_pem", "_file");
                problems.push(Problem::error(key, format!("`{file_key}` and `{key}` must not both be set")));
            }
        }
        if self.has_cert() != self.has_key() {
            problems.push(Problem::error("", "a certificate and its key must be set together"));
        }
        if self.tpm.enabled {
            problems
                .push(Problem::error("tpm::enabled", "keys in a trusted platform module are not supported"));
        }
        problems.extend(versions::check(
            self.min_version,
            self.max_version,
            self.cipher_suites,
            self.curve_preferences,
        ));
        problems
    }

    /// The certificate to show and its key, if there is one.
    pub(super) fn pair(&self) -> anyhow::Result<Option<Pair>> {
        if !self.has_cert() {
            return Ok(None);
        }
        let cert = read(self.cert_file, self.cert_pem).context("cannot read the certificate")?;
        let key = read(self.key_file, self.key_pem).context("cannot read the key")?;
        let key = PrivateKeyDer::from_pem_slice(&key).context("the key is not a PEM private key")?;
        Ok(Some((certificates(&cert)?, key)))
    }

    /// Whom to trust: the CA given, the system's when there is none or both are wanted.
    pub(super) fn roots(&self) -> anyhow::Result<RootCertStore> {
        let given = !self.ca_file.is_empty() || !self.ca_pem.is_empty();
        let mut roots = RootCertStore::empty();
        if given {
            let pem = read(self.ca_file, self.ca_pem).context("cannot read the CA")?;
            add_all(&mut roots, certificates(&pem)?)?;
        }
        if !given || self.include_system {
            roots.extend(system_roots().roots.iter().cloned());
        }
        Ok(roots)
    }

    pub(super) fn provider(&self) -> Arc<CryptoProvider> {
        versions::provider(self.cipher_suites, self.curve_preferences)
    }

    fn has_cert(&self) -> bool {
        !self.cert_file.is_empty() || !self.cert_pem.is_empty()
    }

    fn has_key(&self) -> bool {
        !self.key_file.is_empty() || !self.key_pem.is_empty()
    }
}

/// The certificates of a file, all to be trusted.
pub(super) fn roots_of(pem: &[u8]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    add_all(&mut roots, certificates(pem)?)?;
    Ok(roots)
}

pub(super) fn read_file(path: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read `{path}`"))
}

fn read(file: &str, pem: &Secret) -> anyhow::Result<Vec<u8>> {
    if file.is_empty() { Ok(pem.expose().as_bytes().to_vec()) } else { read_file(file) }
}

fn certificates(pem: &[u8]) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let found = found.context("not a PEM certificate")?;
    if found.is_empty() {
        bail!("there is no PEM certificate in it");
    }
    Ok(found)
}

fn add_all(roots: &mut RootCertStore, certificates: Vec<CertificateDer<'static>>) -> anyhow::Result<()> {
    for certificate in certificates {
        roots.add(certificate).context("a CA certificate cannot be used")?;
    }
    Ok(())
}

/// Read once: some systems keep hundreds of files.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // Single bad certificates among the system's are the system's business.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
}
