//! Settings of a made-up component that has a field of every kind.

use std::collections::BTreeMap;

use config::{ComponentId, Explicit, Inline, Interval, Node, Optional, Secret, SecretMap};
use serde::{Deserialize, Serialize};

/// A whole configuration, as the program takes it apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Root {
    receivers: BTreeMap<ComponentId, Option<Component>>,
    processors: BTreeMap<ComponentId, Option<Component>>,
    exporters: BTreeMap<ComponentId, Option<Component>>,
    extensions: BTreeMap<ComponentId, Node>,
    service: Service,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Service {
    extensions: Vec<ComponentId>,
    pipelines: BTreeMap<ComponentId, Pipeline>,
    telemetry: Option<Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Pipeline {
    receivers: Vec<ComponentId>,
    processors: Vec<ComponentId>,
    exporters: Vec<ComponentId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Component {
    endpoint: String,
    timeout: Interval,
    limit_mib: u32,
    offset: i8,
    ratio: f64,
    enabled: bool,
    level: Level,
    keys: Vec<String>,
    tls: Optional<Tls>,
    keepalive: Explicit<Tls>,
    protocols: Protocols,
    headers: SecretMap,
    password: Secret,
    maybe: Option<u16>,
    pair: (u8, String),
    actions: Vec<Action>,
}

impl Default for Component {
    fn default() -> Self {
        Self {
            endpoint: "localhost:4317".to_owned(),
            timeout: Interval::from_secs(5),
            limit_mib: 512,
            offset: -1,
            ratio: 0.25,
            enabled: true,
            level: Level::Basic,
            keys: vec!["a".to_owned()],
            tls: Optional::default(),
            keepalive: Explicit::NONE,
            protocols: Protocols::default(),
            headers: SecretMap::default(),
            password: Secret::default(),
            maybe: Some(1),
            pair: (1, "one".to_owned()),
            actions: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Basic,
    Normal,
    VeryDetailed,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tls {
    insecure: bool,
    ca_file: Option<String>,
    reload_interval: Interval,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Protocols {
    grpc: Optional<Server>,
    http: Optional<Server>,
}

/// Two blocks in one map.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Inline<(Address, Tls)>", into = "Inline<(Address, Tls)>")]
struct Server {
    address: Address,
    tls: Tls,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Address {
    endpoint: String,
}

impl TryFrom<Inline<(Address, Tls)>> for Server {
    type Error = String;

    fn try_from(Inline((address, tls)): Inline<(Address, Tls)>) -> Result<Self, String> {
        if address.endpoint == "nowhere" {
            return Err("`nowhere` is no endpoint".to_owned());
        }
        Ok(Self { address, tls })
    }
}

impl From<Server> for Inline<(Address, Tls)> {
    fn from(server: Server) -> Self {
        Self((server.address, server.tls))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    key: String,
    #[serde(default)]
    value: Option<Node>,
    action: String,
}
