//! An OTLP/gRPC client that is not our own code: the one that tonic generates.

use tonic::Status;
use tonic::codec::CompressionEncoding;
use tonic::metadata::{MetadataKey, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};

use crate::backend::Export;
use crate::patience::within;
use crate::proto::collector::logs::v1::logs_service_client::LogsServiceClient;
use crate::proto::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use crate::proto::collector::trace::v1::trace_service_client::TraceServiceClient;

/// A client with one connection.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    compression: Option<CompressionEncoding>,
    metadata: Vec<(&'static str, String)>,
}

impl Client {
    /// A client of the server at `address`.
    pub async fn connect(address: &str) -> Client {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
        let channel = within("a connection", endpoint.connect()).await.expect("somebody listens");
        Client { channel, compression: None, metadata: Vec::new() }
    }

    /// A client that speaks TLS.
    ///
    /// # Errors
    /// When either side does not trust the other.
    pub async fn connect_with_tls(
        address: &str,
        tls: ClientTlsConfig,
    ) -> Result<Client, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(format!("https://{address}"))?.tls_config(tls)?;
        let channel = within("a connection", endpoint.connect()).await?;
        Ok(Client { channel, compression: None, metadata: Vec::new() })
    }

    /// The same client, compressing what it sends.
    #[must_use]
    pub fn compressing(self, compression: CompressionEncoding) -> Client {
        Client { compression: Some(compression), ..self }
    }

    /// The same client, with that metadata on each call.
    #[must_use]
    pub fn saying(mut self, name: &'static str, value: &str) -> Client {
        self.metadata.push((name, value.to_owned()));
        self
    }

    /// Sends a request of whatever signal.
    ///
    /// # Errors
    /// When the server does not take it: its status.
    pub async fn export(&self, export: Export) -> Result<(), Status> {
        let call = async {
            match export {
                Export::Traces(request) => {
                    let mut client = TraceServiceClient::new(self.channel.clone());
                    if let Some(compression) = self.compression {
                        client = client.send_compressed(compression);
                    }
                    client.export(self.request(request)).await.map(drop)
                }
                Export::Metrics(request) => {
                    let mut client = MetricsServiceClient::new(self.channel.clone());
                    if let Some(compression) = self.compression {
                        client = client.send_compressed(compression);
                    }
                    client.export(self.request(request)).await.map(drop)
                }
                Export::Logs(request) => {
                    let mut client = LogsServiceClient::new(self.channel.clone());
                    if let Some(compression) = self.compression {
                        client = client.send_compressed(compression);
                    }
                    client.export(self.request(request)).await.map(drop)
                }
            }
        };
        within("the server answers", call).await
    }

    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        for (name, value) in &self.metadata {
            let name = MetadataKey::from_static(name);
            request.metadata_mut().insert(name, MetadataValue::try_from(value).expect("it is ASCII"));
        }
        request
    }
}
