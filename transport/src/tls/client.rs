//! The connecting side.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::TlsConnector;

use super::ClientTlsConfig;
use super::material::read_file;
use super::reload::Reloaded;
use super::versions;
use crate::endpoint::Stream;

/// Makes TLS connections of plain ones. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Inner>);

struct Inner {
    config: ClientTlsConfig,
    protocols: Vec<Vec<u8>>,
    made: OnceLock<Reloaded<rustls::ClientConfig>>,
}

impl Connector {
    /// Reads the files at once.
    pub(super) fn new(config: &ClientTlsConfig, protocols: &[&[u8]]) -> anyhow::Result<Connector> {
        let connector = Connector::late(config, protocols);
        connector.0.made()?;
        Ok(connector)
    }

    /// Reads the files with the first connection.
    pub(super) fn late(config: &ClientTlsConfig, protocols: &[&[u8]]) -> Connector {
        let protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Connector(Arc::new(Inner { config: config.clone(), protocols, made: OnceLock::new() }))
    }

    /// Connects to `host`, whose name the certificate must have unless the configuration overrides it.
    pub(crate) async fn connect(&self, host: &str, stream: Stream) -> io::Result<Stream> {
        let inner = &*self.0;
        let made = inner.made().map_err(|error| io::Error::other(format!("{error:#}")))?;
        let config = made.current(|| source(&inner.config), |_| make(&inner.config, &inner.protocols));
        let name = match inner.config.server_name_override.as_str() {
            "" => host,
            name => name,
        };
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let stream = TlsConnector::from(config).connect(name, stream).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }
}

impl Inner {
    fn made(&self) -> anyhow::Result<&Reloaded<rustls::ClientConfig>> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let interval = Some(self.config.reload_interval.0).filter(|interval| !interval.is_zero());
        let made = Reloaded::new(interval, source(&self.config)?, make(&self.config, &self.protocols)?);
        // Two that come at once make the same.
        Ok(self.made.get_or_init(|| made))
    }
}

/// What it is made of, to see whether it has changed.
fn source(config: &ClientTlsConfig) -> anyhow::Result<Vec<u8>> {
    let mut source = Vec::new();
    for path in [&config.ca_file, &config.cert_file, &config.key_file] {
        if !path.is_empty() {
            source.extend(read_file(path)?);
        }
    }
    Ok(source)
}

fn make(config: &ClientTlsConfig, protocols: &[Vec<u8>]) -> anyhow::Result<rustls::ClientConfig> {
    let material = config.material();
    let provider = material.provider();
    let builder = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions::between(material.min_version, material.max_version))?;
    let builder = if config.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyServer(provider)))
    } else {
        builder.with_root_certificates(material.roots()?)
    };
    let mut made = match material.pair()? {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    made.alpn_protocols = protocols.to_vec();
    Ok(made)
}

/// Trusts any certificate (`insecure_skip_verify`), but not a handshake that its key did not sign.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
