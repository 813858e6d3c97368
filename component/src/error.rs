//! How a consumer says no.

use std::fmt;
use std::time::Duration;

/// Why a batch was not taken. Two variants, as there are two things to do about it.
#[derive(Clone, Debug)]
pub enum ConsumeError {
    /// Sending the same data again cannot help.
    Permanent(Fault),
    /// Sending it again may help.
    Retryable {
        /// What went wrong.
        source: Fault,
        /// How long the other side asked to be left alone.
        after: Option<Duration>,
    },
}

impl ConsumeError {
    /// An error that sending again cannot mend.
    pub fn permanent(message: impl fmt::Display) -> ConsumeError {
        ConsumeError::Permanent(Fault::new(message))
    }

    /// An error that sending again may mend.
    pub fn retryable(message: impl fmt::Display) -> ConsumeError {
        ConsumeError::Retryable { source: Fault::new(message), after: None }
    }

    /// An error that sending again may mend, not before `after` has passed.
    pub fn retryable_after(message: impl fmt::Display, after: Duration) -> ConsumeError {
        ConsumeError::Retryable { source: Fault::new(message), after: Some(after) }
    }

    /// The same error, carrying the status that a backend answered, so that it can be passed on to the client.
    #[must_use]
    pub fn with_code(mut self, code: Code) -> ConsumeError {
        self.fault_mut().code = Some(code);
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn fault(&self) -> &Fault {
        match self {
            ConsumeError::Permanent(source) | ConsumeError::Retryable { source, .. } => source,
        }
    }

    /// Whether sending again is pointless.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            ConsumeError::Permanent(_) => true,
            ConsumeError::Retryable { .. } => false,
        }
    }

    /// One answer for several consumers of the same batch.
    ///
    /// A permanent refusal outweighs a retryable one: sending the batch again would only duplicate it where it was
    /// taken. The first status found and the longest delay are kept.
    #[must_use]
    pub fn join(self, other: ConsumeError) -> ConsumeError {
        let source = Fault {
            message: format!("{}; {}", self.fault().message, other.fault().message),
            code: self.fault().code.or(other.fault().code),
        };
        match (self, other) {
            (ConsumeError::Retryable { after: a, .. }, ConsumeError::Retryable { after: b, .. }) => {
                ConsumeError::Retryable { source, after: a.max(b) }
            }
            _ => ConsumeError::Permanent(source),
        }
    }

    fn fault_mut(&mut self) -> &mut Fault {
        match self {
            ConsumeError::Permanent(source) | ConsumeError::Retryable { source, .. } => source,
        }
    }
}

impl fmt::Display for ConsumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConsumeError::Permanent(source) => write!(f, "permanent: {source}"),
            ConsumeError::Retryable { source, .. } => source.fmt(f),
        }
    }
}

impl std::error::Error for ConsumeError {}

/// What went wrong, in words and, where a backend gave one, with its status.
#[derive(Clone, Debug)]
pub struct Fault {
    /// For a person: lower case, no full stop.
    pub message: String,
    /// The gRPC status of a backend.
    pub code: Option<Code>,
}

impl Fault {
    fn new(message: impl fmt::Display) -> Fault {
        Fault { message: message.to_string(), code: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The status codes of gRPC, which OTLP uses over HTTP too (`google.rpc.Code`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are the definition")]
pub enum Code {
    Ok = 0,
    Canceled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

impl Code {
    const ALL: [Code; 17] = [
        Code::Ok,
        Code::Canceled,
        Code::Unknown,
        Code::InvalidArgument,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::AlreadyExists,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];

    /// The code of that number; numbers without a meaning are `Unknown`, as the gRPC specification has it.
    #[must_use]
    pub fn from_number(number: u32) -> Code {
        Code::ALL.get(number as usize).copied().unwrap_or(Code::Unknown)
    }

    /// Its number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }

    /// The code that stands for an HTTP status in OTLP bodies and errors (`internal/httphelper` of the Go Collector).
    #[must_use]
    pub fn from_http(status: u16) -> Code {
        match status {
            400 => Code::InvalidArgument,
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 => Code::ResourceExhausted,
            502..=504 => Code::Unavailable,
            _ => Code::Unknown,
        }
    }

    /// The HTTP status that an OTLP receiver answers for this code.
    #[must_use]
    pub fn http(self) -> u16 {
        match self {
            Code::Canceled
            | Code::DeadlineExceeded
            | Code::Aborted
            | Code::OutOfRange
            | Code::Unavailable
            | Code::DataLoss => 503,
            Code::ResourceExhausted => 429,
            Code::InvalidArgument => 400,
            Code::Unauthenticated => 401,
            Code::PermissionDenied => 403,
            Code::Unimplemented => 404,
            Code::Ok => 200,
            Code::Unknown
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::Internal => 500,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
