//! One request, as often as it takes; and what the answer means.

use bytes::Bytes;
use component::{Code, ConsumeError, Context, Origin, Pauses, RetryConfig, Scope};
use formats::prometheus::remote::Message;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use http::{Method, StatusCode, Uri};
use tracing::debug;
use transport::http::{Client, ClientConfig, Fault, Reply};

/// How much of a server's words is told, as in the Go Collector.
const SHOWN_BYTES: usize = 256;

const VERSION: &str = "x-prometheus-remote-write-version";
const SAMPLES_WRITTEN: &str = "x-prometheus-remote-write-samples-written";
const HISTOGRAMS_WRITTEN: &str = "x-prometheus-remote-write-histograms-written";
const EXEMPLARS_WRITTEN: &str = "x-prometheus-remote-write-exemplars-written";

/// Posts requests.
pub(super) struct Posts {
    client: Client,
    url: Uri,
    user_agent: HeaderValue,
    retry: RetryConfig,
    scope: Scope,
    component: String,
}

/// What became of a request in the end.
pub(super) enum Answer {
    /// It was taken; in version 2 the other side says how much of it.
    Taken(Option<Written>),
    /// The other side does not know the message.
    UnknownMessage(ConsumeError),
    /// It was not taken, but perhaps for a part.
    Refused(ConsumeError, Option<Written>),
}

/// What the other side has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) samples: usize,
    pub(super) histograms: usize,
    pub(super) exemplars: usize,
}

impl Posts {
    pub(super) fn new(
        config: &ClientConfig,
        user_agent: String,
        retry: RetryConfig,
        cx: &Context,
    ) -> anyhow::Result<Posts> {
        Ok(Posts {
            client: config.connect(cx)?,
            url: config.endpoint.parse()?,
            user_agent: HeaderValue::try_from(user_agent)?,
            retry,
            scope: cx.scope.clone(),
            component: cx.id.to_string(),
        })
    }

    /// Sends a request until it is taken, or sending it again cannot help or has been tried for long enough. While the
    /// collector goes down there is time for one attempt.
    pub(super) async fn post(&self, message: Message, body: &Bytes, origin: &Origin) -> Answer {
        let mut pauses = Pauses::new(&self.retry);
        loop {
            let answer = self.attempt(message, body, origin).await;
            let Answer::Refused(error @ ConsumeError::Retryable { after, .. }, _) = &answer else {
                return answer;
            };
            let Some(pause) = pauses.next(*after) else { return answer };
            debug!(component = %self.component, %error, interval = ?pause, "will send again after a pause");
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = self.scope.stopped() => return answer,
            }
        }
    }

    async fn attempt(&self, message: Message, body: &Bytes, origin: &Origin) -> Answer {
        let mut request = http::Request::new(vec![body.clone()]);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        let (content_type, version) = match message {
            Message::V1 => ("application/x-protobuf", "0.1.0"),
            Message::V2 => ("application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"),
        };
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(VERSION, HeaderValue::from_static(version));
        headers.insert(USER_AGENT, self.user_agent.clone());
        match self.client.send(request, origin).await {
            Ok(reply) => read(message, &reply),
            Err(Fault::Unsendable(why)) => Answer::Refused(ConsumeError::permanent(why), None),
            Err(Fault::Unreachable(why)) => {
                Answer::Refused(ConsumeError::retryable(why).with_code(Code::Unavailable), None)
            }
            Err(Fault::Timeout(why)) => {
                Answer::Refused(ConsumeError::retryable(why).with_code(Code::DeadlineExceeded), None)
            }
        }
    }
}

/// What an answer means: the specification of remote write 2.0, "Retries & Backoff" and "Required Written Response
/// Headers".
fn read(message: Message, reply: &Reply) -> Answer {
    let written = if message == Message::V2 { Written::read(&reply.headers) } else { None };
    match reply.status {
        // Who knows version 2 says what it has written. A receiver of version 1 finds nothing in such a message.
        status if status.is_success() && message == Message::V2 && written.is_none() => {
            let words = "the server took the request without a word on what it has written";
            Answer::UnknownMessage(ConsumeError::permanent(words).with_code(Code::Unimplemented))
        }
        status if status.is_success() => Answer::Taken(written),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if message == Message::V2 => {
            Answer::UnknownMessage(verdict(reply))
        }
        _ => Answer::Refused(verdict(reply), written),
    }
}

fn verdict(reply: &Reply) -> ConsumeError {
    let status = reply.status;
    let mut message = format!("remote write returned HTTP status {}", status.as_u16());
    let shown = String::from_utf8_lossy(&reply.body[..reply.body.len().min(SHOWN_BYTES)]);
    if !shown.trim().is_empty() {
        message.push_str(&format!("; err = {}", shown.trim()));
    }
    let error = match (status, reply.retry_after().filter(|delay| !delay.is_zero())) {
        (status, after) if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => match after
        {
            Some(delay) => ConsumeError::retryable_after(message, delay),
            None => ConsumeError::retryable(message),
        },
        _ => ConsumeError::permanent(message),
    };
    error.with_code(Code::from_http(status.as_u16()))
}

impl Written {
    /// `None` when not one of the headers is there.
    fn read(headers: &HeaderMap) -> Option<Written> {
        let count = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<usize>().ok();
        let (samples, histograms, exemplars) =
            (count(SAMPLES_WRITTEN), count(HISTOGRAMS_WRITTEN), count(EXEMPLARS_WRITTEN));
        samples.or(histograms).or(exemplars)?;
        Some(Written {
            samples: samples.unwrap_or_default(),
            histograms: histograms.unwrap_or_default(),
            exemplars: exemplars.unwrap_or_default(),
        })
    }
}
