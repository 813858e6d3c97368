//! The next page is mostly the last one with other numbers.
//!
//! So a page is kept as the texts between its numbers, and its request as bytes with the places of the numbers in them.
//! 1. A page whose texts are the same, byte for byte, means the same: a number is all that may stand between two of
//!    them. Where one text differs, nothing was done yet and the page is read the long way.
//! 2. Numbers of a request have a fixed width. Where a number would change more than itself (a histogram that
//!    contradicts itself, a start that is not known any more), the page is read the long way too.
//! 3. Only a page without anything unusual is kept: no bad lines, no exemplars, nothing that ended.

use std::ops::Range;

use super::cache::Cache;
use super::nanos;
use super::point::{Data, Point, is_histogram, start_nanos};
use super::role::Part;
use super::settings::{Format, Outcome};
use crate::prometheus::parse::{millis, number, parsed_timestamp};

/// Stands for no place.
const NOWHERE: u32 = u32::MAX;

/// What a sample became.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recorded {
    Ignored,
    Part { point: u32, part: Part },
}

/// The samples of a page, while they are read.
#[derive(Debug, Default)]
pub(super) struct Recording {
    is_on: bool,
    samples: Vec<(Range<usize>, Range<usize>, Recorded)>,
}

impl Recording {
    pub(super) fn begin(&mut self, page: &[u8]) {
        self.is_on = u32::try_from(page.len()).is_ok();
        self.samples.clear();
    }

    /// The page is not one to be kept.
    pub(super) fn stop(&mut self) {
        self.is_on = false;
    }

    #[inline]
    pub(super) fn add(&mut self, value: Range<usize>, timestamp: Range<usize>, recorded: Recorded) {
        if self.is_on {
            self.samples.push((value, timestamp, recorded));
        }
    }
}

/// A page and its request.
#[derive(Debug)]
pub(super) struct Replay {
    format: Format,
    /// All texts of the page, one behind the other.
    text: Vec<u8>,
    spots: Vec<Spot>,
    histograms: Vec<Histogram>,
    request: Vec<u8>,
    /// Where the time of the scrape stands in the request.
    times: Vec<u32>,
    /// Where the values of the report stand.
    report: Vec<u32>,
    outcome: Outcome,
}

/// A number of the page.
#[derive(Clone, Copy, Debug)]
struct Spot {
    /// Where the text in front of it ends, and that behind it begins.
    text_end: u32,
    /// Where the text between it and its timestamp ends; [`NOWHERE`] without a timestamp.
    stamp_end: u32,
    place: Place,
    /// Where its own time stands; [`NOWHERE`] if it has none.
    time_at: u32,
}

/// Where a number goes.
#[derive(Clone, Copy, Debug)]
enum Place {
    Nowhere,
    Double(u32),
    Count(u32),
    Start(u32),
    /// Into the list of numbers of histograms.
    Listed(u32),
}

/// A histogram, whose numbers depend on each other.
#[derive(Clone, Copy, Debug)]
struct Histogram {
    /// Its first bucket in the list; the count is the last number.
    first: u32,
    buckets: u32,
    /// How many of the buckets have a finite bound.
    finite: u32,
    /// Where its counts of buckets begin.
    buckets_at: u32,
    count_at: u32,
}

impl Replay {
    /// Keeps a page, if it is one that can be kept.
    pub(super) fn new(
        page: &[u8],
        format: Format,
        recording: &Recording,
        cache: &Cache,
        outcome: &Outcome,
    ) -> Option<Replay> {
        let is_usual = outcome.bad_lines == 0 && outcome.stale == 0 && outcome.incomplete == 0;
        if !recording.is_on || !is_usual || u32::try_from(outcome.metrics.len()).is_err() {
            return None;
        }
        let mut replay = Replay {
            format,
            text: Vec::with_capacity(page.len()),
            spots: Vec::with_capacity(recording.samples.len()),
            histograms: Vec::new(),
            request: outcome.metrics.clone(),
            times: Vec::with_capacity(outcome.points),
            report: cache.report_ends.iter().map(|end| offset(end - 9 - 8)).collect(),
            outcome: Outcome { added: 0, metrics: Vec::new(), ..outcome.clone() },
        };
        let lists = replay.places(cache);
        replay.texts(page, recording, cache, &lists)?;
        Some(replay)
    }

    /// Finds where times stand, and the histograms. The row of each point's histogram in the list of numbers.
    fn places(&mut self, cache: &Cache) -> Vec<u32> {
        self.times.extend(cache.report_ends.iter().map(|end| offset(end - 8)));
        let mut lists = vec![NOWHERE; cache.points.end()];
        let mut listed = 0;
        for (id, point) in cache.points.iter().filter(|(_, point)| point.written == cache.page) {
            let end = point.end.wrapping_add(cache.metrics.row(point.metric).shift);
            if point.time.is_none() {
                self.times.push(offset(end - 8));
            }
            if let Data::Histogram(parts) = &point.data {
                let buckets = parts.list.len();
                let count_at = end - 9 - start_width(point.start) - 8;
                let sum = if parts.sum.is_some() { 9 } else { 0 };
                let finite = parts.finite();
                self.histograms.push(Histogram {
                    first: listed,
                    buckets: offset(buckets),
                    finite: offset(finite),
                    buckets_at: offset(count_at - 1 - sum - 8 * (finite + 1)),
                    count_at: offset(count_at),
                });
                lists[id as usize] = listed;
                listed += offset(buckets + 1);
            }
        }
        lists
    }

    /// Takes the texts and the spots between them; nothing if a number has no place of its own.
    fn texts(&mut self, page: &[u8], recording: &Recording, cache: &Cache, lists: &[u32]) -> Option<()> {
        let mut from = 0;
        let mut seen = vec![0u32; lists.len()];
        for (value, timestamp, recorded) in &recording.samples {
            self.text.extend_from_slice(&page[from..value.start]);
            let text_end = offset(self.text.len());
            let (mut stamp_end, mut time_at) = (NOWHERE, NOWHERE);
            from = value.end;
            if !timestamp.is_empty() {
                self.text.extend_from_slice(&page[from..timestamp.start]);
                stamp_end = offset(self.text.len());
                from = timestamp.end;
            }
            let place = match recorded {
                Recorded::Ignored => Place::Nowhere,
                Recorded::Part { point, part } => {
                    let row = cache.points.row(*point);
                    let end = row.end.wrapping_add(cache.metrics.row(row.metric).shift);
                    if row.written != cache.page {
                        Place::Nowhere
                    } else {
                        if row.time.is_some() && *part != Part::Start {
                            // The samples of a point have one time; that they agree is checked only when it is read.
                            matches!(row.data, Data::Number(_)).then_some(())?;
                            time_at = offset(end - 8);
                        }
                        let list = lists[*point as usize];
                        place(row, *part, end, list, &mut seen[*point as usize])?
                    }
                }
            };
            self.spots.push(Spot { text_end, stamp_end, place, time_at });
        }
        self.text.extend_from_slice(&page[from..]);
        Some(())
    }

    /// The request of a page that differs from the kept one in nothing but numbers.
    pub(super) fn run(
        &self,
        page: &[u8],
        format: Format,
        at: i64,
        scratch: &mut Vec<f64>,
    ) -> Option<Outcome> {
        let first = self.spots.first().map_or(&self.text[..], |spot| &self.text[..spot.text_end as usize]);
        if format != self.format || !page.starts_with(first) {
            return None;
        }
        let mut request = self.request.clone();
        let listed = self.histograms.last().map_or(0, |last| last.first + last.buckets + 1);
        scratch.clear();
        scratch.resize(listed as usize, 0.0);
        let (mut from, mut rest) = (0, page);
        for spot in &self.spots {
            rest = rest.strip_prefix(&self.text[from..spot.text_end as usize])?;
            let (value, length) = number::leading(rest)?;
            rest = &rest[length..];
            from = spot.text_end as usize;
            if spot.stamp_end != NOWHERE {
                rest = self.timestamp(spot, rest, &mut request)?;
                from = spot.stamp_end as usize;
            }
            match spot.place {
                Place::Nowhere => (),
                Place::Double(at) => put(&mut request, at, value.to_bits()),
                Place::Count(at) if value >= 0.0 => put(&mut request, at, value as u64),
                Place::Start(at) if start_nanos(value) > 0 => put(&mut request, at, start_nanos(value)),
                Place::Count(_) | Place::Start(_) => return None,
                Place::Listed(index) => scratch[index as usize] = value,
            }
        }
        if rest != &self.text[from..] {
            return None;
        }
        for histogram in &self.histograms {
            histogram.write(scratch, &mut request)?;
        }
        let time = nanos(at);
        self.times.iter().for_each(|at| put(&mut request, *at, time));
        Some(Outcome { metrics: request, ..self.outcome.clone() })
    }

    /// Reads the timestamp of a sample, and writes it where it counts. What stands behind it.
    fn timestamp<'p>(&self, spot: &Spot, rest: &'p [u8], request: &mut [u8]) -> Option<&'p [u8]> {
        let rest = rest.strip_prefix(&self.text[spot.text_end as usize..spot.stamp_end as usize])?;
        let (millis, length) = match self.format {
            Format::Text => {
                let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
                (parsed_timestamp(&rest[..length])?, length)
            }
            Format::OpenMetrics | Format::Protobuf => {
                let (seconds, length) = number::leading(rest)?;
                (millis(seconds).ok()?, length)
            }
        };
        if length == 0 {
            return None;
        }
        if spot.time_at != NOWHERE {
            put(request, spot.time_at, nanos(millis));
        }
        Some(&rest[length..])
    }

    /// Writes the values of the report.
    pub(super) fn report(&self, request: &mut [u8], values: impl Iterator<Item = f64>) {
        self.report.iter().zip(values).for_each(|(at, value)| put(request, *at, value.to_bits()));
    }
}

impl Histogram {
    /// Writes its counts, unless they contradict each other.
    fn write(&self, listed: &[f64], request: &mut [u8]) -> Option<()> {
        let (first, buckets) = (self.first as usize, self.buckets as usize);
        let cumulative = &listed[first..first + buckets];
        let count = listed[first + buckets];
        if !is_histogram(cumulative.iter().copied(), Some(count)) {
            return None;
        }
        let (mut at, mut below) = (self.buckets_at, 0);
        for bucket in &cumulative[..self.finite as usize] {
            put(request, at, *bucket as u64 - below);
            (at, below) = (at + 8, *bucket as u64);
        }
        put(request, at, count as u64 - below);
        put(request, self.count_at, count as u64);
        Some(())
    }
}

/// Where the number of a sample stands in the request, whose point ends at `end`.
fn place(point: &Point, part: Part, end: usize, list: u32, seen: &mut u32) -> Option<Place> {
    let start = start_width(point.start);
    let before_start = end - 9 - start;
    let (Data::Histogram(parts) | Data::Summary(parts)) = &point.data else {
        return match part {
            Part::Value => Some(Place::Double(offset(before_start - 8))),
            Part::Start if start > 0 => Some(Place::Start(offset(end - 9 - 8))),
            _ => None,
        };
    };
    let is_histogram = matches!(point.data, Data::Histogram(_));
    match part {
        Part::Start if start > 0 => Some(Place::Start(offset(end - 9 - 8))),
        Part::Count if is_histogram => Some(Place::Listed(list + offset(parts.list.len()))),
        Part::Count => Some(Place::Count(offset(before_start - 8))),
        Part::Sum => Some(Place::Double(offset(before_start - 9 - 8))),
        // They came in order, so the next one is the next in the list.
        Part::Bucket(_) if parts.is_sorted => {
            *seen += 1;
            Some(Place::Listed(list + *seen - 1))
        }
        Part::Quantile(_) if parts.is_sorted => {
            *seen += 1;
            let behind = parts.list.len() - *seen as usize;
            Some(Place::Double(offset(before_start - 9 - 9 - 20 * behind - 8)))
        }
        Part::Start | Part::Bucket(_) | Part::Quantile(_) | Part::Value | Part::Native => None,
    }
}

fn start_width(start: u64) -> usize {
    if start > 0 { 9 } else { 0 }
}

/// A place in a page or a request that was found to be short enough.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NOWHERE)
}

#[inline]
fn put(request: &mut [u8], at: u32, bits: u64) {
    let at = at as usize;
    if let Some(bytes) = request.get_mut(at..at + 8) {
        bytes.copy_from_slice(&bits.to_le_bytes());
    }
}
