//! The `prometheus` receiver: scrapes targets as a Prometheus server does, from a Prometheus server's configuration.
//!
//! [`discovery`] finds targets, [`pool`] keeps a loop for each that [`target`] makes of them, [`scrape`] is one loop's
//! work: ask ([`client`]), read ([`page`]), translate (`formats`), hand on.

pub mod client;
mod config;
pub mod discovery;
mod duration;
mod health;
pub mod http_config;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the other side of a test belongs to no component")]
mod loopback;
mod page;
mod pool;
mod run;
mod schedule;
mod scrape;
mod status;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod texts;

pub use self::config::Config;
pub use self::duration::{PromDuration, PromDurationError};
pub use self::text::Text;
