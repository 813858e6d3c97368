//! Which web pages may send to us (the Fetch standard's CORS protocol).

use ::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use ::http::{Method, StatusCode, request};
use bytes::Bytes;

use super::{CorsConfig, Response};

/// Headers that may always be sent: those that need no permission, as the Go Collector's library lists them.
const ALWAYS_ALLOWED: [&str; 4] = ["accept", "accept-language", "content-type", "content-language"];

/// The rules of a server.
pub(super) struct Cors {
    /// Each cut at its `*`: text must begin with the first and end with the second.
    origins: Vec<(String, Option<String>)>,
    any_origin: bool,
    /// In lower case.
    headers: Vec<String>,
    any_header: bool,
    exposed: Option<HeaderValue>,
    max_age: u32,
}

impl Cors {
    /// Nothing when no origin is allowed: CORS is off then.
    pub(super) fn new(config: &CorsConfig) -> Option<Cors> {
        if config.allowed_origins.is_empty() {
            return None;
        }
        let pattern = |origin: &String| {
            let origin = origin.to_ascii_lowercase();
            match origin.split_once('*') {
                Some((start, end)) => (start.to_owned(), Some(end.to_owned())),
                None => (origin, None),
            }
        };
        let mut headers: Vec<String> =
            config.allowed_headers.iter().map(|name| name.to_ascii_lowercase()).collect();
        if headers.is_empty() {
            headers.push("x-requested-with".to_owned());
        }
        headers.extend(ALWAYS_ALLOWED.map(str::to_owned));
        let exposed = Some(config.exposed_headers.join(", ")).filter(|names| !names.is_empty());
        Some(Cors {
            origins: config.allowed_origins.iter().map(pattern).collect(),
            any_origin: config.allowed_origins.iter().any(|origin| origin == "*"),
            any_header: headers.iter().any(|name| name == "*"),
            headers,
            exposed: exposed.and_then(|names| HeaderValue::try_from(names).ok()),
            max_age: config.max_age,
        })
    }

    /// The answer to a browser that asks whether it may send; nothing when this is no such question.
    pub(super) fn preflight(&self, head: &request::Parts) -> Option<Response> {
        let asked = head.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        if head.method != Method::OPTIONS {
            return None;
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let wanted = head.headers.get(ACCESS_CONTROL_REQUEST_HEADERS);
        let method_allowed = matches!(asked.as_bytes(), b"GET" | b"POST" | b"HEAD");
        if self.allows_origin(&head.headers) && method_allowed && self.allows_headers(wanted) {
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, asked.clone());
            if let Some(wanted) = wanted {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
            }
            if self.max_age > 0 {
                headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(self.max_age));
            }
        }
        Some(response)
    }

    /// Lets the page that sent `request` see the answer, if its origin is allowed.
    pub(super) fn mark(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = request.get(ORIGIN).filter(|_| self.allows_origin(request)) else { return };
        let allowed = if self.any_origin { HeaderValue::from_static("*") } else { origin.clone() };
        response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if let Some(exposed) = &self.exposed {
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let Some(Ok(origin)) = headers.get(ORIGIN).map(|origin| origin.to_str()) else { return false };
        let origin = origin.to_ascii_lowercase();
        self.origins.iter().any(|(start, end)| match end {
            None => origin == *start,
            Some(end) => {
                origin.len() >= start.len() + end.len() && origin.starts_with(start) && origin.ends_with(end)
            }
        })
    }

    fn allows_headers(&self, wanted: Option<&HeaderValue>) -> bool {
        let Some(wanted) = wanted.filter(|_| !self.any_header) else { return true };
        let Ok(wanted) = wanted.to_str() else { return false };
        let mut names = wanted.split(',').map(|name| name.trim().to_ascii_lowercase());
        names.all(|name| name.is_empty() || self.headers.contains(&name))
    }
}
