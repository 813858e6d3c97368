//! The SDK's requests, carried by our own HTTP client: one TLS, one set of proxies, connections that end with the
//! component.

use std::fmt;
use std::time::Duration;

use aws_sdk_xray::config::http::{HttpRequest, HttpResponse};
use aws_sdk_xray::config::{HttpClient, RuntimeComponents};
use aws_sdk_xray::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use bytes::Bytes;
use component::Origin;
use transport::http::{Client, Fault};

/// Where the metadata service of a machine listens.
const METADATA_SERVICE: [&str; 2] = ["169.254.169.254", "[fd00:ec2::254]"];

/// Carries requests of the SDK.
#[derive(Clone)]
pub(super) struct Carrier {
    client: Client,
    /// Whether the metadata service is left alone.
    is_local: bool,
}

impl Carrier {
    pub(super) fn new(client: Client, is_local: bool) -> Carrier {
        Carrier { client, is_local }
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").finish_non_exhaustive()
    }
}

impl HttpClient for Carrier {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        // The metadata service has both; the limit of calls to X-Ray is that of the attempt.
        let limit =
            settings.connect_timeout().zip(settings.read_timeout()).map(|(connect, read)| connect + read);
        SharedHttpConnector::new(Limited { carrier: self.clone(), limit })
    }
}

/// Carries requests, each for a limited time.
#[derive(Debug)]
struct Limited {
    carrier: Carrier,
    limit: Option<Duration>,
}

impl HttpConnector for Limited {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (carrier, limit) = (self.carrier.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let sending = send(&carrier, request);
            match limit {
                None => sending.await,
                Some(limit) => tokio::time::timeout(limit, sending)
                    .await
                    .unwrap_or_else(|elapsed| Err(ConnectorError::timeout(elapsed.into()))),
            }
        })
    }
}

async fn send(carrier: &Carrier, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let host = request.uri().host().unwrap_or_default();
    if carrier.is_local && METADATA_SERVICE.contains(&host) {
        return Err(ConnectorError::user("`local_mode` is on: the metadata service is not asked".into()));
    }
    let (head, body) = request.into_parts();
    let Some(body) = body.bytes().map(Bytes::copy_from_slice) else {
        return Err(ConnectorError::user("a body that is a stream".into()));
    };
    let request = http::Request::from_parts(head, vec![body]);
    match carrier.client.send(request, &Origin::default()).await {
        Ok(reply) => {
            let mut response = http::Response::new(reply.body.to_vec().into());
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            response.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))
        }
        Err(fault @ Fault::Unsendable(_)) => Err(ConnectorError::user(fault.into())),
        Err(fault @ Fault::Unreachable(_)) => Err(ConnectorError::io(fault.into())),
        Err(fault @ Fault::Timeout(_)) => Err(ConnectorError::timeout(fault.into())),
    }
}
