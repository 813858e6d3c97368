//! Who may come in, encrypted or not.

use std::path::{Path, PathBuf};

use component::{AuthenticationError, Authenticator, Capabilities, Code, Identity};
use config::Optional;

use super::*;
use crate::auth::AuthConfig;
use crate::tls::ServerTlsConfig;

/// A folder of certificates: `ca`, and `server` and `client` signed by it.
struct Certificates(PathBuf);

impl Certificates {
    fn new(name: &str) -> Certificates {
        let folder = std::env::temp_dir().join(format!("ferrotel-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let certificates = Certificates(folder);
        certificates.write_all();
        certificates
    }

    fn write_all(&self) {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        std::fs::write(self.path("ca.pem"), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        for name in ["server", "client"] {
            let key = rcgen::KeyPair::generate().unwrap();
            let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
            let signed = rcgen::CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
            std::fs::write(self.path(&format!("{name}.pem")), signed.pem()).unwrap();
            std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        }
    }

    fn path(&self, name: &str) -> String {
        Path::join(&self.0, name).to_str().unwrap().to_owned()
    }

    fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig {
            cert_file: self.path("server.pem"),
            key_file: self.path("server.key"),
            ..ServerTlsConfig::default()
        }
    }

    fn client(&self, addr: &str) -> ClientConfig {
        let mut config = ClientConfig { endpoint: addr.to_owned(), ..ClientConfig::default() };
        config.tls.ca_file = self.path("ca.pem");
        config
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn call(config: &ClientConfig) -> Result<Bytes, Status> {
    let (_cx, client) = client(config);
    client.unary(ECHO, vec![noise(100_000)], &nowhere()).await
}

#[tokio::test]
async fn tls_is_verified_unless_told_otherwise() {
    let certificates = Certificates::new("plain");
    let (_server, addr) = serve(ServerConfig { tls: Optional::some(certificates.server()), ..local() }).await;
    assert_eq!(call(&certificates.client(&addr)).await.unwrap(), noise(100_000));

    let mut stranger = certificates.client(&addr);
    stranger.tls.ca_file = String::new();
    let status = call(&stranger).await.unwrap_err();
    assert_eq!(status.code, Code::Unavailable);
    assert!(status.message.contains("certificate"), "{}", status.message);
    stranger.tls.insecure_skip_verify = true;
    assert_eq!(call(&stranger).await.unwrap(), noise(100_000));

    let mut elsewhere = certificates.client(&addr);
    elsewhere.tls.server_name_override = "example.com".to_owned();
    assert_eq!(call(&elsewhere).await.unwrap_err().code, Code::Unavailable);
}

#[tokio::test]
async fn clients_without_a_certificate_stay_outside_when_one_is_asked_for() {
    let certificates = Certificates::new("mutual");
    let mut tls = certificates.server();
    tls.client_ca_file = certificates.path("ca.pem");
    let (_server, addr) = serve(ServerConfig { tls: Optional::some(tls), ..local() }).await;
    let mut config = certificates.client(&addr);
    assert_eq!(call(&config).await.unwrap_err().code, Code::Unavailable);
    config.tls.cert_file = certificates.path("client.pem");
    config.tls.key_file = certificates.path("client.key");
    assert_eq!(call(&config).await.unwrap(), noise(100_000));
}

#[tokio::test]
async fn certificates_are_read_again_and_bad_ones_are_not_taken() {
    let certificates = Certificates::new("reload");
    let mut tls = certificates.server();
    tls.reload_interval = config::Interval::from_millis(1);
    let (_server, addr) = serve(ServerConfig { tls: Optional::some(tls), ..local() }).await;
    assert!(call(&certificates.client(&addr)).await.is_ok());
    std::fs::write(certificates.path("server.pem"), "no certificate").unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(call(&certificates.client(&addr)).await.is_ok(), "the old one stays");
    certificates.write_all();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(call(&certificates.client(&addr)).await.is_ok(), "the new one is taken");
}

#[tokio::test]
async fn an_https_endpoint_is_encrypted_whatever_insecure_says() {
    let certificates = Certificates::new("https");
    let (_server, addr) = serve(ServerConfig { tls: Optional::some(certificates.server()), ..local() }).await;
    let mut config = certificates.client(&format!("https://{addr}"));
    config.tls.ca_file = String::new();
    config.tls.insecure = true;
    config.tls.insecure_skip_verify = true;
    assert_eq!(call(&config).await.unwrap(), noise(100_000));
}

/// Lets in who says `Bearer sesame`.
struct Sesame;

#[async_trait]
impl Authenticator for Sesame {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Identity, AuthenticationError> {
        match headers.get("authorization").map(|value| value.as_bytes()) {
            Some(b"Bearer sesame") => Ok(Identity::default()),
            _ => Err(AuthenticationError("no sesame".to_owned())),
        }
    }
}

#[tokio::test]
async fn who_is_not_known_is_turned_away_before_the_message_is_read() {
    let mut cx = context(Kind::Receiver, "otlp");
    let sesame = Capabilities { authenticator: Some(Arc::new(Sesame)), ..Capabilities::default() };
    cx.extensions = Arc::new([("sesame".parse().unwrap(), sesame)].into());
    let mut config = local();
    config.auth = Optional::some(AuthConfig {
        authenticator: Some("sesame".parse().unwrap()),
        ..AuthConfig::default()
    });
    let server = config.bind(&cx).await.unwrap();
    let addr = server.local_addr();
    server.serve(&cx, Arc::new(Echo::default()));
    let status = call(&client_config(&addr)).await.unwrap_err();
    assert_eq!((status.code, status.message.as_str()), (Code::Unauthenticated, "no sesame"));
    let mut known = client_config(&addr);
    let mut diagnostics = config::Diagnostics::new();
    let node = config::parse_value("test", "{authorization: Bearer sesame}", &mut diagnostics).unwrap();
    known.headers = config::read(&node, &config::Path::root(), &mut diagnostics).unwrap();
    assert_eq!(call(&known).await.unwrap(), noise(100_000));
}

#[tokio::test]
async fn an_authenticator_that_is_not_there_fails_the_start() {
    let mut config = local();
    config.auth =
        Optional::some(AuthConfig { authenticator: Some("x".parse().unwrap()), ..AuthConfig::default() });
    let error = config.bind(&context(Kind::Receiver, "otlp")).await.err().unwrap();
    assert!(error.to_string().contains("failed to resolve authenticator `x`"), "{error:#}");
}
