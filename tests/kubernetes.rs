//! A simulated Kubernetes API server, written from the API's documentation ("API concepts"): lists in pages, watches that
//! resume from a resource version, bookmarks, selectors, bearer tokens, and what goes wrong in real clusters.

mod answer;
mod objects;
mod selector;
mod serve;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

pub use self::objects::{endpoints, namespace, node, pod, pod_with, service};
use self::state::State;
pub use self::state::{Faults, Seen};
use crate::patience::until;

/// An API server on a port of its own. Gone when it goes out of scope.
#[derive(Debug)]
pub struct Cluster {
    address: SocketAddr,
    scheme: &'static str,
    state: Shared,
    runtime: Option<Runtime>,
}

/// What all its connections share.
#[derive(Clone, Debug)]
struct Shared {
    state: Arc<Mutex<State>>,
    /// Told with every change: watches look at the history again.
    changed: tokio::sync::watch::Sender<u64>,
}

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = self.with(act);
        self.changed.send_modify(|count| *count += 1);
        result
    }
}

impl Cluster {
    /// A cluster without objects.
    #[must_use]
    pub fn start() -> Cluster {
        Cluster::launch("127.0.0.1:0", None)
    }

    /// The same, with TLS.
    #[must_use]
    pub fn start_with_tls(config: ServerConfig) -> Cluster {
        Cluster::start_with_tls_at("127.0.0.1:0", config)
    }

    /// The same at that address.
    #[must_use]
    pub fn start_with_tls_at(address: &str, config: ServerConfig) -> Cluster {
        Cluster::launch(address, Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Adds the object, or replaces the one of that kind and name.
    pub fn apply(&self, object: Value) {
        self.state.change(|state| state.apply(object));
    }

    /// Removes an object: `pods`, `default`, `web-1`. What has no namespace has an empty one.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) {
        self.state.change(|state| state.delete(resource, namespace, name));
    }

    /// All objects of a resource, in the order of their names.
    #[must_use]
    pub fn objects(&self, resource: &str) -> Vec<Value> {
        self.state.with(|state| state.all(resource))
    }

    /// Forgets history, as etcd does after five minutes: what is older is gone.
    pub fn compact(&self) {
        self.state.change(State::compact);
    }

    /// Breaks every open watch in the middle.
    pub fn cut(&self) {
        self.state.change(|state| state.cuts += 1);
    }

    /// Ends every open watch as the server does when its time is over.
    pub fn end_watches(&self) {
        self.state.change(|state| state.ends += 1);
    }

    /// Sends a bookmark on every open watch that allows them.
    pub fn bookmark(&self) {
        self.state.change(State::bookmark);
    }

    /// Sends these bytes on every open watch of that resource.
    pub fn say(&self, resource: &str, bytes: impl Into<Vec<u8>>) {
        self.state.change(|state| state.say(resource, bytes.into()));
    }

    /// Takes this token alone from now on.
    pub fn require_token(&self, token: &str) {
        self.state.change(|state| state.token = Some(token.to_owned()));
    }

    /// Whoever has the token may no longer read that resource.
    pub fn forbid(&self, resource: &str) {
        self.state.change(|state| state.forbidden.insert(resource.to_owned()));
    }

    /// Takes back [`Cluster::forbid`].
    pub fn permit(&self, resource: &str) {
        self.state.change(|state| state.forbidden.remove(resource));
    }

    /// What goes wrong from now on.
    pub fn misbehave(&self, faults: Faults) {
        self.state.change(|state| state.faults = faults);
    }

    /// Every request that came, in order.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.state.with(|state| state.seen.clone())
    }

    /// How many watches of that resource are open.
    #[must_use]
    pub fn watches(&self, resource: &str) -> usize {
        self.state.with(|state| state.watches.get(resource).copied().unwrap_or(0))
    }

    /// Waits until so many watches of that resource are open.
    pub async fn wait_for_watches(&self, resource: &str, count: usize) {
        until(&format!("{count} watches of {resource} are open"), async || {
            (self.watches(resource) == count).then_some(())
        })
        .await;
    }

    fn launch(address: &str, tls: Option<TlsAcceptor>) -> Cluster {
        let listener = std::net::TcpListener::bind(address).expect("the address is free");
        listener.set_nonblocking(true).expect("a socket can be told");
        let address = listener.local_addr().expect("it is bound");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Shared { state: Arc::default(), changed: tokio::sync::watch::Sender::new(0) };
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime can be made");
        runtime.handle().spawn(serve::serve(listener, tls, state.clone()));
        Cluster { address, scheme, state, runtime: Some(runtime) }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The time after which a server of its own accord ends a watch that asked for none.
const LONGEST_WATCH: Duration = Duration::from_secs(1800);
