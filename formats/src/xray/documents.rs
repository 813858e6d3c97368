//! The documents of a request, one after the other.

use otlp::{Span, Traces};

use super::id::valid;
use super::resource::Parts;
use super::rows::Rows;
use super::segment::{Form, Kind, Segment, described};
use super::{Cut, MAX_DOCUMENT_BYTES, Options};

/// A segment document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// JSON of at most [`MAX_DOCUMENT_BYTES`].
    pub text: String,
    /// The trace it belongs to.
    pub trace_id: [u8; 16],
    /// The span it was made of.
    pub span_id: [u8; 8],
    /// The segment's id, which is the span's but for a second document of a span.
    pub id: [u8; 8],
    /// The position of its span in the request. A span makes one document or two.
    pub span: usize,
    /// Whether something was left out, as it was too large.
    pub is_cut: bool,
}

/// Spans that were refused while their neighbours were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// How many.
    pub count: usize,
    /// Which was the first, and what was wrong with it.
    pub first: Option<String>,
}

/// The documents of a request; each is made when it is asked for.
pub struct Documents<'a> {
    spans: Box<dyn Iterator<Item = Span<'a>> + Send + 'a>,
    options: &'a Options,
    resource: Option<Parts<'a>>,
    rows: Rows<'a>,
    /// Where documents are written before it is known whether they are too large.
    scratch: String,
    /// The second document of the last span.
    second: Option<Document>,
    spans_read: usize,
    refused: Refusals,
}

impl<'a> Documents<'a> {
    /// The documents of `traces`.
    pub fn new(traces: &'a Traces, options: &'a Options) -> Self {
        Self {
            spans: Box::new(traces.spans()),
            options,
            resource: None,
            rows: Rows::new(),
            scratch: String::new(),
            second: None,
            spans_read: 0,
            refused: Refusals::default(),
        }
    }

    /// The spans that could not be translated, among those that were read so far.
    pub fn refused(&self) -> &Refusals {
        &self.refused
    }

    /// The first document of `span`; a second one is kept for later.
    fn translate(&mut self, span: Span<'a>) -> Result<Document, &'static str> {
        let trace_id = valid::<16>(span.trace_id()).ok_or("it has no trace id")?;
        let span_id = valid::<8>(span.span_id()).ok_or("it has no span id")?;
        self.rows.read(span.attributes());
        let resource = span.resource();
        let known = self.resource.take().filter(|known| known.index == resource.index());
        let resource = known.unwrap_or_else(|| Parts::new(&resource, self.options));
        let documents = Form::all(Kind::of(&span), &self.rows).iter().map(|form| {
            let (id, is_cut) = write(&mut self.scratch, &resource, |cut| {
                Segment::new(span, &self.rows, &resource, self.options, *form, cut)
            })?;
            let text = self.scratch.clone();
            Ok(Document { text, trace_id, span_id, id, span: self.spans_read - 1, is_cut })
        });
        let documents = documents.collect::<Result<Vec<_>, &'static str>>();
        self.resource = Some(resource);
        let mut documents = documents?.into_iter();
        let first = documents.next().ok_or("it makes no document")?;
        self.second = documents.next();
        Ok(first)
    }
}

impl Iterator for Documents<'_> {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        if let Some(second) = self.second.take() {
            return Some(second);
        }
        while let Some(span) = self.spans.next() {
            self.spans_read += 1;
            match self.translate(span) {
                Ok(document) => return Some(document),
                Err(reason) => {
                    self.refused.count += 1;
                    self.refused.first.get_or_insert_with(|| format!("{}: {reason}", described(&span)));
                }
            }
        }
        None
    }
}

/// Writes a segment of `resource` with the least cut with which it is small enough: its id, and whether there was a cut.
fn write<'v, 'a: 'v>(
    out: &mut String,
    resource: &Parts<'a>,
    segment: impl Fn(Cut) -> Segment<'v, 'a>,
) -> Result<([u8; 8], bool), &'static str> {
    let least = resource.least_cut();
    let cuts = Cut::ALL.into_iter().filter(|cut| *cut >= least && !resource.is_hopeless());
    for cut in cuts {
        let segment = segment(cut);
        out.clear();
        segment.write(out);
        if out.len() <= MAX_DOCUMENT_BYTES {
            return Ok((segment.id(), cut != Cut::Nothing));
        }
    }
    Err("it makes a document of more than 64 kB, whatever is cut from it")
}
