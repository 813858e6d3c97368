//! Merges requests into larger ones, and cuts those that are too large.
//!
//! The way of a batch:
//!
//! 1. A producer leaves its payload, with a claim on it, in the bounded intake of a shard and returns, or waits for the
//!    answer when clients want one. A full intake makes it wait.
//! 2. The shard's worker collects payloads until there are enough or the oldest has waited long enough, and sends what
//!    it has, one batch at a time.
//! 3. While the consumer behind refuses in a way that may pass, the worker keeps the batch and takes nothing new. So the
//!    intake fills, producers wait, and the pressure goes back to whoever sends.
//!
//! Rules of the books:
//!
//! * The edge before counts what comes, and as refused what is answered with an error or given up by its producer. The
//!   edge behind counts what is delivered. The batch books the difference, in `claims.rs` and nowhere else.
//! * Wherever a payload is, a [`claims::Claim`] on it is beside it. A claim that is dropped unanswered, be it by a panic
//!   or because nobody runs the worker any more, books its items.

mod claims;
mod config;
mod intake;
mod metrics;
mod shards;
#[cfg(test)]
mod tests;
mod trouble;
mod worker;

pub use config::Config;
