//! Spans of version 2 become an OTLP request, one after the other.

use otlp::write::Writer;

use super::answer::{Decoded, Reason, Refused};
use super::attributes::{self, keep_last};
use super::groups::{Groups, Key, Order};
use super::span::{Endpoint, Span, Tag, nanos, times};
use super::tags::{Place, Role, SERVICE_NAME, role};
use super::{DecodeOptions, NO_SERVICE_NAME, packed};

/// `attributes` in a resource, and in a span.
const RESOURCE_ATTRIBUTES: u32 = 1;
const ATTRIBUTES: u32 = 9;

/// The request in the making.
#[derive(Debug)]
pub(super) struct Request {
    options: DecodeOptions,
    groups: Groups,
    spans: usize,
    /// How many spans there were, taken or not.
    index: usize,
    refused: Refused,
    key: Key,
    /// What each tag of the span at hand is for.
    roles: Vec<Role>,
}

/// What the tags of a span say besides attributes.
#[derive(Default)]
struct Meaning<'a> {
    service_key: &'a [u8],
    scope_name: &'a [u8],
    scope_version: &'a [u8],
    trace_state: &'a [u8],
    status_code: Option<&'a [u8]>,
    status_description: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
    is_internal: bool,
    /// Positions of links and of their tags.
    links: Vec<(u32, usize)>,
    has_resource_tags: bool,
}

impl Request {
    pub(super) fn new(options: DecodeOptions) -> Self {
        Self {
            options,
            groups: Groups::default(),
            spans: 0,
            index: 0,
            refused: Refused::default(),
            key: Key::default(),
            roles: Vec::new(),
        }
    }

    /// Takes the next span, which may be missing something.
    #[inline]
    pub(super) fn push(&mut self, span: &mut Span<'_>) {
        match self.add(span) {
            Ok(()) => {
                self.spans += 1;
                self.index += 1;
            }
            Err(reason) => self.refuse(reason),
        }
    }

    /// Counts the next span, which could not be read.
    #[cold]
    pub(super) fn refuse(&mut self, reason: Reason) {
        self.refused.push(self.index, reason);
        self.index += 1;
    }

    pub(super) fn finish(self) -> Decoded {
        let traces = self.groups.finish(Order::Name);
        Decoded { traces, spans: self.spans, refused: self.refused }
    }

    fn add(&mut self, span: &mut Span<'_>) -> Result<(), Reason> {
        if span.trace_id == [0; 16] {
            return Err("valid traceId required".into());
        }
        if span.id == [0; 8] {
            return Err("valid span id required".into());
        }
        let (start, end) = times(span.timestamp, span.duration)?;
        for annotation in &span.annotations {
            nanos("annotation timestamp", annotation.timestamp)?;
        }
        keep_last(&mut span.tags, |tag| &tag.key);
        self.roles.clear();
        self.roles.extend(span.tags.iter().map(|tag| role(&tag.key)));
        let meaning = Meaning::of(&span.tags, &mut self.roles, span.kind.is_some());
        self.key.identify(span, &meaning, &self.roles);
        let service_name = known_name(&span.local).unwrap_or_default();
        let (roles, options) = (&self.roles, self.options);
        self.groups.write(service_name, &self.key, |out| {
            let expected = 128 + 48 * span.tags.len();
            let mark = out.begin_sized(2, expected);
            write_ids(out, span, meaning.trace_state);
            write_core(out, span, &meaning, (start, end));
            write_attributes(out, span, roles, options);
            write_parts(out, span, &meaning);
            out.end(mark);
        });
        Ok(())
    }
}

impl<'a> Meaning<'a> {
    /// Reads `tags` by their `roles`; those that stay attributes in spite of their key are given that role.
    fn of(tags: &'a [Tag<'_>], roles: &mut [Role], has_kind: bool) -> Self {
        let mut meaning = Self { service_key: SERVICE_NAME.as_bytes(), ..Self::default() };
        for (position, (tag, role)) in tags.iter().zip(roles.iter_mut()).enumerate() {
            let value: &[u8] = &tag.value;
            match *role {
                Role::Attribute | Role::Endpoint(_) => (),
                Role::Resource => meaning.has_resource_tags = true,
                Role::ServiceSource if value.is_empty() => (),
                Role::ServiceSource => meaning.service_key = value,
                Role::ScopeName => prefer(&mut meaning.scope_name, tag, value),
                Role::ScopeVersion => prefer(&mut meaning.scope_version, tag, value),
                Role::TraceState => meaning.trace_state = value,
                Role::StatusCode => meaning.status_code = Some(value),
                Role::StatusDescription => meaning.status_description = Some(value),
                Role::Error => meaning.error = Some(value),
                Role::Kind if !has_kind && value == b"internal" => meaning.is_internal = true,
                Role::Kind => *role = Role::Attribute,
                Role::Link(number) => meaning.links.push((number, position)),
            }
        }
        for (tag, role) in tags.iter().zip(roles.iter_mut()) {
            let stays = match role {
                Role::StatusDescription => meaning.status_code.is_none(),
                Role::Error => *tag.value != *b"true",
                _ => false,
            };
            *role = if stays { Role::Attribute } else { *role };
        }
        meaning.keep_links(tags, roles);
        meaning
    }

    /// Links are numbered without a gap; what comes behind one, or is no link, stays an attribute.
    fn keep_links(&mut self, tags: &[Tag<'_>], roles: &mut [Role]) {
        self.links.sort_unstable();
        let in_line =
            self.links.iter().zip(0..).take_while(|((number, _), expected)| number == expected).count();
        for (_, position) in self.links.drain(in_line..) {
            roles[position] = Role::Attribute;
        }
        self.links.retain(|(_, position)| {
            let is_link = packed::link(&tags[*position].value).is_some();
            if !is_link {
                roles[*position] = Role::Attribute;
            }
            is_link
        });
    }

    /// The code of the status and its message.
    fn status(&self) -> (u64, &'a [u8]) {
        let code = match self.status_code {
            Some(b"STATUS_CODE_OK" | b"Ok" | b"OK") => 1,
            Some(b"STATUS_CODE_ERROR" | b"Error" | b"ERROR") => 2,
            _ => 0,
        };
        let description = self.status_description.filter(|_| self.status_code.is_some());
        match self.error {
            // The specification of OpenTelemetry has the description here.
            Some(error) if code == 2 && description.is_none() && !matches!(error, b"true" | b"false") => {
                (2, error)
            }
            Some(_) => (2, description.unwrap_or_default()),
            None => (code, description.unwrap_or_default()),
        }
    }
}

/// `otel.scope.*` outweighs the older `otel.library.*`.
fn prefer<'a>(known: &mut &'a [u8], tag: &Tag<'_>, value: &'a [u8]) {
    if known.is_empty() || (tag.key.starts_with(b"otel.scope.") && !value.is_empty()) {
        *known = value;
    }
}

impl Key {
    /// Makes it the key of `span`.
    fn identify(&mut self, span: &Span<'_>, meaning: &Meaning<'_>, roles: &[Role]) {
        self.clear();
        let mut out = Writer::append_to(std::mem::take(&mut self.bytes));
        let resource_tags = || {
            let tags = span.tags.iter().zip(roles).filter(|(_, role)| **role == Role::Resource);
            tags.map(|(tag, _)| tag).filter(|_| meaning.has_resource_tags)
        };
        if let Some(name) = known_name(&span.local)
            && !resource_tags().any(|tag| *tag.key == *meaning.service_key)
        {
            attributes::text(&mut out, RESOURCE_ATTRIBUTES, meaning.service_key, name);
        }
        for tag in resource_tags() {
            attributes::text(&mut out, RESOURCE_ATTRIBUTES, &tag.key, &tag.value);
        }
        self.scope = out.len();
        if !meaning.scope_name.is_empty() {
            out.bytes(1, meaning.scope_name);
            self.scope_name = out.len() - meaning.scope_name.len()..out.len();
        }
        if !meaning.scope_version.is_empty() {
            out.bytes(2, meaning.scope_version);
        }
        self.bytes = out.into_bytes();
    }
}

/// The name of the service, if it has one.
fn known_name<'a>(endpoint: &'a Endpoint<'_>) -> Option<&'a [u8]> {
    let name: &[u8] = &endpoint.service_name;
    (!name.is_empty() && !name.eq_ignore_ascii_case(NO_SERVICE_NAME.as_bytes())).then_some(name)
}

#[inline]
fn write_ids(out: &mut Writer, span: &Span<'_>, trace_state: &[u8]) {
    out.bytes(1, &span.trace_id);
    out.bytes(2, &span.id);
    if !trace_state.is_empty() {
        out.bytes(3, trace_state);
    }
    if span.parent_id != [0; 8] && span.parent_id != span.id {
        out.bytes(4, &span.parent_id);
    }
}

#[inline]
fn write_core(out: &mut Writer, span: &Span<'_>, meaning: &Meaning<'_>, (start, end): (u64, u64)) {
    if !span.name.is_empty() {
        out.bytes(5, &span.name);
    }
    let kind = span.kind.map_or(u64::from(meaning.is_internal), |kind| kind.number());
    if kind != 0 {
        out.varint(6, kind);
    }
    if start != 0 {
        out.fixed64(7, start);
    }
    if end != 0 {
        out.fixed64(8, end);
    }
}

fn write_attributes(out: &mut Writer, span: &Span<'_>, roles: &[Role], options: DecodeOptions) {
    let places = Places::of(span);
    for (tag, role) in span.tags.iter().zip(roles) {
        let is_attribute = match role {
            Role::Attribute => true,
            Role::Endpoint(place) => places.taken & place.bit() == 0,
            _ => false,
        };
        if is_attribute && options.parse_string_tags {
            attributes::parsed(out, ATTRIBUTES, &tag.key, &tag.value);
        } else if is_attribute {
            attributes::text(out, ATTRIBUTES, &tag.key, &tag.value);
        }
    }
    if places.taken != 0 {
        places.write(out, span);
    }
}

/// Which attributes are made of the endpoints.
struct Places {
    taken: u8,
}

impl Places {
    #[inline]
    fn of(span: &Span<'_>) -> Self {
        let (local, remote) = (&span.local, &span.remote);
        let is_in = |place: Place, is_there: bool| if is_there { place.bit() } else { 0 };
        let taken = is_in(Place::LocalAddress, !local.ipv4.is_empty() || !local.ipv6.is_empty())
            | is_in(Place::LocalIpv4, !local.ipv4.is_empty() && !local.ipv6.is_empty())
            | is_in(Place::LocalPort, local.port != 0)
            | is_in(Place::PeerService, !remote.service_name.is_empty())
            | is_in(Place::PeerAddress, !remote.ipv4.is_empty() || !remote.ipv6.is_empty())
            | is_in(Place::PeerIpv4, !remote.ipv4.is_empty() && !remote.ipv6.is_empty())
            | is_in(Place::PeerPort, remote.port != 0)
            | is_in(Place::AbsentStart, span.marks_absent_start && span.timestamp == 0);
        Self { taken }
    }

    fn write(&self, out: &mut Writer, span: &Span<'_>) {
        let (local, remote) = (&span.local, &span.remote);
        let mut text = |place: Place, value: &[u8]| {
            if self.taken & place.bit() != 0 {
                attributes::text(out, ATTRIBUTES, place.key().as_bytes(), value);
            }
        };
        text(Place::LocalAddress, local.address());
        text(Place::LocalIpv4, &local.ipv4);
        text(Place::PeerService, &remote.service_name);
        text(Place::PeerAddress, remote.address());
        text(Place::PeerIpv4, &remote.ipv4);
        for (place, port) in [(Place::LocalPort, local.port), (Place::PeerPort, remote.port)] {
            if port != 0 {
                attributes::int(out, ATTRIBUTES, place.key().as_bytes(), port.into());
            }
        }
        if self.taken & Place::AbsentStart.bit() != 0 {
            attributes::boolean(out, ATTRIBUTES, Place::AbsentStart.key().as_bytes(), true);
        }
    }
}

impl Endpoint<'_> {
    /// The address that counts where there are two.
    fn address(&self) -> &[u8] {
        if self.ipv6.is_empty() { &self.ipv4 } else { &self.ipv6 }
    }
}

fn write_parts(out: &mut Writer, span: &Span<'_>, meaning: &Meaning<'_>) {
    for annotation in &span.annotations {
        // The product was computed before, to see whether it fits.
        let time = annotation.timestamp * 1000;
        out.message(11, |out| packed::event(out, time, &annotation.value));
    }
    for (_, position) in &meaning.links {
        let link = packed::link(&span.tags[*position].value).expect("what is no link was sorted out");
        out.bytes(13, &link);
    }
    let (code, message) = meaning.status();
    if code != 0 || !message.is_empty() {
        out.message(15, |out| {
            if !message.is_empty() {
                out.bytes(2, message);
            }
            if code != 0 {
                out.varint(3, code);
            }
        });
    }
}
