//! Passwords and tokens.

use component::Problem;
use config::Secret;
use serde::{Deserialize, Serialize};

use super::check_source;
use crate::prometheus::Text;

/// The `basic_auth` block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the protocol's words")]
pub struct BasicAuth {
    pub username: Text,
    pub username_file: String,
    /// Not supported.
    pub username_ref: String,
    pub password: Secret,
    pub password_file: String,
    /// Not supported.
    pub password_ref: String,
}

/// The `authorization` block: the header of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Authorization {
    /// The first word of the header; `Bearer` when empty.
    #[serde(rename = "type")]
    pub kind: String,
    /// The rest of it.
    pub credentials: Secret,
    /// A file with the rest of it.
    pub credentials_file: String,
    /// Not supported.
    pub credentials_ref: String,
}

impl BasicAuth {
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = check_source(
            "username",
            !self.username.is_empty(),
            !self.username_file.is_empty(),
            !self.username_ref.is_empty(),
        );
        problems.extend(check_source(
            "password",
            !self.password.is_empty(),
            !self.password_file.is_empty(),
            !self.password_ref.is_empty(),
        ));
        problems
    }
}

impl Authorization {
    /// The first word of the header.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self.kind.trim() {
            "" => "Bearer",
            kind => kind,
        }
    }

    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = check_source(
            "credentials",
            !self.credentials.is_empty(),
            !self.credentials_file.is_empty(),
            !self.credentials_ref.is_empty(),
        );
        if self.scheme().eq_ignore_ascii_case("basic") {
            problems.push(Problem::error("type", "must not be `Basic`, use `basic_auth` instead"));
        }
        if ::http::HeaderValue::try_from(self.scheme()).is_err() {
            problems.push(Problem::error("type", "must be one word of a header"));
        }
        problems
    }
}
