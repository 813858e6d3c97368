//! Whether somebody says which region of AWS this is, as far as that can be known without asking the network.

use std::path::PathBuf;

/// Whether the environment or the shared file of AWS's tools says it. `var` reads the environment.
pub(super) fn is_said(profile: &str, var: impl Fn(&str) -> Option<String>) -> bool {
    let var = |name: &str| var(name).filter(|value| !value.is_empty());
    if ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().any(|name| var(name).is_some()) {
        return true;
    }
    let usual = || Some(PathBuf::from(var("HOME")?).join(".aws/config"));
    let Some(file) = var("AWS_CONFIG_FILE").map(PathBuf::from).or_else(usual) else { return false };
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    let profile = match profile {
        "" => var("AWS_PROFILE").unwrap_or_else(|| "default".to_owned()),
        name => name.to_owned(),
    };
    has_region(&text, &profile)
}

/// What to say where nobody does.
pub(super) fn unknown(is_local: bool) -> &'static str {
    match is_local {
        true => "no region is set, neither here nor in `AWS_REGION` nor in the shared configuration file",
        false => {
            "no region is set, neither here nor in `AWS_REGION` nor in the shared configuration file; it will be asked \
             of the metadata service, which answers on machines of AWS only"
        }
    }
}

/// Whether the section of `profile` sets a region.
fn has_region(text: &str, profile: &str) -> bool {
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            let name = section.trim();
            is_inside = name.strip_prefix("profile ").unwrap_or(name).trim() == profile;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| is_inside)
            && key.trim() == "region"
            && !value.trim().is_empty()
        {
            return true;
        }
    }
    false
}
