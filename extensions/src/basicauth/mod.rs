//! The `basicauth` extension: user name and password, checked on the way in or added on the way out.

mod client;
mod config;
mod htpasswd;
mod md5_crypt;
mod server;
#[cfg(test)]
mod tests;

pub use config::{ClientAuth, Config, Htpasswd};
