//! What the collector says of itself: logs and metrics (`service::telemetry`).

mod config;
mod format;
mod logs;
mod metrics;
mod process;
mod prometheus;
mod send;

pub(crate) use self::config::TelemetryConfig;
pub(crate) use self::logs::Logs;
pub(crate) use self::metrics::serve;
pub(crate) use self::process::register as register_process_metrics;
pub(crate) use self::send::send;
