//! Extensions: what serves the collector or its components, beside the pipelines.

pub mod basicauth;
pub mod bearertokenauth;
mod expected;
pub mod headers_setter;
pub mod health_check;
pub mod pprof;
mod watched_file;
pub mod zpages;
