//! Labels that are written anew for each bucket or quantile of a point.

/// What they may come to for one point, in bytes. Points of real programs stay far below a hundredth of it; without a
/// bound, a request of one megabyte could ask for a hundred gigabytes.
const MAX_BYTES: usize = 16 << 20;

/// What is said of a point that would need more.
pub(super) const TOO_WIDE: &str =
    "its labels are too long to be repeated for each of its buckets or quantiles";

/// Whether labels of so many bytes are too much for a point of so many parts.
pub(super) fn is_too_wide(labels: usize, parts: usize) -> bool {
    labels.saturating_mul(parts) > MAX_BYTES
}
