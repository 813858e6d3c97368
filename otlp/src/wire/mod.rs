//! OTLP as protobuf bytes: what the messages look like, and one pass that checks a request.

pub(crate) mod message;
pub(crate) mod resource;
pub mod scan;
pub mod schema;
pub(crate) mod split;
pub mod varint;
