//! Tables against the reference codec.

mod edits;
mod hostile;
mod reading;
