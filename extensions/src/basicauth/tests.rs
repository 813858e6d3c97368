use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use component::testing::context;
use component::{Authenticator, Capabilities, Extension, Kind, Origin};
use http::{HeaderMap, HeaderValue};

use super::config::Config;
use super::htpasswd::Accounts;
use super::md5_crypt;
use crate::loopback::{example, lines, read};

/// Passwords of `myPassword` in all forms; made with OpenSSL and Python.
const FORMS: &str = "
# a comment
plain:myPassword
apache:$apr1$r31abcde$kl9eNjSys8oZ/nHjspdaj0
unix:$1$r31abcde$ashfAxyDgld.6PpbWkn.a.
sha:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=
";

async fn start(text: &str) -> Capabilities {
    let config: Config = read(text).unwrap();
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    config.start(context(Kind::Extension, "basicauth")).await.unwrap()
}

async fn ask(guard: &Arc<dyn Authenticator>, header: &str) -> Result<Option<String>, String> {
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        headers.insert("authorization", HeaderValue::from_str(header).unwrap());
    }
    let identity = guard.authenticate(&headers).await.map_err(|error| error.0)?;
    Ok(identity.get("username").map(str::to_owned))
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn knows_every_form_of_password() {
    let bcrypt = format!(
        "bcrypt:{}",
        bcrypt::hash_with_salt("myPassword", 4, [7; 16]).unwrap().format_for_version(bcrypt::Version::TwoY)
    );
    let accounts = Accounts::default().extended(FORMS).unwrap().extended(&bcrypt).unwrap();
    for user in ["plain", "apache", "unix", "sha", "bcrypt"] {
        assert!(accounts.matches(user, "myPassword"), "{user}");
        assert!(!accounts.matches(user, "mypassword"), "{user}");
        assert!(!accounts.matches(user, ""), "{user}");
    }
    assert!(!accounts.matches("nobody", "myPassword"));
    assert!(accounts.is_slow("nobody"), "a user that does not exist takes as long as one that does");
}

#[test]
fn salted_md5_takes_passwords_of_every_length() {
    // Made with `openssl passwd`.
    for (salt, password, hash) in [
        ("a", "", "lsAcX0kKaMIVmrCtUuk5b0"),
        ("saltsalt", "x", "Q17bmANhIA7pctgRGqF/S0"),
        ("saltsalt", "0123456789012345678901234567890123456789", "9REcj4tPGiLcag7yxh4Gc0"),
    ] {
        assert_eq!(md5_crypt::hash(md5_crypt::APACHE, salt, password.as_bytes()), hash, "{password}");
    }
}

#[test]
fn a_later_line_counts() {
    let accounts = Accounts::default().extended("ada:old\nbob:x").unwrap().extended("ada:new").unwrap();
    assert!(
        accounts.matches("ada", "new") && !accounts.matches("ada", "old") && accounts.matches("bob", "x")
    );
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    for (text, expected) in [
        ("ada:x\nbob", "line 2 has no `:`"),
        (
            "ada:$6$salt$hash",
            "line 1, user `ada`: this form of hash is not known; use bcrypt, as `htpasswd -B` writes it",
        ),
        ("ada:{SHA}?", "line 1, user `ada`: not base64 behind `{SHA}`"),
        ("ada:{SHA}AAAA", "line 1, user `ada`: too short for SHA-1"),
        ("ada:$2y$99$x", "line 1, user `ada`: not a bcrypt hash"),
    ] {
        let error = Accounts::default().extended(text).unwrap_err();
        assert!(format!("{error:#}").starts_with(expected), "{error:#}");
    }
}

#[tokio::test]
async fn lets_in_who_knows_the_password() {
    let hash = bcrypt::hash_with_salt("secret:with colon", 4, [1; 16]).unwrap().to_string();
    let guard =
        start(&format!("htpasswd: {{ inline: \"ada:{hash}\\nbob:plain\" }}")).await.authenticator.unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&guard, &basic("ada:secret:with colon")).await, Ok(Some("ada".to_owned())));
    }
    assert_eq!(ask(&guard, &basic("bob:plain").replace("Basic", "bAsIc")).await, Ok(Some("bob".to_owned())));
    let long = basic(&format!("ada:{}", "x".repeat(10_000)));
    for (header, expected) in [
        ("", "no basic auth provided"),
        ("Bearer abc", "invalid authorization scheme prefix"),
        ("Basic", "invalid authorization scheme prefix"),
        ("Basic ???", "invalid authorization format"),
        (&basic("no colon"), "invalid authorization format"),
        (&basic("ada:wrong"), "invalid credentials"),
        (&basic("bob:wrong"), "invalid credentials"),
        (&basic("eve:plain"), "invalid credentials"),
        (&long, "invalid credentials"),
    ] {
        assert_eq!(ask(&guard, header).await, Err(expected.to_owned()), "{header}");
    }
}

#[tokio::test]
async fn sends_name_and_password_over_tls_only() {
    let sender = start("client_auth: { username: ada, password: lovelace }").await.credentials.unwrap();
    let mut headers = HeaderMap::new();
    sender.add_to(&mut headers, &Origin::default()).unwrap();
    assert_eq!(headers["authorization"], basic("ada:lovelace"));
    assert!(sender.require_tls());
}

#[tokio::test]
async fn files_count_instead_of_what_is_written() {
    let path = std::env::temp_dir().join(format!("basicauth-{}", std::process::id()));
    std::fs::write(&path, "from file\n").unwrap();
    let text = format!("client_auth: {{ username: ada, password: x, password_file: {} }}", path.display());
    let sender = start(&text).await.credentials.unwrap();
    let mut headers = HeaderMap::new();
    sender.add_to(&mut headers, &Origin::default()).unwrap();
    assert_eq!(headers["authorization"], basic("ada:from file"));
    std::fs::write(&path, "ada:file\nbob:file").unwrap();
    let text = format!("htpasswd: {{ file: {}, inline: 'ada:inline' }}", path.display());
    let guard = start(&text).await.authenticator.unwrap();
    assert!(ask(&guard, &basic("ada:inline")).await.is_ok());
    assert!(ask(&guard, &basic("ada:file")).await.is_err());
    assert!(ask(&guard, &basic("bob:file")).await.is_ok());
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn says_everything_that_is_wrong() {
    let check = |text: &str| lines(&read::<Config>(text).unwrap().check());
    assert!(check("{}")[0].starts_with("error : no credential source provided"));
    let both = check("{ htpasswd: { inline: 'a:b' }, client_auth: { username: a } }");
    assert!(both[0].starts_with("error : only one of `htpasswd` and `client_auth`"), "{both:?}");
    assert_eq!(check("htpasswd: {}"), ["error htpasswd: must have a `file` or `inline`"]);
    assert_eq!(check("htpasswd: { inline: ada }"), ["error htpasswd::inline: line 1 has no `:`"]);
    assert_eq!(
        check("client_auth: { username: 'a:b' }"),
        ["error client_auth::username: `a:b` must not have a `:`"]
    );
    assert_eq!(check("client_auth: {}"), ["error client_auth::username: must not be empty"]);
}

#[test]
fn the_examples_of_the_readme_are_read() {
    let readme = include_str!("README.md");
    for name in ["basicauth/server", "basicauth/client"] {
        assert_eq!(lines(&example::<Config>(readme, name).check()), Vec::<String>::new());
    }
}
