use std::sync::Arc;
use std::time::Duration;

use component::testing::context;
use component::{Authenticator, Capabilities, Extension, Kind, Origin};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::config::Config;
use crate::loopback::{example, lines, read};

async fn start(text: &str) -> Capabilities {
    let config: Config = read(text).unwrap();
    assert_eq!(lines(&config.check()), Vec::<String>::new());
    config.start(context(Kind::Extension, "bearertokenauth")).await.unwrap()
}

/// What the answer is to a request with that header.
async fn ask(guard: &Arc<dyn Authenticator>, name: &str, value: &str) -> Result<(), String> {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    guard.authenticate(&headers).await.map(|_| ()).map_err(|error| error.0)
}

#[tokio::test]
async fn lets_in_who_knows_a_token() {
    let wrong = Err("scheme or token does not match".to_owned());
    let guard = start("token: abc").await.authenticator.unwrap();
    assert_eq!(ask(&guard, "authorization", "Bearer abc").await, Ok(()));
    for value in ["Bearer abd", "Bearer ab", "Bearer abcd", "bearer abc", "abc", "Bearer  abc", "Basic abc"] {
        assert_eq!(ask(&guard, "authorization", value).await, wrong, "{value}");
    }
    let missing = Err("missing or empty authorization header: authorization".to_owned());
    assert_eq!(ask(&guard, "x-other", "Bearer abc").await, missing);
    assert_eq!(ask(&guard, "authorization", "").await, missing);

    let guard = start("{ tokens: [abc, def], scheme: '', header: X-Token }").await.authenticator.unwrap();
    assert_eq!(ask(&guard, "x-token", "abc").await, Ok(()));
    assert_eq!(ask(&guard, "x-token", "def").await, Ok(()));
    assert_eq!(ask(&guard, "x-token", "ghi").await, wrong);
}

#[tokio::test]
async fn sends_the_first_token_over_tls_only() {
    let sender = start("{ tokens: [abc, def], scheme: Token }").await.credentials.unwrap();
    let mut headers = HeaderMap::new();
    sender.add_to(&mut headers, &Origin::default()).unwrap();
    assert_eq!(headers["authorization"], "Token abc");
    assert!(headers["authorization"].is_sensitive());
    assert!(sender.require_tls());
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_anew_when_it_changes() {
    let path = std::env::temp_dir().join(format!("bearer-{}", std::process::id()));
    std::fs::write(&path, "first\n\nsecond\n").unwrap();
    let guard =
        start(&format!("{{ token: unused, filename: {} }}", path.display())).await.authenticator.unwrap();
    assert_eq!(ask(&guard, "authorization", "Bearer second").await, Ok(()));
    assert!(ask(&guard, "authorization", "Bearer unused").await.is_err());
    std::fs::write(&path, "another token\n").unwrap();
    while ask(&guard, "authorization", "Bearer another token").await.is_err() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    // What cannot be used leaves the last tokens in force.
    std::fs::write(&path, "").unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(ask(&guard, "authorization", "Bearer another token").await, Ok(()));
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_missing_file_is_waited_for_if_wanted() {
    let path = std::env::temp_dir().join(format!("bearer-late-{}", std::process::id()));
    let read_it =
        |retry: &str| read::<Config>(&format!("{{ filename: {}, {retry} }}", path.display())).unwrap();
    let cx = || context(Kind::Extension, "bearertokenauth");
    let error = read_it("file_retry: { enabled: true, max_retries: 3 }").start(cx()).await.err().unwrap();
    assert!(format!("{error:#}").contains("cannot read"), "{error:#}");
    let waiting = read_it("file_retry: { enabled: true, max_retries: 100000 }").start(cx());
    let late = path.clone();
    let write = async move {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        std::fs::write(late, "late").unwrap();
    };
    let (started, ()) = tokio::join!(waiting, write);
    let guard = started.unwrap().authenticator.unwrap();
    assert_eq!(ask(&guard, "authorization", "Bearer late").await, Ok(()));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn says_everything_that_is_wrong() {
    let check = |text: &str| lines(&read::<Config>(text).unwrap().check());
    assert_eq!(check("{}")[0], "error : no bearer token provided; set `token`, `tokens` or `filename`");
    let both = "error tokens: either tokens or token should be provided, not both";
    assert_eq!(check("{ token: a, tokens: [b] }"), [both]);
    assert_eq!(check("{ token: a, header: 'x y' }"), ["error header: `x y` is not the name of a header"]);
    assert_eq!(check("{ filename: /nowhere }"), Vec::<String>::new());
    let problems = check("{ token: \"a\\nb\" }");
    assert!(problems[0].starts_with("error token: scheme or token has a character"), "{problems:?}");
    assert!(!problems[0].contains("a\nb"));
}

#[test]
fn the_example_of_the_readme_is_read() {
    let config: Config = example(include_str!("README.md"), "bearertokenauth");
    assert_eq!(config.scheme, "Bearer");
}
