//! Keeps the process below a limit of memory by refusing data, in a way that lets the client try again.
//!
//! There are two lines of defence:
//!
//! 1. **By bytes.** Whoever takes bytes from outside charges them first (`component::Memory`), and the limiter says how
//!    many may be in flight: what is left of the hard limit after all else that the process holds. So a burst is
//!    refused at the door before it has cost anything, however fast it comes.
//! 2. **By measure.** While the process holds more than the soft limit, every batch that comes here is refused.

mod config;
mod limiter;
mod measure;
mod refuse;
mod shared;
#[cfg(test)]
mod tests;

pub use config::Config;
