//! Choosing attributes by patterns of their keys.

/// Which attributes become labels: none, unless their keys match a pattern in which `*` stands for any text
/// and `?` for any letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Patterns of keys.
    pub included: Vec<String>,
    /// Patterns of keys that are left out all the same.
    pub excluded: Vec<String>,
}

impl Selection {
    /// Whether no key is chosen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.included.is_empty()
    }

    /// Whether `key` is chosen.
    #[must_use]
    pub fn takes(&self, key: &str) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, key));
        any(&self.included) && !any(&self.excluded)
    }
}

/// Whether the text is what the pattern says.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // The last `*`, and where in the text what follows it was looked for last.
    let mut star = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[in_text] => {
                (at, in_text) = (at + 1, in_text + 1)
            }
            _ => {
                let Some((back, tried)) = star else { return false };
                star = Some((back, tried + 1));
                (at, in_text) = (back + 1, tried + 1);
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests;
