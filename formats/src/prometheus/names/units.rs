//! Units: OTLP writes them as UCUM does, Prometheus as words in the name.

/// UCUM and the word for it.
const WORDS: [(&str, &str); 26] = [
    ("d", "days"),
    ("h", "hours"),
    ("min", "minutes"),
    ("s", "seconds"),
    ("ms", "milliseconds"),
    ("us", "microseconds"),
    ("ns", "nanoseconds"),
    ("By", "bytes"),
    ("KiBy", "kibibytes"),
    ("MiBy", "mebibytes"),
    ("GiBy", "gibibytes"),
    ("TiBy", "tibibytes"),
    ("KBy", "kilobytes"),
    ("MBy", "megabytes"),
    ("GBy", "gigabytes"),
    ("TBy", "terabytes"),
    ("m", "meters"),
    ("V", "volts"),
    ("A", "amperes"),
    ("J", "joules"),
    ("W", "watts"),
    ("g", "grams"),
    ("Cel", "celsius"),
    ("Hz", "hertz"),
    ("1", ""),
    ("%", "percent"),
];

/// What stands behind the stroke of `By/s`, and the word for it.
const PER: [(&str, &str); 7] = [
    ("s", "second"),
    ("m", "minute"),
    ("h", "hour"),
    ("d", "day"),
    ("w", "week"),
    ("mo", "month"),
    ("y", "year"),
];

/// The suffixes of a unit: `By/s` has `bytes` and `per_second`. What stands in braces is a remark and has none.
pub(super) fn suffixes(unit: &str) -> (String, String) {
    let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
    let per = word(per, &PER);
    (word(main, &WORDS).to_owned(), if per.is_empty() { String::new() } else { format!("per_{per}") })
}

fn word<'a>(unit: &'a str, known: &'a [(&str, &str)]) -> &'a str {
    let unit = unit.trim();
    if unit.contains(['{', '}']) {
        return "";
    }
    known.iter().find(|(ucum, _)| *ucum == unit).map_or(unit, |(_, word)| word)
}

/// Without letters that a name cannot have.
pub(super) fn clean(suffix: &str) -> String {
    let words = suffix.split(|letter| !super::is_word(letter)).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// A unit in words as UCUM writes it: `bytes` is `By`, `bytes_per_second` is `By/s`. Unknown words stay.
#[must_use]
pub fn ucum(words: &str) -> String {
    let of = |known: &[(&'static str, &'static str)], word: &str| -> Option<&'static str> {
        known.iter().find(|(_, long)| *long == word && !long.is_empty()).map(|(ucum, _)| *ucum)
    };
    let main = |word: &str| match word {
        "ratio" => "1".to_owned(),
        word => of(&WORDS, word).unwrap_or(word).to_owned(),
    };
    match words.split_once("_per_") {
        Some((unit, per)) => format!("{}/{}", main(unit), of(&PER, per).unwrap_or(per)),
        None => main(words),
    }
}
