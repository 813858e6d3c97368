//! One export request, as bytes or as tables.

mod form;
mod signals;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::attributes::AttributesEdit;
use crate::rope::Rope;
use crate::signal::Signal;
use crate::wire::scan::scan;
use crate::wire::split::{Cutter, Least, Limit};
use crate::wire::varint::Malformed;

pub(crate) use form::Form;
pub use signals::{Logs, Metrics, Traces};

/// One export request of any signal. Cloning is cheap in every form; changing a shared one copies it first.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Spans.
    Traces(Traces),
    /// Data points.
    Metrics(Metrics),
    /// Log records.
    Logs(Logs),
}

/// Cuts a payload into pieces within a limit: an iterator, or piece by piece with limits of their own.
#[derive(Debug)]
pub struct Splitter {
    signal: Signal,
    limit: Limit,
    /// Items that are not in a piece yet.
    items: usize,
    rest: Rest,
}

/// What of a payload is not in a piece yet.
#[derive(Debug)]
enum Rest {
    /// All of it.
    Whole(Form),
    /// What the cutter has not reached.
    Cut(Box<Cutter>),
}

impl Payload {
    /// Takes `bytes` for an export request of `signal`. This is the only way in for bytes from outside, so whoever has
    /// a payload need not check it again.
    pub fn parse(signal: Signal, bytes: Bytes) -> Result<Self, Malformed> {
        let items = scan(signal, &bytes)?;
        Ok(Self::from_form(signal, Form::wire(bytes.into(), items)))
    }

    /// A request without items.
    pub fn empty(signal: Signal) -> Self {
        Self::from_form(signal, Form::wire(Rope::new(), 0))
    }

    /// Which kind of telemetry it is.
    pub fn signal(&self) -> Signal {
        match self {
            Self::Traces(_) => Signal::Traces,
            Self::Metrics(_) => Signal::Metrics,
            Self::Logs(_) => Signal::Logs,
        }
    }

    /// How many spans, data points or log records there are.
    pub fn items(&self) -> usize {
        self.form().items()
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items() == 0
    }

    /// How many bytes it takes as protobuf. After a change this writes it, once.
    pub fn size(&self) -> usize {
        self.form().size()
    }

    /// The request as protobuf.
    pub fn to_rope(&self) -> Rope {
        self.form().to_rope()
    }

    /// The request as protobuf.
    pub fn into_rope(self) -> Rope {
        self.into_form().to_rope()
    }

    /// The same request, which shares its bytes with this one and no readings: who looks into it leaves this one as it
    /// is. After a change this writes it, once.
    pub fn detached(&self) -> Self {
        Self::from_form(self.signal(), Form::wire(self.to_rope(), self.items()))
    }

    /// Adds all of `other`, which must be of the same signal.
    ///
    /// # Panics
    ///
    /// When the signals differ, which is a fault of the program and not of any input.
    pub fn append(&mut self, other: Self) {
        assert_eq!(self.signal(), other.signal(), "a payload holds one signal");
        self.form_mut().append(other.into_form());
    }

    /// The first `items` items or fewer, and the rest.
    pub fn split_at(self, items: usize) -> (Self, Self) {
        let signal = self.signal();
        let mut pieces = self.split(Limit::items(items));
        let first = if items == 0 { None } else { pieces.next() };
        let rest = pieces.cut(Limit::NONE);
        (first.unwrap_or_else(|| Self::empty(signal)), rest.unwrap_or_else(|| Self::empty(signal)))
    }

    /// Cuts it at item borders into pieces within `limit`. A payload without items has no pieces.
    pub fn split(self, limit: Limit) -> Splitter {
        let (signal, items) = (self.signal(), self.items());
        Splitter { signal, limit, items, rest: Rest::Whole(self.into_form()) }
    }

    /// Lets `edit` change the attributes of every resource. What it leaves as it is costs next to nothing.
    pub fn edit_resources(&mut self, edit: impl FnMut(&mut AttributesEdit<'_>)) {
        let signal = self.signal();
        self.form_mut().edit_resources(signal, edit);
    }

    /// The spans, if that is what it holds.
    pub fn as_traces(&self) -> Option<&Traces> {
        match self {
            Self::Traces(traces) => Some(traces),
            Self::Metrics(_) | Self::Logs(_) => None,
        }
    }

    /// The data points, if that is what it holds.
    pub fn as_metrics(&self) -> Option<&Metrics> {
        match self {
            Self::Metrics(metrics) => Some(metrics),
            Self::Traces(_) | Self::Logs(_) => None,
        }
    }

    /// The log records, if that is what it holds.
    pub fn as_logs(&self) -> Option<&Logs> {
        match self {
            Self::Logs(logs) => Some(logs),
            Self::Traces(_) | Self::Metrics(_) => None,
        }
    }

    fn from_form(signal: Signal, form: Form) -> Self {
        match signal {
            Signal::Traces => Self::Traces(Traces(form)),
            Signal::Metrics => Self::Metrics(Metrics(form)),
            Signal::Logs => Self::Logs(Logs(form)),
        }
    }

    fn form(&self) -> &Form {
        match self {
            Self::Traces(Traces(form)) | Self::Metrics(Metrics(form)) | Self::Logs(Logs(form)) => form,
        }
    }

    fn form_mut(&mut self) -> &mut Form {
        match self {
            Self::Traces(Traces(form)) | Self::Metrics(Metrics(form)) | Self::Logs(Logs(form)) => form,
        }
    }

    fn into_form(self) -> Form {
        match self {
            Self::Traces(Traces(form)) | Self::Metrics(Metrics(form)) | Self::Logs(Logs(form)) => form,
        }
    }
}

impl Splitter {
    /// Items that are not in a piece yet.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Encoded bytes that are not in a piece yet, without the containers that further pieces repeat.
    pub fn bytes(&self) -> usize {
        match &self.rest {
            Rest::Whole(form) => form.size(),
            Rest::Cut(cutter) => cutter.bytes_left(),
        }
    }

    /// The next piece, within `limit` for this once; one item at least.
    pub fn cut(&mut self, limit: Limit) -> Option<Payload> {
        self.cut_at_least(Least::OneItem, Limit { items: limit.items.max(1), ..limit })
    }

    /// The next piece within `limit` for this once; `None` also when not even one item is.
    pub fn cut_within(&mut self, limit: Limit) -> Option<Payload> {
        self.cut_at_least(Least::Nothing, limit)
    }

    fn cut_at_least(&mut self, least: Least, limit: Limit) -> Option<Payload> {
        let cutter = match &mut self.rest {
            _ if self.items == 0 => return None,
            Rest::Whole(form) if form.items() <= limit.items && form.size() <= limit.bytes => {
                self.items = 0;
                return Some(Payload::from_form(self.signal, form.clone()));
            }
            Rest::Whole(form) => {
                self.rest = Rest::Cut(Cutter::new(self.signal, form.to_rope().to_contiguous()).into());
                return self.cut_at_least(least, limit);
            }
            Rest::Cut(cutter) => cutter,
        };
        let (piece, items) = cutter.cut(limit, least)?;
        self.items = self.items.saturating_sub(items);
        Some(Payload::from_form(self.signal, Form::wire(piece, items)))
    }
}

impl Iterator for Splitter {
    type Item = Payload;

    fn next(&mut self) -> Option<Payload> {
        self.cut(self.limit)
    }
}
