//! What the keys of tags mean: Zipkin has one flat map for what OTLP has fields and resources for.

/// The attribute of a span whose start Zipkin did not have.
pub(super) const ABSENT_START: &str = "otel.zipkin.absentField.startTime";
pub(super) const ERROR: &str = "error";
pub(super) const LIBRARY_NAME: &str = "otel.library.name";
pub(super) const LIBRARY_VERSION: &str = "otel.library.version";
/// Begins the tags of links; a number follows.
pub(super) const LINK: &str = "otlp.link.";
pub(super) const SERVICE_NAME: &str = "service.name";
/// The resource attribute that the service name came from, where that is not `service.name`.
pub(super) const SERVICE_SOURCE: &str = "otlp.service.name.source";
pub(super) const SPAN_KIND: &str = "span.kind";
pub(super) const STATUS_CODE: &str = "otel.status_code";
pub(super) const STATUS_DESCRIPTION: &str = "otel.status_description";
pub(super) const TRACE_STATE: &str = "w3c.tracestate";

/// What a tag is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An attribute of the span like any other.
    Attribute,
    /// An attribute of the resource.
    Resource,
    /// Another way to say what a field of the span or its endpoints says.
    Endpoint(Place),
    ServiceSource,
    ScopeName,
    ScopeVersion,
    TraceState,
    StatusCode,
    StatusDescription,
    Error,
    Kind,
    /// A link, with its position.
    Link(u32),
}

/// Attributes made of fields that are no tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    LocalAddress,
    /// The IPv4 address beside an IPv6 address.
    LocalIpv4,
    LocalPort,
    PeerService,
    PeerAddress,
    /// The IPv4 address beside an IPv6 address.
    PeerIpv4,
    PeerPort,
    AbsentStart,
}

impl Place {
    /// The attribute's key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::LocalAddress => "network.local.address",
            Self::LocalIpv4 => "net.host.ip",
            Self::LocalPort => "net.host.port",
            Self::PeerService => "service.peer.name",
            Self::PeerAddress => "network.peer.address",
            Self::PeerIpv4 => "net.peer.ip",
            Self::PeerPort => "net.peer.port",
            Self::AbsentStart => ABSENT_START,
        }
    }

    /// A bit for a set of them.
    pub(super) fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What the tag `key` is for.
pub(super) fn role(key: &[u8]) -> Role {
    match key.first() {
        Some(b'e') if key == ERROR.as_bytes() => Role::Error,
        Some(b'n' | b's') => place(key).map_or_else(|| kind_or_resource(key), Role::Endpoint),
        Some(b'o') if key.starts_with(b"ot") => internal(key),
        Some(b'w') if key == TRACE_STATE.as_bytes() => Role::TraceState,
        Some(b'a' | b'c' | b'd' | b'f' | b'h' | b'k' | b'o' | b'p' | b't' | b'w') => kind_or_resource(key),
        _ => Role::Attribute,
    }
}

fn kind_or_resource(key: &[u8]) -> Role {
    if key == SPAN_KIND.as_bytes() {
        return Role::Kind;
    }
    if is_resource_key(key) { Role::Resource } else { Role::Attribute }
}

/// The place that `key` names.
fn place(key: &[u8]) -> Option<Place> {
    const ALL: [Place; 7] = [
        Place::LocalAddress,
        Place::LocalIpv4,
        Place::LocalPort,
        Place::PeerService,
        Place::PeerAddress,
        Place::PeerIpv4,
        Place::PeerPort,
    ];
    ALL.into_iter().find(|place| place.key().as_bytes() == key)
}

/// What a key that begins with `ot` is for.
fn internal(key: &[u8]) -> Role {
    match key {
        b"otel.status_code" => Role::StatusCode,
        b"otel.status_description" => Role::StatusDescription,
        b"otel.scope.name" | b"otel.library.name" => Role::ScopeName,
        b"otel.scope.version" | b"otel.library.version" => Role::ScopeVersion,
        b"otlp.service.name.source" => Role::ServiceSource,
        _ if key == ABSENT_START.as_bytes() => Role::Endpoint(Place::AbsentStart),
        _ => key.strip_prefix(LINK.as_bytes()).and_then(link_position).map_or(Role::Attribute, Role::Link),
    }
}

/// The position that `digits` say, if it is written in the one way in which we write it.
fn link_position(digits: &[u8]) -> Option<u32> {
    let is_plain = digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || digits[..1] != *b"0");
    let position = std::str::from_utf8(digits).ok()?.parse().ok()?;
    is_plain.then_some(position)
}

/// Whether `key` is an attribute of resources by the conventions that the Go Collector goes by.
pub(super) fn is_resource_key(key: &[u8]) -> bool {
    let Some(dot) = key.iter().position(|byte| *byte == b'.') else {
        return false;
    };
    let (family, rest) = (&key[..dot], &key[dot + 1..]);
    let found = RESOURCE_KEYS.iter().find(|(name, _)| name.as_bytes() == family);
    found.is_some_and(|(_, names)| names.iter().any(|name| name.as_bytes() == rest))
}

/// By what stands before the first dot.
const RESOURCE_KEYS: [(&str, &[&str]); 14] = [
    ("cloud", &["provider", "account.id", "region", "availability_zone", "platform", "resource_id"]),
    (
        "aws",
        &[
            "ecs.container.arn",
            "ecs.cluster.arn",
            "ecs.launchtype",
            "ecs.task.arn",
            "ecs.task.family",
            "ecs.task.revision",
            "eks.cluster.arn",
            "log.group.names",
            "log.group.arns",
            "log.stream.names",
            "log.stream.arns",
        ],
    ),
    ("container", &["name", "id", "runtime", "image.name", "image.tag"]),
    ("deployment", &["environment"]),
    ("device", &["id", "model.identifier", "model.name", "manufacturer"]),
    ("faas", &["name", "id", "version", "instance", "max_memory"]),
    ("host", &["id", "name", "type", "arch", "image.name", "image.id", "image.version"]),
    (
        "k8s",
        &[
            "cluster.name",
            "node.name",
            "node.uid",
            "namespace.name",
            "pod.uid",
            "pod.name",
            "container.name",
            "container.restart_count",
            "replicaset.uid",
            "replicaset.name",
            "deployment.uid",
            "deployment.name",
            "statefulset.uid",
            "statefulset.name",
            "daemonset.uid",
            "daemonset.name",
            "job.uid",
            "job.name",
            "cronjob.uid",
            "cronjob.name",
        ],
    ),
    ("os", &["type", "description", "name", "version"]),
    (
        "process",
        &[
            "pid",
            "executable.name",
            "executable.path",
            "command",
            "command_line",
            "command_args",
            "owner",
            "runtime.name",
            "runtime.version",
            "runtime.description",
        ],
    ),
    ("service", &["name", "namespace", "instance.id", "version"]),
    ("telemetry", &["sdk.name", "sdk.language", "sdk.version", "auto.version"]),
    ("webengine", &["name", "version", "description"]),
    ("opencensus", &["starttime", "exporterversion", "resourcetype"]),
];
