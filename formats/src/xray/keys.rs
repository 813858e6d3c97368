//! The attributes that mean something, found by a table that is made when this is compiled.

/// An attribute that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Key {
    HttpMethod,
    HttpRequestMethod,
    HttpClientIp,
    HttpUserAgent,
    UserAgentOriginal,
    HttpStatusCode,
    HttpResponseStatusCode,
    HttpUrl,
    UrlFull,
    HttpScheme,
    UrlScheme,
    HttpHost,
    HttpTarget,
    HttpServerName,
    NetHostPort,
    HostName,
    NetHostName,
    NetPeerName,
    NetPeerPort,
    NetPeerIp,
    NetworkPeerAddress,
    ClientAddress,
    UrlPath,
    UrlQuery,
    ServerAddress,
    ServerPort,
    HttpStatusText,
    PayloadSize,
    RpcMethod,
    AwsOperation,
    AwsRegion,
    AwsRequestId,
    AwsRequestIdCamel,
    MessagingUrl,
    AwsQueueUrl,
    AwsQueueUrlDotted,
    AwsTableNames,
    AwsTableName,
    AwsTableNameDotted,
    AwsAccountId,
    DbSystem,
    DbSystemName,
    DbName,
    DbNamespace,
    DbStatement,
    DbQueryText,
    DbConnectionString,
    DbUser,
    EndUserId,
    InProgress,
    Annotations,
    AwsLocalService,
    AwsRemoteService,
    AwsRemoteOperation,
    RemoteTarget,
    RemoteNamespace,
    AwsSpanKind,
    AwsService,
    PeerService,
    RpcService,
    RpcSystem,
}

/// Who takes an attribute, so that it is stored nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taker {
    /// Nobody; some are looked at.
    Nobody,
    /// The block `http`, whether there is one or not.
    Http,
    /// The block `aws`.
    Aws,
    /// The block `sql`.
    Sql,
    /// The cause, where it says why.
    StatusText,
    /// The user.
    User,
    /// The mark of a span that has not ended, if it is a boolean.
    InProgress,
    /// The list of names to be indexed, if it is one.
    Annotations,
    /// Nobody, but the segment of a service does not have it.
    Remote,
}

/// How many there are.
pub(super) const COUNT: usize = TABLE.len();

// Every attribute has its place.
const _: () = assert!(Key::RpcSystem as usize + 1 == COUNT);

static TABLE: [(&str, Key, Taker); 61] = [
    ("http.method", Key::HttpMethod, Taker::Http),
    ("http.request.method", Key::HttpRequestMethod, Taker::Http),
    ("http.client_ip", Key::HttpClientIp, Taker::Http),
    ("http.user_agent", Key::HttpUserAgent, Taker::Http),
    ("user_agent.original", Key::UserAgentOriginal, Taker::Http),
    ("http.status_code", Key::HttpStatusCode, Taker::Http),
    ("http.response.status_code", Key::HttpResponseStatusCode, Taker::Http),
    ("http.url", Key::HttpUrl, Taker::Http),
    ("url.full", Key::UrlFull, Taker::Http),
    ("http.scheme", Key::HttpScheme, Taker::Http),
    ("url.scheme", Key::UrlScheme, Taker::Http),
    ("http.host", Key::HttpHost, Taker::Http),
    ("http.target", Key::HttpTarget, Taker::Http),
    ("http.server_name", Key::HttpServerName, Taker::Http),
    ("net.host.port", Key::NetHostPort, Taker::Http),
    ("host.name", Key::HostName, Taker::Http),
    ("net.host.name", Key::NetHostName, Taker::Http),
    ("net.peer.name", Key::NetPeerName, Taker::Http),
    ("net.peer.port", Key::NetPeerPort, Taker::Http),
    ("net.peer.ip", Key::NetPeerIp, Taker::Http),
    ("network.peer.address", Key::NetworkPeerAddress, Taker::Http),
    ("client.address", Key::ClientAddress, Taker::Http),
    ("url.path", Key::UrlPath, Taker::Http),
    ("url.query", Key::UrlQuery, Taker::Http),
    ("server.address", Key::ServerAddress, Taker::Http),
    ("server.port", Key::ServerPort, Taker::Http),
    ("http.status_text", Key::HttpStatusText, Taker::StatusText),
    ("messaging.message_payload_size_bytes", Key::PayloadSize, Taker::Nobody),
    ("rpc.method", Key::RpcMethod, Taker::Aws),
    ("aws.operation", Key::AwsOperation, Taker::Aws),
    ("aws.region", Key::AwsRegion, Taker::Aws),
    ("aws.request_id", Key::AwsRequestId, Taker::Aws),
    ("aws.requestId", Key::AwsRequestIdCamel, Taker::Aws),
    ("messaging.url", Key::MessagingUrl, Taker::Nobody),
    ("aws.queue_url", Key::AwsQueueUrl, Taker::Aws),
    ("aws.queue.url", Key::AwsQueueUrlDotted, Taker::Aws),
    ("aws.dynamodb.table_names", Key::AwsTableNames, Taker::Nobody),
    ("aws.table_name", Key::AwsTableName, Taker::Aws),
    ("aws.table.name", Key::AwsTableNameDotted, Taker::Aws),
    ("aws.account_id", Key::AwsAccountId, Taker::Aws),
    ("db.system", Key::DbSystem, Taker::Sql),
    ("db.system.name", Key::DbSystemName, Taker::Sql),
    ("db.name", Key::DbName, Taker::Sql),
    ("db.namespace", Key::DbNamespace, Taker::Sql),
    ("db.statement", Key::DbStatement, Taker::Sql),
    ("db.query.text", Key::DbQueryText, Taker::Sql),
    ("db.connection_string", Key::DbConnectionString, Taker::Sql),
    ("db.user", Key::DbUser, Taker::Sql),
    ("enduser.id", Key::EndUserId, Taker::User),
    ("aws.xray.inprogress", Key::InProgress, Taker::InProgress),
    ("aws.xray.annotations", Key::Annotations, Taker::Annotations),
    ("aws.local.service", Key::AwsLocalService, Taker::Nobody),
    ("aws.remote.service", Key::AwsRemoteService, Taker::Remote),
    ("aws.remote.operation", Key::AwsRemoteOperation, Taker::Remote),
    ("remoteTarget", Key::RemoteTarget, Taker::Remote),
    ("K8s.RemoteNamespace", Key::RemoteNamespace, Taker::Remote),
    ("aws.span.kind", Key::AwsSpanKind, Taker::Nobody),
    ("aws.service", Key::AwsService, Taker::Nobody),
    ("peer.service", Key::PeerService, Taker::Nobody),
    ("rpc.service", Key::RpcService, Taker::Nobody),
    ("rpc.system", Key::RpcSystem, Taker::Nobody),
];

const SLOTS: usize = 256;
const FREE: u8 = u8::MAX;

/// Positions in the table, by hash; where two would meet, the later one lies further on.
static POSITIONS: [u8; SLOTS] = {
    let mut positions = [FREE; SLOTS];
    let mut position = 0;
    while position < COUNT {
        let mut slot = hash(TABLE[position].0.as_bytes());
        while positions[slot] != FREE {
            slot = (slot + 1) % SLOTS;
        }
        positions[slot] = position as u8;
        position += 1;
    }
    positions
};

/// The attribute called `name`, if it means something.
#[inline]
pub(super) fn find(name: &[u8]) -> Option<(Key, Taker)> {
    let mut slot = hash(name);
    loop {
        let (known, key, taker) = TABLE.get(usize::from(POSITIONS[slot]))?;
        if known.as_bytes() == name {
            return Some((*key, *taker));
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// Eight bits that differ for nearly all keys that meet in a span.
#[inline]
pub(super) const fn hash(key: &[u8]) -> usize {
    let number = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(17) ^ u64::from_le_bytes(*last),
        _ => {
            let mut number = 0;
            let mut at = 0;
            while at < key.len() {
                number = number << 8 | key[at] as u64;
                at += 1;
            }
            number
        }
    };
    ((number ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}
