//! A Jaeger process becomes an OTLP resource.

use otlp::write::Writer;

use super::tags::{Tags, Value};

/// The service name that stands for a resource without any attribute.
pub(super) const NO_SERVICE_NAME: &str = "OTLPResourceNoServiceName";

/// The body of the `Resource` with the attributes in `tags`, to which the service name was added.
pub(super) fn resource(mut tags: Tags<'_>) -> Vec<u8> {
    let version = take_version(&mut tags);
    if let Some(hostname) = tags.find(b"hostname")
        && tags.find(b"host.name").is_none()
    {
        tags.rename(hostname, b"host.name");
    }
    let mut out = Writer::new();
    tags.write(1, &mut out);
    if let Some(version) = version {
        let version = [b"Jaeger-", version].concat();
        super::tags::write_attribute(1, b"opencensus.exporterversion", Value::Text(&version), &mut out);
    }
    out.into_bytes()
}

/// The version of the Jaeger client, unless there is the same under the name that it would get.
fn take_version<'a>(tags: &mut Tags<'a>) -> Option<&'a [u8]> {
    let position = tags.find(b"jaeger.version")?;
    let version = tags.value(position).as_text()?;
    if tags.find(b"opencensus.exporterversion").is_some() {
        return None;
    }
    tags.remove(position);
    Some(version)
}
