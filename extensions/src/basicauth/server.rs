//! Checking user names and passwords of requests.
//!
//! 1. A password that takes long to check (bcrypt, salted MD5) is checked on a thread of its own, and only so many at
//!    a time: guesses wait for each other and not everybody for them.
//! 2. What was found right is remembered for a while, by a keyed hash, so that each client pays once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::{AuthenticationError, Authenticator, Identity};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use ring::hmac::{self, Key};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::htpasswd::Accounts;
use crate::expected::random_key;

/// How many slow checks run at the same time.
const CHECKS: usize = 2;
/// How long a right password is remembered.
const MEMORY: Duration = Duration::from_secs(300);
/// How many right passwords are remembered.
const REMEMBERED: usize = 1024;
/// Longer user names and passwords are wrong ones: hashing them would cost more than they deserve.
const MAX_BYTES: usize = 4096;

pub(super) struct Server {
    accounts: Arc<Accounts>,
    checks: Semaphore,
    right: Remembered,
}

impl Server {
    pub(super) fn new(accounts: Accounts) -> anyhow::Result<Server> {
        let right = Remembered { key: random_key()?, until: Mutex::default() };
        Ok(Server { accounts: Arc::new(accounts), checks: Semaphore::new(CHECKS), right })
    }

    async fn is_right(&self, login: Login) -> bool {
        if !self.accounts.is_slow(&login.user) {
            return self.accounts.matches(&login.user, &login.password);
        }
        if self.right.has(&login.raw) {
            return true;
        }
        let _turn = self.checks.acquire().await.expect("the semaphore is never closed");
        // Others of the same client may have come before.
        if self.right.has(&login.raw) {
            return true;
        }
        let (accounts, raw) = (self.accounts.clone(), login.raw);
        let check = move || accounts.matches(&login.user, &login.password);
        let is_right = tokio::task::spawn_blocking(check).await.unwrap_or(false);
        if is_right {
            self.right.remember(&raw);
        }
        is_right
    }
}

#[async_trait]
impl Authenticator for Server {
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Identity, AuthenticationError> {
        let login = Login::read(headers).map_err(|why| AuthenticationError(why.to_owned()))?;
        let attributes =
            vec![("username".to_owned(), login.user.clone()), ("raw".to_owned(), login.raw.clone())];
        match self.is_right(login).await {
            true => Ok(Identity { attributes }),
            false => Err(AuthenticationError("invalid credentials".to_owned())),
        }
    }
}

/// What a request says.
struct Login {
    user: String,
    password: String,
    /// Both, as the header has them.
    raw: String,
}

impl Login {
    /// The error is the Go Collector's text.
    fn read(headers: &HeaderMap) -> Result<Login, &'static str> {
        let header =
            headers.get(AUTHORIZATION).filter(|header| !header.is_empty()).ok_or("no basic auth provided")?;
        let header = header.to_str().map_err(|_| "invalid authorization format")?;
        let (scheme, raw) = header.split_once(' ').ok_or("invalid authorization scheme prefix")?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err("invalid authorization scheme prefix");
        }
        if raw.len() > MAX_BYTES {
            return Err("invalid credentials");
        }
        let text = STANDARD.decode(raw).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let text = text.ok_or("invalid authorization format")?;
        let (user, password) = text.split_once(':').ok_or("invalid authorization format")?;
        Ok(Login { user: user.to_owned(), password: password.to_owned(), raw: raw.to_owned() })
    }
}

/// Right passwords, by keyed hash, and until when they are remembered.
struct Remembered {
    key: Key,
    until: Mutex<HashMap<Vec<u8>, Instant>>,
}

impl Remembered {
    fn has(&self, raw: &str) -> bool {
        let hash = hmac::sign(&self.key, raw.as_bytes());
        self.until.lock().get(hash.as_ref()).is_some_and(|until| *until > Instant::now())
    }

    fn remember(&self, raw: &str) {
        let hash = hmac::sign(&self.key, raw.as_bytes()).as_ref().to_vec();
        let now = Instant::now();
        let mut until = self.until.lock();
        if until.len() >= REMEMBERED {
            until.retain(|_, until| *until > now);
        }
        if until.len() < REMEMBERED {
            until.insert(hash, now + MEMORY);
        }
    }
}
