//! The `headers_setter` extension: sets headers of outgoing requests, also from what came in.

mod config;
mod set;
#[cfg(test)]
mod tests;

pub use config::{Action, Config, HeaderConfig};
