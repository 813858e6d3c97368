//! serde's view of a tree: strict about types, and all errors in one run.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

use crate::access::{InlineParts, Items, MapEntries, OptionalParts, SplitText, StructEntries, VariantEntry};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::error::ReadError;
use crate::findings::Findings;
use crate::path::Path;
use crate::preset::take_defaults;
use crate::raw::hand_over;
use crate::suggest::one_of;
use crate::tree::{Key, Node, Origin, Position, Value};

/// Reads a `T` from `node`, which stands at `path`. Every error is added to `diagnostics`; without one there is a `T`.
///
/// Unknown keys are errors at every depth whether or not a type denies them. Missing required keys, wrong types,
/// values out of range and errors of `#[serde(try_from)]` are all found in one run.
pub fn read<T: DeserializeOwned>(node: &Node, path: &Path, diagnostics: &mut Diagnostics) -> Option<T> {
    let (read, is_whole) = read_on(node, path, diagnostics);
    read.filter(|_| is_whole)
}

/// The same, and goes on after errors: what is wrong counts as not written, so that the rest can be judged. Says as
/// well whether nothing was wrong.
pub fn read_on<T: DeserializeOwned>(
    node: &Node,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> (Option<T>, bool) {
    if node.origin == Origin::Broken {
        return (None, false);
    }
    let findings = Findings::default();
    let outcome = read_repeatedly(&Reader::root(node, path.clone(), &findings));
    let found = findings.into_diagnostics();
    let mut any_error = found.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    found.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
    if outcome.is_none() && !any_error {
        diagnostics.push(Diagnostic::error(path, "a value is missing").at(&node.at));
        any_error = true;
    }
    (outcome, !any_error)
}

/// The names by which our own types ask [`Reader`] for special treatment.
pub(crate) mod magic {
    pub(crate) const INLINE: &str = "$inline";
    pub(crate) const OPTIONAL: &str = "$optional";
    pub(crate) const EXPLICIT: &str = "$explicit";
    pub(crate) const PRESET: &str = "$preset";
    pub(crate) const NODE: &str = "$node";
    pub(crate) const SECRET: &str = "$secret";
    pub(crate) const SECRET_MAP: &str = "$secret_map";
    /// Written by absent sections; the printer leaves out the key.
    pub(crate) const ABSENT: &str = "$absent";
}

/// Deserializes one node.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    pub(crate) node: &'a Node,
    /// The key that leads to the node.
    pub(crate) key: Option<&'a Key>,
    pub(crate) path: Path,
    pub(crate) findings: &'a Findings,
    /// Null stands for the type's zero value rather than for its default.
    pub(crate) null_is_zero: bool,
    /// The value must not be shown.
    pub(crate) secret: bool,
    /// Stands in for a missing key: whatever goes wrong has been reported.
    pub(crate) phantom: bool,
    /// A section with `enabled: false`: it need not be valid.
    pub(crate) disabled: bool,
    /// What stands in for keys that are not written.
    pub(crate) defaults: Option<&'a Node>,
    /// Which part of an inlined block this is.
    pub(crate) part: Option<usize>,
    /// The part has failed and is read as if the map were empty.
    pub(crate) bare: bool,
    judge: Judge,
}

/// Field names of the structs that share one map.
pub(crate) type Fields = Rc<RefCell<BTreeSet<&'static str>>>;

/// Who says which keys of a map are unknown.
#[derive(Clone)]
enum Judge {
    /// The struct that reads it.
    Own,
    /// Whoever collects the field names of all structs that read it.
    Shared(Fields),
}

/// More rounds than any file written by people has errors.
const MAX_ROUNDS: usize = 500;

fn read_repeatedly<T: DeserializeOwned>(root: &Reader<'_>) -> Option<T> {
    for _ in 0..MAX_ROUNDS {
        match T::deserialize(root.clone()).map_err(|error| root.settle(error)) {
            Ok(value) => return Some(value),
            Err(_) if root.findings.is_stuck() || root.findings.is_aside(root.node) => return None,
            Err(_) => {}
        }
    }
    None
}

impl<'a> Reader<'a> {
    fn root(node: &'a Node, path: Path, findings: &'a Findings) -> Self {
        let null_is_zero = matches!(node.origin, Origin::Reference(_));
        Self {
            node,
            key: None,
            path,
            findings,
            null_is_zero,
            secret: false,
            phantom: false,
            disabled: false,
            defaults: None,
            part: None,
            bare: false,
            judge: Judge::Own,
        }
    }

    /// The reader of the value under a struct's field.
    pub(crate) fn below(&self, key: &'a Key, node: &'a Node) -> Self {
        let defaults = self.defaults.and_then(|defaults| defaults.child(&key.text));
        Self { key: Some(key), defaults, ..self.child(&key.text, node) }
    }

    /// The reader of a default for a key that is not written.
    pub(crate) fn default_of(&self, field: &str, node: &'a Node) -> Self {
        Self { phantom: true, ..self.child(field, node) }
    }

    /// The reader of an entry of a map with any keys: there is no default that null could leave in place.
    pub(crate) fn entry(&self, key: &'a Key, node: &'a Node) -> Self {
        Self { null_is_zero: true, ..self.below(key, node) }
    }

    /// The reader of an item of a list.
    pub(crate) fn item(&self, index: usize, node: &'a Node) -> Self {
        Self { null_is_zero: true, ..self.child(&index.to_string(), node) }
    }

    /// The reader of a zero value for a required key that is missing.
    pub(crate) fn stand_in(&self, field: &str) -> Self {
        static NOTHING: LazyLock<Node> = LazyLock::new(|| Node::new(Value::Null, Position::nowhere()));
        Self { null_is_zero: true, phantom: true, ..self.child(field, &NOTHING) }
    }

    /// The reader of one part of an inlined block.
    pub(crate) fn part(&self, index: usize) -> Self {
        // Blocks inlined in inlined blocks number on below their parent; five parts are the most.
        let part = self.part.map_or(0, |parent| (parent + 1) * 8) + index;
        let bare = self.bare || self.findings.is_part_aside(self.node, part);
        Self { part: Some(part), bare, ..self.clone() }
    }

    /// Reports an error at this node, unless that was done further down.
    pub(crate) fn settle(&self, error: ReadError) -> ReadError {
        match error {
            ReadError::Settled => ReadError::Settled,
            _ if self.phantom => ReadError::Phantom,
            error => {
                self.findings.settle(self, &error);
                ReadError::Settled
            }
        }
    }

    /// Reports the keys that none of the structs sharing this map knows.
    pub(crate) fn judge_shared(&self, fields: &Fields) {
        self.findings.judge_keys(self, &fields.borrow());
    }

    fn child(&self, key: &str, node: &'a Node) -> Self {
        let child = Self::root(node, self.path.join(key), self.findings);
        Self { secret: self.secret, phantom: self.phantom, ..child }
    }

    fn finish<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        result.map_err(|error| self.settle(error))
    }

    fn mismatch<T>(&self, expected: &str) -> Result<T, ReadError> {
        Err(self.settle(ReadError::Type { expected: expected.to_owned() }))
    }

    /// The text for a string: what was written, or all that a reference stood for.
    fn text(&self) -> Option<&'a str> {
        let is_reference = matches!(self.node.origin, Origin::Reference(_));
        match (&self.node.value, &self.node.text) {
            (Value::String(text), _) => Some(text),
            (_, Some(text)) if is_reference => Some(text),
            (Value::Null, _) if self.null_is_zero => Some(""),
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, min: i128, max: i128, visitor: V) -> Result<V::Value, ReadError> {
        let number = match self.node.value {
            Value::Int(number) => number,
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e19 => whole(number),
            Value::Null if self.null_is_zero => 0,
            _ => return self.mismatch("an integer"),
        };
        if number < min || number > max {
            let expected = format!("an integer from {min} to {max}");
            return Err(self.settle(ReadError::Value { expected }));
        }
        let result = visit_integer(number, visitor);
        self.finish(result)
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let number = match self.node.value {
            Value::Float(number) => number,
            Value::Int(number) => float_of(number),
            Value::Null if self.null_is_zero => 0.0,
            _ => return self.mismatch("a number"),
        };
        let result = visitor.visit_f64(number);
        self.finish(result)
    }

    /// The fields that this reader collects, and whether it has to judge them itself.
    fn shared_fields(&self) -> (Fields, bool) {
        match &self.judge {
            Judge::Own => (Fields::default(), true),
            Judge::Shared(fields) => (fields.clone(), false),
        }
    }

    /// A block with defaults of its own; see [`crate::Preset`].
    fn preset<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let handed_over = take_defaults();
        // Where one preset stands in another, the outer one knows better.
        let defaults = self.defaults.or(handed_over.as_ref());
        let result = visitor.visit_newtype_struct(Reader { defaults, ..self.clone() });
        self.finish(result)
    }

    fn inlined<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if !matches!(self.node.value, Value::Map(_) | Value::Null) {
            return self.mismatch("a map");
        }
        let (fields, is_judge) = self.shared_fields();
        let body = Self { judge: Judge::Shared(fields.clone()), ..self.clone() };
        let value = visitor.visit_newtype_struct(Inlined(body)).map_err(|error| self.settle(error))?;
        if is_judge {
            self.judge_shared(&fields);
        }
        Ok(value)
    }

    /// A section that may be absent; see [`crate::Optional`].
    fn section<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.findings.is_skipped(self.node) {
            return visitor.visit_none();
        }
        let enabled = self.switch()?;
        let (fields, is_judge) = self.shared_fields();
        let body = Self { judge: Judge::Shared(fields.clone()), disabled: !enabled, ..self.clone() };
        let parts = OptionalParts::new(body, fields, enabled, is_judge);
        let result = visitor.visit_seq(parts);
        self.finish(result)
    }

    /// What `enabled` says, if it is there.
    fn switch(&self) -> Result<bool, ReadError> {
        let Some((key, node)) = self.node.entries().find(|(key, _)| *key.text == *"enabled") else {
            return Ok(true);
        };
        match node.value {
            Value::Bool(enabled) => Ok(enabled),
            Value::Null if matches!(node.origin, Origin::Reference(_)) => Ok(false),
            _ if self.findings.is_aside(node) => Ok(true),
            _ => {
                self.findings.settle_switch(&self.below(key, node));
                Err(ReadError::Settled)
            }
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.value {
            Value::Null if self.null_is_zero => visitor.visit_none(),
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(number) => visit_integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::String(text) => visitor.visit_str(text),
            Value::Seq(items) => visitor.visit_seq(Items::new(self.clone(), items)),
            Value::Map(entries) => visitor.visit_map(MapEntries::new(self.clone(), entries)),
        };
        self.finish(result)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Null if self.null_is_zero => visitor.visit_bool(false),
            _ => return self.mismatch("`true` or `false`"),
        };
        self.finish(result)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(i8::MIN.into(), i8::MAX.into(), visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(i16::MIN.into(), i16::MAX.into(), visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(i32::MIN.into(), i32::MAX.into(), visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(i64::MIN.into(), i64::MAX.into(), visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(0, u8::MAX.into(), visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(0, u16::MAX.into(), visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(0, u32::MAX.into(), visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.integer(0, u64::MAX.into(), visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.float(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(text) = self.text() else {
            return self.mismatch("a string");
        };
        let result = visitor.visit_str(text);
        self.finish(result)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let Some(text) = self.text() else {
            return self.mismatch("a string");
        };
        let result = visitor.visit_bytes(text.as_bytes());
        self.finish(result)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result =
            if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self.clone()) };
        self.finish(result)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if !self.node.is_null() {
            return self.mismatch("nothing");
        }
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match name {
            magic::INLINE => self.inlined(visitor),
            magic::EXPLICIT if self.node.is_null() => visitor.visit_none(),
            magic::PRESET => self.preset(visitor),
            magic::NODE => {
                hand_over(self.node);
                visitor.visit_unit()
            }
            magic::OPTIONAL | magic::EXPLICIT => self.section(visitor),
            magic::SECRET | magic::SECRET_MAP => {
                let hidden = Self { secret: true, ..self };
                let result = visitor.visit_newtype_struct(hidden.clone());
                hidden.finish(result)
            }
            _ => {
                let result = visitor.visit_newtype_struct(self.clone());
                self.finish(result)
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let result = match &self.node.value {
            Value::Seq(items) => visitor.visit_seq(Items::new(self.clone(), items)),
            Value::String(text) => visitor.visit_seq(SplitText::new(text)),
            Value::Null if self.null_is_zero => visitor.visit_seq(Items::new(self.clone(), &[])),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Map(_) => {
                return self.mismatch("a list");
            }
        };
        self.finish(result)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => return self.mismatch("a map"),
        };
        let result = visitor.visit_map(MapEntries::new(self.clone(), entries));
        self.finish(result)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if !matches!(self.node.value, Value::Map(_) | Value::Null) {
            return self.mismatch("a map");
        }
        match &self.judge {
            Judge::Own => self.findings.judge_keys(&self, &fields.iter().copied().collect()),
            Judge::Shared(shared) => shared.borrow_mut().extend(fields),
        }
        let result = visitor.visit_map(StructEntries::new(self.clone(), fields));
        self.finish(result)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if self.node.is_null() {
            return self.mismatch(&one_of(variants));
        }
        if let Value::Map(entries) = &self.node.value
            && let [(key, node)] = entries.as_slice()
        {
            let result = visitor.visit_enum(VariantEntry::new(self.clone(), key, node));
            return self.finish(result);
        }
        let Some(text) = self.text() else {
            return self.mismatch(&one_of(variants));
        };
        let variant: StrDeserializer<'_, ReadError> = text.into_deserializer();
        let result = visitor.visit_enum(variant);
        self.finish(result)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

/// A map that a tuple of structs shares.
struct Inlined<'a>(Reader<'a>);

impl<'de> Deserializer<'de> for Inlined<'_> {
    type Error = ReadError;

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_seq(InlineParts::new(self.0, length))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
        Err(de::Error::custom("only a tuple of structs can be inlined"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple_struct map struct enum identifier ignored_any
    }
}

fn visit_integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, ReadError> {
    match (u64::try_from(number), i64::try_from(number)) {
        (Ok(number), _) => visitor.visit_u64(number),
        (_, Ok(number)) => visitor.visit_i64(number),
        _ => Err(de::Error::custom("the integer is out of range")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the caller has checked that it is a whole number below 1e19"
)]
fn whole(number: f64) -> i128 {
    number as i128
}

#[expect(clippy::cast_precision_loss, reason = "an integer for a float field means the nearest float")]
fn float_of(number: i128) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
