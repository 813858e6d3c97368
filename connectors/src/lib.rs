//! Components that join pipelines: an exporter of one and a receiver of another.

pub mod forward;
