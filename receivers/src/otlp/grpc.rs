//! OTLP/gRPC: the three `Export` methods.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Batch, Code, Outputs};
use otlp::{Payload, Signal};
use transport::grpc::{Request, Service, Status};

use super::answer::ACCEPTED;
use crate::answer::status;

/// The services of the signals that a pipeline wants.
pub(super) struct Exports {
    outputs: Outputs,
}

impl Exports {
    pub(super) fn new(outputs: Outputs) -> Arc<Exports> {
        Arc::new(Exports { outputs })
    }
}

#[async_trait]
impl Service for Exports {
    fn has(&self, path: &str) -> bool {
        signal(path).is_some_and(|signal| self.outputs.of(signal).is_some())
    }

    async fn call(&self, request: Request) -> Result<Bytes, Status> {
        let next = signal(&request.path).and_then(|signal| Some((signal, self.outputs.of(signal)?)));
        let Some((signal, next)) = next else {
            return Err(Status::new(Code::Unimplemented, format!("unknown method `{}`", request.path)));
        };
        let origin = request.origin("grpc");
        let payload =
            Payload::parse(signal, request.message).map_err(|error| Status::new(Code::Internal, error))?;
        if !payload.is_empty() {
            next.consume(Batch { payload, origin }).await.map_err(|error| status(&error))?;
        }
        Ok(Bytes::from_static(ACCEPTED))
    }
}

/// The signal that this method exports.
fn signal(path: &str) -> Option<Signal> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Some(Signal::Traces),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Some(Signal::Metrics),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Some(Signal::Logs),
        _ => None,
    }
}
