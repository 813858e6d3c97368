//! Spans by resource and scope, each in the order in which it came first.
//!
//! All spans are written into one buffer as they come. Which run of them belongs to which scope is noted beside it, so
//! that a batch of one resource and one scope, which nearly all are, is one run and is copied once.

use std::collections::HashMap;
use std::ops::Range;

use otlp::write::Writer;

use super::rows::{ScopeName, SpanRows};
use super::span::write_span;
use super::{Decoded, Refusals};

/// An OTLP request in the making.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    /// `ScopeSpans.spans`, one behind the other.
    out: Writer,
    spans: usize,
    runs: Vec<Run>,
    /// The bodies of the resources, and their order.
    resources: HashMap<Vec<u8>, usize>,
    scopes: Vec<Scope<'a>>,
    by_scope: HashMap<Scope<'a>, usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Scope<'a> {
    resource: usize,
    name: ScopeName<'a>,
}

/// Spans of one scope that follow each other.
#[derive(Debug)]
struct Run {
    scope: usize,
    bytes: Range<usize>,
}

impl<'a> Groups<'a> {
    /// For the spans in about `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Self {
            // OTLP takes a little more than Jaeger's formats.
            out: Writer::append_to(Vec::with_capacity(size + size / 4)),
            spans: 0,
            runs: Vec::new(),
            resources: HashMap::new(),
            scopes: Vec::new(),
            by_scope: HashMap::new(),
        }
    }

    /// The number of the resource with this body.
    pub(super) fn resource(&mut self, body: Vec<u8>) -> usize {
        let next = self.resources.len();
        *self.resources.entry(body).or_insert(next)
    }

    /// Writes a span of that resource.
    pub(super) fn add(&mut self, resource: usize, span: &mut SpanRows<'a>) {
        let scope = self.scope(Scope { resource, name: span.take_scope() });
        let start = self.out.len();
        write_span(span, &mut self.out);
        let end = self.out.len();
        self.spans += 1;
        match self.runs.last_mut() {
            Some(run) if run.scope == scope => run.bytes.end = end,
            _ => self.runs.push(Run { scope, bytes: start..end }),
        }
    }

    /// The whole request, whose spans are all of the resource with this body.
    pub(super) fn finish_as(mut self, resource: Vec<u8>, refused: Refusals) -> Decoded {
        self.resource(resource);
        self.finish(refused)
    }

    /// The whole request, beside what was refused.
    pub(super) fn finish(mut self, refused: Refusals) -> Decoded {
        let scopes = &self.scopes;
        self.runs.sort_by_key(|run| (scopes[run.scope].resource, run.scope));
        let mut resources: Vec<_> = self.resources.iter().collect();
        resources.sort_unstable_by_key(|(_, number)| **number);
        let mut out = Writer::append_to(Vec::with_capacity(self.out.len() + 256));
        let mut rest = self.runs.as_slice();
        for (body, number) in resources {
            let own;
            (own, rest) = rest.split_at(rest.partition_point(|run| scopes[run.scope].resource == *number));
            self.write_resource(body, own, &mut out);
        }
        Decoded { traces: out.into_bytes(), spans: self.spans, refused }
    }

    fn scope(&mut self, scope: Scope<'a>) -> usize {
        if let Some(run) = self.runs.last()
            && self.scopes[run.scope] == scope
        {
            return run.scope;
        }
        let next = self.scopes.len();
        let number = *self.by_scope.entry(scope).or_insert(next);
        if number == next {
            self.scopes.push(scope);
        }
        number
    }

    fn write_resource(&self, body: &[u8], runs: &[Run], out: &mut Writer) {
        let size: usize = runs.iter().map(|run| run.bytes.len()).sum();
        let resource_spans = out.begin_sized(1, body.len() + size + 8);
        if !body.is_empty() {
            out.bytes(1, body);
        }
        for runs in runs.chunk_by(|one, other| one.scope == other.scope) {
            self.write_scope(&self.scopes[runs[0].scope], runs, out);
        }
        out.end(resource_spans);
    }

    fn write_scope(&self, scope: &Scope<'_>, runs: &[Run], out: &mut Writer) {
        let size: usize = runs.iter().map(|run| run.bytes.len()).sum();
        let scope_spans = out.begin_sized(2, size);
        let ScopeName { name, version } = scope.name;
        if name.is_some() || version.is_some() {
            out.message(1, |out| {
                name.into_iter().for_each(|name| out.bytes(1, name));
                version.into_iter().for_each(|version| out.bytes(2, version));
            });
        }
        for run in runs {
            out.raw(&self.out.as_slice()[run.bytes.clone()]);
        }
        out.end(scope_spans);
    }
}
