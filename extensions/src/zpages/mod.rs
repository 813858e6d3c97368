//! The `zpages` extension: pages for people about what runs and what became of the data.

mod config;
mod flow;
mod ledger;
mod pages;
mod serve;
mod taps;
mod targets;
#[cfg(test)]
mod tests;
mod traces;

pub use config::{Config, Expvar, Own};
