//! Which lines are read, and as what.

mod numbers;
mod openmetrics;
mod text;

use super::{Dialect, Line, Lines, OpenMetrics, Reader, Reason};

/// What every line of a page says, one text for each; a bad line is `! reason`, and a page's bad end is one too.
fn said(page: &[u8], dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Text => all(Lines::new(page), dialect),
        Dialect::OpenMetrics => all(OpenMetrics::new(page), dialect),
    }
}

fn all<'a>(mut reader: impl Reader<'a>, dialect: Dialect) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(line) = reader.next(b"") {
        let line = line.and_then(|line| told(line, dialect));
        said.push(line.unwrap_or_else(|reason| format!("! {reason}")));
    }
    if let Err(reason) = reader.end() {
        said.push(format!("! {reason}"));
    }
    said
}

fn told(line: Line<'_>, dialect: Dialect) -> Result<String, Reason> {
    Ok(match line {
        Line::Type { family, kind } => format!("TYPE {family} {}", kind.as_str()),
        Line::Help { family, text } => format!("HELP {family} {text:?}"),
        Line::Unit { family, unit } => format!("UNIT {family} {unit}"),
        Line::Sample(sample) => {
            let series = super::series(sample.series, dialect)?;
            let labels: Vec<_> =
                series.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            let time = sample.timestamp.map_or(String::new(), |time| format!(" @{time}"));
            let exemplar = sample.exemplar.map_or(String::new(), |exemplar| {
                format!(" # {:?} {} {:?}", exemplar.labels, exemplar.value, exemplar.timestamp)
            });
            format!("{}{{{}}} {}{time}{exemplar}", series.name, labels.join(","), sample.value)
        }
    })
}
