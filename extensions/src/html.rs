//! Small pages of plain HTML, readable without scripts. Every text is escaped on its way in.

use std::fmt::Write as _;

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}\
    h1{font-size:1.4rem}h2{font-size:1.1rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem}\
    th,td{border:1px solid #ccc;padding:.25rem .6rem;text-align:left;vertical-align:top}th{background:#f2f2f2}\
    tr:target{background:#fff6cc}.number{text-align:right;font-variant-numeric:tabular-nums}\
    @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th{background:#2a2a2a}\
    th,td{border-color:#444}a{color:#8ab4f8}}";

/// A page that is being written.
pub(crate) struct Page(String);

/// What stands in one cell of a table.
pub(crate) enum Cell {
    Text(String),
    Number(i64),
    /// Texts one after the other, each with the address it leads to.
    Links(Vec<(String, String)>),
}

impl Page {
    /// A page with that title.
    pub(crate) fn new(title: &str) -> Page {
        let title = escape(title);
        Page(format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <style>{STYLE}</style></head><body><h1>{title}</h1>\n"
        ))
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.push(format_args!("<h2>{}</h2>\n", escape(text)));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        self.push(format_args!("<p>{}</p>\n", escape(text)));
    }

    /// A list of links: text and address.
    pub(crate) fn links(&mut self, links: &[(&str, &str)]) {
        let items = links.iter().map(|(text, to)| format!("<li>{}</li>", link(text, to)));
        self.push(format_args!("<ul>{}</ul>\n", items.collect::<String>()));
    }

    pub(crate) fn table(&mut self, columns: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
        let head: String = columns.iter().map(|column| format!("<th>{}</th>", escape(column))).collect();
        self.push(format_args!("<table><tr>{head}</tr>\n"));
        for row in rows {
            let cells: String = row.iter().map(Cell::html).collect();
            self.push(format_args!("<tr>{cells}</tr>\n"));
        }
        self.push(format_args!("</table>\n"));
    }

    /// The whole page.
    pub(crate) fn finish(self) -> String {
        self.0 + "</body></html>\n"
    }

    fn push(&mut self, html: std::fmt::Arguments<'_>) {
        self.0.write_fmt(html).expect("text takes everything");
    }
}

impl Cell {
    fn html(&self) -> String {
        match self {
            Cell::Text(text) => format!("<td>{}</td>", escape(text)),
            Cell::Number(number) => format!("<td class=\"number\">{number}</td>"),
            Cell::Links(links) => {
                let links: Vec<_> = links.iter().map(|(text, to)| link(text, to)).collect();
                format!("<td>{}</td>", links.join(", "))
            }
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

fn link(text: &str, to: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(to), escape(text))
}

/// A part of an address, percent-encoded.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(byte.into())
            }
            _ => write!(encoded, "%{byte:02X}").expect("text takes everything"),
        }
    }
    encoded
}

/// The text of a percent-encoded part of an address; what is no encoding stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let encoded = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (first, encoded) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Text as HTML shows it, in an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
