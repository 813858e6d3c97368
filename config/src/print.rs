//! From typed values back to a tree, for printing.

use std::fmt;
use std::sync::Arc;

use serde::ser::{
    self, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::de::magic;
use crate::secret::{Secrets, with_secrets};
use crate::tree::{Key, Node, Position, Value};

/// The tree of a typed value. Absent sections are left out, and inlined blocks become one map.
pub fn to_node<T: Serialize + ?Sized>(value: &T, secrets: Secrets) -> Result<Node, PrintError> {
    with_secrets(secrets, || value.serialize(ToNode))
        .map(|printed| printed.unwrap_or_else(|| node(Value::Null)))
}

/// Why a value cannot be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintError(String);

impl fmt::Display for PrintError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for PrintError {}

impl ser::Error for PrintError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_u64(number),
                (_, Ok(number)) => serializer.serialize_i64(number),
                _ => Err(ser::Error::custom("the integer is out of range")),
            },
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::String(text) => serializer.serialize_str(text),
            Value::Seq(items) => serializer.collect_seq(items),
            Value::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, node)| (&*key.text, node)))
            }
        }
    }
}

/// A node, or nothing for an absent section.
type Printed = Result<Option<Node>, PrintError>;

struct ToNode;

/// The items of a list.
#[derive(Default)]
struct Items(Vec<Node>);

/// The entries of a map, possibly as the content of an enum's variant.
#[derive(Default)]
struct Entries {
    entries: Vec<(Key, Node)>,
    key: Option<Key>,
    variant: Option<&'static str>,
}

impl Serializer for ToNode {
    type Ok = Option<Node>;
    type Error = PrintError;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = VariantItems;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Entries;

    fn serialize_bool(self, value: bool) -> Printed {
        Ok(Some(node(Value::Bool(value))))
    }

    fn serialize_i8(self, value: i8) -> Printed {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Printed {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Printed {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Printed {
        Ok(Some(node(Value::Int(value.into()))))
    }

    fn serialize_u8(self, value: u8) -> Printed {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Printed {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Printed {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Printed {
        Ok(Some(node(Value::Int(value.into()))))
    }

    fn serialize_f32(self, value: f32) -> Printed {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Printed {
        Ok(Some(node(Value::Float(value))))
    }

    fn serialize_char(self, value: char) -> Printed {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Printed {
        Ok(Some(node(Value::String(Arc::from(text)))))
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Printed {
        self.serialize_str(&String::from_utf8_lossy(bytes))
    }

    fn serialize_none(self) -> Printed {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Printed {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Printed {
        Ok(Some(node(Value::Null)))
    }

    fn serialize_unit_struct(self, name: &'static str) -> Printed {
        if name == magic::ABSENT { Ok(None) } else { self.serialize_unit() }
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Printed {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Printed {
        match value.serialize(self)? {
            Some(parts) if name == magic::INLINE => flatten(parts),
            printed => Ok(printed),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Printed {
        let content = value.serialize(self)?.unwrap_or_else(|| node(Value::Null));
        Ok(Some(node(Value::Map(vec![(key(variant), content)]))))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, PrintError> {
        Ok(Items::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, PrintError> {
        Ok(Items::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, PrintError> {
        Ok(Items::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<VariantItems, PrintError> {
        Ok(VariantItems { items: Items::default(), variant })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries, PrintError> {
        Ok(Entries::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries, PrintError> {
        Ok(Entries::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Entries, PrintError> {
        Ok(Entries { variant: Some(variant), ..Entries::default() })
    }
}

impl Items {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        self.0.extend(value.serialize(ToNode)?);
        Ok(())
    }

    fn finish(self) -> Printed {
        Ok(Some(node(Value::Seq(self.0))))
    }
}

impl SerializeSeq for Items {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        self.push(value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

impl SerializeTuple for Items {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        self.push(value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

impl SerializeTupleStruct for Items {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        self.push(value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

/// The items of a variant with several unnamed fields.
struct VariantItems {
    items: Items,
    variant: &'static str,
}

impl SerializeTupleVariant for VariantItems {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        self.items.push(value)
    }

    fn end(self) -> Printed {
        let content = node(Value::Seq(self.items.0));
        Ok(Some(node(Value::Map(vec![(key(self.variant), content)]))))
    }
}

impl Entries {
    fn push<T: Serialize + ?Sized>(&mut self, key: Key, value: &T) -> Result<(), PrintError> {
        if let Some(node) = value.serialize(ToNode)? {
            self.entries.push((key, node));
        }
        Ok(())
    }

    fn finish(self) -> Printed {
        let map = node(Value::Map(self.entries));
        Ok(Some(match self.variant {
            Some(variant) => node(Value::Map(vec![(key(variant), map)])),
            None => map,
        }))
    }
}

impl SerializeMap for Entries {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), PrintError> {
        let text = match name.serialize(ToNode)?.map(|node| node.value) {
            Some(Value::String(text)) => text,
            Some(Value::Int(number)) => Arc::from(number.to_string()),
            Some(Value::Bool(value)) => Arc::from(value.to_string()),
            _ => return Err(PrintError("a key must be a single value".to_owned())),
        };
        self.key = Some(Key { text, at: Position::nowhere() });
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), PrintError> {
        let key = self.key.take().expect("serde hands over a key before its value");
        self.push(key, value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

impl SerializeStruct for Entries {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), PrintError> {
        self.push(key(name), value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

impl SerializeStructVariant for Entries {
    type Ok = Option<Node>;
    type Error = PrintError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), PrintError> {
        self.push(key(name), value)
    }

    fn end(self) -> Printed {
        self.finish()
    }
}

/// The maps of an inlined block's parts as one map.
fn flatten(parts: Node) -> Printed {
    let mut entries = Vec::new();
    let Value::Seq(parts) = parts.value else {
        return Err(PrintError("only a tuple of structs can be inlined".to_owned()));
    };
    for part in parts {
        match part.value {
            Value::Map(more) => entries.extend(more),
            Value::Null => {}
            _ => return Err(PrintError("only structs can be inlined".to_owned())),
        }
    }
    Ok(Some(node(Value::Map(entries))))
}

fn node(value: Value) -> Node {
    Node::new(value, Position::nowhere())
}

fn key(text: &str) -> Key {
    Key { text: Arc::from(text), at: Position::nowhere() }
}

#[cfg(test)]
mod tests;
