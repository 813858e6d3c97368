//! Secrets, where they are kept.

use ::http::HeaderValue;
use config::Secret;
use tokio::io::AsyncReadExt;

use super::Fault;
use crate::prometheus::http_config::HeaderSource;

/// More than any token; what is longer is another kind of file.
const MAX_BYTES: u64 = 1 << 20;

/// A text, or a file that holds it.
#[derive(Clone, Debug)]
pub(super) enum SecretSource {
    /// A text that anybody may see.
    Open(String),
    Text(Secret),
    File(String),
}

impl SecretSource {
    /// The one of the two that is set.
    pub(super) fn new(text: &Secret, file: &str) -> SecretSource {
        match file {
            "" => SecretSource::Text(text.clone()),
            file => SecretSource::File(file.to_owned()),
        }
    }

    /// The values of a header.
    pub(super) fn of_header(source: &HeaderSource) -> impl Iterator<Item = SecretSource> {
        let open = source.values.iter().map(|text| SecretSource::Open(text.0.clone()));
        let secrets = source.secrets.iter().map(|secret| SecretSource::Text(secret.clone()));
        let files = source.files.iter().map(|file| SecretSource::File(file.clone()));
        open.chain(secrets).chain(files)
    }

    /// The text; that of a file without the white space around it.
    pub(super) async fn read(&self) -> Result<Secret, Fault> {
        match self {
            SecretSource::Open(text) => Ok(Secret::new(text)),
            SecretSource::Text(secret) => Ok(secret.clone()),
            SecretSource::File(path) => read_file(path).await,
        }
    }

    /// The text as the value of a header.
    pub(super) async fn header(&self) -> Result<HeaderValue, Fault> {
        let mut value = header_value(self.read().await?.expose())?;
        value.set_sensitive(!matches!(self, SecretSource::Open(_)));
        Ok(value)
    }
}

/// A secret text as the value of a header; without the text in the error.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, Fault> {
    let value = HeaderValue::try_from(text);
    let mut value = value.map_err(|_| {
        Fault::Unsendable("a secret has characters that no header may have, such as a line break".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

async fn read_file(path: &str) -> Result<Secret, Fault> {
    let unreadable = |error: std::io::Error| Fault::Unreachable(format!("cannot read `{path}`: {error}"));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).await.map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Fault::Unreachable(format!("`{path}` is too long for a secret")));
    }
    Ok(Secret::new(text.trim()))
}
