//! Label and field selectors.

use serde_json::Value;

/// Whether the object has the labels that `selector` asks for.
///
/// # Errors
/// What cannot be read, as the server says it.
pub(super) fn labels_match(selector: &str, object: &Value) -> Result<bool, String> {
    let labels = &object["metadata"]["labels"];
    for requirement in requirements(selector) {
        if !label_matches(requirement, labels)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the object's fields are what `selector` asks for.
///
/// # Errors
/// As [`labels_match`].
pub(super) fn fields_match(selector: &str, object: &Value) -> Result<bool, String> {
    for requirement in requirements(selector) {
        let (path, wanted, equal) = comparison(requirement)
            .ok_or_else(|| format!("invalid selector: '{requirement}'; can't understand it"))?;
        let pointer = format!("/{}", path.replace('.', "/"));
        let value = object.pointer(&pointer).and_then(Value::as_str).unwrap_or_default();
        if (value == wanted) != equal {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The parts between commas that are not within parentheses.
fn requirements(selector: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, byte) in selector.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(selector[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(selector[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn label_matches(requirement: &str, labels: &Value) -> Result<bool, String> {
    let value = |name: &str| labels.get(name.trim()).and_then(Value::as_str);
    if let Some(name) = requirement.strip_prefix('!') {
        return Ok(value(name).is_none());
    }
    if let Some((name, wanted, equal)) = comparison(requirement) {
        return Ok((value(name) == Some(wanted)) == equal);
    }
    let Some((head, set)) = requirement.split_once('(') else { return Ok(value(requirement).is_some()) };
    let set: Vec<&str> = set.trim_end_matches(')').split(',').map(str::trim).collect();
    match head.split_whitespace().collect::<Vec<_>>()[..] {
        [name, "in"] => Ok(value(name).is_some_and(|value| set.contains(&value))),
        [name, "notin"] => Ok(!value(name).is_some_and(|value| set.contains(&value))),
        _ => Err(format!("unable to parse requirement: {requirement}")),
    }
}

/// The name, the value, and whether they are to be equal.
fn comparison(requirement: &str) -> Option<(&str, &str, bool)> {
    let (operator, equal) = [("!=", false), ("==", true), ("=", true)]
        .into_iter()
        .find(|(operator, _)| requirement.contains(operator))?;
    let (name, value) = requirement.split_once(operator)?;
    Some((name.trim(), value.trim(), equal))
}
