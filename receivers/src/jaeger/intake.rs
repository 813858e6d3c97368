//! From what a client sent to a batch for the pipeline, whatever way it came.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use component::{Batch, ConsumeError, Consumer, Context, Memory, Origin, Trouble};
use formats::jaeger::{AgentMessage, DecodeError, Decoded, Protocol, Refusals};
use formats::{jaeger, zipkin};
use otlp::{Payload, Signal};

/// What all ways in have in common.
pub(super) struct Intake {
    next: Arc<dyn Consumer>,
    cx: Context,
    memory: Memory,
    trouble: Trouble,
}

/// Why nothing of a request goes into the pipeline.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It cannot be read, or none of its spans can.
    Malformed(String),
    /// There is no room for it.
    NoMemory,
}

impl From<DecodeError> for Unfit {
    fn from(error: DecodeError) -> Unfit {
        Unfit::Malformed(error.to_string())
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Malformed(words) => f.write_str(words),
            Unfit::NoMemory => f.write_str("data refused due to high memory usage"),
        }
    }
}

impl Intake {
    pub(super) fn new(cx: &Context, next: Arc<dyn Consumer>) -> Intake {
        let trouble = Trouble::new(cx.id.to_string(), "spans were refused, their neighbours were taken");
        Intake { next, cx: cx.clone(), memory: cx.memory.clone(), trouble }
    }

    /// A request over gRPC: a `PostSpansRequest`.
    pub(super) fn proto(&self, message: &[u8], origin: Origin) -> Result<Option<Batch>, Unfit> {
        self.batch(jaeger::decode_proto(message)?, origin)
    }

    /// A request over HTTP: a `jaeger.Batch` in binary Thrift.
    pub(super) fn thrift(&self, body: &[u8], origin: Origin) -> Result<Option<Batch>, Unfit> {
        self.batch(jaeger::decode_thrift(body, Protocol::Binary)?, origin)
    }

    /// A packet to an agent: Jaeger's spans or Zipkin's.
    pub(super) fn packet(
        &self,
        packet: &[u8],
        protocol: Protocol,
        origin: Origin,
    ) -> Result<Option<Batch>, Unfit> {
        match jaeger::decode_agent(packet, protocol)? {
            AgentMessage::Jaeger(decoded) => self.batch(decoded, origin),
            // A call without its argument carries nothing.
            AgentMessage::Zipkin(list) if list.bytes.is_empty() => Ok(None),
            AgentMessage::Zipkin(list) => {
                let options = zipkin::DecodeOptions::default();
                let decoded = zipkin::thrift::decode_list(list.bytes, list.protocol, options);
                let decoded = decoded.map_err(|error| Unfit::Malformed(error.to_string()))?;
                self.batch(as_jaeger(decoded), origin)
            }
        }
    }

    /// Hands a batch on.
    pub(super) async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        self.next.consume(batch).await
    }

    /// What was decoded as a batch, or nothing when there is nothing in it. Spans that were refused are counted.
    fn batch(&self, decoded: Decoded, origin: Origin) -> Result<Option<Batch>, Unfit> {
        let Refusals { count, first } = decoded.refused;
        if count > 0 {
            let first = first.unwrap_or_default();
            self.cx.refused(Signal::Traces, origin.transport, count);
            self.trouble.report(count, &first);
            if decoded.spans == 0 {
                return Err(Unfit::Malformed(format!(
                    "none of {count} spans can be read, the first: {first}"
                )));
            }
        }
        if decoded.spans == 0 {
            return Ok(None);
        }
        let bytes = self.charged(decoded.traces)?;
        let payload = Payload::parse(Signal::Traces, bytes);
        let payload = payload.map_err(|error| Unfit::Malformed(error.to_string()))?;
        Ok(Some(Batch { payload, origin }))
    }

    fn charged(&self, traces: Vec<u8>) -> Result<Bytes, Unfit> {
        let charge = self.memory.charge(traces.capacity()).ok_or(Unfit::NoMemory)?;
        Ok(charge.attach(traces))
    }
}

fn as_jaeger(decoded: zipkin::Decoded) -> Decoded {
    let first = decoded.refused.list.first().map(ToString::to_string);
    let refused = Refusals { count: decoded.refused.total, first };
    Decoded { traces: decoded.traces, spans: decoded.spans, refused }
}
