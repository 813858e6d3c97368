//! The table: one block for each pipeline, one row for each of its components.

use std::fmt::Write as _;

use super::flow::{Component, Flow, Pipeline};

const HEAD: [&str; 9] = ["", "", "IN/S", "OUT/S", "REFUSED", "DROPPED", "QUEUE", "OLDEST", "LAST ERROR"];

/// Longer errors are cut: a row is a line.
const MAX_ERROR: usize = 60;

type Row = [String; 9];

/// What is so `now`, with rates since `before`.
pub(super) fn write(before: &Flow, now: &Flow) -> String {
    let mut text = format!("{} {}, {}, {}\n", now.command, now.program_version, now.stage, now.now);
    let view = View { before, now };
    for pipeline in &now.pipelines {
        let (state, words) = (view.state(pipeline), &pipeline.sign.words);
        let _ = write!(text, "\npipeline {}: {state}. {words}.\n", pipeline.id);
        for reason in &pipeline.reasons {
            let _ = writeln!(text, "  ! {}: {}", reason.component, one_line(&reason.why));
        }
        let head = HEAD.map(str::to_owned);
        text.push_str(&lay_out(&[vec![head], view.rows(pipeline)].concat()));
    }
    text
}

struct View<'a> {
    before: &'a Flow,
    now: &'a Flow,
}

impl View<'_> {
    fn state(&self, pipeline: &Pipeline) -> &'static str {
        let books = |flow: &Flow| {
            flow.pipeline(&pipeline.id).map(|found| (found.books.received, found.books.refused))
        };
        let (received, refused) = books(self.before).unwrap_or_default();
        match pipeline {
            Pipeline { live: false, .. } => "not running",
            Pipeline { delivering: false, .. } => "not delivering",
            Pipeline { books, .. } if books.refused > refused => "refusing",
            Pipeline { ready: false, .. } => "not ready",
            Pipeline { books, .. } if books.received > received => "flowing",
            _ => "idle",
        }
    }

    fn rows(&self, pipeline: &Pipeline) -> Vec<Row> {
        let mut rows = Vec::new();
        for id in &pipeline.receivers {
            rows.push(self.component(pipeline, "receiver", id));
        }
        let mut incoming = format!("pipeline/{}", pipeline.id);
        for id in &pipeline.processors {
            let outgoing = format!("processor/{}/{id}", pipeline.id);
            let edge = |name: &str| self.rate(self.before.passed(name), self.now.passed(name));
            let rates = [edge(&incoming), edge(&outgoing)];
            rows.push(row("processor", id, rates));
            incoming = outgoing;
        }
        for id in &pipeline.exporters {
            rows.push(self.component(pipeline, "exporter", id));
        }
        rows
    }

    fn component(&self, pipeline: &Pipeline, kind: &str, id: &str) -> Row {
        if pipeline.connectors.iter().any(|connector| connector == id) {
            let edge = format!("connector/{id}/{}", pipeline.signal);
            let passed = self.rate(self.before.passed(&edge), self.now.passed(&edge));
            return row("connector", id, [passed, String::new()]);
        }
        let of = |flow: &'_ Flow, count: fn(&Component) -> u64| {
            flow.component(kind, id, &pipeline.signal).map(count)
        };
        let rate = |count| self.rate(of(self.before, count), of(self.now, count));
        let mut row =
            row(kind, id, [rate(|found| found.books.received), rate(|found| found.books.delivered)]);
        if let Some(found) = self.now.component(kind, id, &pipeline.signal) {
            row[4] = found.books.refused.to_string();
            row[5] = found.books.dropped.values().sum::<u64>().to_string();
            if let Some(queue) = &found.queue {
                row[6] = format!("{}/{}", queue.used, queue.capacity);
                row[7] = queue.oldest.map(age).unwrap_or_default();
            }
            row[8] = found.last_error.as_ref().map(|error| one_line(&error.text)).unwrap_or_default();
        }
        row
    }

    /// Items a second; nothing where the configuration has changed in between.
    fn rate(&self, before: Option<u64>, now: Option<u64>) -> String {
        let time = self.now.uptime - self.before.uptime;
        match (before, now) {
            (Some(before), Some(now)) if now >= before && time > 0.0 => per_second(now - before, time),
            _ => String::new(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded to a few digits")]
fn per_second(items: u64, seconds: f64) -> String {
    let rate = items as f64 / seconds;
    if rate >= 100.0 || items == 0 { format!("{rate:.0}") } else { format!("{rate:.1}") }
}

fn age(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.1}s") } else { format!("{:.0}m", seconds / 60.0) }
}

fn row(kind: &str, id: &str, [incoming, outgoing]: [String; 2]) -> Row {
    let mut row = Row::default();
    (row[0], row[1], row[2], row[3]) = (kind.to_owned(), id.to_owned(), incoming, outgoing);
    row
}

fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match clean.char_indices().nth(MAX_ERROR) {
        Some((end, _)) => format!("{}...", &clean[..end]),
        None => clean,
    }
}

/// Words to the left, numbers to the right, each column as wide as its widest cell.
fn lay_out(rows: &[Row]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let is_number = (2..8).contains(&column);
            let _ =
                if is_number { write!(line, " {cell:>width$} ") } else { write!(line, " {cell:<width$} ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
