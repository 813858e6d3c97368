//! One action as users write it.

use serde::{Deserialize, Serialize};

use super::constant::Constant;

/// One action of `attributes` or `resource`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionConfig {
    /// The attribute's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// `insert`, `update`, `upsert`, `delete`, `hash`, `extract` or `convert`, in any case.
    pub action: String,
    /// The value to set, of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Constant>,
    /// The attribute to take the value from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from_attribute: String,
    /// What of the client to take the value from: `metadata.<key>`, `auth.<attribute>`, `client.address`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from_context: String,
    /// The value where the source has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<Constant>,
    /// For `extract` what the value looks like, for `delete` and `hash` what the name looks like.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pattern: String,
    /// What `convert` makes: `int`, `double` or `string`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub converted_type: String,
}
