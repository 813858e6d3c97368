//! Comparing with a secret without telling, by the time it takes, how much of a guess is right.

use anyhow::anyhow;
use ring::hmac::{self, HMAC_SHA256, Key, Tag};
use ring::rand::SystemRandom;

/// A secret that others have to know. Only a keyed hash of it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    key: Key,
    tag: Tag,
}

impl Expected {
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn new(secret: &[u8]) -> anyhow::Result<Expected> {
        let key = random_key()?;
        let tag = hmac::sign(&key, secret);
        Ok(Expected { key, tag })
    }

    /// Whether `guess` is the secret, in a time that depends on the length of `guess` only.
    pub(crate) fn is(&self, guess: &[u8]) -> bool {
        hmac::verify(&self.key, guess, self.tag.as_ref()).is_ok()
    }
}

/// A key for keyed hashes that nobody else knows.
pub(crate) fn random_key() -> anyhow::Result<Key> {
    Key::generate(HMAC_SHA256, &SystemRandom::new()).map_err(|_| anyhow!("the system has no random numbers"))
}
