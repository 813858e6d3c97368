use std::collections::BTreeMap;
use std::sync::Arc;

use component::testing::context;
use component::{Capabilities, Credentials, Extension, Identity, Kind, Metadata, Origin};
use http::{HeaderMap, HeaderValue};

use super::config::Config;
use crate::loopback::{example, lines, read};

/// The headers of a request that had `x-old: old` after `text` was applied; the data came with `tenant: acme` from
/// `user: ada`.
async fn headers(text: &str) -> anyhow::Result<HeaderMap> {
    let setter = start(text).await?;
    let mut metadata = Metadata::default();
    metadata.add("Tenant", "acme");
    metadata.add("many", "1");
    metadata.add("many", "2");
    let identity = Identity { attributes: vec![("user".to_owned(), "ada".to_owned())] };
    let origin = Origin {
        metadata: Some(Arc::new(metadata)),
        identity: Some(Arc::new(identity)),
        ..Origin::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert("x-old", HeaderValue::from_static("old"));
    setter.add_to(&mut headers, &origin)?;
    Ok(headers)
}

async fn start(text: &str) -> anyhow::Result<Arc<dyn Credentials>> {
    let config: Config = read(text).unwrap();
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    Ok(config.start(context(Kind::Extension, "headers_setter")).await?.credentials.unwrap())
}

/// `name=value` of all headers, in the order of names.
fn pairs(headers: &HeaderMap) -> Vec<String> {
    let mut pairs: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
    pairs.sort();
    pairs
}

#[tokio::test]
async fn each_action_does_what_it_says() {
    for (action, expected) in [
        ("{ action: insert, key: X-Old, value: new }", &["x-old=old"][..]),
        ("{ action: insert, key: X-New, value: new }", &["x-new=new", "x-old=old"]),
        ("{ action: update, key: X-Old, value: new }", &["x-old=new"]),
        ("{ action: update, key: X-New, value: new }", &["x-old=old"]),
        ("{ action: upsert, key: X-Old, value: new }", &["x-old=new"]),
        ("{ key: X-New, value: new }", &["x-new=new", "x-old=old"]),
        ("{ action: delete, key: X-Old }", &[]),
    ] {
        assert_eq!(pairs(&headers(&format!("headers: [{action}]")).await.unwrap()), expected, "{action}");
    }
}

#[tokio::test]
async fn each_source_says_what_it_has() {
    for (source, expected) in [
        ("from_context: tenant", "acme"),
        ("from_context: TENANT", "acme"),
        ("from_context: nobody", ""),
        ("from_context: nobody, default_value: somebody", "somebody"),
        ("from_attribute: user", "ada"),
        ("from_attribute: age", ""),
        ("from_attribute: age, default_value: '42'", "42"),
        ("value: fixed", "fixed"),
    ] {
        let headers = headers(&format!("headers: [{{ key: x, {source} }}]")).await.unwrap();
        assert_eq!(headers["x"], expected, "{source}");
    }
}

#[tokio::test]
async fn two_values_where_one_is_needed_are_an_error() {
    let error = headers("headers: [{ key: x, from_context: many }]").await.unwrap_err();
    assert_eq!(format!("{error:#}"), "header `x`: the request had 2 values of `many`, and one is needed");
}

#[tokio::test]
async fn the_value_of_a_file_is_read() {
    let path = std::env::temp_dir().join(format!("headers-setter-{}", std::process::id()));
    std::fs::write(&path, "from a file\n").unwrap();
    let text = format!("headers: [{{ key: x, value_file: {} }}]", path.display());
    assert_eq!(headers(&text).await.unwrap()["x"], "from a file");
    std::fs::remove_file(&path).unwrap();
    let error = start(&text).await.err().unwrap();
    assert!(format!("{error:#}").contains(&path.display().to_string()));
}

#[tokio::test]
async fn another_extension_sets_its_headers_before() {
    struct Token;
    impl Credentials for Token {
        fn add_to(&self, headers: &mut HeaderMap, _: &Origin) -> anyhow::Result<()> {
            headers.insert("authorization", HeaderValue::from_static("secret"));
            Ok(())
        }
        fn require_tls(&self) -> bool {
            true
        }
    }
    let mut cx = context(Kind::Extension, "headers_setter");
    let offered = Capabilities { credentials: Some(Arc::new(Token)), ..Capabilities::default() };
    cx.extensions = Arc::new(BTreeMap::from([("token".parse().unwrap(), offered)]));
    let config: Config = read("{ additional_auth: token, headers: [{ key: x, value: y }] }").unwrap();
    let setter = config.start(cx).await.unwrap().credentials.unwrap();
    let mut headers = HeaderMap::new();
    setter.add_to(&mut headers, &Origin::default()).unwrap();
    assert_eq!(pairs(&headers), ["authorization=secret", "x=y"]);
    assert!(setter.require_tls());
    let config: Config = read("{ additional_auth: nobody }").unwrap();
    assert!(config.start(context(Kind::Extension, "headers_setter")).await.is_err());
}

#[test]
fn says_everything_that_is_wrong() {
    let check = |text: &str| lines(&read::<Config>(text).unwrap().check());
    assert_eq!(check("{}"), ["error headers: missing headers configuration"]);
    let problems = check(
        "headers: [{ value: x }, { key: 'a b', value: x }, { key: a }, { key: a, value: x, from_context: y }, \
         { key: a, value: \"line\\nbreak\" }]",
    );
    assert_eq!(
        problems,
        [
            "error headers::0::key: missing header name",
            "error headers::1::key: `a b` is not the name of a header",
            "error headers::2: missing header source, must be `value`, `value_file`, `from_context` or `from_attribute`",
            "error headers::3: invalid header source, must be one of `value`, `value_file`, `from_context` or \
             `from_attribute`",
            "error headers::4::value: has a character that no header can hold",
        ]
    );
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "headers_setter");
    assert_eq!(config.headers.len(), 2);
}
