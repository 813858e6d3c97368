//! Where an input has led, roughly.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A code for the place to which an input has led: inputs with a code of their own are worth changing further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcome(u64);

impl Outcome {
    /// The code for `place`.
    pub(crate) fn of(place: impl Hash) -> Self {
        // Without keys it gives the same in every run.
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// The size of a number: few classes, so that the number of outcomes stays small.
pub(crate) fn class(number: usize) -> u32 {
    usize::BITS - number.leading_zeros()
}

/// What a message says without the numbers and the values in it.
pub(crate) fn gist(message: &str) -> String {
    let outside = message.split('`').step_by(2);
    outside.flat_map(str::chars).filter(|letter| !letter.is_ascii_digit()).collect()
}
