//! One batch, as one request for each resource.
//!
//! 1. The requests go one after the other. A failure that may pass ends the attempt, and the whole batch is sent again:
//!    what had been taken comes twice. The other way round something could be lost.
//! 2. A request that the server refuses for good costs its own spans. They are booked as rejected when the others have
//!    been taken, and not before: an attempt that is repeated would book them twice.
//! 3. When every request was refused for good, so was the batch.

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, Code, ConsumeError, Consumer, Context, Trouble};
use formats::jaeger::{Request, encode};
use otlp::{Signal, Traces};
use transport::grpc::{Client, Status};

const POST_SPANS: &str = "/jaeger.api_v2.CollectorService/PostSpans";

/// What a Jaeger collector takes in one message when nobody told it otherwise, as any gRPC server: 4 MiB.
const MAX_MESSAGE: usize = 4 << 20;

/// Calls `PostSpans` with each batch.
pub(super) struct Posts {
    client: Client,
    cx: Context,
    trouble: Trouble,
}

/// What was refused for good so far.
#[derive(Default)]
struct Refused {
    requests: usize,
    spans: usize,
    last: Option<ConsumeError>,
}

impl Posts {
    pub(super) fn new(client: Client, cx: Context) -> Posts {
        let trouble = Trouble::new(cx.id.to_string(), "the server refuses spans for good; dropping them");
        Posts { client, cx, trouble }
    }

    async fn post_all(&self, traces: &Traces, batch: &Batch) -> Result<(), ConsumeError> {
        let mut refused = Refused::default();
        let mut sent = 0;
        for Request { body, spans } in encode(traces, MAX_MESSAGE) {
            sent += 1;
            let answer = self.client.unary(POST_SPANS, vec![Bytes::from(body)], &batch.origin).await;
            match answer.map_err(|status| verdict(&status)) {
                Ok(_) => (),
                Err(error) if error.is_permanent() => refused.add(spans, error),
                Err(error) => return Err(error),
            }
        }
        self.settle(sent, refused)
    }

    fn settle(&self, sent: usize, refused: Refused) -> Result<(), ConsumeError> {
        match refused.last {
            None => {
                self.trouble.over();
                Ok(())
            }
            Some(error) if refused.requests == sent => Err(error),
            Some(error) => {
                self.trouble.report(refused.spans, &error);
                self.cx.rejected(Signal::Traces, refused.spans);
                Ok(())
            }
        }
    }
}

impl Refused {
    fn add(&mut self, spans: usize, error: ConsumeError) {
        self.requests += 1;
        self.spans += spans;
        self.last = Some(error);
    }
}

#[async_trait]
impl Consumer for Posts {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        match batch.payload.as_traces() {
            Some(traces) => self.post_all(traces, &batch).await,
            None => Err(ConsumeError::permanent("Jaeger takes traces only")),
        }
    }
}

/// Which statuses are worth another attempt: all that do not speak of the request itself. A Jaeger whose queue is full
/// says `RESOURCE_EXHAUSTED`, the Go Collector's receiver says `UNKNOWN` whatever it is.
pub(super) fn verdict(status: &Status) -> ConsumeError {
    let message = format!("rpc error: code = {} desc = {}", status.code, status.message);
    let delay = status.retry_delay().filter(|delay| !delay.is_zero());
    let retryable = match status.code {
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Internal
        | Code::Unauthenticated => false,
        Code::Canceled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
    };
    let error = match (retryable, delay) {
        (true, Some(delay)) => ConsumeError::retryable_after(message, delay),
        (true, None) => ConsumeError::retryable(message),
        (false, _) => ConsumeError::permanent(message),
    };
    error.with_code(status.code)
}
