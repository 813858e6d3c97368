//! Thrift over HTTP: a batch in binary Thrift, posted to `/api/traces`.

use std::sync::Arc;

use async_trait::async_trait;
use component::{Code, ConsumeError};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode};
use transport::http::{Refusal, Request, Response, Service, text};

use super::intake::{Intake, Unfit};
use crate::answer::{SOON, later};

const PATH: &str = "/api/traces";

/// Takes what is posted.
pub(super) struct Posts {
    intake: Arc<Intake>,
}

impl Posts {
    pub(super) fn new(intake: Arc<Intake>) -> Posts {
        Posts { intake }
    }
}

#[async_trait]
impl Service for Posts {
    fn screen(&self, head: &Parts) -> Option<Response> {
        if head.uri.path() != PATH {
            return Some(text(StatusCode::NOT_FOUND, "404 page not found"));
        }
        if head.method != Method::POST {
            return Some(text(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed, supported: [POST]"));
        }
        check_content_type(head).err().map(|words| text(StatusCode::BAD_REQUEST, words))
    }

    async fn call(&self, request: Request) -> Response {
        let origin = request.origin("collector_http");
        let batch = match self.intake.thrift(&request.body, origin) {
            Ok(batch) => batch,
            Err(unfit @ Unfit::Malformed(_)) => {
                return text(StatusCode::BAD_REQUEST, format!("Unable to process request body: {unfit}"));
            }
            Err(unfit @ Unfit::NoMemory) => {
                return later(text(StatusCode::SERVICE_UNAVAILABLE, unfit.to_string()), SOON);
            }
        };
        // What it was made of is not needed while the pipeline works.
        drop(request);
        match batch {
            None => accepted(),
            Some(batch) => {
                self.intake.consume(batch).await.map_or_else(|error| refusal(&error), |()| accepted())
            }
        }
    }

    fn refuse(&self, _: &Parts, refusal: &Refusal) -> Response {
        let response = refusal.plain();
        if response.status() == StatusCode::SERVICE_UNAVAILABLE { later(response, SOON) } else { response }
    }
}

fn check_content_type(head: &Parts) -> Result<(), String> {
    let value = head.headers.get(CONTENT_TYPE).ok_or("Cannot parse content type: there is none")?;
    let value = value.to_str().map_err(|error| format!("Cannot parse content type: {error}"))?;
    let media_type = value.split(';').next().unwrap_or(value).trim();
    let known = ["application/x-thrift", "application/vnd.apache.thrift.binary"];
    if known.iter().any(|name| media_type.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(format!("Unsupported content type: `{media_type}`, expected `{}` or `{}`", known[0], known[1]))
}

fn accepted() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

/// What the pipeline said, so that a client which can wait does.
fn refusal(error: &ConsumeError) -> Response {
    let words = format!("Cannot submit Jaeger batch: {}", error.fault());
    match error {
        ConsumeError::Permanent(fault) => {
            let status = fault.code.map(Code::http).and_then(|status| StatusCode::from_u16(status).ok());
            let status = status.filter(StatusCode::is_client_error);
            text(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), words)
        }
        ConsumeError::Retryable { source, after } => {
            let status = match source.code {
                Some(Code::ResourceExhausted) => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            later(text(status, words), after.unwrap_or(SOON))
        }
    }
}
