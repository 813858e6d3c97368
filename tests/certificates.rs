//! Certificates made for one test: an authority, a server, a client.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::collector::Folder;

/// One authority, and what it has signed, as files.
#[derive(Debug)]
pub struct Certificates {
    folder: Folder,
}

impl Certificates {
    /// Makes all of them.
    #[must_use]
    pub fn make() -> Certificates {
        Certificates::make_for(&["localhost", "127.0.0.1"])
    }

    /// The same for a server with these names and addresses.
    #[must_use]
    pub fn make_for(names: &[&str]) -> Certificates {
        let folder = Folder::new();
        let key = KeyPair::generate().expect("a key can be made");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, key).expect("it can sign");
        write(folder.path(), "ca.pem", &authority.pem());
        for name in ["server", "client"] {
            let key = KeyPair::generate().expect("a key can be made");
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let params = CertificateParams::new(names).expect("good names");
            let certificate = params.signed_by(&key, &authority).expect("it can sign");
            write(folder.path(), &format!("{name}.pem"), &certificate.pem());
            write(folder.path(), &format!("{name}.key"), &key.serialize_pem());
        }
        Certificates { folder }
    }

    /// Where a file is: `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key`.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// For a tonic client that trusts the authority.
    #[must_use]
    pub fn tonic_client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(self.read("ca.pem")))
            .domain_name("localhost")
    }

    /// The same, with a certificate of its own.
    #[must_use]
    pub fn tonic_client_with_certificate(&self) -> ClientTlsConfig {
        self.tonic_client().identity(Identity::from_pem(self.read("client.pem"), self.read("client.key")))
    }

    /// For a client of HTTP over TLS that trusts the authority.
    #[must_use]
    pub fn http_client(&self) -> ClientConfig {
        ClientConfig::builder().with_root_certificates(self.roots()).with_no_client_auth()
    }

    /// For a backend that speaks HTTP/2 over TLS, and asks for the client's certificate.
    #[must_use]
    pub fn backend(&self) -> ServerConfig {
        let verifier =
            WebPkiClientVerifier::builder(Arc::new(self.roots())).build().expect("there is a root");
        let certificate = CertificateDer::from_pem_file(self.path("server.pem")).expect("just written");
        let key = PrivateKeyDer::from_pem_file(self.path("server.key")).expect("just written");
        let builder = ServerConfig::builder().with_client_cert_verifier(verifier);
        let mut config = builder.with_single_cert(vec![certificate], key).expect("they belong together");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// For a backend that speaks HTTP/1.1 over TLS with whoever comes.
    #[must_use]
    pub fn server_of_all(&self) -> ServerConfig {
        let certificate = CertificateDer::from_pem_file(self.path("server.pem")).expect("just written");
        let key = PrivateKeyDer::from_pem_file(self.path("server.key")).expect("just written");
        let builder = ServerConfig::builder().with_no_client_auth();
        builder.with_single_cert(vec![certificate], key).expect("they belong together")
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.path("ca.pem")).expect("just written");
        roots.add(authority).expect("it is a certificate");
        roots
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("just written")
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("the folder is ours");
}
