//! The configuration language: YAML with positions, as the Go Collector understands it, typed through serde.
//!
//! A source goes through five steps, all pure: [`parse`] makes a tree of [`Node`]s, [`merge`] lays later sources over
//! earlier ones, [`expand`] resolves `${…}`, [`read`] turns a part of the tree into a component's `Config`, and
//! [`to_node`] with [`to_yaml`] or [`to_json`] prints the outcome. What is wrong on the way is collected in
//! [`Diagnostics`], all of it, with file, line, column, key path, value and the nearest valid name.

mod access;
mod de;
mod diagnostic;
mod error;
mod expand;
mod findings;
mod id;
mod inline;
mod interval;
mod merge;
mod optional;
mod parse;
mod path;
pub mod pattern;
mod preset;
mod print;
mod raw;
mod render;
mod scalar;
mod secret;
mod suggest;
mod tree;
mod yaml;

pub use de::{read, read_on};
pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use expand::{Resolved, Resolver, expand};
pub use id::{ComponentId, IdError};
pub use inline::Inline;
pub use interval::{Interval, IntervalError};
pub use merge::merge;
pub use optional::{Explicit, Optional};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_NODES, decode, parse, parse_value};
pub use path::Path;
pub use preset::{Defaults, Preset};
pub use print::{PrintError, to_node};
pub use secret::{Secret, SecretMap, Secrets};
pub use suggest::nearest;
pub use tree::{Key, Node, Origin, Position, Style, Value};
pub use yaml::{to_json, to_yaml};
