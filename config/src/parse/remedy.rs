//! What usually helps against a syntax error.

/// What to try when the parser says `message` about that line.
pub(super) fn remedy(message: &str, text: &str, line: u32) -> Option<String> {
    const REMEDIES: [(&str, &str); 7] = [
        (
            "mapping values are not allowed",
            "indent this line like its neighbours, or put a value with `: ` in quotes",
        ),
        ("did not find expected key", "indent this line like its neighbours"),
        ("did not find expected '-'", "indent this line like its neighbours"),
        ("parsing a flow", "close `[` with `]` and `{` with `}`"),
        ("unknown anchor", "a value that begins with `*` needs quotes"),
        ("unexpected character", "a value that begins with this character needs quotes"),
        ("unexpected end of stream", "close the quotes"),
    ];
    let before = (line as usize).saturating_sub(1);
    let here = text.lines().nth(before).unwrap_or_default();
    if here.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t') {
        return Some("indent with spaces: YAML does not take tabs".to_owned());
    }
    let is_about_brackets = ["flow", "illegal placement of ':'", "did not find expected ','"]
        .iter()
        .any(|part| message.contains(part));
    if let Some((bracket, line)) = unclosed(text.lines().take(before)).filter(|_| is_about_brackets) {
        return Some(format!("close the `{bracket}` of line {line}"));
    }
    REMEDIES.iter().find(|(part, _)| message.contains(part)).map(|(_, help)| (*help).to_owned())
}

/// The last bracket that `lines` leave open, and its line. Knows quotes and comments no better than a glance does: what
/// comes of it is a hint.
fn unclosed<'a>(lines: impl Iterator<Item = &'a str>) -> Option<(char, usize)> {
    let mut open = Vec::new();
    for (number, line) in lines.enumerate() {
        let (mut quote, mut before) = (None, ' ');
        for c in line.chars() {
            match (c, quote) {
                (_, Some(mark)) if c == mark => quote = None,
                (_, Some(_)) => (),
                ('#', None) if before.is_whitespace() => break,
                ('"' | '\'', None) if !before.is_alphanumeric() => quote = Some(c),
                ('[' | '{', None) => open.push((c, number + 1)),
                (']', None) => drop(open.pop_if(|(bracket, _)| *bracket == '[')),
                ('}', None) => drop(open.pop_if(|(bracket, _)| *bracket == '{')),
                _ => (),
            }
            before = c;
        }
    }
    open.pop()
}
