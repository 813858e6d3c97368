//! What a series is known by, without building its labels.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use otlp::{Attributes, Value};

/// A hash of what labels are made of, wide enough that two of them are never the same by chance, and keyed, so that
/// nobody can make them the same on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    /// By which it is looked up.
    pub(super) key: u64,
    /// By which it is told from others of the same key.
    check: u64,
}

/// Makes identities; those of two of these cannot be compared.
#[derive(Debug, Default)]
pub(super) struct Identities(RandomState);

/// For maps whose keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsItIs(u64);

impl Identities {
    /// Of a list of attributes, in whatever order.
    pub(super) fn attributes(&self, attributes: &Attributes<'_>) -> Identity {
        let mut sum = Identity::default();
        for (key, value) in attributes.iter() {
            let mut hasher = self.0.build_hasher();
            key.as_bytes().hash(&mut hasher);
            hash_value(&value, &mut hasher);
            sum = sum.plus(hasher.finish());
        }
        sum
    }

    /// Of texts in their order.
    pub(super) fn texts(&self, texts: &[&[u8]]) -> Identity {
        Identity::default().plus(self.0.hash_one(texts))
    }
}

impl Identity {
    /// Adds a member of a set.
    fn plus(self, hash: u64) -> Identity {
        Identity { key: self.key.wrapping_add(hash), check: self.check.wrapping_add(mix(hash)) }
    }

    /// Of this and then that.
    pub(super) fn then(self, next: Identity) -> Identity {
        Identity {
            key: mix(self.key.rotate_left(23) ^ next.key),
            check: mix(self.check.rotate_left(23) ^ next.check),
        }
    }
}

/// Scatters the bits of a number; no two numbers become one. (The finalizer of MurmurHash3.)
fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ bits >> 33
}

fn hash_value(value: &Value<'_>, hasher: &mut impl Hasher) {
    match value {
        Value::Text(text) => {
            hasher.write_u8(1);
            text.as_bytes().hash(hasher);
        }
        Value::Int(number) => (2, number).hash(hasher),
        Value::Bool(truth) => (3, truth).hash(hasher),
        Value::Double(number) => (4, number.to_bits()).hash(hasher),
        Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) => (5, value.to_text()).hash(hasher),
    }
}

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only whole numbers are hashed with it.
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}
