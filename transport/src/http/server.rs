//! The listening side: accepts connections and hands them to [`super::connection`].

use std::sync::Arc;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use component::{Context, Scope};
use tracing::debug;

use super::connection::{self, Settings};
use super::cors::Cors;
use super::exchange::Door;
use super::{ServerConfig, Service};
use crate::compression::Encoding;
use crate::endpoint::Listener;
use crate::refusals::Refusals;
use crate::tls::Acceptor;

/// A bound HTTP server that does not serve yet.
pub struct Server {
    listener: Listener,
    config: ServerConfig,
    acceptor: Option<Acceptor>,
    guard: Option<crate::auth::Guard>,
    headers: HeaderMap,
}

impl Server {
    pub(super) async fn bind(config: &ServerConfig, cx: &Context) -> anyhow::Result<Server> {
        let guard = config.auth.as_ref().map(|auth| auth.guard(cx)).transpose()?;
        let acceptor = config.tls.as_ref().map(|tls| tls.acceptor(&[b"h2", b"http/1.1"])).transpose()?;
        let mut headers = HeaderMap::new();
        for (name, value) in config.response_headers.iter() {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value.expose())?);
        }
        let listener = Listener::bind(&config.endpoint, config.transport).await?;
        Ok(Server { listener, config: config.clone(), acceptor, guard, headers })
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> String {
        self.listener.local_addr()
    }

    /// Whether clients must prove who they are.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Serves until the component is to stop: then no more requests are taken, and those under way end in peace.
    pub fn serve(self, cx: &Context, service: Arc<dyn Service>) {
        debug!(component = %cx.id, endpoint = %self.local_addr(), "starting HTTP server");
        let algorithms = &self.config.compression_algorithms;
        let door = Door {
            service,
            guard: self.guard,
            cors: self.config.cors.as_ref().and_then(Cors::new),
            headers: self.headers,
            encodings: algorithms.iter().filter_map(|name| Encoding::parse(name)).collect(),
            max_body: self.config.max_body(),
            read_limit: connection::or(self.config.read_timeout, connection::ARRIVAL),
            include_metadata: self.config.include_metadata,
            memory: cx.memory.clone(),
            refusals: Refusals::new(cx, "http"),
            scope: cx.scope.clone(),
        };
        let settings = Settings::new(&self.config, self.acceptor, cx.scope.clone());
        let shared = Arc::new(Shared {
            listener: self.listener,
            settings,
            door: Arc::new(door),
            scope: cx.scope.clone(),
        });
        cx.scope.supervise("http server", move || accept(shared.clone()));
    }
}

struct Shared {
    listener: Listener,
    settings: Settings,
    door: Arc<Door>,
    scope: Scope,
}

async fn accept(shared: Arc<Shared>) -> anyhow::Result<()> {
    loop {
        let (stream, peer) = tokio::select! {
            accepted = shared.listener.accept() => accepted,
            () = shared.scope.stopped() => return Ok(()),
        };
        let serving = connection::serve(stream, peer, shared.settings.clone(), shared.door.clone());
        shared.scope.spawn_request(serving);
    }
}
