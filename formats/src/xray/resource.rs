//! What is the same in all documents of a resource, written once.

use otlp::{Attributes, Resource, Text, Value};

use super::json::{Json, utf8};
use super::stack::Language;
use super::stored::{Keys, annotation_key, is_scalar};
use super::{Cut, MAX_DOCUMENT_BYTES, Options, aws};

/// The prefix of a resource's attributes among annotations and metadata.
pub(super) const PREFIX: &str = "otel.resource.";

/// What is the same in all documents of a resource.
pub(super) struct Parts<'a> {
    /// Of the resource, to know whether this is it.
    pub(super) index: usize,
    pub(super) attributes: Attributes<'a>,
    pub(super) service_name: Text<'a>,
    pub(super) account_id: Text<'a>,
    /// In which its stack traces are written.
    pub(super) language: Option<Language>,
    pub(super) origin: Option<&'static str>,
    /// The member `service`, or nothing.
    pub(super) service: String,
    /// The members of the block `aws`; none where there is no such block.
    pub(super) aws: Option<String>,
    /// The members for annotations.
    pub(super) annotations: String,
    /// The members for metadata.
    pub(super) metadata: String,
}

impl<'a> Parts<'a> {
    pub(super) fn new(resource: &Resource<'a>, options: &Options) -> Self {
        let attributes = resource.attributes();
        let text = |key: &str| aws::text(&attributes, key);
        let aws = aws::is_aws(&attributes).then(|| aws::members_of_resource(&attributes, options));
        let mut parts = Self {
            index: resource.index(),
            attributes,
            service_name: text("service.name").unwrap_or_default(),
            account_id: text("cloud.account.id").unwrap_or_default(),
            language: text("telemetry.sdk.language").and_then(Language::named),
            origin: aws::origin(&attributes),
            service: service(&attributes),
            aws,
            annotations: String::new(),
            metadata: String::new(),
        };
        parts.write_stored(options);
        parts
    }

    /// What must be cut from all its documents: writing it for every span would be in vain.
    pub(super) fn least_cut(&self) -> Cut {
        match (self.annotations.len() > MAX_DOCUMENT_BYTES, self.metadata.len() > MAX_DOCUMENT_BYTES) {
            (true, _) => Cut::Annotations,
            (false, true) => Cut::Metadata,
            (false, false) => Cut::Nothing,
        }
    }

    /// Whether no document of it can be small enough.
    pub(super) fn is_hopeless(&self) -> bool {
        self.service.len() + self.aws.as_ref().map_or(0, String::len) > MAX_DOCUMENT_BYTES
    }

    fn write_stored(&mut self, options: &Options) {
        let (mut annotated, mut kept) = (Keys::default(), Keys::default());
        let (mut annotations, mut metadata) =
            (Json::new(&mut self.annotations), Json::new(&mut self.metadata));
        for (key, value) in self.attributes.iter().filter(|(_, value)| !value.is_empty()) {
            let name = utf8(key);
            if is_indexed(&name, value, options, |_| false) {
                let name = format!("{PREFIX}{}", annotation_key(&name));
                if annotated.is_new(&name) {
                    annotations.foreign_key("", &name);
                    annotations.value(value);
                }
            } else if kept.is_new(&name) {
                metadata.foreign_key(PREFIX, &name);
                metadata.value(value);
            }
        }
    }
}

/// Whether the attribute `name` of a resource becomes an annotation. `is_wanted` says which names a span wants to.
pub(super) fn is_indexed(
    name: &str,
    value: Value<'_>,
    options: &Options,
    is_wanted: impl Fn(&[u8]) -> bool,
) -> bool {
    if !is_scalar(value) {
        return false;
    }
    if options.index_all_attributes {
        return true;
    }
    let full = format!("{PREFIX}{name}");
    options.indexes(full.as_bytes()) || is_wanted(full.as_bytes())
}

/// The member `service`, or nothing.
fn service(attributes: &Attributes<'_>) -> String {
    let first_tag = || match attributes.get("container.image.tags")? {
        Value::Array(tags) => tags.iter().next()?.as_text().filter(|tag| !tag.is_empty()),
        _ => None,
    };
    let version = aws::text(attributes, "service.version")
        .or_else(first_tag)
        .or_else(|| aws::text(attributes, "container.image.tag"));
    let mut member = String::new();
    if let Some(version) = version {
        let mut json = Json::new(&mut member);
        json.key("service");
        json.open('{');
        json.member("version", Some(version));
        json.close('}');
    }
    member
}
