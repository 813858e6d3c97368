//! Changes the attributes of spans, data points and log records, of all or of those that match.

mod config;
mod judge;
mod matcher;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use component::{Batch, ConsumeError, Consumer, transform};
use otlp::{Payload, Signal};

use crate::actions::{Actions, Prepared};

use judge::Selector;
use matcher::Matcher;

pub use config::{AttributeMatchConfig, Config, LibraryConfig, MatchConfig, RegexpConfig, SeverityConfig};

/// What to do, and to which items.
struct Edit {
    actions: Actions,
    include: Option<Matcher>,
    exclude: Option<Matcher>,
}

fn edit_items(edit: Edit, next: Arc<dyn Consumer>) -> Arc<dyn Consumer> {
    transform(next, move |mut batch: Batch| {
        edit.check_signal(batch.payload.signal())?;
        edit.apply(&edit.actions.prepare(&batch.origin), &mut batch.payload);
        Ok(Some(batch))
    })
}

impl Edit {
    /// The configuration is one for pipelines of all signals, so a field of the wrong one shows only here.
    fn check_signal(&self, signal: Signal) -> Result<(), ConsumeError> {
        let matchers = [("include", &self.include), ("exclude", &self.exclude)];
        for (name, matcher) in matchers {
            if let Some(field) = matcher.as_ref().and_then(|matcher| matcher.misfit(signal)) {
                return Err(ConsumeError::permanent(format!("`{name}::{field}` does not apply to {signal}")));
            }
        }
        Ok(())
    }

    fn apply(&self, prepared: &Prepared<'_>, payload: &mut Payload) {
        let mut selector = Selector::new(self.include.as_ref(), self.exclude.as_ref());
        match payload {
            Payload::Traces(traces) => traces.edit().spans(|span| {
                if selector.takes_all() || selector.takes_span(span.view()) {
                    prepared.apply(&mut span.attributes());
                }
            }),
            Payload::Metrics(metrics) => metrics.edit().points(|point| {
                if selector.takes_all() || selector.takes_point(point.metric()) {
                    prepared.apply(&mut point.attributes());
                }
            }),
            Payload::Logs(logs) => logs.edit().records(|record| {
                if selector.takes_all() || selector.takes_record(record.view()) {
                    prepared.apply(&mut record.attributes());
                }
            }),
        }
    }
}
