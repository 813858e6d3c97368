//! Extensions: what serves the collector or its components, beside the pipelines.

pub mod basicauth;
pub mod bearertokenauth;
mod expected;
pub mod headers_setter;
pub mod health_check;
mod html;
pub mod jaegerremotesampling;
#[cfg(test)]
mod loopback;
mod pipeline_report;
pub mod pprof;
mod watched_file;
pub mod zpages;
