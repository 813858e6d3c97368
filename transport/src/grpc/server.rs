//! The listening side: accepts connections and hands them to [`super::connection`].

use std::sync::Arc;

use component::Context;
use tracing::debug;

use super::call::Door;
use super::connection;
use super::health;
use super::keepalive::Limits;
use super::{Mount, ServerConfig, Service};
use crate::endpoint::Listener;
use crate::refusals::Refusals;
use crate::tls::Acceptor;

/// A bound gRPC server that does not serve yet.
pub struct Server {
    listener: Listener,
    acceptor: Option<Acceptor>,
    limits: Limits,
    max_concurrent_streams: u32,
    door: Door,
}

impl Server {
    pub(super) async fn bind(config: &ServerConfig, cx: &Context) -> anyhow::Result<Server> {
        let guard = config.auth.as_ref().map(|auth| auth.guard(cx)).transpose()?;
        let acceptor = config.tls.as_ref().map(|tls| tls.acceptor(&[b"h2"])).transpose()?;
        let listener = Listener::bind(&config.endpoint, config.transport).await?;
        let door = Door {
            service: None,
            mounts: Vec::new(),
            guard,
            include_metadata: config.include_metadata,
            max_message: config.max_message(),
            memory: cx.memory.clone(),
            refusals: Refusals::new(cx, "grpc"),
            scope: cx.scope.clone(),
        };
        let max_concurrent_streams = config.max_concurrent_streams;
        Ok(Server {
            listener,
            acceptor,
            limits: Limits::of(&config.parameters()),
            max_concurrent_streams,
            door,
        })
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> String {
        self.listener.local_addr()
    }

    /// Serves a tonic service beside ours.
    #[must_use]
    pub fn mount(mut self, service: Mount) -> Server {
        self.door.mounts.push(service);
        self
    }

    /// Serves until the component is to stop: then no more calls are taken, and those under way end in peace.
    pub fn serve(mut self, cx: &Context, service: Arc<dyn Service>) {
        debug!(component = %cx.id, endpoint = %self.local_addr(), "starting gRPC server");
        self.door.service = Some(service);
        self.door.mounts.push(health::mount(cx));
        let shared = Arc::new(Shared {
            listener: self.listener,
            settings: connection::Settings::new(self.acceptor, self.limits, self.max_concurrent_streams),
            door: Arc::new(self.door),
        });
        cx.scope.supervise("grpc server", move || accept(shared.clone()));
    }
}

struct Shared {
    listener: Listener,
    settings: connection::Settings,
    door: Arc<Door>,
}

async fn accept(shared: Arc<Shared>) -> anyhow::Result<()> {
    let scope = shared.door.scope.clone();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = shared.listener.accept() => accepted,
            () = scope.stopped() => return Ok(()),
        };
        scope.spawn_request(connection::serve(stream, peer, shared.settings.clone(), shared.door.clone()));
    }
}
