//! The status of a span of version 1, which up to four conventions have put into binary annotations.

use otlp::write::Writer;

use super::{BinaryAnnotation, Value};

const ERROR: u64 = 2;

/// What the binary annotations say of the status.
#[derive(Default)]
struct Said<'a> {
    census_code: Option<i64>,
    census_message: &'a [u8],
    otel_code: Option<i64>,
    otel_message: &'a [u8],
    http_code: Option<i64>,
    http_message: &'a [u8],
    is_error: bool,
}

/// Whether the annotation `key` says nothing that the status does not.
pub(super) fn is_used_up(key: &[u8]) -> bool {
    matches!(
        key,
        b"census.status_code"
            | b"census.status_description"
            | b"opencensus.status_description"
            | b"otel.status_code"
            | b"otel.status_description"
            | b"error"
    )
}

/// Writes the status, if there is one.
pub(super) fn write(out: &mut Writer, binary: &[BinaryAnnotation<'_>]) {
    let (code, message) = Said::read(binary).status();
    if code == 0 && message.is_empty() {
        return;
    }
    out.message(15, |out| {
        if !message.is_empty() {
            out.bytes(2, message);
        }
        if code != 0 {
            out.varint(3, code);
        }
    });
}

impl<'a> Said<'a> {
    fn read(binary: &'a [BinaryAnnotation<'_>]) -> Self {
        let mut said = Self::default();
        for BinaryAnnotation { key, value, .. } in binary {
            let message = value.as_text().unwrap_or_default();
            match &**key {
                b"census.status_code" => said.census_code = number(value),
                b"census.status_description" | b"opencensus.status_description" => {
                    said.census_message = message;
                }
                b"otel.status_code" => said.otel_code = number(value).or_else(|| named(message)),
                b"otel.status_description" => said.otel_message = message,
                b"http.status_code" | b"http.response.status_code" => said.http_code = number(value),
                b"http.status_message" => said.http_message = message,
                b"error" => {
                    said.is_error = true;
                    // The specification of OpenTelemetry has the description here.
                    if said.otel_message.is_empty() && !matches!(message, b"true" | b"false") {
                        said.otel_message = message;
                    }
                }
                _ => (),
            }
        }
        said
    }

    /// The code and the message of the convention that outweighs the others.
    fn status(&self) -> (u64, &'a [u8]) {
        if let Some(code) = self.census_code {
            return (if code == 0 { 1 } else { ERROR }, self.census_message);
        }
        if let Some(code) = self.otel_code {
            return (code.clamp(0, 2) as u64, self.otel_message);
        }
        if self.is_error {
            let message =
                if self.census_message.is_empty() { self.otel_message } else { self.census_message };
            return (ERROR, message);
        }
        match self.http_code {
            Some(100..=399) => (0, self.http_message),
            Some(_) => (ERROR, self.http_message),
            None => (0, b""),
        }
    }
}

fn number(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Loose(text) | Value::Text(text) => std::str::from_utf8(text).ok()?.parse().ok(),
        Value::Bool(_) | Value::Double(_) => None,
    }
}

fn named(code: &[u8]) -> Option<i64> {
    match code {
        b"OK" | b"Ok" | b"STATUS_CODE_OK" => Some(1),
        b"ERROR" | b"Error" | b"STATUS_CODE_ERROR" => Some(2),
        _ => None,
    }
}
