//! A CPU profile as `profile.proto` of pprof has it: a pure function from stacks to bytes.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};

use prost::Message as _;

/// What was sampled.
pub(super) struct Recording {
    pub(super) began: SystemTime,
    pub(super) duration: Duration,
    /// Samples in a second of CPU time.
    pub(super) frequency: u32,
    pub(super) stacks: Vec<Stack>,
}

/// A stack, and how often it was seen.
pub(super) struct Stack {
    pub(super) count: u64,
    pub(super) thread: String,
    /// From the innermost call outwards; each with what was inlined into it, likewise.
    pub(super) frames: Vec<Vec<Frame>>,
}

/// A place in the program.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    /// For people.
    pub(super) function: String,
    /// For linkers.
    pub(super) symbol: String,
    pub(super) file: String,
    pub(super) line: u32,
}

impl Recording {
    /// The bytes of a `perftools.profiles.Profile`.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut builder = Builder::default();
        // The text at position zero is empty, by the format's definition.
        builder.text("");
        let nanoseconds = 1_000_000_000 / i64::from(self.frequency.max(1));
        let samples: Vec<_> = self.stacks.iter().map(|stack| builder.sample(stack, nanoseconds)).collect();
        let counted = ValueType { kind: builder.text("samples"), unit: builder.text("count") };
        let timed = ValueType { kind: builder.text("cpu"), unit: builder.text("nanoseconds") };
        let began = self.began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let profile = Profile {
            sample_types: vec![counted, timed],
            samples,
            locations: builder.locations,
            functions: builder.functions,
            texts: builder.texts.in_order,
            time_nanos: nanos(began),
            duration_nanos: nanos(self.duration),
            period_type: Some(timed),
            period: nanoseconds,
        };
        profile.encode_to_vec()
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// Gives each text, function and location its number.
#[derive(Default)]
struct Builder {
    texts: Numbered<String>,
    function_numbers: HashMap<(i64, i64, i64), u64>,
    functions: Vec<Function>,
    location_numbers: HashMap<Vec<(u64, i64)>, u64>,
    locations: Vec<Location>,
}

impl Builder {
    fn text(&mut self, text: &str) -> i64 {
        self.texts.number(text.to_owned())
    }

    fn sample(&mut self, stack: &Stack, nanoseconds: i64) -> Sample {
        let location_ids = stack.frames.iter().map(|inlined| self.location(inlined)).collect();
        let count = i64::try_from(stack.count).unwrap_or(i64::MAX);
        let label = Label { key: self.text("thread"), text: self.text(&stack.thread) };
        Sample { location_ids, values: vec![count, count.saturating_mul(nanoseconds)], labels: vec![label] }
    }

    fn location(&mut self, inlined: &[Frame]) -> u64 {
        let lines: Vec<_> =
            inlined.iter().map(|frame| (self.function(frame), i64::from(frame.line))).collect();
        let next = self.locations.len() as u64 + 1;
        let number = *self.location_numbers.entry(lines.clone()).or_insert(next);
        if number == next {
            let lines = lines.into_iter().map(|(function_id, line)| Line { function_id, line }).collect();
            self.locations.push(Location { id: number, lines });
        }
        number
    }

    fn function(&mut self, frame: &Frame) -> u64 {
        let key = (self.text(&frame.function), self.text(&frame.symbol), self.text(&frame.file));
        let next = self.functions.len() as u64 + 1;
        let number = *self.function_numbers.entry(key).or_insert(next);
        if number == next {
            let (name, system_name, filename) = key;
            self.functions.push(Function { id: number, name, system_name, filename });
        }
        number
    }
}

/// Things in the order in which they were first seen.
struct Numbered<T> {
    numbers: HashMap<T, i64>,
    in_order: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Numbered<T> {
        Numbered { numbers: HashMap::new(), in_order: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    fn number(&mut self, thing: T) -> i64 {
        let next = i64::try_from(self.in_order.len()).expect("what is in memory can be counted");
        *self.numbers.entry(thing).or_insert_with_key(|thing| {
            self.in_order.push(thing.clone());
            next
        })
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Profile {
    #[prost(message, repeated, tag = "1")]
    sample_types: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    locations: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    functions: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    texts: Vec<String>,
    #[prost(int64, tag = "9")]
    time_nanos: i64,
    #[prost(int64, tag = "10")]
    duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    period: i64,
}

/// What a number means: two positions in the table of texts.
#[derive(Clone, Copy, PartialEq, prost::Message)]
struct ValueType {
    #[prost(int64, tag = "1")]
    kind: i64,
    #[prost(int64, tag = "2")]
    unit: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    location_ids: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    values: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    labels: Vec<Label>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Label {
    #[prost(int64, tag = "1")]
    key: i64,
    #[prost(int64, tag = "2")]
    text: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Location {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(message, repeated, tag = "4")]
    lines: Vec<Line>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Line {
    #[prost(uint64, tag = "1")]
    function_id: u64,
    #[prost(int64, tag = "2")]
    line: i64,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Function {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(int64, tag = "2")]
    name: i64,
    #[prost(int64, tag = "3")]
    system_name: i64,
    #[prost(int64, tag = "4")]
    filename: i64,
}
