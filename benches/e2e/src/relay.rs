//! Forwards requests unread, over our own transport: what the collector would cost if it did nothing.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::Kind;
use component::testing::context;
use http::request::Parts;
use http::{StatusCode, Uri};
use transport::compression::Encoding;
use transport::{grpc, http as web};

use crate::cli::Relay;
use crate::control;
use crate::endpoints::Endpoints;
use crate::request::{GRPC_PATH, HTTP_PATH};

/// The largest message that is forwarded.
const MAX_MESSAGE_MIB: u64 = 64;

/// Forwards until the bench has gone.
pub(crate) async fn run(relay: Relay) -> anyhow::Result<()> {
    let cx = context(Kind::Receiver, "relay");
    let calls = Calls(grpc_client(relay).connect(&cx)?);
    let posts = Posts(http_client(relay).connect(&cx)?, format!("http://{}{HTTP_PATH}", relay.http).parse()?);
    let mut config = grpc::ServerConfig::with_endpoint("127.0.0.1:0");
    config.max_recv_msg_size_mib = MAX_MESSAGE_MIB;
    let grpc = config.bind(&cx).await?;
    let http = web::ServerConfig::with_endpoint("127.0.0.1:0").bind(&cx).await?;
    let endpoints = Endpoints { grpc: grpc.local_addr().parse()?, http: http.local_addr().parse()? };
    grpc.serve(&cx, Arc::new(calls));
    http.serve(&cx, Arc::new(posts));
    control::serve(&endpoints.line(), async |_| String::new()).await
}

fn grpc_client(relay: Relay) -> grpc::ClientConfig {
    let mut config = grpc::ClientConfig { endpoint: relay.grpc.to_string(), ..grpc::ClientConfig::default() };
    config.tls.insecure = true;
    config.compression = if relay.gzip { "gzip".to_owned() } else { "none".to_owned() };
    config
}

fn http_client(relay: Relay) -> web::ClientConfig {
    let compression = if relay.gzip { Encoding::Gzip } else { Encoding::Identity };
    web::ClientConfig { compression, ..web::ClientConfig::default() }
}

struct Calls(grpc::Client);

#[async_trait]
impl grpc::Service for Calls {
    fn has(&self, path: &str) -> bool {
        path == GRPC_PATH
    }

    async fn call(&self, request: grpc::Request) -> Result<Bytes, grpc::Status> {
        let origin = request.origin("grpc");
        self.0.unary(GRPC_PATH, vec![request.message], &origin).await
    }
}

struct Posts(web::Client, Uri);

#[async_trait]
impl web::Service for Posts {
    fn screen(&self, _: &Parts) -> Option<web::Response> {
        None
    }

    async fn call(&self, request: web::Request) -> web::Response {
        let origin = request.origin("http");
        match self.0.post(&self.1, "application/x-protobuf", vec![request.body], &origin).await {
            Ok(reply) => {
                let mut response = web::Response::new(reply.body);
                *response.status_mut() = reply.status;
                response
            }
            Err(fault) => web::text(StatusCode::SERVICE_UNAVAILABLE, fault.to_string()),
        }
    }
}
