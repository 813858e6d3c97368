//! Fuzz targets: what the codec of telemetry, the translations and the configuration loader promise for any bytes.
//!
//! A target takes bytes and panics where a promise is broken. What it returns tells a fuzzer without insight into the
//! program when it has come to a new place. Requests have a short header in front; see [`input`].

mod compare;
mod configuration;
mod edits;
mod input;
mod jaeger;
mod json;
mod mirror;
pub mod mutate;
mod outcome;
mod prometheus;
mod reference;
mod remote_write;
mod resources;
mod scan;
pub mod seeds;
mod settings;
mod split;
#[cfg(test)]
mod tests;
mod xray;
mod zipkin;

use std::path::{Path, PathBuf};

pub use outcome::Outcome;

/// A fuzz target.
pub type Target = fn(&[u8]) -> Outcome;

/// Every target by its name, which is that of its folder in the corpus too.
pub static TARGETS: [(&str, Target); 18] = [
    ("scan", scan::scan),
    ("resources", resources::resources),
    ("split", split::split),
    ("edits", edits::edits),
    ("json_read", json::json_read),
    ("json_write", json::json_write),
    ("configuration", configuration::configuration),
    ("jaeger_proto", jaeger::jaeger_proto),
    ("jaeger_thrift", jaeger::jaeger_thrift),
    ("prometheus_text", prometheus::prometheus_text),
    ("prometheus_openmetrics", prometheus::prometheus_openmetrics),
    ("prometheus_proto", prometheus::prometheus_proto),
    ("remote_write_v1", remote_write::remote_write_v1),
    ("remote_write_v2", remote_write::remote_write_v2),
    ("xray", xray::xray),
    ("zipkin_json", zipkin::zipkin_json),
    ("zipkin_proto", zipkin::zipkin_proto),
    ("zipkin_v1", zipkin::zipkin_v1),
];

/// The folder of a target's seeds and regressions.
#[must_use]
pub fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

/// The files in a folder, by name, so that every run takes them in the same order. No folder, no files.
///
/// # Errors
///
/// When a file cannot be read.
pub fn read_folder(folder: &Path) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), std::fs::read(path)?))).collect()
}

/// Runs the target called `name`, for fuzzers that find out themselves where it has come.
///
/// # Panics
///
/// When a promise is broken, or when there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("the name is in the list");
    target(data);
}
