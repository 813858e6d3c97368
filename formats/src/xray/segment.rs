//! One document, put together in the order in which it is written.

use otlp::Span;

use super::cause::{self, Told};
use super::id::{Purpose, derived, valid};
use super::json::{Json, utf8};
use super::keys::Key;
use super::resource::Parts;
use super::rows::Rows;
use super::{Cut, Options, aws, http, name, sql, stored};

/// The status of a span that failed.
pub(super) const STATUS_ERROR: i32 = 2;
/// How much is kept of a text where texts are cut.
const SHORT_TEXT: usize = 250;

/// The kind of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

/// What a document is of its span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it.
    Plain,
    /// All of it, where the span is the first of its service though it has a parent.
    LocalRoot,
    /// The call of another service, below the segment of this one.
    Dependency,
    /// This service, without what belongs to the call.
    Service,
}

/// What makes up a document.
pub(super) struct Segment<'v, 'a> {
    pub(super) span: Span<'a>,
    pub(super) kind: Kind,
    pub(super) rows: &'v Rows<'a>,
    pub(super) resource: &'v Parts<'a>,
    pub(super) options: &'v Options,
    pub(super) form: Form,
    pub(super) cut: Cut,
    pub(super) cause: Told,
    /// Whether it is a query in SQL.
    pub(super) is_query: bool,
    /// Whether the attributes of the resource are stored with it: a subsegment's are those of its segment.
    pub(super) stores_resource: bool,
    parent: Option<[u8; 8]>,
}

impl Kind {
    pub(super) fn of(span: &Span<'_>) -> Self {
        match span.kind() {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }
}

impl Form {
    /// What documents a span becomes.
    pub(super) fn all(kind: Kind, rows: &Rows<'_>) -> &'static [Self] {
        match (rows.is(Key::AwsSpanKind, "LOCAL_ROOT"), kind) {
            (false, _) => &[Self::Plain],
            (true, Kind::Server | Kind::Internal) => &[Self::LocalRoot],
            (true, Kind::Client | Kind::Producer | Kind::Consumer | Kind::Unspecified) => {
                &[Self::Dependency, Self::Service]
            }
        }
    }
}

impl<'v, 'a> Segment<'v, 'a> {
    pub(super) fn new(
        span: Span<'a>,
        rows: &'v Rows<'a>,
        resource: &'v Parts<'a>,
        options: &'v Options,
        form: Form,
        cut: Cut,
    ) -> Self {
        let kind = Kind::of(&span);
        let parent = valid::<8>(span.parent_span_id());
        let is_root = matches!(kind, Kind::Server | Kind::Consumer) || parent.is_none();
        let has_status_text = rows.text(Key::HttpStatusText).is_some();
        Self {
            span,
            kind,
            rows,
            resource,
            options,
            form,
            cut,
            cause: cause::told(&span, rows.is(Key::RpcSystem, "aws-api"), has_status_text),
            is_query: sql::is_query(rows),
            stores_resource: is_root && (form != Form::Dependency || kind == Kind::Consumer),
            parent,
        }
    }

    /// Whether it is a call of AWS.
    pub(super) fn is_aws_api(&self) -> bool {
        self.rows.is(Key::RpcSystem, "aws-api")
    }

    /// Whether the span itself wants attributes of its resource indexed, and may.
    pub(super) fn wants_resource_indexed(&self) -> bool {
        // Where the resource is too large to be stored, nobody goes through it for each span.
        self.resource.least_cut() == Cut::Nothing && self.rows.wants_resource_indexed()
    }

    /// The segment's id.
    pub(super) fn id(&self) -> [u8; 8] {
        match self.form {
            Form::Service => derived(&self.span, Purpose::Service),
            Form::Plain | Form::LocalRoot | Form::Dependency => {
                valid(self.span.span_id()).unwrap_or_default()
            }
        }
    }

    /// Writes the document.
    pub(super) fn write(&self, out: &mut String) {
        let longest = if self.cut == Cut::Texts { SHORT_TEXT } else { usize::MAX };
        let json = &mut Json::new(out).with_texts_of(longest);
        json.open('{');
        self.write_head(json);
        if self.form != Form::Service && !self.rows.is_empty() {
            http::write(self, json);
        }
        self.write_flags(json);
        cause::write(self, json);
        aws::write(self, json);
        stored::write(self, json);
        self.write_place(json);
        sql::write(self, json);
        json.finish();
    }

    fn write_head(&self, json: &mut Json<'_>) {
        json.key("name");
        json.text(&name::of(self));
        json.key("id");
        json.id(self.id());
        json.key("start_time");
        json.seconds(self.span.start_time_unix_nano());
        json.raw(&self.resource.service);
        if let Some(origin) = self.resource.origin {
            json.key("origin");
            json.text(origin);
        }
        json.member("user", self.rows.text(Key::EndUserId));
        self.write_links(json);
        json.key("trace_id");
        json.trace_id(valid(self.span.trace_id()).unwrap_or_default());
        if matches!(self.rows.value(Key::InProgress), Some(otlp::Value::Bool(true))) {
            json.key("in_progress");
            json.boolean(true);
        } else {
            json.key("end_time");
            json.seconds(self.span.end_time_unix_nano());
        }
    }

    fn write_links(&self, json: &mut Json<'_>) {
        // Where there are two documents, the links of a consumer are those of its service, all others of the call.
        let has_links = match self.form {
            Form::Plain | Form::LocalRoot => true,
            Form::Dependency => self.kind != Kind::Consumer,
            Form::Service => self.kind == Kind::Consumer,
        };
        if !has_links || self.cut == Cut::Texts {
            return;
        }
        let start = json.len();
        json.key("links");
        json.open('[');
        let empty = json.len();
        for link in self.span.links() {
            let (Some(trace_id), Some(id)) = (valid(link.trace_id()), valid(link.span_id())) else {
                continue;
            };
            json.open('{');
            json.key("trace_id");
            json.trace_id(trace_id);
            json.key("id");
            json.id(id);
            let attributes = link.attributes();
            if !attributes.is_empty() {
                json.key("attributes");
                json.value(otlp::Value::Map(attributes));
            }
            json.close('}');
        }
        match json.len() == empty {
            true => json.truncate(start),
            false => json.close(']'),
        }
    }

    fn write_flags(&self, json: &mut Json<'_>) {
        let flags = http::flags(self.rows, self.span.status().code == STATUS_ERROR);
        for (key, flag) in [("fault", flags.fault), ("error", flags.error), ("throttle", flags.throttle)] {
            json.key(key);
            json.boolean(flag);
        }
    }

    /// Writes where it stands in its trace.
    fn write_place(&self, json: &mut Json<'_>) {
        if let Some(namespace) = self.namespace() {
            json.key("namespace");
            json.text(namespace);
        }
        let parent = match self.form {
            Form::Dependency => Some(derived(&self.span, Purpose::Service)),
            Form::Plain | Form::LocalRoot | Form::Service => self.parent,
        };
        if let Some(parent) = parent {
            json.key("parent_id");
            json.id(parent);
        }
        if self.is_subsegment() {
            json.key("type");
            json.text("subsegment");
        }
    }

    fn namespace(&self) -> Option<&'static str> {
        match self.form {
            Form::LocalRoot | Form::Service => None,
            _ if self.is_aws_api() || name::is_aws_service(self) => Some("aws"),
            Form::Dependency => Some("remote"),
            Form::Plain => matches!(self.kind, Kind::Client | Kind::Producer).then_some("remote"),
        }
    }

    fn is_subsegment(&self) -> bool {
        match self.form {
            Form::Dependency => true,
            Form::LocalRoot | Form::Service => false,
            Form::Plain => self.parent.is_some() && !matches!(self.kind, Kind::Server | Kind::Consumer),
        }
    }
}

/// What a span is called in messages.
pub(super) fn described(span: &Span<'_>) -> String {
    let name = utf8(span.name());
    let name = &name[..name.floor_char_boundary(100)];
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("span `{name}` (trace `{}`, id `{}`)", hex(span.trace_id()), hex(span.span_id()))
}
