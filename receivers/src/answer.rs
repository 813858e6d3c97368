//! What a client is told when a pipeline did not take its data.

use std::time::Duration;

use component::{Code, ConsumeError};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use transport::grpc::Status;
use transport::http::Response;

/// When to come back when nobody knows better: room comes back as fast as exporters send.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// The status of a pipeline's error: a backend's own where it gave one, else `Internal` for what cannot be mended and
/// `Unavailable`, which clients retry, for the rest. A backend's wish for a pause is passed on.
pub(crate) fn status(error: &ConsumeError) -> Status {
    let fault = error.fault();
    match error {
        ConsumeError::Permanent(_) => Status::new(fault.code.unwrap_or(Code::Internal), fault),
        ConsumeError::Retryable { after, .. } => {
            let status = Status::new(fault.code.unwrap_or(Code::Unavailable), fault);
            match after {
                Some(delay) => status.with_retry_delay(*delay),
                None => status,
            }
        }
    }
}

/// The same answer, saying when to come back, in whole seconds.
pub(crate) fn later(mut response: Response, delay: Duration) -> Response {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
