//! What was probably meant.

/// The candidate nearest to `name`, if one is near enough to be what was meant.
///
/// Case, hyphens and underscores do not count. Beyond that a third of the letters may differ, where swapping two
/// neighbours counts as one difference.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a name of this length; comparing costs the product of both lengths.
    const MAX_LENGTH: usize = 80;
    let name = folded(name);
    if name.is_empty() || name.len() > MAX_LENGTH {
        return None;
    }
    let distances = candidates.into_iter().filter_map(|candidate| {
        let folded = folded(candidate);
        let allowed = name.len().max(folded.len()) / 3;
        let distance = distance(&name, &folded);
        (distance <= allowed && folded.len() <= MAX_LENGTH).then_some((distance, candidate))
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// ``did you mean `x`?`` with the nearest candidate.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// `` `a`, `b` or `c` ``; the first twelve of a long list.
pub(crate) fn one_of(names: &[&str]) -> String {
    const MAX_SHOWN: usize = 12;
    let quoted: Vec<String> = names.iter().take(MAX_SHOWN).map(|name| format!("`{name}`")).collect();
    if names.len() > MAX_SHOWN {
        return format!("{} or {} more", quoted.join(", "), names.len() - MAX_SHOWN);
    }
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

fn folded(name: &str) -> Vec<char> {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Damerau and Levenshtein's distance in which no stretch is edited twice.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, &left) in from.iter().enumerate() {
        let mut current = vec![row + 1; to.len() + 1];
        for (column, &right) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(left != right);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && left == to[column - 1] && from[row - 1] == right;
            if swapped {
                best = best.min(before_last[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests;
