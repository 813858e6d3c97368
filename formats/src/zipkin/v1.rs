//! Spans of version 1: what they are, and how they become an OTLP request.

mod status;

use std::borrow::Cow;

use otlp::write::Writer;

use super::DecodeOptions;
use super::answer::{Decoded, Reason, Refused};
use super::attributes::{self, keep_last};
use super::groups::{Groups, Key, Order};
use super::span::{Endpoint, Kind, Text, nanos, times};
use super::tags::{ABSENT_START, Place};

/// The name of a service that nothing in a span names.
const UNKNOWN_SERVICE: &[u8] = b"unknown-service";

/// `attributes` in a resource, and in a span.
const RESOURCE_ATTRIBUTES: u32 = 1;
const ATTRIBUTES: u32 = 9;

/// A span of version 1, by either form. It is filled anew for each, so that its lists are allocated once.
#[derive(Debug, Default)]
pub(super) struct Span<'a> {
    pub(super) trace_id: [u8; 16],
    pub(super) id: [u8; 8],
    /// All zero for none.
    pub(super) parent_id: [u8; 8],
    pub(super) name: Text<'a>,
    /// In microseconds since 1970; 0 for none.
    pub(super) timestamp: i64,
    /// In microseconds; 0 for none.
    pub(super) duration: i64,
    annotations: Vec<Annotation<'a>>,
    /// May hold a key more than once; the last one counts.
    binary: Vec<BinaryAnnotation<'a>>,
    /// Endpoints of both, apart from them: most have none or that of their neighbour, and one byte of Thrift is enough
    /// for an annotation with nothing in it.
    hosts: Vec<Endpoint<'a>>,
}

#[derive(Debug)]
struct Annotation<'a> {
    /// In microseconds since 1970.
    timestamp: i64,
    value: Text<'a>,
    host: Option<u32>,
}

#[derive(Debug)]
struct BinaryAnnotation<'a> {
    key: Text<'a>,
    value: Value<'a>,
    host: Option<u32>,
}

/// What a binary annotation holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'a> {
    /// Text of JSON, which may stand for a number.
    Loose(Text<'a>),
    Text(Text<'a>),
    Bool(bool),
    Int(i64),
    Double(f64),
}

/// What is done about a span in which there is no time at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTime {
    /// An attribute says so.
    Mark,
    Leave,
}

/// The request in the making.
#[derive(Debug)]
pub(super) struct Request {
    options: DecodeOptions,
    no_time: NoTime,
    groups: Groups,
    spans: usize,
    /// How many spans there were, taken or not.
    index: usize,
    refused: Refused,
    key: Key,
}

/// When a span began and ended, in nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Times {
    start: u64,
    end: u64,
    are_known: bool,
}

impl<'a> Span<'a> {
    /// Makes it as new, but keeps the memory of its lists.
    pub(super) fn clear(&mut self) {
        let mut annotations = std::mem::take(&mut self.annotations);
        let mut binary = std::mem::take(&mut self.binary);
        let mut hosts = std::mem::take(&mut self.hosts);
        annotations.clear();
        binary.clear();
        hosts.clear();
        *self = Self { annotations, binary, hosts, ..Self::default() };
    }

    /// Forgets its annotations: a member that is given again counts, as everywhere in JSON.
    pub(super) fn clear_annotations(&mut self) {
        self.annotations.clear();
    }

    /// Forgets its binary annotations.
    pub(super) fn clear_binary(&mut self) {
        self.binary.clear();
    }

    /// Adds an annotation. One without a value says nothing.
    pub(super) fn annotate(&mut self, timestamp: i64, value: Text<'a>, host: Endpoint<'a>) {
        if !value.is_empty() {
            let host = self.keep_host(host);
            self.annotations.push(Annotation { timestamp, value, host });
        }
    }

    /// Adds a binary annotation. One without a key can be no attribute, but its endpoint may name the service.
    pub(super) fn annotate_binary(&mut self, key: Text<'a>, value: Value<'a>, host: Endpoint<'a>) {
        let host = self.keep_host(host);
        if !key.is_empty() || host.is_some() {
            self.binary.push(BinaryAnnotation { key, value, host });
        }
    }

    fn keep_host(&mut self, host: Endpoint<'a>) -> Option<u32> {
        if host == Endpoint::default() {
            return None;
        }
        if self.hosts.last() != Some(&host) {
            self.hosts.push(host);
        }
        // A body has fewer bytes than there are numbers.
        u32::try_from(self.hosts.len() - 1).ok()
    }

    fn host(&self, host: Option<u32>) -> Option<&Endpoint<'a>> {
        self.hosts.get(host? as usize)
    }
}

impl Request {
    pub(super) fn new(options: DecodeOptions, no_time: NoTime) -> Self {
        Self {
            options,
            no_time,
            groups: Groups::default(),
            spans: 0,
            index: 0,
            refused: Refused::default(),
            key: Key::default(),
        }
    }

    /// Takes the next span, which may be missing something.
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
        let traces = self.groups.finish(Order::Seen);
        Decoded { traces, spans: self.spans, refused: self.refused }
    }

    fn add(&mut self, span: &mut Span<'_>) -> Result<(), Reason> {
        if span.trace_id == [0; 16] {
            return Err("traceId is zero".into());
        }
        if span.id == [0; 8] {
            return Err("ID is zero".into());
        }
        let times = span.times()?;
        for annotation in &span.annotations {
            nanos("annotation timestamp", positive(annotation.timestamp))?;
        }
        let (service_name, host) = span.local();
        let service_name = service_name.to_vec();
        self.key.set_service(&service_name, host);
        for annotation in span.binary.iter_mut().filter(|annotation| *annotation.key == *b"lc") {
            annotation.key = Cow::Borrowed(b"component");
        }
        keep_last(&mut span.binary, |annotation| &annotation.key);
        let (options, no_time) = (self.options, self.no_time);
        self.groups.write(&service_name, &self.key, |out| {
            let mark = out.begin_sized(2, 256);
            write_core(out, span, times);
            write_attributes(out, span, options);
            if !times.are_known && no_time == NoTime::Mark {
                attributes::boolean(out, ATTRIBUTES, ABSENT_START.as_bytes(), true);
            }
            write_events(out, span);
            status::write(out, &span.binary);
            out.end(mark);
        });
        Ok(())
    }
}

impl<'a> Span<'a> {
    /// The name of the service, and its endpoint if an annotation of its own has one.
    fn local(&self) -> (&[u8], Option<&Endpoint<'a>>) {
        let own = self.annotations.iter().filter(|annotation| kind(&annotation.value).is_some());
        let mut hosts = own.filter_map(|annotation| self.host(annotation.host));
        if let Some(host) = hosts.find(|host| !host.service_name.is_empty()) {
            return (&host.service_name, Some(host));
        }
        let mut hosts = self.binary.iter().rev().filter_map(|annotation| self.host(annotation.host));
        if let Some(host) = hosts.find(|host| !host.service_name.is_empty()) {
            return (&host.service_name, None);
        }
        let component = self.binary.iter().rev().find(|annotation| *annotation.key == *b"lc");
        let name = component.and_then(|annotation| annotation.value.as_text());
        (name.filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_SERVICE), None)
    }

    fn times(&self) -> Result<Times, Reason> {
        if self.timestamp != 0 {
            let (start, end) = times(positive(self.timestamp), positive(self.duration))?;
            return Ok(Times { start, end, are_known: true });
        }
        let annotated = || self.annotations.iter().map(|annotation| positive(annotation.timestamp));
        let known = || annotated().filter(|time| *time != 0);
        match (known().min(), known().max()) {
            (Some(first), Some(last)) => {
                let (start, end) = times(first, last - first)?;
                Ok(Times { start, end, are_known: true })
            }
            _ => {
                let (start, end) = times(0, positive(self.duration))?;
                Ok(Times { start, end, are_known: false })
            }
        }
    }

    /// The other side of the call, where an annotation says that its endpoint is that.
    fn remote(&self) -> Option<&Endpoint<'a>> {
        let is_remote = |annotation: &&BinaryAnnotation<'_>| {
            matches!(&*annotation.key, b"sa" | b"ca" | b"ma") && annotation.value.is_true()
        };
        self.binary.iter().find(is_remote).and_then(|annotation| self.host(annotation.host))
    }
}

impl Value<'_> {
    fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Loose(text) | Self::Text(text) => Some(text),
            Self::Bool(_) | Self::Int(_) | Self::Double(_) => None,
        }
    }

    fn is_true(&self) -> bool {
        *self == Self::Bool(true) || self.as_text() == Some(b"true")
    }
}

impl Key {
    /// Makes it the key of the service at `host`.
    fn set_service(&mut self, service_name: &[u8], host: Option<&Endpoint<'_>>) {
        self.clear();
        let mut out = Writer::append_to(std::mem::take(&mut self.bytes));
        let mut text = |key: &str, value: &[u8]| {
            if !value.is_empty() {
                attributes::text(&mut out, RESOURCE_ATTRIBUTES, key.as_bytes(), value);
            }
        };
        text("service.name", service_name);
        if let Some(host) = host {
            text("ipv4", &host.ipv4);
            text("ipv6", &host.ipv6);
            let port = if host.port == 0 { String::new() } else { host.port.to_string() };
            text("port", port.as_bytes());
        }
        self.scope = out.len();
        self.bytes = out.into_bytes();
    }
}

/// What the annotations say that every call has.
fn kind(value: &[u8]) -> Option<Kind> {
    match value {
        b"cs" | b"cr" => Some(Kind::Client),
        b"sr" | b"ss" => Some(Kind::Server),
        b"ms" => Some(Kind::Producer),
        b"mr" => Some(Kind::Consumer),
        _ => None,
    }
}

/// Less than zero is none.
fn positive(micros: i64) -> u64 {
    micros.try_into().unwrap_or(0)
}

fn write_core(out: &mut Writer, span: &Span<'_>, times: Times) {
    out.bytes(1, &span.trace_id);
    out.bytes(2, &span.id);
    if span.parent_id != [0; 8] {
        out.bytes(4, &span.parent_id);
    }
    if !span.name.is_empty() {
        out.bytes(5, &span.name);
    }
    if let Some(kind) = span.annotations.iter().find_map(|annotation| kind(&annotation.value)) {
        out.varint(6, kind.number());
    }
    if times.start != 0 {
        out.fixed64(7, times.start);
    }
    if times.end != 0 {
        out.fixed64(8, times.end);
    }
}

fn write_attributes(out: &mut Writer, span: &Span<'_>, options: DecodeOptions) {
    let remote = span.remote().cloned().unwrap_or_default();
    let address = if remote.ipv6.is_empty() { &remote.ipv4 } else { &remote.ipv6 };
    let is_made = |key: &[u8]| {
        (!remote.service_name.is_empty() && key == Place::PeerService.key().as_bytes())
            || (!address.is_empty() && key == Place::PeerAddress.key().as_bytes())
            || (remote.port != 0 && key == Place::PeerPort.key().as_bytes())
            || key == ABSENT_START.as_bytes()
    };
    for annotation in &span.binary {
        let key: &[u8] = &annotation.key;
        if key.is_empty() || status::is_used_up(key) || is_made(key) {
            continue;
        }
        match &annotation.value {
            Value::Loose(text) if options.parse_string_tags => attributes::parsed(out, ATTRIBUTES, key, text),
            Value::Loose(text) | Value::Text(text) => attributes::text(out, ATTRIBUTES, key, text),
            Value::Bool(flag) => attributes::boolean(out, ATTRIBUTES, key, *flag),
            Value::Int(number) => attributes::int(out, ATTRIBUTES, key, *number),
            Value::Double(number) => attributes::double(out, ATTRIBUTES, key, *number),
        }
    }
    for (place, text) in [(Place::PeerService, &remote.service_name), (Place::PeerAddress, address)] {
        if !text.is_empty() {
            attributes::text(out, ATTRIBUTES, place.key().as_bytes(), text);
        }
    }
    if remote.port != 0 {
        attributes::int(out, ATTRIBUTES, Place::PeerPort.key().as_bytes(), remote.port.into());
    }
}

fn write_events(out: &mut Writer, span: &Span<'_>) {
    for annotation in span.annotations.iter().filter(|annotation| kind(&annotation.value).is_none()) {
        out.message(11, |out| {
            // The product was computed before, to see whether it fits.
            out.fixed64(1, positive(annotation.timestamp) * 1000);
            out.bytes(2, &annotation.value);
        });
    }
}
