//! Prometheus: what targets expose, what servers scrape and what is written to them, to and from OTLP metrics.

pub mod expose;
mod labels;
pub mod names;
mod parse;
pub mod relabel;
pub mod remote;
mod selection;
mod spread;
pub mod translate;

pub use labels::Labels;
pub use selection::Selection;
