//! The block `http`, and what the status of HTTP says.

use std::borrow::Cow;
use std::net::IpAddr;

use otlp::{Span, Text, Value};

use super::json::{Json, utf8};
use super::keys::Key;
use super::rows::Rows;
use super::segment::{Kind, Segment};

/// With one of these there is a block.
const MAKE_BLOCK: [Key; 15] = [
    Key::HttpMethod,
    Key::HttpRequestMethod,
    Key::HttpClientIp,
    Key::HttpUserAgent,
    Key::UserAgentOriginal,
    Key::HttpStatusCode,
    Key::HttpResponseStatusCode,
    Key::HttpUrl,
    Key::UrlFull,
    Key::HttpScheme,
    Key::UrlScheme,
    Key::HttpHost,
    Key::HttpTarget,
    Key::HttpServerName,
    Key::NetHostPort,
];

/// How a request ended.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) fault: bool,
    pub(super) error: bool,
    pub(super) throttle: bool,
}

/// What the status of HTTP and that of the span say.
pub(super) fn flags(rows: &Rows<'_>, is_error: bool) -> Flags {
    let old = rows.value(Key::HttpStatusCode);
    let status = old.or_else(|| rows.value(Key::HttpResponseStatusCode)).and_then(|value| value.as_int());
    match status {
        Some(status @ 400..=499) => Flags { error: true, throttle: status == 429, fault: false },
        Some(500..=599) => Flags { fault: true, ..Flags::default() },
        _ => Flags { fault: is_error, ..Flags::default() },
    }
}

/// Writes the block, if there is something to say in it.
pub(super) fn write(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let rows = segment.rows;
    let has_path = rows.has(Key::UrlPath) || rows.has(Key::UrlQuery);
    if !has_path && !MAKE_BLOCK.into_iter().any(|key| rows.has(key)) {
        return;
    }
    json.key("http");
    json.open('{');
    write_request(segment, json);
    json.key("response");
    json.open('{');
    if let Some(status) = rows.later([Key::HttpStatusCode, Key::HttpResponseStatusCode]) {
        json.key("status");
        json.int(status.as_int().unwrap_or(0));
    }
    json.key("content_length");
    json.int(content_length(rows, &segment.span));
    json.close('}');
    json.close('}');
}

fn write_request(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let rows = segment.rows;
    let client = Client::of(rows);
    json.key("request");
    json.open('{');
    if client.is_forwarded {
        json.key("x_forwarded_for");
        json.boolean(true);
    }
    json.member("method", later_text(rows, [Key::HttpMethod, Key::HttpRequestMethod]));
    if let Some(url) = url(segment) {
        json.key("url");
        json.text(&url);
    }
    json.member("user_agent", later_text(rows, [Key::HttpUserAgent, Key::UserAgentOriginal]));
    json.member("client_ip", client.ip);
    json.close('}');
}

fn later_text<'a>(rows: &Rows<'a>, keys: [Key; 2]) -> Option<Text<'a>> {
    rows.later(keys)?.as_text().filter(|text| !text.is_empty())
}

/// Who called.
struct Client<'a> {
    ip: Option<Text<'a>>,
    /// Whether the address is what somebody else said, and not the other end of the connection.
    is_forwarded: bool,
}

impl<'a> Client<'a> {
    fn of(rows: &Rows<'a>) -> Self {
        let address = |key: Key| rows.text(key).filter(|text| is_address(*text));
        let said = match (rows.text(Key::HttpClientIp), address(Key::ClientAddress)) {
            (Some(old), Some(new)) => {
                let is_old_last = rows.position(Key::HttpClientIp) > rows.position(Key::ClientAddress);
                Some(if is_old_last { old } else { new })
            }
            (old, new) => old.or(new),
        };
        let peer = address(Key::NetworkPeerAddress);
        let has_peer = rows.has(Key::NetPeerIp) || peer.is_some();
        let ip = said.or_else(|| rows.text(Key::NetPeerIp)).or(peer);
        Self { ip, is_forwarded: ip.is_some() && !has_peer }
    }
}

fn is_address(text: Text<'_>) -> bool {
    utf8(text).parse::<IpAddr>().is_ok()
}

/// The URL as it was given, or put together from its parts. Without a host there is none.
fn url<'a>(segment: &Segment<'_, 'a>) -> Option<Cow<'a, str>> {
    let rows = segment.rows;
    if let Some(full) = later_text(rows, [Key::HttpUrl, Key::UrlFull]) {
        return Some(utf8(full));
    }
    let is_server = segment.kind == Kind::Server;
    let host = rows.text(Key::HttpHost).or_else(|| match is_server {
        true => rows.first([Key::HttpServerName, Key::NetHostName, Key::HostName, Key::ServerAddress]),
        false => rows.first([Key::NetPeerName, Key::NetPeerIp, Key::ServerAddress]),
    })?;
    let scheme = later_text(rows, [Key::HttpScheme, Key::UrlScheme]).map_or("http".into(), utf8);
    let mut url = format!("{scheme}://{}", utf8(host));
    let port = match (rows.has(Key::HttpHost), is_server) {
        (true, _) => None,
        (false, true) => port(rows, [Key::NetHostPort, Key::ServerPort]),
        (false, false) => port(rows, [Key::NetPeerPort, Key::ServerPort]),
    };
    if let Some(port) = port.filter(|port| !is_usual(&scheme, port)) {
        url.push(':');
        url.push_str(&port);
    }
    push_rest(&mut url, rows);
    Some(url.into())
}

fn port<'a>(rows: &Rows<'a>, keys: [Key; 2]) -> Option<Cow<'a, str>> {
    keys.into_iter().find_map(|key| match rows.value(key)? {
        Value::Int(number) => Some(number.to_string().into()),
        Value::Text(text) if !text.is_empty() => Some(utf8(text)),
        _ => None,
    })
}

fn is_usual(scheme: &str, port: &str) -> bool {
    matches!((scheme, port), ("http", "80") | ("https", "443"))
}

fn push_rest(url: &mut String, rows: &Rows<'_>) {
    if let Some(target) = rows.text(Key::HttpTarget) {
        url.push_str(&utf8(target));
        return;
    }
    url.push_str(&rows.text(Key::UrlPath).map_or("/".into(), utf8));
    if let Some(query) = rows.text(Key::UrlQuery) {
        let query = utf8(query);
        if !query.starts_with('?') {
            url.push('?');
        }
        url.push_str(&query);
    }
}

/// The size that the span says, or that of the message it received first.
fn content_length(rows: &Rows<'_>, span: &Span<'_>) -> i64 {
    if let Some(size) = rows.value(Key::PayloadSize) {
        return size.as_int().unwrap_or(0);
    }
    let received = span.events().find_map(|event| {
        let attributes = event.attributes();
        let kind = attributes.get("message.type")?.as_text()?;
        let size = attributes.get("messaging.message_payload_size_bytes")?.as_int()?;
        (kind == "RECEIVED" && size != 0).then_some(size)
    });
    received.unwrap_or(0)
}
