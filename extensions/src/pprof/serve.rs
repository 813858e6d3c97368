//! Which profile is where, as in Go's `net/http/pprof`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::{Context, Scope};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode, request};
use transport::http as server;

use super::heap;
use super::sampling::Only;
use crate::html::Page;

/// Go's default.
const DEFAULT_PROFILE: Duration = Duration::from_secs(30);
/// Longer profiles say nothing that this one does not, and hold a connection.
const LONGEST_PROFILE: Duration = Duration::from_secs(300);

/// Profiles of the Go runtime, which have no meaning here.
const GO_ONLY: [&str; 6] = ["block", "goroutine", "mutex", "symbol", "threadcreate", "trace"];

pub(super) fn start(server: server::Server, only: Arc<Only>, cx: &Context) {
    server.serve(cx, Arc::new(Profiles { scope: cx.scope.clone(), only }));
}

struct Profiles {
    scope: Scope,
    only: Arc<Only>,
}

#[async_trait]
impl server::Service for Profiles {
    fn screen(&self, _: &request::Parts) -> Option<server::Response> {
        None
    }

    async fn call(&self, request: server::Request) -> server::Response {
        let uri = &request.head.uri;
        match uri.path().strip_prefix("/debug/pprof").map(|name| name.trim_matches('/')) {
            Some("") => page(index()),
            Some("cmdline") => server::text(StatusCode::OK, command_line()),
            Some("profile") => self.cpu(uri.query().unwrap_or("")).await,
            Some("heap" | "allocs") => match heap::dump().await {
                Ok(profile) => download(profile, "heap"),
                Err(why) => refuse(StatusCode::NOT_IMPLEMENTED, &why),
            },
            Some(name) if GO_ONLY.contains(&name) => {
                let why = format!("`{name}` is a profile of the Go runtime, and does not exist here");
                refuse(StatusCode::NOT_FOUND, &why)
            }
            _ => refuse(StatusCode::NOT_FOUND, "no such profile; `/debug/pprof/` lists those there are"),
        }
    }
}

impl Profiles {
    async fn cpu(&self, query: &str) -> server::Response {
        let limit = match duration(query) {
            Ok(limit) => limit,
            Err(why) => return refuse(StatusCode::BAD_REQUEST, &why),
        };
        match self.only.record(limit, &self.scope).await {
            Ok(profile) => download(profile, "profile"),
            // Go answers so, too, and adds the header that tells `go tool pprof` to show the text.
            Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
        }
    }
}

/// What `seconds` says.
pub(super) fn duration(query: &str) -> Result<Duration, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let Some((_, seconds)) = pairs.into_iter().find(|(key, _)| *key == "seconds") else {
        return Ok(DEFAULT_PROFILE);
    };
    let longest = LONGEST_PROFILE.as_secs();
    match seconds.parse::<u64>() {
        Ok(seconds) if (1..=longest).contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`seconds` must be a whole number from 1 to {longest}")),
    }
}

fn index() -> String {
    let mut page = Page::new("/debug/pprof/");
    page.paragraph("Profiles of this program, for `go tool pprof`.");
    page.links(&[
        ("profile: where CPU time goes; ?seconds=N sets for how long to look", "/debug/pprof/profile"),
        ("heap: what holds memory (built with the feature heap-profiling only)", "/debug/pprof/heap"),
        ("cmdline: the command line of the program", "/debug/pprof/cmdline"),
    ]);
    page.finish()
}

/// The words with a zero byte between them, as Go answers.
fn command_line() -> String {
    let words: Vec<_> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    words.join("\0")
}

fn page(html: String) -> server::Response {
    with_headers(html.into_bytes(), &[(CONTENT_TYPE, "text/html; charset=utf-8")])
}

fn download(profile: Vec<u8>, name: &str) -> server::Response {
    let disposition = match name {
        "heap" => "attachment; filename=\"heap\"",
        _ => "attachment; filename=\"profile\"",
    };
    with_headers(profile, &[(CONTENT_TYPE, "application/octet-stream"), (CONTENT_DISPOSITION, disposition)])
}

fn with_headers(body: Vec<u8>, headers: &[(HeaderName, &'static str)]) -> server::Response {
    let mut response = server::Response::new(Bytes::from(body));
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), HeaderValue::from_static(value));
    }
    response
}

fn refuse(status: StatusCode, why: &str) -> server::Response {
    let mut response = server::text(status, format!("{why}\n"));
    response.headers_mut().insert("x-go-pprof", HeaderValue::from_static("1"));
    response
}
