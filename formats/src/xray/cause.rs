//! Why a span failed: exceptions from its events, or from its status.

use otlp::{Event, Span};

use super::Cut;
use super::id::{Purpose, derived};
use super::json::{Json, utf8};
use super::keys::Key;
use super::segment::{Kind, Segment};
use super::stack::Frame;

/// How many exceptions a document keeps that would be too large.
const FEW: u32 = 10;
const NANOS_PER_MICRO: u64 = 1000;
const MICROS_PER_SECOND: u64 = 1_000_000;

/// Where the cause is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// In events.
    InEvents,
    /// In the message of the status.
    InStatus,
    /// In the attribute that has the text of HTTP's status.
    InStatusText,
    /// There is none.
    Nowhere,
}

/// Where the cause of `span` is told. `is_aws_api` tells that it is a call of AWS, whose failures have their own event.
pub(super) fn told(span: &Span<'_>, is_aws_api: bool, has_status_text: bool) -> Told {
    let status = span.status();
    match status.code {
        _ if span.events().any(|event| is_told(&event, is_aws_api)) => Told::InEvents,
        super::segment::STATUS_ERROR if !status.message.is_empty() => Told::InStatus,
        super::segment::STATUS_ERROR if has_status_text => Told::InStatusText,
        _ => Told::Nowhere,
    }
}

fn is_told(event: &Event<'_>, is_aws_api: bool) -> bool {
    is_exception(event) || (is_aws_api && event.name() == "HTTP request failure")
}

fn is_exception(event: &Event<'_>) -> bool {
    event.name() == "exception"
}

/// Writes the member `cause`, if there is one.
pub(super) fn write(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let message = match segment.cause {
        Told::Nowhere => return,
        Told::InEvents => None,
        Told::InStatus => Some(segment.span.status().message),
        Told::InStatusText => segment.rows.text(Key::HttpStatusText),
    };
    json.key("cause");
    json.open('{');
    let before = json.len();
    json.key("exceptions");
    json.open('[');
    let empty = json.len();
    match message {
        Some(message) => {
            json.open('{');
            json.key("id");
            json.id(derived(&segment.span, Purpose::Exception(0)));
            json.key("message");
            json.text(&utf8(message));
            json.key("type");
            json.text("");
            json.close('}');
        }
        None => write_events(segment, json),
    }
    if json.len() == empty {
        json.truncate(before);
    } else {
        json.close(']');
    }
    json.close('}');
}

fn write_events(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let is_remote = matches!(segment.kind, Kind::Client | Kind::Producer);
    let limit = if segment.cut == Cut::Texts { FEW } else { u32::MAX };
    let has_stacks = segment.cut < Cut::Stacks;
    let mut exceptions = Exceptions::new(json, &segment.span, has_stacks, limit);
    for event in segment.span.events().filter(|event| is_told(event, segment.is_aws_api())) {
        if is_exception(&event) {
            write_exception(segment, &event, is_remote, &mut exceptions);
        } else {
            write_failure(&event, &mut exceptions);
        }
    }
}

fn write_exception(
    segment: &Segment<'_, '_>,
    event: &Event<'_>,
    is_remote: bool,
    exceptions: &mut Exceptions<'_, '_>,
) {
    let attributes = event.attributes();
    let text = |key: &str| attributes.get(key).and_then(|value| value.as_str()).unwrap_or_default();
    exceptions.begin(&text("exception.type"), &text("exception.message"), is_remote);
    if let Some(language) = segment.resource.language {
        language.write(&text("exception.stacktrace"), exceptions);
    }
    exceptions.end();
}

/// A request of an SDK of AWS that failed: `code@seconds@message`.
fn write_failure(event: &Event<'_>, exceptions: &mut Exceptions<'_, '_>) {
    let attributes = event.attributes();
    let code = attributes.get("http.response.status_code");
    let (Some(code), Some(message)) = (code, attributes.get("aws.http.error_message")) else { return };
    let micros = (event.time_unix_nano().saturating_add(NANOS_PER_MICRO / 2)) / NANOS_PER_MICRO;
    let (seconds, micros) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let message = format!("{}@{seconds}.{micros:06}@{}", code.to_text(), message.to_text());
    exceptions.begin("aws.http.error.event", &message, true);
    exceptions.end();
}

/// A list of exceptions that is being written.
pub(super) struct Exceptions<'e, 'o> {
    json: &'e mut Json<'o>,
    span: &'e Span<'e>,
    has_stacks: bool,
    limit: u32,
    /// How many there are, the one that is open included.
    count: u32,
    /// Whether one is open.
    is_open: bool,
    is_remote: bool,
    /// Of the one that is open.
    frames: u64,
}

impl<'e, 'o> Exceptions<'e, 'o> {
    fn new(json: &'e mut Json<'o>, span: &'e Span<'e>, has_stacks: bool, limit: u32) -> Self {
        Self { json, span, has_stacks, limit, count: 0, is_open: false, is_remote: false, frames: 0 }
    }

    /// Begins another exception, unless there are enough.
    fn begin(&mut self, kind: &str, message: &str, is_remote: bool) {
        if self.count == self.limit {
            return;
        }
        let id = derived(self.span, Purpose::Exception(self.count));
        self.json.open('{');
        self.json.key("id");
        self.json.id(id);
        self.json.key("message");
        self.json.text(message);
        self.json.key("type");
        self.json.text(kind);
        self.json.key("remote");
        self.json.boolean(is_remote);
        self.count += 1;
        (self.is_open, self.is_remote, self.frames) = (true, is_remote, 0);
    }

    /// Adds a frame to the stack of the exception that is open.
    pub(super) fn frame(&mut self, frame: Frame<'_>) {
        if !self.is_open {
            return;
        }
        self.frames += 1;
        if !self.has_stacks {
            return;
        }
        if self.frames == 1 {
            self.json.key("stack");
            self.json.open('[');
        }
        self.json.open('{');
        self.json.key("path");
        self.json.text(frame.path);
        self.json.key("line");
        self.json.int(frame.line);
        self.json.key("label");
        self.json.text(frame.label);
        self.json.close('}');
    }

    /// Goes on with the exception that caused the one that is open.
    pub(super) fn caused_by(&mut self, kind: &str, message: &str) {
        if !self.is_open {
            return;
        }
        self.close_stack();
        if self.count < self.limit {
            self.json.key("cause");
            self.json.id(derived(self.span, Purpose::Exception(self.count)));
        }
        self.close();
        self.begin(kind, message, self.is_remote);
    }

    fn end(&mut self) {
        if self.is_open {
            self.close_stack();
            self.close();
        }
    }

    fn close_stack(&mut self) {
        match (self.frames, self.has_stacks) {
            (0, _) => (),
            (_, true) => self.json.close(']'),
            (frames, false) => {
                self.json.key("truncated");
                self.json.int(frames);
            }
        }
    }

    fn close(&mut self) {
        self.json.close('}');
        self.is_open = false;
    }
}
