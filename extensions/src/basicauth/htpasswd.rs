//! Users and their passwords, as Apache's `htpasswd` writes them: pure functions.

use std::collections::HashMap;

use anyhow::{Context as _, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};

use super::md5_crypt;
use crate::expected::Expected;

/// Takes about a second; more would stop everybody from coming in.
const MAX_BCRYPT_COST: u32 = 14;

/// Users with their passwords.
#[derive(Debug, Default)]
pub(super) struct Accounts(HashMap<String, Password>);

/// A password in one of the forms of htpasswd.
#[derive(Clone, Debug)]
enum Password {
    Plain(Expected),
    Sha1 { salt: Vec<u8>, digest: Expected },
    Md5Crypt { magic: &'static str, salt: String, hash: Expected },
    Bcrypt(String),
}

impl Accounts {
    /// With those of `text`, which replace those of the same name.
    ///
    /// # Errors
    /// When a line has no `:`, or a form of password that is not known.
    pub(super) fn extended(mut self, text: &str) -> anyhow::Result<Accounts> {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (user, password) =
                line.split_once(':').with_context(|| format!("line {number} has no `:`"))?;
            let password =
                Password::parse(password).with_context(|| format!("line {number}, user `{user}`"))?;
            self.0.insert(user.to_owned(), password);
        }
        Ok(self)
    }

    /// Whether checking a password of this user takes long enough to be noticed.
    pub(super) fn is_slow(&self, user: &str) -> bool {
        self.password_or_another(user).is_some_and(Password::is_slow)
    }

    /// Whether that is the password of that user. Takes as long for a user that does not exist.
    pub(super) fn matches(&self, user: &str, password: &str) -> bool {
        let is_right = self.password_or_another(user).is_some_and(|known| known.is(password));
        is_right && self.0.contains_key(user)
    }

    fn password_or_another(&self, user: &str) -> Option<&Password> {
        let slowest = || self.0.values().max_by_key(|password| password.is_slow());
        self.0.get(user).or_else(slowest)
    }
}

impl Password {
    fn parse(text: &str) -> anyhow::Result<Password> {
        if let Some(encoded) = text.strip_prefix("{SHA}") {
            return salted_sha1(encoded);
        }
        if let Some(encoded) = text.strip_prefix("{SSHA}") {
            return salted_sha1(encoded);
        }
        for magic in [md5_crypt::APACHE, md5_crypt::UNIX] {
            let Some((salt, hash)) = text.strip_prefix(magic).and_then(|rest| rest.split_once('$')) else {
                continue;
            };
            let hash = Expected::new(hash.as_bytes())?;
            return Ok(Password::Md5Crypt { magic, salt: salt.to_owned(), hash });
        }
        if ["$2a$", "$2b$", "$2x$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let parts: bcrypt::HashParts = text.parse().map_err(|_| anyhow!("not a bcrypt hash"))?;
            let cost = parts.get_cost();
            ensure!(
                cost <= MAX_BCRYPT_COST,
                "the cost of its bcrypt hash is {cost}, more than {MAX_BCRYPT_COST}"
            );
            return Ok(Password::Bcrypt(text.to_owned()));
        }
        if ["$5$", "$6$", "$7$", "$y$"].iter().any(|prefix| text.starts_with(prefix)) {
            bail!("this form of hash is not known; use bcrypt, as `htpasswd -B` writes it");
        }
        Ok(Password::Plain(Expected::new(text.as_bytes())?))
    }

    fn is_slow(&self) -> bool {
        match self {
            Password::Plain(_) | Password::Sha1 { .. } => false,
            Password::Md5Crypt { .. } | Password::Bcrypt(_) => true,
        }
    }

    fn is(&self, guess: &str) -> bool {
        match self {
            Password::Plain(known) => known.is(guess.as_bytes()),
            Password::Sha1 { salt, digest } => {
                let salted = [guess.as_bytes(), salt].concat();
                digest.is(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, &salted).as_ref())
            }
            Password::Md5Crypt { magic, salt, hash } => {
                hash.is(md5_crypt::hash(magic, salt, guess.as_bytes()).as_bytes())
            }
            Password::Bcrypt(hash) => bcrypt::verify(guess, hash).unwrap_or(false),
        }
    }
}

/// Base64 of 20 bytes of SHA-1 and, in `{SSHA}`, of what was appended to the password.
fn salted_sha1(encoded: &str) -> anyhow::Result<Password> {
    let bytes = STANDARD.decode(encoded).context("not base64 behind `{SHA}`")?;
    let (digest, salt) = bytes.split_at_checked(digest::SHA1_OUTPUT_LEN).context("too short for SHA-1")?;
    Ok(Password::Sha1 { salt: salt.to_vec(), digest: Expected::new(digest)? })
}
