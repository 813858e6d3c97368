//! Text that nobody should see: printed as `[REDACTED]` everywhere, unless a whole printout is asked to reveal.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::de::magic;

const REDACTED: &str = "[REDACTED]";

/// A password, a token, a key.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

/// Names with secret values, such as request headers. Written as a map it is sorted by name; written as a list of
/// `{name, value}` it keeps its order. No name stands in it twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretMap(Vec<(String, Secret)>);

/// What a printout does with secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// `[REDACTED]`.
    Redact,
    /// As they are.
    Reveal,
}

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Do not print it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SecretMap {
    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value under `name`, exactly as spelled.
    pub fn get(&self, name: &str) -> Option<&Secret> {
        self.iter().find(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Secret)> for SecretMap {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(REDACTED)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match SECRETS.get() {
            // Whether a secret is set at all is worth seeing.
            Secrets::Redact if !self.is_empty() => serializer.serialize_str(REDACTED),
            Secrets::Redact | Secrets::Reveal => serializer.serialize_str(&self.0),
        }
    }
}

impl Serialize for SecretMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::SECRET, SecretVisitor)
    }
}

impl<'de> Deserialize<'de> for SecretMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(magic::SECRET_MAP, SecretMapVisitor)
    }
}

/// Runs `print` with secrets redacted or revealed. Serde has no way to hand this to a `Serialize`, and redaction has
/// to be what happens when nobody asks.
pub(crate) fn with_secrets<T>(secrets: Secrets, print: impl FnOnce() -> T) -> T {
    struct Restore(Secrets);
    impl Drop for Restore {
        fn drop(&mut self) {
            SECRETS.set(self.0);
        }
    }
    let _restore = Restore(SECRETS.replace(secrets));
    print()
}

thread_local! {
    static SECRETS: Cell<Secrets> = const { Cell::new(Secrets::Redact) };
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }
}

struct SecretMapVisitor;

impl<'de> Visitor<'de> for SecretMapVisitor {
    type Value = SecretMap;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a map of names to values, or a list of `{name, value}`")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<SecretMap, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SecretMap, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        entries.sort_by(|(one, _): &(String, Secret), (other, _)| one.cmp(other));
        Ok(SecretMap(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<SecretMap, A::Error> {
        let mut entries: Vec<(String, Secret)> = Vec::new();
        let mut twice: Vec<String> = Vec::new();
        while let Some(NamedSecret { name, value }) = items.next_element()? {
            if entries.iter().any(|(known, _)| *known == name) {
                twice.push(format!("`{name}`"));
            }
            entries.push((name, value));
        }
        if twice.is_empty() {
            return Ok(SecretMap(entries));
        }
        Err(de::Error::custom(format!("duplicate names in the list: {}", twice.join(", "))))
    }

    fn visit_unit<E: de::Error>(self) -> Result<SecretMap, E> {
        Ok(SecretMap::default())
    }

    fn visit_none<E: de::Error>(self) -> Result<SecretMap, E> {
        Ok(SecretMap::default())
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedSecret {
    name: String,
    #[serde(default)]
    value: Secret,
}

#[cfg(test)]
mod tests;
