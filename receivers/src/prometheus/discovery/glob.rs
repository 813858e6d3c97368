//! Paths whose last part may have wildcards, as Go's `filepath.Glob` reads them: `*`, `?`, `[a-z]`, `[^a-z]`, `\`.

use std::io;
use std::path::PathBuf;

/// The files there are now, sorted. A folder that is not there has none.
pub(super) async fn files(pattern: &str) -> io::Result<Vec<String>> {
    let (folder, name) = match pattern.rsplit_once('/') {
        Some((folder, name)) => (format!("{folder}/"), name),
        None => (String::new(), pattern),
    };
    if !name.contains(['*', '?', '[', '\\']) {
        let exists = tokio::fs::try_exists(pattern).await?;
        return Ok(exists.then(|| pattern.to_owned()).into_iter().collect());
    }
    let looked_in = if folder.is_empty() { PathBuf::from(".") } else { PathBuf::from(&folder) };
    let mut entries = match tokio::fs::read_dir(looked_in).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        if let Some(entry) = entry.file_name().to_str().filter(|entry| matches(name, entry)) {
            found.push(format!("{folder}{entry}"));
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `text` is what the pattern describes, all of it.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut seen) = (0, 0);
    // Where to go on after the last `*`, and how much of the text it has taken: only the last one can need more.
    let mut retry: Option<(usize, usize)> = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&'*') {
            retry = Some((at + 1, seen));
            at += 1;
        } else if let Some(length) = matches_one(&pattern[at..], text[seen]) {
            at += length;
            seen += 1;
        } else if let Some((after, taken)) = retry {
            retry = Some((after, taken + 1));
            (at, seen) = (after, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// How much of the pattern stands for this one character.
fn matches_one(pattern: &[char], c: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', literal, ..] => (*literal == c).then_some(2),
        ['[', class @ ..] => matches_class(class, c).map(|length| length + 1),
        [literal, ..] => (*literal == c).then_some(1),
        [] => None,
    }
}

/// The same for a class, from behind its bracket. One without an end stands for nothing.
fn matches_class(class: &[char], c: char) -> Option<usize> {
    let negated = class.first() == Some(&'^');
    let mut at = usize::from(negated);
    let first = at;
    let mut is_in = false;
    while class.get(at) != Some(&']') || at == first {
        let low = *class.get(at)?;
        let (high, length) = match class.get(at + 1..at + 3) {
            Some(['-', high]) if *high != ']' => (*high, 3),
            _ => (low, 1),
        };
        is_in |= (low..=high).contains(&c);
        at += length;
    }
    (is_in != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn names_are_matched_as_go_matches_them() {
        for (pattern, text, expected) in [
            ("*.json", "a.json", true),
            ("*.json", ".json", true),
            ("*.json", "a.yml", false),
            ("*.json", "a.json.tmp", false),
            ("a*b*c.yml", "axxbyybc.yml", true),
            ("a*b*c.yml", "axxc.yml", false),
            ("tg_?.yml", "tg_1.yml", true),
            ("tg_?.yml", "tg_12.yml", false),
            ("tg_[0-3].yml", "tg_2.yml", true),
            ("tg_[0-3].yml", "tg_4.yml", false),
            ("tg_[^0-3].yml", "tg_4.yml", true),
            ("[]a].yml", "].yml", true),
            ("[a", "a", false),
            ("\\*.yml", "*.yml", true),
            ("\\*.yml", "x.yml", false),
            ("ä*.yml", "äö.yml", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
