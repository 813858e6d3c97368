//! The page of the collector's own operations, by how long they took.

use component::{LATENCIES, Operations, Sampled};
use jiff::Timestamp;

use crate::html::{Cell, Page, encode};

/// Counts of all operations; below them the samples of the one that `name` and `bucket` choose.
pub(super) fn html(operations: &Operations, name: Option<&str>, bucket: Option<usize>) -> String {
    let mut page = Page::new("Operations of the collector");
    page.paragraph(
        "Counted since the start: requests that receivers took, batches that exporters sent, by how long they took. \
         The newest of each are kept; follow a number to see them.",
    );
    let columns: Vec<_> = std::iter::once("Operation".to_owned()).chain(bucket_names()).collect();
    let columns: Vec<_> = columns.iter().map(String::as_str).collect();
    let all = operations.all();
    page.table(&columns, all.iter().map(|(name, operation)| row(name, &operation.counts())));
    if let (Some(name), Some(bucket)) = (name, bucket)
        && let Some((name, operation)) = all.iter().find(|(known, _)| known == name)
    {
        let title = bucket_names().nth(bucket).unwrap_or_default();
        page.heading(&format!("{name}, {title}"));
        page.table(&["When", "Took", "Items", "Error"], operation.samples(bucket).into_iter().map(sample));
    }
    page.finish()
}

/// The lower bounds of the buckets, then the one for errors.
fn bucket_names() -> impl Iterator<Item = String> {
    LATENCIES.iter().map(|bound| format!(">={bound:?}")).chain(["Errors".to_owned()])
}

fn row(name: &str, counts: &[u64]) -> Vec<Cell> {
    let counts = counts.iter().enumerate().map(|(bucket, count)| match count {
        0 => Cell::Number(0),
        _ => {
            let to = format!("/debug/tracez?zspanname={}&zlatencybucket={bucket}", encode(name));
            Cell::Links(vec![(count.to_string(), to)])
        }
    });
    std::iter::once(Cell::Text(name.to_owned())).chain(counts).collect()
}

fn sample(sampled: Sampled) -> Vec<Cell> {
    let when = Timestamp::try_from(sampled.began).map(|at| at.to_string()).unwrap_or_default();
    vec![
        Cell::Text(when),
        Cell::Text(format!("{:?}", sampled.took)),
        Cell::Number(i64::try_from(sampled.items).unwrap_or(i64::MAX)),
        Cell::Text(sampled.error.unwrap_or_default()),
    ]
}
