//! Shows metrics on a page, for Prometheus to fetch.
//!
//! Points become series ([`consume`]), which are kept by family ([`registry`], [`family`]) until nothing has come for
//! them for a while. A scrape walks the families and writes what it finds, chunk by chunk ([`page`], [`serve`]): it never
//! holds a copy of all series, and no lock for longer than it takes to look at a few hundred of them.
//!
//! A series is known by a hash of what its labels are made of ([`identity`]), so that a point of a known series costs no
//! text; its labels are rendered when it comes for the first time.

mod config;
mod consume;
mod expire;
mod family;
mod identity;
mod labels;
mod page;
mod refused;
mod registry;
mod serve;
mod source;
#[cfg(test)]
mod tests;

pub use config::{Config, IncludedExcluded, Own, ResourceToTelemetry, TranslationStrategy};
