//! Whether somebody says who calls AWS, as far as that can be known without asking the network.

use std::path::PathBuf;

/// Each of these tells of credentials, or of who gives them.
const VARIABLES: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

/// Whether the environment or one of the shared files of AWS's tools does; `file` is the one that the settings name.
/// What stands in a file is not looked at. `var` reads the environment.
pub(super) fn is_said(file: &str, var: impl Fn(&str) -> Option<String>) -> bool {
    let var = |name: &str| var(name).filter(|value| !value.is_empty());
    if VARIABLES.into_iter().any(|name| var(name).is_some()) {
        return true;
    }
    if !file.is_empty() {
        return PathBuf::from(file).is_file();
    }
    [("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"), ("AWS_CONFIG_FILE", ".aws/config")]
        .into_iter()
        .filter_map(|(name, usual)| {
            var(name).map(PathBuf::from).or_else(|| Some(PathBuf::from(var("HOME")?).join(usual)))
        })
        .any(|file| file.is_file())
}

/// What to say where nobody does.
pub(super) fn unknown(is_local: bool) -> &'static str {
    match is_local {
        true => "no credentials are set, neither in the environment nor in the shared files of AWS's tools",
        false => {
            "no credentials are set, neither in the environment nor in the shared files of AWS's tools; they will be \
             asked of the metadata service, which answers on machines of AWS only"
        }
    }
}
