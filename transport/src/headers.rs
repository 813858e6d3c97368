//! Request headers as metadata that travels with the data.

use component::Metadata;
use http::HeaderMap;

/// All headers, plus the host the client asked for as `Host`. Values that are not text are left out.
pub(crate) fn metadata(headers: &HeaderMap, host: Option<&str>) -> Metadata {
    let mut metadata = Metadata::default();
    for (name, value) in headers {
        if let Ok(text) = std::str::from_utf8(value.as_bytes()) {
            metadata.add(name.as_str(), text);
        }
    }
    if let Some(host) = host.filter(|_| !headers.contains_key(http::header::HOST)) {
        metadata.add("host", host);
    }
    metadata
}
