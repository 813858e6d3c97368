//! A `jaeger.Batch`: one process and its spans.

use super::input::{Input, Kind};
use crate::jaeger::fault::{DecodeError, Fault};
use crate::jaeger::groups::Groups;
use crate::jaeger::process::resource;
use crate::jaeger::rows::{Reference, Source, SpanRows, nanos};
use crate::jaeger::tags::{Tags, Value};
use crate::jaeger::{Decoded, Refusals};

/// Reads a batch.
pub(super) fn read_batch<'a, I: Input<'a>>(input: &mut I) -> Result<Decoded, DecodeError> {
    let mut reader = Reader { input, missing: None };
    let mut refused = Refusals::default();
    let (mut process, mut groups) = (None, None);
    let mut last = 0;
    while let Some(field) = reader.input.field(&mut last)? {
        match (field.id, field.kind) {
            (1, Kind::Struct) => process = Some(reader.process()?),
            (2, Kind::List) => {
                let size = reader.input.left();
                reader.spans(groups.get_or_insert_with(|| Groups::new(size)), &mut refused)?;
            }
            _ => reader.input.skip(field.kind)?,
        }
    }
    match (process, groups) {
        (Some(process), Some(groups)) => Ok(groups.finish_as(process, refused)),
        (None, _) => Err(reader.missing_here("process")),
        (_, None) => Err(reader.missing_here("spans")),
    }
}

struct Reader<'i, I> {
    input: &'i mut I,
    /// The first required field that was not there.
    missing: Option<&'static str>,
}

/// A tag: its key, which type its value has, and a value of each type.
#[derive(Default)]
struct TagFields<'a> {
    key: Option<&'a [u8]>,
    v_type: Option<i32>,
    text: &'a [u8],
    double: f64,
    flag: bool,
    long: i64,
    binary: &'a [u8],
}

/// The numbers of a span that are put together when all of it was read.
#[derive(Default)]
struct Numbers {
    trace_id_low: Option<i64>,
    trace_id_high: Option<i64>,
    span_id: Option<i64>,
    parent_span_id: Option<i64>,
    flags: Option<i32>,
    start: Option<i64>,
    duration: Option<i64>,
}

impl<'a, I: Input<'a>> Reader<'_, I> {
    fn spans(&mut self, groups: &mut Groups<'a>, refused: &mut Refusals) -> Result<(), DecodeError> {
        let count = self.structs("spans")?;
        let mut span = SpanRows::new(Source::Thrift);
        for _ in 0..count {
            let at = self.input.at();
            self.missing = None;
            span.clear();
            self.span(&mut span)?;
            match self.missing {
                Some(field) => refused.add(|| DecodeError::new(at, Fault::Missing(field))),
                None if span.is_blank() => refused.add(|| DecodeError::new(at, Fault::Blank)),
                None => groups.add(0, &mut span),
            }
        }
        Ok(())
    }

    fn span(&mut self, span: &mut SpanRows<'a>) -> Result<(), DecodeError> {
        let mut numbers = Numbers::default();
        let mut name = None;
        let mut last = 0;
        while let Some(field) = self.input.field(&mut last)? {
            match (field.id, field.kind) {
                (1, Kind::I64) => numbers.trace_id_low = Some(self.input.i64()?),
                (2, Kind::I64) => numbers.trace_id_high = Some(self.input.i64()?),
                (3, Kind::I64) => numbers.span_id = Some(self.input.i64()?),
                (4, Kind::I64) => numbers.parent_span_id = Some(self.input.i64()?),
                (5, Kind::Bytes) => name = Some(self.input.bytes()?),
                (6, Kind::List) => self.references(span)?,
                (7, Kind::I32) => numbers.flags = Some(self.input.i32()?),
                (8, Kind::I64) => numbers.start = Some(self.input.i64()?),
                (9, Kind::I64) => numbers.duration = Some(self.input.i64()?),
                (10, Kind::List) => self.tags("tags", |key, value| span.tag(key, value))?,
                (11, Kind::List) => self.logs(span)?,
                _ => self.input.skip(field.kind)?,
            }
        }
        span.name = self.required("operationName", name);
        self.numbers(&numbers, span);
        Ok(())
    }

    fn numbers(&mut self, numbers: &Numbers, span: &mut SpanRows<'_>) {
        let low = self.required("traceIdLow", numbers.trace_id_low);
        let high = self.required("traceIdHigh", numbers.trace_id_high);
        span.trace_id = trace_id(high, low);
        span.span_id = self.required("spanId", numbers.span_id).to_be_bytes();
        span.parent_span_id = self.required("parentSpanId", numbers.parent_span_id).to_be_bytes();
        self.required("flags", numbers.flags);
        let start = self.required("startTime", numbers.start);
        let duration = self.required("duration", numbers.duration);
        span.start = micros(start.into());
        span.end = micros(i128::from(start) + i128::from(duration));
    }

    fn references(&mut self, span: &mut SpanRows<'a>) -> Result<(), DecodeError> {
        for _ in 0..self.structs("references")? {
            let (mut ref_type, mut low, mut high, mut span_id) = (None, None, None, None);
            let mut last = 0;
            while let Some(field) = self.input.field(&mut last)? {
                match (field.id, field.kind) {
                    (1, Kind::I32) => ref_type = Some(self.input.i32()?),
                    (2, Kind::I64) => low = Some(self.input.i64()?),
                    (3, Kind::I64) => high = Some(self.input.i64()?),
                    (4, Kind::I64) => span_id = Some(self.input.i64()?),
                    _ => self.input.skip(field.kind)?,
                }
            }
            let (low, high) = (self.required("traceIdLow", low), self.required("traceIdHigh", high));
            span.reference(Reference {
                trace_id: trace_id(high, low),
                span_id: self.required("spanId", span_id).to_be_bytes(),
                ref_type: self.required("refType", ref_type),
            });
        }
        Ok(())
    }

    fn logs(&mut self, span: &mut SpanRows<'a>) -> Result<(), DecodeError> {
        for _ in 0..self.structs("logs")? {
            let (mut timestamp, mut fields) = (None, None);
            span.fields.clear();
            let mut last = 0;
            while let Some(field) = self.input.field(&mut last)? {
                match (field.id, field.kind) {
                    (1, Kind::I64) => timestamp = Some(self.input.i64()?),
                    (2, Kind::List) => {
                        fields = Some(self.tags("fields", |key, value| span.fields.set(key, value))?);
                    }
                    _ => self.input.skip(field.kind)?,
                }
            }
            self.required("fields", fields);
            let timestamp = self.required("timestamp", timestamp);
            span.log(micros(timestamp.into()));
        }
        Ok(())
    }

    fn tags(
        &mut self,
        list: &'static str,
        mut add: impl FnMut(&'a [u8], Value<'a>),
    ) -> Result<(), DecodeError> {
        for _ in 0..self.structs(list)? {
            if let Some((key, text)) = self.input.text_tag() {
                add(key, Value::Text(text));
                continue;
            }
            let mut tag = TagFields::default();
            let mut last = 0;
            while let Some(field) = self.input.field(&mut last)? {
                match (field.id, field.kind) {
                    (1, Kind::Bytes) => tag.key = Some(self.input.bytes()?),
                    (2, Kind::I32) => tag.v_type = Some(self.input.i32()?),
                    (3, Kind::Bytes) => tag.text = self.input.bytes()?,
                    (4, Kind::Double) => tag.double = self.input.double()?,
                    (5, Kind::Bool) => tag.flag = self.input.bool(field)?,
                    (6, Kind::I64) => tag.long = self.input.i64()?,
                    (7, Kind::Bytes) => tag.binary = self.input.bytes()?,
                    _ => self.input.skip(field.kind)?,
                }
            }
            let key = self.required("key", tag.key);
            let v_type = self.required("vType", tag.v_type);
            add(key, tag.value(v_type));
        }
        Ok(())
    }

    /// The body of the resource.
    fn process(&mut self) -> Result<Vec<u8>, DecodeError> {
        let mut service_name = None;
        let mut list = Vec::new();
        let mut last = 0;
        self.missing = None;
        while let Some(field) = self.input.field(&mut last)? {
            match (field.id, field.kind) {
                (1, Kind::Bytes) => service_name = Some(self.input.bytes()?),
                (2, Kind::List) => self.tags("tags", |key, value| list.push((key, value)))?,
                _ => self.input.skip(field.kind)?,
            }
        }
        let service_name = self.required("serviceName", service_name);
        if let Some(field) = self.missing {
            return Err(self.missing_here(field));
        }
        let mut tags = Tags::default();
        if !service_name.is_empty() {
            tags.set(b"service.name", Value::Text(service_name));
        }
        list.into_iter().for_each(|(key, value)| tags.set(key, value));
        Ok(resource(tags))
    }

    /// Reads the header of a list of structs: how many there are.
    fn structs(&mut self, list: &'static str) -> Result<usize, DecodeError> {
        match self.input.list()? {
            (Kind::Struct, count) => Ok(count),
            (_, 0) => Ok(0),
            _ => Err(DecodeError::new(self.input.at(), Fault::Elements(list))),
        }
    }

    /// The value of a required field. If it is missing that is noted, and a default stands for it.
    #[inline]
    fn required<T: Default>(&mut self, field: &'static str, value: Option<T>) -> T {
        value.unwrap_or_else(|| {
            self.missing.get_or_insert(field);
            T::default()
        })
    }

    fn missing_here(&self, field: &'static str) -> DecodeError {
        DecodeError::new(self.input.at(), Fault::Missing(field))
    }
}

impl<'a> TagFields<'a> {
    /// The value of that type, which is not the protobuf format's number for it.
    fn value(&self, v_type: i32) -> Value<'a> {
        match v_type {
            0 => Value::Text(self.text),
            1 => Value::Double(self.double),
            2 => Value::Bool(self.flag),
            3 => Value::Int(self.long),
            4 => Value::Bytes(self.binary),
            _ => Value::Unset,
        }
    }
}

fn trace_id(high: i64, low: i64) -> [u8; 16] {
    (u128::from(high as u64) << 64 | u128::from(low as u64)).to_be_bytes()
}

/// Microseconds since 1970 in nanoseconds.
fn micros(count: i128) -> u64 {
    nanos(count * 1000)
}
