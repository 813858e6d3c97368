//! What a target shows: values held in Prometheus' shape, and the pages that show them.
//!
//! OTLP points become [`Value`]s ([`value`], [`native`]), which take later points in. Labels are rendered once, as the
//! text formats write them ([`labels`]). A [`Page`] writes families and series in one of the three formats, which
//! [`negotiate()`] chooses; it appends to a buffer and never needs more than one series at a time.
//!
//! | OTLP | here | shown as |
//! |---|---|---|
//! | gauge | `gauge`; `untyped` when `prometheus.type` says `unknown` | one sample |
//! | monotonic sum, other sum | `counter`, `gauge` | one sample |
//! | histogram | `histogram` | cumulative buckets up to `+Inf`, sum, count |
//! | exponential histogram | `histogram` | natively in protobuf; in text as count, sum and the bucket `+Inf` |
//! | summary | `summary` | quantiles, sum, count |

pub mod labels;
mod native;
mod negotiate;
mod number;
mod page;
mod protobuf;
#[cfg(test)]
mod tests;
mod text;
mod value;

pub use native::{MIN_SCALE, Native, Side};
pub use negotiate::{Format, Negotiated, negotiate};
pub use page::{Head, Kind, Page, Series};
pub use value::{Exemplar, Histogram, Summary, Unfit, Value};
