//! The `pprof` extension: profiles of the collector itself, in the format of `go tool pprof`.

mod config;
mod heap;
mod profile;
mod sampling;
mod serve;
#[cfg(test)]
mod tests;

pub use config::{Config, Dialer};
