//! The `zpages` extension: pages for people about what runs and what became of the data.

mod config;
mod ledger;
mod pages;
mod serve;
mod targets;
#[cfg(test)]
mod tests;
mod traces;

pub use config::{Config, Expvar, Own};
