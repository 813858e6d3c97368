//! What an error of the SDK means: whether sending again can help, and what it is the fault of.

use std::time::Duration;

use aws_sdk_xray::config::http::HttpResponse;
use aws_sdk_xray::error::{ProvideErrorMetadata, SdkError};
use component::{Code, ConsumeError};

/// What to do about a request that failed.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its documents are at fault; others may do better.
    Documents(ConsumeError),
    /// No request would do better now.
    Everything(ConsumeError),
    /// As above, and with credentials that are no good any more.
    Credentials(ConsumeError),
}

/// Codes of throttling, of X-Ray and of what stands in front of AWS's services.
const THROTTLED: [&str; 6] = [
    "LimitExceededException",
    "RequestLimitExceeded",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of credentials that were good once; others may be there by now.
const EXPIRED: [&str; 4] =
    ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"];

/// Judges the error of a call.
pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Verdict
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(service) => of_service(service.err(), service.raw()),
        SdkError::TimeoutError(_) => {
            let error = ConsumeError::retryable("no answer from X-Ray in time");
            Verdict::Everything(error.with_code(Code::DeadlineExceeded))
        }
        // Nothing was sent: nobody was reached, or there are no credentials yet. Or what came back was no answer.
        _ => Verdict::Everything(ConsumeError::retryable(story(error)).with_code(Code::Unavailable)),
    }
}

/// The whole story of an error: the first words of it say no more than "dispatch failure".
fn story(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !words.ends_with(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        source = cause.source();
    }
    words
}

fn of_service(error: &impl ProvideErrorMetadata, response: &HttpResponse) -> Verdict {
    let status = response.status().as_u16();
    let code = error.code().unwrap_or_default();
    let mut words = format!("X-Ray answered {status}");
    for part in [code, error.message().unwrap_or_default()].into_iter().filter(|part| !part.is_empty()) {
        words.push_str(": ");
        words.push_str(part);
    }
    let retryable = |words: String| match delay(response) {
        Some(delay) => ConsumeError::retryable_after(words, delay),
        None => ConsumeError::retryable(words),
    };
    if EXPIRED.contains(&code) {
        return Verdict::Credentials(retryable(words).with_code(Code::Unauthenticated));
    }
    if status == 429 || THROTTLED.contains(&code) {
        return Verdict::Everything(retryable(words).with_code(Code::ResourceExhausted));
    }
    match status {
        408 | 500.. => Verdict::Everything(retryable(words).with_code(Code::Unavailable)),
        400 if code == "InvalidRequestException" || code == "ValidationException" => {
            Verdict::Documents(ConsumeError::permanent(words).with_code(Code::InvalidArgument))
        }
        413 => Verdict::Documents(ConsumeError::permanent(words).with_code(Code::InvalidArgument)),
        // Rights and names do not come by waiting.
        _ => Verdict::Everything(ConsumeError::permanent(words).with_code(Code::from_http(status))),
    }
}

/// How long the service asks to be left alone.
fn delay(response: &HttpResponse) -> Option<Duration> {
    let header = |name: &str| response.headers().get(name)?.trim().parse::<u64>().ok();
    let delay = header("x-amz-retry-after").map(Duration::from_millis);
    delay.or_else(|| header("retry-after").map(Duration::from_secs)).filter(|delay| !delay.is_zero())
}
