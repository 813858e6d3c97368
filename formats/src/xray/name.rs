//! What a segment is called.

use std::borrow::Cow;

use otlp::Text;

use super::json::utf8;
use super::keys::Key;
use super::segment::{Form, Kind, Segment};

/// How many bytes a name may have. The service counts 200 characters, the Go Collector bytes.
const MAX_BYTES: usize = 200;
/// The name of a span that has none, or none of which anything may be kept.
const NO_NAME: &str = "span";

/// The segment's name, as X-Ray takes it.
pub(super) fn of<'a>(segment: &Segment<'_, 'a>) -> Cow<'a, str> {
    let from_attributes = given(segment).map(clean).filter(|name| !name.is_empty());
    let name = from_attributes.unwrap_or_else(|| clean(utf8(segment.span.name())));
    if name.is_empty() { NO_NAME.into() } else { name }
}

/// Whether the name is that of an AWS service.
pub(super) fn is_aws_service(segment: &Segment<'_, '_>) -> bool {
    segment.rows.text(Key::AwsService).is_some()
        && local(segment).is_none()
        && remote(segment).is_none()
        && segment.rows.text(Key::PeerService).is_none()
}

/// What the attributes say, first choice first.
fn given<'a>(segment: &Segment<'_, 'a>) -> Option<Cow<'a, str>> {
    let rows = segment.rows;
    let of_resource = |is_asked: bool| {
        let name = segment.resource.service_name;
        (is_asked && !name.is_empty()).then(|| utf8(name))
    };
    local(segment)
        .map(utf8)
        .or_else(|| of_resource(segment.form == Form::Service))
        .or_else(|| remote(segment))
        .or_else(|| rows.first([Key::PeerService, Key::AwsService]).map(utf8))
        .or_else(|| database(segment))
        .or_else(|| of_resource(segment.kind == Kind::Server))
        .or_else(|| rows.first([Key::RpcService, Key::HttpHost, Key::NetPeerName]).map(utf8))
        .or_else(|| {
            let address = rows.text(Key::ServerAddress)?;
            (segment.kind == Kind::Client).then(|| utf8(address))
        })
}

fn local<'a>(segment: &Segment<'_, 'a>) -> Option<Text<'a>> {
    let is_asked = match segment.form {
        Form::Service => true,
        Form::LocalRoot => matches!(segment.kind, Kind::Server | Kind::Internal),
        Form::Plain | Form::Dependency => segment.kind == Kind::Server,
    };
    if is_asked { segment.rows.text(Key::AwsLocalService) } else { None }
}

fn remote<'a>(segment: &Segment<'_, 'a>) -> Option<Cow<'a, str>> {
    let is_asked = match segment.form {
        Form::Service => false,
        Form::Dependency => true,
        Form::Plain | Form::LocalRoot => {
            matches!(segment.kind, Kind::Client | Kind::Producer | Kind::Consumer)
        }
    };
    let name = utf8(segment.rows.text(Key::AwsRemoteService).filter(|_| is_asked)?);
    if !segment.is_aws_api() {
        return Some(name);
    }
    let service = ["AWS.SDK.", "AWS::"].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    Some(service.map(|service| service.to_owned().into()).unwrap_or(name))
}

/// The database's name, and its host if that is known.
fn database<'a>(segment: &Segment<'_, 'a>) -> Option<Cow<'a, str>> {
    let name = utf8(segment.rows.first([Key::DbName, Key::DbNamespace])?);
    let url = segment.rows.text(Key::DbConnectionString).map(utf8);
    match url.as_deref().and_then(host) {
        Some(host) => Some(format!("{name}@{host}").into()),
        None => Some(name),
    }
}

/// The host in a URL, without its port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.strip_prefix("jdbc:").unwrap_or(url).split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let host = match address.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => address.split(':').next().unwrap_or_default(),
    };
    (!host.is_empty()).then_some(host)
}

/// The name without what X-Ray refuses in one, and not too long.
fn clean(name: Cow<'_, str>) -> Cow<'_, str> {
    let name = match name.chars().all(is_allowed) {
        true => name,
        false => name.chars().filter(|letter| is_allowed(*letter)).collect::<String>().into(),
    };
    if name.len() <= MAX_BYTES {
        return name;
    }
    let end = name.floor_char_boundary(MAX_BYTES);
    match name {
        Cow::Borrowed(name) => name[..end].into(),
        Cow::Owned(mut name) => {
            name.truncate(end);
            name.into()
        }
    }
}

fn is_allowed(letter: char) -> bool {
    match letter {
        ' ' | '_' | '.' | ':' | '/' | '%' | '&' | '#' | '=' | '+' | '-' | '@' | '0'..='9' => true,
        other => other.is_alphabetic(),
    }
}
