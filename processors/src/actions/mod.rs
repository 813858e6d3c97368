//! What the processors `attributes` and `resource` can do to a list of attributes, as one language.
//!
//! Actions are parsed once. What a client sent beside its data (`from_context`) is looked up once for a batch; the
//! rest happens for each list, in the order of the file.

mod apply;
mod compile;
mod config;
mod constant;
mod hash;
#[cfg(test)]
mod tests;

use otlp::Attribute;
use regex::Regex;

pub(crate) use apply::Prepared;
pub use config::ActionConfig;
pub use constant::Constant;

/// Actions that have been checked.
pub(crate) struct Actions {
    steps: Vec<Step>,
}

enum Step {
    /// `insert`, `update`, `upsert`.
    Put { key: String, when: When, source: Source },
    /// `delete`.
    Delete(Selection),
    /// `hash`.
    Hash(Selection),
    /// `extract`. The groups' names stand in the order of the groups.
    Extract { key: String, pattern: Regex, groups: Vec<String> },
    /// `convert`.
    Convert { key: String, to: Conversion },
}

/// Whether the attribute has to be there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Absent,
    Present,
    Always,
}

/// Where a value comes from, and what stands in for it.
enum Source {
    Constant(Attribute),
    /// Another attribute of the same list.
    Attribute {
        name: String,
        default: Option<Attribute>,
    },
    /// The batch's origin.
    Origin {
        from: OriginPart,
        default: Option<Attribute>,
    },
}

/// A part of what is known about the client.
#[derive(Clone, Debug, PartialEq, Eq)]
enum OriginPart {
    Metadata(String),
    Identity(String),
    Address,
}

/// Attributes by name, by a pattern of names, or both.
struct Selection {
    key: Option<String>,
    pattern: Option<Regex>,
}

/// What `convert` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    Text,
    Int,
    Double,
}
