//! What a backend answers.

use std::time::Duration;

use http::StatusCode;
use prost::Message;
use tonic::{Code, Status};

use crate::rpc::{Any, Delay, RetryInfo, RpcStatus};

/// What to do with a request.
#[derive(Clone, Debug, Default)]
pub enum Answer {
    /// Takes it.
    #[default]
    Accept,
    /// Takes it, and says that some of it was thrown away.
    Reject {
        /// How many items.
        items: i64,
        /// Why.
        why: &'static str,
    },
    /// Refuses it with that code; a delay is a `RetryInfo` or a `Retry-After`.
    Refuse {
        /// Over HTTP, the status that stands for it.
        code: Code,
        /// When to come back.
        retry_after: Option<Duration>,
    },
    /// Never answers.
    Stall,
    /// Breaks the connection.
    Reset,
}

impl Answer {
    /// A refusal without more.
    #[must_use]
    pub fn refuse(code: Code) -> Answer {
        Answer::Refuse { code, retry_after: None }
    }

    /// A refusal that says when to come back.
    #[must_use]
    pub fn refuse_until(code: Code, retry_after: Duration) -> Answer {
        Answer::Refuse { code, retry_after: Some(retry_after) }
    }

    pub(super) fn takes(&self) -> bool {
        match self {
            Answer::Accept | Answer::Reject { .. } => true,
            Answer::Refuse { .. } | Answer::Stall | Answer::Reset => false,
        }
    }
}

/// The status of a refusal, with `google.rpc.RetryInfo` where there is a delay.
pub(super) fn status(code: Code, retry_after: Option<Duration>) -> Status {
    let message = "the backend refuses";
    match retry_after {
        None => Status::new(code, message),
        Some(delay) => Status::with_details(code, message, rpc_status(code, message, delay).into()),
    }
}

/// The HTTP status that OTLP has for a refusal of that code.
pub(super) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn rpc_status(code: Code, message: &str, delay: Duration) -> Vec<u8> {
    let nanos = i32::try_from(delay.subsec_nanos()).expect("less than a second");
    let delay = Delay { seconds: i64::try_from(delay.as_secs()).expect("a short delay"), nanos };
    let info = RetryInfo { retry_delay: Some(delay) }.encode_to_vec();
    let any = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(), value: info };
    RpcStatus { code: code as i32, message: message.to_owned(), details: vec![any] }.encode_to_vec()
}
