//! A page, made chunk by chunk while it is sent.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use component::Counter;
use formats::prometheus::expose::{Head, Negotiated, Page, Series as Shown};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use transport::compression::Gzip;

use super::family::{Family, Series};
use super::registry::Registry;

/// A chunk is sent when it has this size.
const CHUNK: usize = 64 << 10;

/// How many series are taken from a family at once.
const PART: usize = 256;

/// What a page is made of.
pub(super) struct Order {
    pub(super) registry: Arc<Registry>,
    pub(super) negotiated: Negotiated,
    pub(super) is_packed: bool,
    pub(super) with_timestamps: bool,
    /// Counts what the client could not tell apart.
    pub(super) left_out: Counter,
    /// When the client has had enough time.
    pub(super) deadline: Instant,
    /// Given back with the last chunk, or when the client is gone.
    pub(super) _permit: OwnedSemaphorePermit,
}

/// The chunks of a page.
pub(super) struct Chunks {
    order: Order,
    page: Page,
    gzip: Option<Gzip>,
    /// What was written and not yet sent.
    out: Vec<u8>,
    at: At,
    /// Names of families as the page writes them, where two of ours can become one.
    names: HashSet<String>,
}

/// How far it has come.
enum At {
    /// Behind the family of that name; at the begin of the page there is none.
    Between(Option<Arc<str>>),
    /// Behind that series of it; at its begin there is none.
    Within {
        family: Arc<Family>,
        last: Option<Arc<Series>>,
        is_begun: bool,
    },
    End,
}

impl Chunks {
    pub(super) fn new(order: Order) -> Chunks {
        let page = Page::new(order.negotiated, order.registry.is_legacy());
        let gzip = order.is_packed.then(Gzip::default);
        Chunks { order, page, gzip, out: Vec::new(), at: At::Between(None), names: HashSet::new() }
    }

    /// Writes a little more.
    fn step(&mut self) {
        self.at = match std::mem::replace(&mut self.at, At::End) {
            At::Between(name) => match self.order.registry.after(name.as_deref()) {
                Some(family) if self.is_told_apart(&family) => {
                    At::Within { family, last: None, is_begun: false }
                }
                Some(family) => At::Between(Some(family.name.clone())),
                None => {
                    self.page.finish(&mut self.out);
                    At::End
                }
            },
            At::Within { family, last, is_begun } => self.part(family, last.as_deref(), is_begun),
            At::End => At::End,
        };
    }

    /// Writes the next series of a family.
    fn part(&mut self, family: Arc<Family>, last: Option<&Series>, mut is_begun: bool) -> At {
        let part = family.part(last, PART);
        let deadline = self.order.registry.deadline();
        let mut begins = !is_begun || self.page.begins_again();
        for series in &part {
            series.with(|state| {
                if state.received < deadline {
                    return;
                }
                if begins {
                    let head = Head { name: &family.name, help: &family.help, kind: family.kind };
                    self.page.begin(&mut self.out, &head);
                    (begins, is_begun) = (false, true);
                }
                let time = if self.order.with_timestamps { state.time } else { 0 };
                let shown = Shown { labels: &series.labels, value: &state.value, time, start: state.start };
                if !self.page.series(&mut self.out, &shown) {
                    self.order.left_out.add(1);
                }
            });
        }
        if is_begun && !begins {
            self.page.end_family(&mut self.out);
        }
        match part.into_iter().last() {
            Some(end) => At::Within { family, last: Some(end), is_begun },
            None => At::Between(Some(family.name.clone())),
        }
    }

    /// Whether the page has no other family of the name that this one has there.
    fn is_told_apart(&mut self, family: &Family) -> bool {
        if self.order.registry.is_legacy() {
            return true;
        }
        let is_new = self.names.insert(self.page.name_of(&family.name).into_owned());
        if !is_new {
            self.order.left_out.add(family.len() as u64);
        }
        is_new
    }

    /// The chunk that was written, packed if the client wants that.
    fn take(&mut self) -> io::Result<Bytes> {
        let Some(gzip) = &mut self.gzip else { return Ok(std::mem::take(&mut self.out).into()) };
        let packed = gzip.pack(&self.out)?;
        self.out.clear();
        if !matches!(self.at, At::End) {
            return Ok(packed);
        }
        let rest = self.gzip.take().map_or(Ok(Bytes::new()), Gzip::finish)?;
        Ok([packed, rest].concat().into())
    }
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let has_ended = matches!(self.at, At::End);
            if has_ended && self.out.is_empty() && self.gzip.is_none() {
                return None;
            }
            if Instant::now() >= self.order.deadline {
                (self.at, self.gzip) = (At::End, None);
                self.out.clear();
                return Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the page takes too long")));
            }
            while self.out.len() < CHUNK && !matches!(self.at, At::End) {
                self.step();
            }
            match self.take() {
                // Packed, it is still in the packer's hands.
                Ok(chunk) if chunk.is_empty() => (),
                chunk => return Some(chunk),
            }
        }
    }
}
