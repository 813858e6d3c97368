//! TLS, gRPC and HTTP, both sides. Knows no telemetry: bytes in, bytes out.
//!
//! What everything here has in common:
//! 1. What a client claims is never believed: nothing is reserved for a length that has not arrived.
//! 2. Bytes are kept under a charge of [`component::Memory`]. When no charge can be had, reading stops, which holds the
//!    sender back; after a bounded patience the request is refused with the protocol's retryable status.
//! 3. Every wait for the other side has an end.

pub mod auth;
pub mod compression;
mod datagrams;
pub mod endpoint;
pub mod grpc;
mod headers;
pub mod http;

mod intake;
mod percent;
mod refusals;
pub mod tls;

pub use auth::AuthConfig;
pub use datagrams::{Datagrams, DropCount};
