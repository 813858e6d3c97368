//! Who we say we are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::prometheus::loopback::json;

/// Echoes the header.
fn who(request: &str) -> Vec<u8> {
    let header = request.lines().find_map(|line| line.strip_prefix("authorization: "));
    answer("200 OK", "", header.unwrap_or("nobody"))
}

#[tokio::test]
async fn the_header_says_what_is_configured() {
    let server = Loopback::start(who).await;
    for (yaml, expected) in [
        ("{}", "nobody"),
        ("{basic_auth: {username: Aladdin, password: open sesame}}", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("{authorization: {credentials: abc}}", "Bearer abc"),
        ("{authorization: {type: Token, credentials: abc}}", "Token abc"),
        ("{bearer_token: abc}", "Bearer abc"),
    ] {
        let (_cx, client) = client_of(yaml);
        assert_eq!(get(&client, &server.url("/")).await, Ok((200, expected.to_owned())), "{yaml}");
    }
}

#[tokio::test]
async fn a_token_file_is_read_with_each_request_and_missed_only_then() {
    let folder = Folder::new("token");
    let server = Loopback::start(who).await;
    for key in ["authorization: {credentials_file: ", "{bearer_token_file: "] {
        let yaml = match key.strip_prefix('{') {
            Some(key) => format!("{{{key}{}}}", folder.path("token")),
            None => format!("{{{key}{}}}}}", folder.path("token")),
        };
        let (_cx, client) = client_of(&yaml);
        let missing = get(&client, &server.url("/")).await.unwrap_err();
        assert!(missing.contains(&folder.path("token")) && missing.contains("No such file"), "{missing}");
        for token in ["one", "two"] {
            folder.write("token", &format!("\n {token}\n"));
            assert_eq!(get(&client, &server.url("/")).await, Ok((200, format!("Bearer {token}"))));
        }
        folder.write("token", "two\nlines");
        let odd = get(&client, &server.url("/")).await.unwrap_err();
        assert!(odd.contains("line break") && !odd.contains("lines"), "{odd}");
        std::fs::remove_file(folder.path("token")).unwrap();
    }
}

#[tokio::test]
async fn a_token_is_fetched_once_and_again_when_the_secret_changes() {
    let folder = Folder::new("oauth2");
    folder.write("secret", "s 1");
    let issued = Arc::new(AtomicUsize::new(0));
    let server = Loopback::start(move |request| {
        if !request.starts_with("POST /token") {
            return who(request);
        }
        let number = issued.fetch_add(1, Ordering::Relaxed);
        json(&format!(r#"{{"access_token":"t{number}","token_type":"bearer","expires_in":3600}}"#))
    })
    .await;
    let (_cx, client) = client_of(&format!(
        "{{oauth2: {{client_id: 'id:1', client_secret_file: {}, token_url: '{}', scopes: [a, b], \
         endpoint_params: {{audience: x y}}}}}}",
        folder.path("secret"),
        server.url("/token")
    ));
    // At once, to see that they share it.
    let url = server.url("/");
    let (one, other) = tokio::join!(get(&client, &url), get(&client, &url));
    assert_eq!((one, other), (Ok((200, "Bearer t0".to_owned())), Ok((200, "Bearer t0".to_owned()))));
    folder.write("secret", "s 2");
    assert_eq!(get(&client, &url).await, Ok((200, "Bearer t1".to_owned())));
    let asked: Vec<_> = server.asked().into_iter().filter(|request| request.starts_with("POST")).collect();
    assert_eq!(asked.len(), 2);
    // `id%3A1:s+1`, each part as in a form.
    assert!(asked[0].contains("authorization: Basic aWQlM0ExOnMrMQ==\r\n"), "{}", asked[0]);
    assert!(
        asked[0].ends_with("\r\n\r\ngrant_type=client_credentials&scope=a+b&audience=x+y"),
        "{}",
        asked[0]
    );
}

#[tokio::test]
async fn a_token_that_is_about_to_expire_is_not_used_again() {
    let issued = Arc::new(AtomicUsize::new(0));
    let server = Loopback::start(move |request| {
        if !request.starts_with("POST /token") {
            return who(request);
        }
        let number = issued.fetch_add(1, Ordering::Relaxed);
        json(&format!(r#"{{"access_token":"t{number}","expires_in":"9"}}"#))
    })
    .await;
    let url = server.url("/token");
    let (_cx, client) =
        client_of(&format!("{{oauth2: {{client_id: a, client_secret: b, token_url: '{url}'}}}}"));
    for token in ["Bearer t0", "Bearer t1"] {
        assert_eq!(get(&client, &server.url("/")).await, Ok((200, token.to_owned())));
    }
}

#[tokio::test]
async fn a_token_server_may_want_the_secret_in_the_body() {
    let server = Loopback::start(|request| match request {
        _ if !request.starts_with("POST /token") => who(request),
        _ if request.ends_with("&client_id=a&client_secret=b%26c") => json(r#"{"access_token":"t"}"#),
        _ => answer("401 Unauthorized", "", r#"{"error":"invalid_client"}"#),
    })
    .await;
    let url = server.url("/token");
    let (_cx, client) =
        client_of(&format!("{{oauth2: {{client_id: a, client_secret: b&c, token_url: '{url}'}}}}"));
    for _ in 0..2 {
        assert_eq!(get(&client, &server.url("/")).await, Ok((200, "Bearer t".to_owned())));
    }
}

#[tokio::test]
async fn a_token_server_that_says_no_is_quoted() {
    for (body, expected) in [
        (answer("403 Forbidden", "", "no such client"), "403 Forbidden: no such client"),
        (json("{}"), "the answer is not one"),
        (json(r#"{"access_token":""}"#), "there is no `access_token`"),
        (json("[[[[[["), "the answer is not one"),
    ] {
        let server = Loopback::start(move |_| body.clone()).await;
        let url = server.url("/token");
        let (_cx, client) =
            client_of(&format!("{{oauth2: {{client_id: a, client_secret: hush, token_url: '{url}'}}}}"));
        let fault = get(&client, &server.url("/")).await.unwrap_err();
        assert!(fault.contains("no token from") && fault.contains(expected), "{fault}");
        assert!(!fault.contains("hush"), "{fault}");
    }
}
