//! Tokens from an authorization server (RFC 6749, section 4.4): one at a time, kept until shortly before they expire.

use std::time::Duration;

use ::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use ::http::{HeaderValue, Method, Request, Uri};
use bytes::Bytes;
use component::{Context, Origin};
use config::Secret;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use transport::http::{Client, Redirects, Reply};

use super::secret::{SecretSource, header_value};
use super::{Fault, credentials};
use crate::prometheus::http_config::OAuth2;

/// A token is not used for the last of its seconds, as in Go: it would expire on the way.
const MARGIN: Duration = Duration::from_secs(10);

/// What a server says of itself is cut to this in our errors.
const MAX_WORDS: usize = 256;

/// The tokens of one client.
pub(super) struct Tokens {
    client: Client,
    url: Uri,
    client_id: String,
    secret: SecretSource,
    /// Those of the request besides the client's own.
    parameters: Vec<(String, String)>,
    /// Held while a token is fetched, so that those who need one at once share it.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Token>,
    place: Place,
}

struct Token {
    header: HeaderValue,
    /// Which secret it was given for.
    secret: Secret,
    expires: Option<Instant>,
}

/// Where the server looks for the client's secret. The standard asks for the header; not all servers read it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Header,
    Body,
}

impl Tokens {
    pub(super) fn new(config: &OAuth2, cx: &Context) -> anyhow::Result<Tokens> {
        let keys = &config.keys;
        let mut parameters = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        if !keys.scopes.is_empty() {
            let scopes: Vec<&str> = keys.scopes.iter().map(|scope| &**scope).collect();
            parameters.push(("scope".to_owned(), scopes.join(" ")));
        }
        let further = keys.endpoint_params.iter();
        parameters.extend(further.map(|(name, value)| (name.clone(), value.0.clone())));
        Ok(Tokens {
            client: super::client(&keys.tls_config, &config.proxy, true, Redirects::Follow, cx)?,
            url: keys.token_url.parse()?,
            client_id: keys.client_id.0.clone(),
            secret: SecretSource::new(&keys.client_secret, &keys.client_secret_file),
            parameters,
            state: Mutex::default(),
        })
    }

    /// The header with a token that is good now.
    pub(super) async fn header(&self) -> Result<HeaderValue, Fault> {
        let secret = self.secret.read().await?;
        let mut state = self.state.lock().await;
        if let Some(token) = state.current.as_ref().filter(|token| token.is_good(&secret)) {
            return Ok(token.header.clone());
        }
        let fetched = self.fetch(&secret, &mut state.place).await;
        let token = fetched.map_err(|fault| {
            let words = |words: String| format!("no token from `{}`: {words}", self.url);
            match fault {
                Fault::Unsendable(why) => Fault::Unsendable(words(why)),
                Fault::Unreachable(why) => Fault::Unreachable(words(why)),
                Fault::Timeout(why) => Fault::Timeout(words(why)),
            }
        })?;
        let header = token.header.clone();
        state.current = Some(token);
        Ok(header)
    }

    /// A new token. A server that does not take the secret in one place is asked with it in the other.
    async fn fetch(&self, secret: &Secret, place: &mut Place) -> Result<Token, Fault> {
        let first = self.ask(secret, *place).await?;
        if first.status.is_success() {
            return token(&first, secret);
        }
        let other = if *place == Place::Header { Place::Body } else { Place::Header };
        let second = self.ask(secret, other).await?;
        if second.status.is_success() {
            *place = other;
            return token(&second, secret);
        }
        let said = String::from_utf8_lossy(&first.body[..first.body.len().min(MAX_WORDS)]).into_owned();
        Err(Fault::Unreachable(format!("the server answered {}: {said}", first.status)))
    }

    async fn ask(&self, secret: &Secret, place: Place) -> Result<Reply, Fault> {
        let mut parameters = self.parameters.clone();
        let mut request = Request::new(Vec::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        match place {
            Place::Header => {
                let basic = credentials::basic(&form(&self.client_id), &form(secret.expose()))?;
                headers.insert(AUTHORIZATION, basic);
            }
            Place::Body => {
                parameters.push(("client_id".to_owned(), self.client_id.clone()));
                parameters.push(("client_secret".to_owned(), secret.expose().to_owned()));
            }
        }
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{}={}", form(name), form(value))).collect();
        request.body_mut().push(Bytes::from(pairs.join("&")));
        self.client.send(request, &Origin::default()).await
    }
}

impl Token {
    fn is_good(&self, secret: &Secret) -> bool {
        self.secret == *secret && self.expires.is_none_or(|expires| Instant::now() + MARGIN < expires)
    }
}

/// What the server answers (RFC 6749, section 5.1). Some write the seconds as text.
#[derive(Deserialize)]
struct Issued {
    access_token: Secret,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

fn token(reply: &Reply, secret: &Secret) -> Result<Token, Fault> {
    let issued: Issued = serde_json::from_slice(&reply.body)
        .map_err(|error| Fault::Unreachable(format!("the answer is not one: {error}")))?;
    if issued.access_token.is_empty() {
        return Err(Fault::Unreachable("there is no `access_token` in the answer".to_owned()));
    }
    let scheme = match issued.token_type.to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer",
        "basic" => "Basic",
        "mac" => "MAC",
        _ => &issued.token_type,
    };
    let seconds = match &issued.expires_in {
        Some(serde_json::Value::Number(number)) => number.as_u64(),
        Some(serde_json::Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    // Beyond what the clock can say it never expires.
    let expires = seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
    Ok(Token {
        header: header_value(&format!("{scheme} {}", issued.access_token.expose()))?,
        secret: secret.clone(),
        expires: expires.and_then(|lifetime| Instant::now().checked_add(lifetime)),
    })
}

/// Text in a form (`application/x-www-form-urlencoded`).
fn form(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
