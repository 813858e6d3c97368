//! The accepting side.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use super::ServerTlsConfig;
use super::material::{Pair, read_file, roots_of};
use super::reload::Reloaded;
use super::versions;
use crate::endpoint::Stream;

/// How often the file of client CAs is looked at.
const CLIENT_CA_INTERVAL: Duration = Duration::from_secs(1);

/// Makes TLS connections of plain ones. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Acceptor(Arc<Inner>);

struct Inner {
    config: ServerTlsConfig,
    protocols: Vec<Vec<u8>>,
    pair: Reloaded<Pair>,
    /// Absent when clients need no certificate.
    clients: Option<Reloaded<RootCertStore>>,
    /// What the last handshake used: remade only when one of the above is another.
    last: parking_lot::Mutex<Option<Made>>,
}

struct Made {
    pair: Arc<Pair>,
    clients: Option<Arc<RootCertStore>>,
    config: Arc<rustls::ServerConfig>,
}

impl Acceptor {
    pub(super) fn new(config: &ServerTlsConfig, protocols: &[&[u8]]) -> anyhow::Result<Acceptor> {
        let interval = Some(config.reload_interval.0).filter(|interval| !interval.is_zero());
        let pair = Reloaded::new(interval, pair_source(config)?, pair_of(config)?);
        let clients = match config.client_ca_file.as_str() {
            "" => None,
            path => {
                let pem = read_file(path)?;
                let roots = roots_of(&pem).with_context(|| format!("cannot use `{path}`"))?;
                Some(Reloaded::new(config.client_ca_file_reload.then_some(CLIENT_CA_INTERVAL), pem, roots))
            }
        };
        let protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let last = parking_lot::Mutex::new(None);
        let acceptor = Acceptor(Arc::new(Inner { config: config.clone(), protocols, pair, clients, last }));
        // What cannot work is found now, not by the first client.
        acceptor.current()?;
        Ok(acceptor)
    }

    pub(crate) async fn accept(&self, stream: Stream) -> io::Result<Stream> {
        let config = self.current().map_err(io::Error::other)?;
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        Ok(Stream::Tls(Box::new(stream.into())))
    }

    fn current(&self) -> anyhow::Result<Arc<rustls::ServerConfig>> {
        let inner = &*self.0;
        let pair = inner.pair.current(|| pair_source(&inner.config), |_| pair_of(&inner.config));
        let clients = inner
            .clients
            .as_ref()
            .map(|clients| clients.current(|| read_file(&inner.config.client_ca_file), roots_of));
        let mut last = inner.last.lock();
        if let Some(made) = &*last
            && Arc::ptr_eq(&made.pair, &pair)
            && made.clients.as_ref().map(Arc::as_ptr) == clients.as_ref().map(Arc::as_ptr)
        {
            return Ok(made.config.clone());
        }
        let config = Arc::new(inner.make(&pair, clients.as_ref())?);
        *last = Some(Made { pair, clients, config: config.clone() });
        Ok(config)
    }
}

impl Inner {
    fn make(
        &self,
        pair: &Pair,
        clients: Option<&Arc<RootCertStore>>,
    ) -> anyhow::Result<rustls::ServerConfig> {
        let material = self.config.material();
        let provider = material.provider();
        let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(versions::between(material.min_version, material.max_version))?;
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(roots) => {
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider);
                builder.with_client_cert_verifier(verifier.build()?)
            }
        };
        let mut config = builder
            .with_single_cert(pair.0.clone(), pair.1.clone_key())
            .context("the certificate and the key cannot be used together")?;
        config.alpn_protocols.clone_from(&self.protocols);
        Ok(config)
    }
}

/// What the pair is made of, to see whether it has changed.
fn pair_source(config: &ServerTlsConfig) -> anyhow::Result<Vec<u8>> {
    let mut source = Vec::new();
    for path in [&config.cert_file, &config.key_file] {
        if !path.is_empty() {
            source.extend(read_file(path)?);
        }
    }
    Ok(source)
}

fn pair_of(config: &ServerTlsConfig) -> anyhow::Result<Pair> {
    config.material().pair()?.context("a server needs a certificate: `cert_file` and `key_file`")
}
