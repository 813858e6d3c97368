//! Which items of one request are to be changed.

use otlp::{LogRecord, Metric, Resource, Span};

use super::matcher::Matcher;

/// Both matchers of one request. An item is taken when it matches `include` and does not match `exclude`.
pub(super) struct Selector<'a> {
    include: Option<Judge<'a>>,
    exclude: Option<Judge<'a>>,
}

impl<'a> Selector<'a> {
    pub(super) fn new(include: Option<&'a Matcher>, exclude: Option<&'a Matcher>) -> Selector<'a> {
        let judge = |matcher| Judge { matcher, last: None };
        Selector { include: include.map(judge), exclude: exclude.map(judge) }
    }

    pub(super) fn takes_all(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    pub(super) fn takes_span(&mut self, span: Span<'_>) -> bool {
        self.takes(|judge| judge.likes(span.resource()) && judge.matcher.matches_span(span))
    }

    pub(super) fn takes_point(&mut self, metric: Metric<'_>) -> bool {
        self.takes(|judge| judge.likes(metric.resource()) && judge.matcher.matches_metric(metric))
    }

    pub(super) fn takes_record(&mut self, record: LogRecord<'_>) -> bool {
        self.takes(|judge| judge.likes(record.resource()) && judge.matcher.matches_record(record))
    }

    fn takes(&mut self, matches: impl Fn(&mut Judge<'a>) -> bool) -> bool {
        self.include.as_mut().is_none_or(&matches) && !self.exclude.as_mut().is_some_and(&matches)
    }
}

struct Judge<'a> {
    matcher: &'a Matcher,
    /// The resource that was judged last, and the verdict. Items come in the order of their resources.
    last: Option<(usize, bool)>,
}

impl Judge<'_> {
    fn likes(&mut self, resource: Resource<'_>) -> bool {
        match self.last {
            Some((index, verdict)) if index == resource.index() => verdict,
            _ => {
                let verdict = self.matcher.matches_resource(resource);
                self.last = Some((resource.index(), verdict));
                verdict
            }
        }
    }
}
