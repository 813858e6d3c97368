//! What a client is told when a pipeline did not take its data.

use component::{Code, ConsumeError};
use transport::grpc::Status;

/// An export response without complaints. The Go Collector writes the empty `partial_success` too.
pub(super) const ACCEPTED: &[u8] = b"\x0a\x00";

/// The status of a pipeline's error: a backend's own where it gave one, else `Internal` for what cannot be mended and
/// `Unavailable`, which clients retry, for the rest. A backend's wish for a pause is passed on.
pub(super) fn status(error: &ConsumeError) -> Status {
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
