//! `jaeger.api_v2` over gRPC: taking spans, and telling clients how to sample.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::Code;
use transport::grpc::{Request, Service, Status};

use super::intake::{Intake, Unfit};
use crate::answer::status;

const POST_SPANS: &str = "/jaeger.api_v2.CollectorService/PostSpans";
const GET_SAMPLING_STRATEGY: &str = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";

/// What a Jaeger without strategies of its own says of any service: one trace in a thousand, as a
/// `SamplingStrategyResponse`. Its field 2 is a `ProbabilisticSamplingStrategy` with the rate in its field 1.
const DEFAULT_STRATEGY: &[u8] = b"\x12\x09\x09\xfc\xa9\xf1\xd2\x4d\x62\x50\x3f";

/// The services of a Jaeger collector.
pub(super) struct Calls {
    intake: Arc<Intake>,
}

impl Calls {
    pub(super) fn new(intake: Arc<Intake>) -> Calls {
        Calls { intake }
    }

    async fn post_spans(&self, request: Request) -> Result<Bytes, Status> {
        let origin = request.origin("grpc");
        let batch = self.intake.proto(&request.message, origin).map_err(|unfit| refusal(&unfit))?;
        // What it was made of is not needed while the pipeline works.
        drop(request);
        if let Some(batch) = batch {
            self.intake.consume(batch).await.map_err(|error| status(&error))?;
        }
        // A `PostSpansResponse` has no fields.
        Ok(Bytes::new())
    }
}

#[async_trait]
impl Service for Calls {
    fn has(&self, path: &str) -> bool {
        matches!(path, POST_SPANS | GET_SAMPLING_STRATEGY)
    }

    async fn call(&self, request: Request) -> Result<Bytes, Status> {
        match request.path.as_str() {
            POST_SPANS => self.post_spans(request).await,
            GET_SAMPLING_STRATEGY => Ok(Bytes::from_static(DEFAULT_STRATEGY)),
            other => Err(Status::new(Code::Unimplemented, format!("unknown method `{other}`"))),
        }
    }
}

fn refusal(unfit: &Unfit) -> Status {
    let code = match unfit {
        Unfit::Malformed(_) => Code::InvalidArgument,
        Unfit::NoMemory => Code::Unavailable,
    };
    Status::new(code, unfit)
}
