//! Spans of OTLP as Zipkin sees them, before they take the form of JSON or protobuf.

mod layer;
mod text;

use std::net::IpAddr;

use otlp::{Event, Link, Resource, Scope, Span, Traces, Value};

use super::EncodeOptions;
use super::answer::{Encoded, Reason};
use super::span::Kind;
use super::tags::{
    ERROR, LIBRARY_NAME, LIBRARY_VERSION, LINK, SERVICE_NAME, SERVICE_SOURCE, SPAN_KIND, STATUS_CODE,
    STATUS_DESCRIPTION, TRACE_STATE,
};
use layer::{Layer, Slot};
use text::Piece;

pub(super) use text::hex;

/// The kind in OTLP that Zipkin has no name for.
const INTERNAL: i32 = 1;

/// What a service name is taken from, first choice first.
const SERVICE_NAMES: [&str; 4] =
    [SERVICE_NAME, "faas.name", "k8s.deployment.name", "process.executable.name"];

/// A span in the words of Zipkin.
pub(super) struct View<'v, 'a> {
    pub(super) span: Span<'a>,
    pub(super) kind: Option<Kind>,
    /// In microseconds.
    pub(super) timestamp: Option<u64>,
    /// In microseconds.
    pub(super) duration: Option<u64>,
    pub(super) local: Side<&'v [u8]>,
    pub(super) remote: Side<&'v [u8]>,
    /// In order, no key twice.
    tags: &'v [Tag<'a>],
    made: &'v [u8],
}

/// One side of a call. What is empty or 0 is absent.
pub(super) struct Side<N> {
    pub(super) name: N,
    pub(super) address: Option<IpAddr>,
    pub(super) port: u16,
}

#[derive(Clone, Copy)]
struct Tag<'a> {
    /// The first eight bytes of the key, the first one highest: most keys differ in them.
    order: u64,
    key: Piece<'a>,
    value: Piece<'a>,
    level: Level,
}

/// Where a tag comes from. Later ones outweigh those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Resource,
    Scope,
    Span,
    Field,
}

/// What is used again for each span.
struct Desk<'a> {
    options: EncodeOptions<'a>,
    /// Made text: the resource's, the scope's, the span's.
    made: Vec<u8>,
    made_for_resource: usize,
    made_for_scope: usize,
    service_name: Piece<'a>,
    resource: Layer<'a>,
    /// The resource's and the scope's, in order.
    base: Layer<'a>,
    span: Layer<'a>,
    merged: Vec<Tag<'a>>,
}

/// Gives `write` every span of `traces` that Zipkin can hold.
pub(super) fn each<'a>(
    traces: &'a Traces,
    options: EncodeOptions<'a>,
    mut write: impl FnMut(&View<'_, 'a>),
) -> Encoded {
    let mut desk = Desk::new(options);
    let mut encoded = Encoded::default();
    let mut index = 0;
    for resource in traces.resources() {
        desk.begin_resource(resource.resource());
        for scope in resource.scopes() {
            desk.begin_scope(scope.scope());
            for span in scope.spans() {
                match desk.view(span) {
                    Ok(view) => {
                        write(&view);
                        encoded.spans += 1;
                    }
                    Err(reason) => encoded.refused.push(index, reason),
                }
                index += 1;
            }
        }
    }
    encoded
}

impl<'a> View<'_, 'a> {
    /// Keys and values of the tags in the order of the keys.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.tags.iter().map(|tag| (tag.key.get(self.made), tag.value.get(self.made)))
    }

    /// The parent's id, if it has one.
    pub(super) fn parent_id(&self) -> Option<&'a [u8]> {
        let id = self.span.parent_span_id();
        id.iter().any(|byte| *byte != 0).then_some(id)
    }

    /// Gives `write` the time in microseconds and the value of every annotation.
    pub(super) fn annotations(&self, scratch: &mut Vec<u8>, mut write: impl FnMut(u64, &[u8])) {
        for event in self.span.events() {
            scratch.clear();
            write_event(scratch, event);
            write(rounded(event.time_unix_nano()), scratch);
        }
    }
}

/// `name`, or `name|attributes|dropped`.
fn write_event(out: &mut Vec<u8>, event: Event<'_>) {
    out.extend_from_slice(event.name().to_str().as_bytes());
    let dropped = event.dropped_attributes_count();
    if dropped != 0 || !event.attributes().is_empty() {
        out.push(b'|');
        text::json_object(out, event.attributes());
        out.push(b'|');
        out.extend_from_slice(itoa::Buffer::new().format(dropped).as_bytes());
    }
}

impl<'a> Desk<'a> {
    fn new(options: EncodeOptions<'a>) -> Self {
        Self {
            options,
            made: Vec::new(),
            made_for_resource: 0,
            made_for_scope: 0,
            service_name: Piece::Given(b""),
            resource: Layer::default(),
            base: Layer::default(),
            span: Layer::default(),
            merged: Vec::new(),
        }
    }

    fn begin_resource(&mut self, resource: Resource<'a>) {
        self.made.clear();
        self.resource.clear();
        let attributes = resource.attributes();
        let named = SERVICE_NAMES.into_iter().find_map(|key| {
            let value = attributes.get(key)?;
            (!value.to_text().is_empty()).then_some((key, value))
        });
        self.service_name = match named {
            Some((_, value)) => Piece::of(value, &mut self.made),
            None => Piece::Given(self.options.default_service_name.as_bytes()),
        };
        let used = named.map(|(key, _)| key);
        for (key, value) in attributes.iter().filter(|(key, _)| used.is_none_or(|used| *key != used)) {
            self.resource.take(Level::Resource, (key, value), &mut self.made);
        }
        if let Some(key) = used.filter(|key| *key != SERVICE_NAME) {
            self.resource.tags.push(Tag::field(SERVICE_SOURCE, Piece::Given(key.as_bytes())));
        }
        // Its older name, which is what the Go Collector writes.
        if let Some(id) = attributes.get("cloud.resource_id").filter(|_| !attributes.contains("faas.id")) {
            let value = Piece::of(id, &mut self.made);
            self.resource.tags.push(Tag::known("faas.id", value, Level::Resource));
        }
        self.made_for_resource = self.made.len();
    }

    fn begin_scope(&mut self, scope: Scope<'a>) {
        self.made.truncate(self.made_for_resource);
        self.base.clone_from(&self.resource);
        // Before the attributes, which they outweigh.
        for (key, value) in [(LIBRARY_NAME, scope.name()), (LIBRARY_VERSION, scope.version())] {
            if !value.is_empty() {
                let value = Piece::of(Value::Text(value), &mut self.made);
                self.base.tags.push(Tag::known(key, value, Level::Scope));
            }
        }
        for attribute in scope.attributes().iter() {
            self.base.take(Level::Scope, attribute, &mut self.made);
        }
        self.base.sort(&self.made);
        self.made_for_scope = self.made.len();
    }

    fn view(&mut self, span: Span<'a>) -> Result<View<'_, 'a>, Reason> {
        check_ids(&span)?;
        let duration = duration(&span)?;
        self.made.truncate(self.made_for_scope);
        self.span.clear();
        self.span.slots = self.base.slots;
        let mut http = Http::default();
        for (key, value) in span.attributes().iter() {
            http.look(key.as_bytes(), value);
            self.span.take(Level::Span, (key, value), &mut self.made);
        }
        if let Some(value) = http.missing() {
            let value = Piece::of(value, &mut self.made);
            self.span.tags.push(Tag::field("http.status_code", value));
        }
        self.fields(&span);
        let (local, remote) = self.endpoints();
        self.span.sort(&self.made);
        layer::merge(&self.base.tags, &self.span.tags, &self.made, &mut self.merged);
        let start = span.start_time_unix_nano();
        let made = self.made.as_slice();
        Ok(View {
            span,
            kind: Kind::from_number(span.kind()),
            timestamp: (start >= 1_000_000_000).then(|| rounded(start)),
            duration,
            local: local.named(made),
            remote: remote.named(made),
            tags: &self.merged,
            made,
        })
    }
}

impl<'a> Desk<'a> {
    /// Makes tags of the fields that Zipkin lacks.
    fn fields(&mut self, span: &Span<'a>) {
        if !span.trace_state().is_empty() {
            self.field(TRACE_STATE, Value::Text(span.trace_state()));
        }
        if span.kind() == INTERNAL {
            self.field(SPAN_KIND, Value::Text("internal".into()));
        }
        let status = span.status();
        let code = match status.code {
            1 => "STATUS_CODE_OK",
            2 => "STATUS_CODE_ERROR",
            _ => "",
        };
        if status.code == 2 {
            self.field(ERROR, Value::Bool(true));
        }
        if !code.is_empty() {
            self.field(STATUS_CODE, Value::Text(code.into()));
            if !status.message.is_empty() {
                self.field(STATUS_DESCRIPTION, Value::Text(status.message));
            }
        }
        for (number, link) in span.links().enumerate() {
            let start = self.made.len();
            self.made.extend_from_slice(LINK.as_bytes());
            self.made.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            let end = self.made.len();
            write_link(&mut self.made, link);
            let value = Piece::Made(end, self.made.len());
            self.span.tags.push(Tag {
                order: order(LINK.as_bytes()),
                key: Piece::Made(start, end),
                value,
                level: Level::Field,
            });
        }
    }

    fn field(&mut self, key: &'static str, value: Value<'a>) {
        let value = Piece::of(value, &mut self.made);
        self.span.tags.push(Tag::field(key, value));
    }

    /// What the attributes say of both sides. An attribute of which nothing can be made becomes a tag after all.
    fn endpoints(&mut self) -> (Side<Piece<'a>>, Side<Piece<'a>>) {
        let local = Side {
            name: self.service_name,
            address: self.address(Slot::LocalAddress),
            port: self.port(Slot::LocalPort),
        };
        let remote = Side {
            name: self.peer_name(),
            address: self.address(Slot::PeerAddress),
            port: self.port(Slot::PeerPort),
        };
        (local, remote)
    }

    fn peer_name(&mut self) -> Piece<'a> {
        let mut found = None;
        for slot in [Slot::PeerName, Slot::OldPeerName] {
            match self.span.slots[slot as usize] {
                Some((value, _)) if found.is_none() && !value.to_text().is_empty() => found = Some(value),
                _ => self.put_back(slot),
            }
        }
        found.map_or(Piece::Given(b""), |value| Piece::of(value, &mut self.made))
    }

    fn address(&mut self, slot: Slot) -> Option<IpAddr> {
        let (value, _) = self.span.slots[slot as usize]?;
        let address = value.to_text().parse().ok();
        if address.is_none() {
            self.put_back(slot);
        }
        address
    }

    fn port(&mut self, slot: Slot) -> u16 {
        let Some((value, _)) = self.span.slots[slot as usize] else { return 0 };
        let number: u64 = match value {
            Value::Int(number) => number.try_into().unwrap_or(0),
            other => other.to_text().parse().unwrap_or(0),
        };
        if number == 0 {
            self.put_back(slot);
        }
        number.try_into().unwrap_or(u16::MAX)
    }

    fn put_back(&mut self, slot: Slot) {
        if let Some((value, level)) = self.span.slots[slot as usize] {
            let value = Piece::of(value, &mut self.made);
            self.span.tags.push(Tag::known(slot.key(), value, level));
        }
    }
}

/// `trace|span|state|attributes|dropped`; an id that is zero is empty.
fn write_link(out: &mut Vec<u8>, link: Link<'_>) {
    for id in [link.trace_id(), link.span_id()] {
        if id.iter().any(|byte| *byte != 0) {
            hex(out, id);
        }
        out.push(b'|');
    }
    out.extend_from_slice(link.trace_state().to_str().as_bytes());
    out.push(b'|');
    text::json_object(out, link.attributes());
    out.push(b'|');
    out.extend_from_slice(itoa::Buffer::new().format(link.dropped_attributes_count()).as_bytes());
}

/// Whether a status code of HTTP is there under its newer key only.
#[derive(Default)]
struct Http<'a> {
    newer: Option<Value<'a>>,
    has_older: bool,
}

impl<'a> Http<'a> {
    #[inline]
    fn look(&mut self, key: &[u8], value: Value<'a>) {
        if key == b"http.response.status_code" {
            self.newer = Some(value);
        }
        self.has_older |= key == b"http.status_code";
    }

    /// What Zipkin would look for under the older key.
    fn missing(&self) -> Option<Value<'a>> {
        self.newer.filter(|_| !self.has_older)
    }
}

fn check_ids(span: &Span<'_>) -> Result<(), Reason> {
    let is_zero = |id: &[u8]| id.iter().all(|byte| *byte == 0);
    if is_zero(span.trace_id()) {
        return Err("TraceID is invalid".into());
    }
    if is_zero(span.span_id()) {
        return Err("SpanID is invalid".into());
    }
    Ok(())
}

/// In microseconds, at least one unless it is zero.
fn duration(span: &Span<'_>) -> Result<Option<u64>, Reason> {
    let (start, end) = (span.start_time_unix_nano(), span.end_time_unix_nano());
    if end == 0 {
        return Ok(None);
    }
    let Some(nanos) = end.checked_sub(start) else {
        return Err(
            format!("valid duration required: the span ends {} ns before it starts", start - end).into()
        );
    };
    Ok((nanos > 0).then(|| rounded(nanos).max(1)))
}

/// Nanoseconds in microseconds.
fn rounded(nanos: u64) -> u64 {
    nanos / 1000 + u64::from(nanos % 1000 >= 500)
}

impl<'a> Side<Piece<'a>> {
    fn named<'v>(&self, made: &'v [u8]) -> Side<&'v [u8]>
    where
        'a: 'v,
    {
        Side { name: self.name.get(made), address: self.address, port: self.port }
    }
}

impl<N: AsRef<[u8]>> Side<N> {
    /// Whether nothing is known of it.
    pub(super) fn is_empty(&self) -> bool {
        self.name.as_ref().is_empty() && self.address.is_none() && self.port == 0
    }
}

impl<'a> Tag<'a> {
    /// A tag that is made of a field.
    fn field(key: &'static str, value: Piece<'a>) -> Self {
        Self::known(key, value, Level::Field)
    }

    fn known(key: &'static str, value: Piece<'a>, level: Level) -> Self {
        Self { order: order(key.as_bytes()), key: Piece::Given(key.as_bytes()), value, level }
    }
}

/// The first eight bytes as a number that is in the order of the bytes.
#[inline]
fn order(key: &[u8]) -> u64 {
    match key.first_chunk() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            key.iter().fold(0, |order, byte| order << 8 | u64::from(*byte)) << (64 - 8 * key.len().max(1))
        }
    }
}
