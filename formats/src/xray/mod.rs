//! OTLP spans become segment documents of AWS X-Ray: JSON text, written straight to a buffer.
//!
//! A span's attributes are sorted into rows once; every block of the document looks up what it is made of, and what no
//! block takes becomes an annotation or metadata. What is the same for all spans of a resource is written once and
//! copied. See `README.md` for the mapping.

mod aws;
mod cause;
mod documents;
mod foreign;
mod http;
mod id;
mod json;
mod keys;
mod name;
mod resource;
mod rows;
mod segment;
mod sql;
mod stack;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub use documents::{Document, Documents, Refusals};

/// How many bytes a document may have. The service says 64 kB; this is the smaller of the two readings.
pub const MAX_DOCUMENT_BYTES: usize = 64_000;

/// How spans are translated.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Makes every attribute an annotation.
    pub index_all_attributes: bool,
    /// The attributes that become annotations; those of resources by their name with `otel.resource.` in front.
    pub indexed_attributes: HashSet<String>,
    /// The log groups of resources that name none.
    pub aws_log_groups: Vec<String>,
}

impl Options {
    fn indexes(&self, key: &[u8]) -> bool {
        !self.indexed_attributes.is_empty()
            && std::str::from_utf8(key).is_ok_and(|key| self.indexed_attributes.contains(key))
    }
}

/// What is left out of a document that would be too large, each with all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cut {
    Nothing,
    Stacks,
    Metadata,
    Annotations,
    /// Links, most exceptions and all but the beginning of every text.
    Texts,
}

impl Cut {
    const ALL: [Cut; 5] = [Cut::Nothing, Cut::Stacks, Cut::Metadata, Cut::Annotations, Cut::Texts];

    /// What was cut, in words for the reader of the document.
    fn words(self) -> &'static str {
        match self {
            Cut::Nothing => "",
            Cut::Stacks => "stack traces",
            Cut::Metadata => "stack traces, metadata",
            Cut::Annotations => "stack traces, metadata, annotations",
            Cut::Texts => "stack traces, metadata, annotations, links, long texts",
        }
    }
}
