//! One batch, once; what the server answers decides whether sending it again can help.

use async_trait::async_trait;
use component::{Batch, Code, ConsumeError, Consumer, Context};
use otlp::Signal;
use transport::grpc::{Client, Status};

use crate::partial_success;

/// Calls `Export` with each batch.
pub(super) struct Exports {
    client: Client,
    cx: Context,
}

impl Exports {
    pub(super) fn new(client: Client, cx: Context) -> Exports {
        Exports { client, cx }
    }
}

#[async_trait]
impl Consumer for Exports {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let signal = batch.payload.signal();
        let message = batch.payload.into_rope().into_chunks().collect();
        match self.client.unary(method(signal), message, &batch.origin).await {
            Ok(response) => {
                partial_success::note(&self.cx, signal, &response);
                Ok(())
            }
            Err(status) => Err(verdict(&status)),
        }
    }
}

fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    }
}

/// Which statuses are worth another attempt: the table of the OTLP specification, "OTLP/gRPC response".
pub(super) fn verdict(status: &Status) -> ConsumeError {
    let message = format!("rpc error: code = {} desc = {}", status.code, status.message);
    let delay = status.retry_delay().filter(|delay| !delay.is_zero());
    let retryable = match status.code {
        Code::Canceled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Only a server that says when to come back expects us to.
        Code::ResourceExhausted => status.retry_delay().is_some(),
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Unimplemented
        | Code::Internal
        | Code::Unauthenticated => false,
    };
    let error = match (retryable, delay) {
        (true, Some(delay)) => ConsumeError::retryable_after(message, delay),
        (true, None) => ConsumeError::retryable(message),
        (false, _) => ConsumeError::permanent(message),
    };
    error.with_code(status.code)
}
