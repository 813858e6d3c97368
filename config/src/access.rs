//! The insides of maps, lists and sections, as serde asks for them.

use std::collections::HashSet;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::de::{Fields, Reader};
use crate::error::ReadError;
use crate::tree::{Key, Node};

/// The entries of a map whose keys are a struct's fields. Unknown keys were judged before.
pub(crate) struct StructEntries<'a> {
    reader: Reader<'a>,
    fields: &'static [&'static str],
    entries: std::slice::Iter<'a, (Key, Node)>,
    stand_ins: std::vec::IntoIter<&'static str>,
    defaults: std::slice::Iter<'a, (Key, Node)>,
    given: HashSet<&'a str>,
    next: Option<Reader<'a>>,
}

impl<'a> StructEntries<'a> {
    pub(crate) fn new(reader: Reader<'a>, fields: &'static [&'static str]) -> Self {
        let entries = if reader.bare { [].iter() } else { reader.node.map().iter() };
        let stand_ins = reader.findings.stand_ins(reader.node).into_iter();
        let defaults = reader.defaults.map_or(&[][..], Node::map).iter();
        Self { reader, fields, entries, stand_ins, defaults, given: HashSet::new(), next: None }
    }
}

impl<'de> MapAccess<'de> for StructEntries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        for (key, node) in self.entries.by_ref() {
            if self.fields.contains(&&*key.text) && !self.reader.findings.is_aside(node) {
                self.given.insert(&key.text);
                self.next = Some(self.reader.below(key, node));
                return seed.deserialize(TextReader(&key.text)).map(Some);
            }
        }
        // Several structs may share the node; each takes the stand-ins for its own fields.
        for field in self.stand_ins.by_ref() {
            if self.fields.contains(&field) {
                self.next = Some(self.reader.stand_in(field));
                return seed.deserialize(TextReader(field)).map(Some);
            }
        }
        for (key, node) in self.defaults.by_ref() {
            let is_wanted = self.fields.contains(&&*key.text) && !self.given.contains(&*key.text);
            if is_wanted && !self.reader.findings.is_overruled(self.reader.node, &key.text) {
                self.next = Some(self.reader.default_of(&key.text, node));
                return seed.deserialize(TextReader(&key.text)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let reader = self.next.take().expect("serde asks for a value after its key");
        match seed.deserialize(reader.clone()).map_err(|error| reader.settle(error)) {
            // Nothing can stand in for this key, so the struct cannot be read at all.
            Err(ReadError::Phantom) if !self.reader.phantom => {
                self.reader.findings.fail(self.reader.node);
                Err(ReadError::Settled)
            }
            outcome => outcome,
        }
    }
}

/// The entries of a map with any keys.
pub(crate) struct MapEntries<'a> {
    reader: Reader<'a>,
    entries: std::slice::Iter<'a, (Key, Node)>,
    next: Option<Reader<'a>>,
}

impl<'a> MapEntries<'a> {
    pub(crate) fn new(reader: Reader<'a>, entries: &'a [(Key, Node)]) -> Self {
        Self { reader, entries: entries.iter(), next: None }
    }
}

impl<'de> MapAccess<'de> for MapEntries<'_> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let findings = self.reader.findings;
        let Some((key, node)) = self.entries.by_ref().find(|(_, node)| !findings.is_aside(node)) else {
            return Ok(None);
        };
        self.next = Some(self.reader.entry(key, node));
        match seed.deserialize(TextReader(&key.text)) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                findings.settle_key(&self.reader, key, node, &error);
                Err(ReadError::Settled)
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let reader = self.next.take().expect("serde asks for a value after its key");
        seed.deserialize(reader.clone()).map_err(|error| reader.settle(error))
    }
}

/// The items of a list.
pub(crate) struct Items<'a> {
    reader: Reader<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'a> Items<'a> {
    pub(crate) fn new(reader: Reader<'a>, items: &'a [Node]) -> Self {
        Self { reader, items: items.iter().enumerate() }
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let findings = self.reader.findings;
        let Some((index, node)) = self.items.by_ref().find(|(_, node)| !findings.is_aside(node)) else {
            return Ok(None);
        };
        let reader = self.reader.item(index, node);
        seed.deserialize(reader.clone()).map(Some).map_err(|error| reader.settle(error))
    }
}

/// A string where a list belongs: split at commas and, like the Go Collector, not trimmed. Nothing is an empty list.
pub(crate) struct SplitText<'a>(Option<std::str::Split<'a, char>>);

impl<'a> SplitText<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self((!text.is_empty()).then(|| text.split(',')))
    }
}

impl<'de> SeqAccess<'de> for SplitText<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(piece) = self.0.as_mut().and_then(Iterator::next) else {
            return Ok(None);
        };
        seed.deserialize(TextReader(piece)).map(Some)
    }
}

/// The structs of an inlined block, all read from the same map.
pub(crate) struct InlineParts<'a> {
    reader: Reader<'a>,
    parts: std::ops::Range<usize>,
}

impl<'a> InlineParts<'a> {
    pub(crate) fn new(reader: Reader<'a>, length: usize) -> Self {
        Self { reader, parts: 0..length }
    }
}

impl<'de> SeqAccess<'de> for InlineParts<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(index) = self.parts.next() else {
            return Ok(None);
        };
        let part = self.reader.part(index);
        seed.deserialize(part.clone()).map(Some).map_err(|error| part.settle(error))
    }
}

/// The two things an optional section asks for: its content, then whether it is present.
pub(crate) struct OptionalParts<'a> {
    body: Reader<'a>,
    fields: Fields,
    enabled: bool,
    is_judge: bool,
    was_read: bool,
}

impl<'a> OptionalParts<'a> {
    pub(crate) fn new(body: Reader<'a>, fields: Fields, enabled: bool, is_judge: bool) -> Self {
        Self { body, fields, enabled, is_judge, was_read: false }
    }

    /// Judges the keys. The content may have an `enabled` of its own; then it decides what that means.
    fn judge(&self) -> bool {
        let has_own_switch = !self.fields.borrow_mut().insert("enabled");
        if self.is_judge {
            self.body.judge_shared(&self.fields);
        }
        has_own_switch
    }
}

impl<'de> SeqAccess<'de> for OptionalParts<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        if !self.was_read {
            self.was_read = true;
            let outcome = seed.deserialize(self.body.clone()).map_err(|error| self.body.settle(error));
            if outcome.is_err() && self.body.disabled {
                self.judge();
            }
            return outcome.map(Some);
        }
        let is_present = self.judge() || self.enabled;
        seed.deserialize(is_present.into_deserializer()).map(Some)
    }
}

/// `variant: content`, as the only entry of a map.
pub(crate) struct VariantEntry<'a> {
    reader: Reader<'a>,
    name: &'a str,
}

impl<'a> VariantEntry<'a> {
    pub(crate) fn new(reader: Reader<'a>, key: &'a Key, node: &'a Node) -> Self {
        Self { reader: reader.entry(key, node), name: &key.text }
    }
}

impl<'de> EnumAccess<'de> for VariantEntry<'_> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ReadError> {
        let variant = seed.deserialize(TextReader(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for VariantEntry<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        serde::Deserialize::deserialize(self.reader)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        let reader = self.reader;
        seed.deserialize(reader.clone()).map_err(|error| reader.settle(error))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.reader.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.reader.deserialize_struct("", fields, visitor)
    }
}

/// A key, or a piece of a split string: text, or a number for those who ask for one.
struct TextReader<'a>(&'a str);

impl TextReader<'_> {
    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match (self.0.parse::<u64>(), self.0.parse::<i64>()) {
            (Ok(number), _) => visitor.visit_u64(number),
            (_, Ok(number)) => visitor.visit_i64(number),
            _ => Err(ReadError::Type { expected: "an integer".to_owned() }),
        }
    }

    fn not_a_list<T>(self) -> Result<T, ReadError> {
        Err(ReadError::Type { expected: "a list".to_owned() })
    }
}

impl<'de> Deserializer<'de> for TextReader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.number(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.number(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.number(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.number(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.number(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ReadError> {
        self.not_a_list()
    }

    fn deserialize_map<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
        self.not_a_list()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
        self.not_a_list()
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let variant: StrDeserializer<'_, ReadError> = self.0.into_deserializer();
        visitor.visit_enum(variant)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}
