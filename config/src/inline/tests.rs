//! Structs that share a map.

use serde::{Deserialize, Serialize};

use super::*;
use crate::diagnostic::Diagnostics;
use crate::optional::Optional;
use crate::parse::parse;
use crate::path::Path;
use crate::print::to_node;
use crate::read;
use crate::secret::Secrets;
use crate::yaml::to_yaml;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Server {
    endpoint: String,
    size: u8,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Auth {
    user: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Own {
    path: String,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Inline<(Server, Auth)>", into = "Inline<(Server, Auth)>")]
struct Shared {
    server: Server,
    auth: Auth,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Inline<(Shared, Own)>", into = "Inline<(Shared, Own)>")]
struct Config {
    shared: Shared,
    own: Own,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Protocols {
    http: Optional<Config>,
    udp: Optional<Config>,
}

impl From<Inline<(Server, Auth)>> for Shared {
    fn from(Inline((server, auth)): Inline<(Server, Auth)>) -> Self {
        Self { server, auth }
    }
}

impl From<Shared> for Inline<(Server, Auth)> {
    fn from(Shared { server, auth }: Shared) -> Self {
        Self((server, auth))
    }
}

impl TryFrom<Inline<(Shared, Own)>> for Config {
    type Error = String;

    fn try_from(Inline((shared, own)): Inline<(Shared, Own)>) -> Result<Self, String> {
        if own.path == "bad" {
            return Err("`path` must not be `bad`".to_owned());
        }
        Ok(Self { shared, own })
    }
}

impl From<Config> for Inline<(Shared, Own)> {
    fn from(Config { shared, own }: Config) -> Self {
        Self((shared, own))
    }
}

fn read_text(text: &str) -> (Option<Protocols>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let node = parse("c", text, &mut diagnostics).unwrap();
    let value = read(&node, &Path::root(), &mut diagnostics);
    (value, diagnostics.iter().map(ToString::to_string).collect())
}

#[test]
fn all_parts_read_the_same_map() {
    let (value, errors) = read_text("http: {endpoint: e, user: u, path: p}");
    assert_eq!(errors, [""; 0]);
    let http = value.unwrap().http.0.unwrap();
    assert_eq!(http.shared.server, Server { endpoint: "e".to_owned(), size: 0 });
    assert_eq!((&*http.shared.auth.user, &*http.own.path), ("u", "p"));
}

#[test]
fn a_key_is_unknown_when_no_part_has_it() {
    let (_, errors) = read_text("http: {endpoint: 1, usr: u, enabled: true, size: -1}\nudp: {path: bad}");
    assert_eq!(
        errors,
        [
            "c:1:18: http::endpoint: expected a string, found the integer `1`",
            "c:1:21: http: unknown key `usr`",
            "c:1:50: http::size: expected an integer from 0 to 255, found the integer `-1`",
            "c:2:1: udp: `path` must not be `bad`",
        ]
    );
}

#[test]
fn what_is_no_map_is_reported_once() {
    assert_eq!(read_text("http: 5").1, ["c:1:7: http: expected a map, found the integer `5`"]);
}

#[test]
fn prints_one_flat_map() {
    let (value, _) = read_text("http: {endpoint: e, user: u, path: p}");
    let printed = to_yaml(&to_node(&value.unwrap(), Secrets::Redact).unwrap());
    assert_eq!(printed, "http:\n  endpoint: e\n  size: 0\n  user: u\n  path: p\n");
}
