//! Names of components: `type` or `type/name`.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The id of a component, such as `otlp` or `otlp/eu`. It keeps the spelling that the user chose.
///
/// The type is a letter and at most 62 letters, digits or underscores; the name is 1 to 1024 bytes without white
/// space, control characters and symbols.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId {
    kind: Arc<str>,
    name: Option<Arc<str>>,
}

/// Why a text is no component id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdError {
    /// There is nothing.
    Empty,
    /// Nothing stands before the `/`.
    NoKind(String),
    /// Nothing stands after the `/`.
    NoName(String),
    /// The type has characters that a type cannot have, or is too long.
    Kind(String),
    /// The name has characters that a name cannot have, or is too long.
    Name(String),
}

const MAX_NAME_BYTES: usize = 1024;

impl ComponentId {
    /// The type, such as `otlp`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What follows the `/`.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl FromStr for ComponentId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (kind, name) = match text.split_once('/') {
            Some((kind, name)) => (kind.trim(), Some(name.trim())),
            None => (text.trim(), None),
        };
        match (kind, name) {
            ("", None) => return Err(IdError::Empty),
            ("", Some(_)) => return Err(IdError::NoKind(text.to_owned())),
            (_, Some("")) => return Err(IdError::NoName(text.to_owned())),
            _ => {}
        }
        if !is_kind(kind) {
            return Err(IdError::Kind(kind.to_owned()));
        }
        if let Some(name) = name
            && (name.len() > MAX_NAME_BYTES || !is_name(name))
        {
            return Err(IdError::Name(name.to_owned()));
        }
        Ok(Self { kind: Arc::from(kind), name: name.map(Arc::from) })
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(out, "{}/{name}", self.kind),
            None => out.write_str(&self.kind),
        }
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdError::Empty => out.write_str("an id must not be empty"),
            IdError::NoKind(id) => write!(out, "in the id `{id}` the part before `/` must not be empty"),
            IdError::NoName(id) => write!(out, "in the id `{id}` the part after `/` must not be empty"),
            IdError::Kind(kind) => write!(
                out,
                "invalid type `{kind}`: expected a letter, then at most 62 letters, digits or underscores"
            ),
            IdError::Name(name) => write!(
                out,
                "invalid name `{name}`: expected at most {MAX_NAME_BYTES} bytes without spaces, control characters \
                 or symbols"
            ),
        }
    }
}

impl std::error::Error for IdError {}

impl Serialize for ComponentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ComponentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = ComponentId;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a component id such as `otlp` or `otlp/eu`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ComponentId, E> {
        text.parse().map_err(E::custom)
    }
}

/// Whether this is a type: a letter, then at most 62 letters, digits or underscores, all ASCII.
fn is_kind(text: &str) -> bool {
    let rest = text.strip_prefix(|first: char| first.is_ascii_alphabetic());
    rest.is_some_and(|rest| {
        rest.len() <= 62 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Whether this may stand after the `/`. ASCII is judged without the pattern, whose tables cost more memory than all
/// else that is read at start.
fn is_name(text: &str) -> bool {
    match text.is_ascii() {
        true => text.bytes().all(|byte| byte.is_ascii_graphic() && !b"$+<=>^`|~".contains(&byte)),
        false => NAME.is_match(text),
    }
}

// Separators, control and other characters, symbols: Unicode's categories Z, C and S, as in the Go Collector. Go counts
// unassigned characters among none of them.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[^\p{Z}\p{Cc}\p{Cf}\p{Co}\p{S}]+$").expect("the pattern is a constant"));

#[cfg(test)]
mod tests;
