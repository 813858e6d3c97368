//! A request of remote write as OTLP.

mod exemplar;
mod known;
mod native;
mod point;
mod rows;
mod series;

use std::collections::HashMap;

use super::answer::{Malformed, Refused};
use super::fields::{Field, WRONG_TYPE, fields};
use super::{Message, Type};
use rows::Rows;
use series::{Label, Reader, Series, Symbols, TOO_MUCH};

pub use known::{Known, Learned};

/// How to read requests.
#[derive(Debug, Clone, Copy)]
pub struct DecodeOptions {
    /// About how much OTLP may come out of a request. Texts of version 2 are told once and used often, so a small
    /// request can mean a large one.
    pub max_bytes: usize,
}

/// The points of one request.
#[derive(Debug, Clone, Default)]
pub struct Decoded {
    /// An OTLP export request with the points that were taken.
    pub metrics: Vec<u8>,
    /// How many points were taken.
    pub points: usize,
    /// What of the request was taken.
    pub written: Written,
    /// The samples and histograms that were not.
    pub refused: Refused,
    /// What is worth knowing for requests to come.
    pub learned: Learned,
}

/// What of a request was taken, in the words of the answer's headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Samples of series, also those that do not become points: `target_info`.
    pub samples: usize,
    /// Native histograms.
    pub histograms: usize,
    /// Exemplars.
    pub exemplars: usize,
}

/// Reads a request, unpacked.
///
/// # Errors
/// When the framing of the request is broken, or its symbols are. What is wrong with a series costs that series.
pub fn decode(
    message: Message,
    body: &[u8],
    known: &Known,
    options: DecodeOptions,
) -> Result<Decoded, Malformed> {
    let request = Request::read(message, body)?;
    let mut reading = Reading {
        request: &request,
        known,
        decoded: Decoded::default(),
        rows: Rows::new(options.max_bytes),
        orphans: HashMap::new(),
    };
    reading.decoded.learned = Learned::new(options.max_bytes);
    for metadata in &request.metadata {
        reading.decoded.learned.family(metadata);
    }
    reading.keep_orphans();
    let mut reader = Reader::new(message, &request.symbols, options.max_bytes);
    for body in &request.series {
        match reader.read(body) {
            Ok(series) => reading.take(series),
            Err(unread) => reading.decoded.refused.push(unread.items, unread.reason),
        }
    }
    Ok(reading.finish())
}

/// The parts of a request. Symbols need not stand in front of the series that use them.
struct Request<'a> {
    message: Message,
    symbols: Symbols<'a>,
    series: Vec<&'a [u8]>,
    metadata: Vec<&'a [u8]>,
}

impl<'a> Request<'a> {
    fn read(message: Message, body: &'a [u8]) -> Result<Request<'a>, Malformed> {
        let mut request =
            Request { message, symbols: Symbols::default(), series: Vec::new(), metadata: Vec::new() };
        for field in fields(body) {
            match (message, field?) {
                (Message::V1, (1, Field::Bytes(series))) | (Message::V2, (5, Field::Bytes(series))) => {
                    request.series.push(series);
                }
                (Message::V1, (3, Field::Bytes(metadata))) => request.metadata.push(metadata),
                (Message::V2, (4, Field::Bytes(text))) => request.symbols.push(text),
                (Message::V1, (1 | 3, _)) | (Message::V2, (4 | 5, _)) => {
                    return Err(Malformed { at: 0, reason: WRONG_TYPE.to_owned() });
                }
                _ => (),
            }
        }
        if message == Message::V2 && !request.symbols.is_valid() {
            return Err(Malformed { at: 0, reason: "the first symbol is not the empty text".to_owned() });
        }
        Ok(request)
    }
}

/// A request on its way to OTLP.
struct Reading<'a> {
    request: &'a Request<'a>,
    known: &'a Known,
    decoded: Decoded,
    rows: Rows,
    /// Exemplars that came without samples, by the labels of their series.
    orphans: HashMap<Vec<Label<'a>>, Vec<&'a [u8]>>,
}

/// What is told of a metric.
#[derive(Clone, Copy)]
struct Family<'a> {
    kind: Type,
    help: &'a str,
    unit: &'a str,
}

impl<'a> Reading<'a> {
    /// Prometheus sends exemplars apart from samples. Those of a series that is in the same request go to a point of it.
    fn keep_orphans(&mut self) {
        let Request { message, symbols, series, .. } = self.request;
        let mut reader = Reader::new(*message, symbols, self.rows.max_bytes);
        for body in series {
            if series::has_exemplars_only(*message, body)
                && let Ok(series) = reader.read(body)
            {
                let exemplars = self.orphans.entry(series.labels.clone()).or_default();
                exemplars.extend_from_slice(&series.exemplars);
            }
        }
    }

    fn take(&mut self, series: &Series<'a>) {
        if series.items() == 0 {
            return;
        }
        let name = series.label("__name__");
        if name == "target_info" {
            self.decoded.written.samples += series.samples.len();
            self.decoded.learned.target(series);
            return;
        }
        if !self.rows.has_room(series) {
            self.decoded.refused.push(series.items(), TOO_MUCH.into());
            return;
        }
        let orphans = self.orphans.remove(&series.labels).unwrap_or_default();
        let Decoded { written, refused, learned, .. } = &mut self.decoded;
        let told = Family { kind: series.kind, help: series.help, unit: series.unit };
        let family = if told.kind == Type::Unknown && told.help.is_empty() && told.unit.is_empty() {
            let known = learned.find(name).or_else(|| self.known.find(name));
            let family = known.map_or(told, known::KnownFamily::view);
            // Its texts are told again with the series of each target; without them it is a series all the same.
            let has_room = self.rows.has_room_for_known(family);
            if has_room { family } else { Family { help: "", unit: "", ..family } }
        } else {
            told
        };
        let family = Family { kind: kind(name, family.kind), ..family };
        let exemplars = exemplar::Exemplars {
            message: self.request.message,
            symbols: &self.request.symbols,
            own: &series.exemplars,
            orphans: &orphans,
            max_bytes: self.rows.max_bytes,
        };
        point::write(series, family, &exemplars, &mut self.rows, written, refused);
    }

    fn finish(mut self) -> Decoded {
        self.decoded.points = self.rows.points();
        self.decoded.metrics = self.rows.finish(self.known, &self.decoded.learned);
        self.decoded
    }
}

/// The type of a series. Where nobody says, its name may: only counters end in `_total`.
fn kind(name: &str, told: Type) -> Type {
    match told {
        Type::Unknown if name.ends_with("_total") => Type::Counter,
        // When a counter began is no counter, though it belongs to one.
        Type::Counter | Type::Histogram | Type::Summary if name.ends_with("_created") => Type::Unknown,
        told => told,
    }
}
