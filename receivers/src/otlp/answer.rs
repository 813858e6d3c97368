//! What a client is told when its data was taken.

/// An export response without complaints. The Go Collector writes the empty `partial_success` too.
pub(super) const ACCEPTED: &[u8] = b"\x0a\x00";
