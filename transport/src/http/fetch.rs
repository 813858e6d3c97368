//! Fetching one document, as a configuration is fetched at start.

use std::time::Duration;

use ::http::{Method, Request, Uri};
use anyhow::{Context as _, bail};
use bytes::Bytes;
use component::{Context, Origin};

use super::client_config::Manner;
use super::{ClientConfig, Reply};

/// How long a stopped connection may take to go away.
const GRACE: Duration = Duration::from_secs(1);

/// The document at `url`, if the server answers 200 and it has at most `max_bytes`.
///
/// # Errors
/// When there is no such answer, or the document is larger.
pub async fn get(url: &str, max_bytes: usize, cx: &Context) -> anyhow::Result<Bytes> {
    let url: Uri = url.parse().with_context(|| format!("`{url}` is not a URL"))?;
    let config = ClientConfig::default();
    let client = config.connect_in(cx, Manner { max_answer: max_bytes, ..Manner::of(&config)? })?;
    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = url;
    let answer = client.send(request, &Origin::default()).await;
    drop(client);
    // The connection ends with the scope; how soon is nobody's concern.
    let _ = cx.scope.stop(tokio::time::Instant::now() + GRACE).await;
    let Reply { status, body, is_whole, .. } = answer?;
    if status != ::http::StatusCode::OK {
        bail!("the server answered {status}");
    }
    if !is_whole {
        bail!("the document has more than {max_bytes} bytes");
    }
    Ok(body)
}
