//! Answering clients, over HTTP and gRPC.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use component::Code;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{StatusCode, request};
use prost::Message;
use transport::grpc::Status;
use transport::http::{Response, text};
use transport::{grpc, http as web};

use super::Source;
use super::message::{Parameters, Strategy};
use super::remote::METHOD;

/// Where clients of different ages and languages ask.
const PATHS: [&str; 3] = ["/sampling", "/api/sampling", OLDEST];

/// Clients from before the path had a name know the type of a strategy by its number.
const OLDEST: &str = "/";

/// Names are repeated to others and kept, so they have a bound; no service is called that.
const MAX_NAME: usize = 4 << 10;

/// Answers questions.
pub(super) struct Answers {
    source: Arc<dyn Source>,
}

impl Answers {
    pub(super) fn new(source: Arc<dyn Source>) -> Answers {
        Answers { source }
    }

    async fn answer(&self, path: &str, query: &str) -> Result<Response, Status> {
        let service = service(query)
            .ok_or_else(|| Status::new(Code::InvalidArgument, "'service' parameter must be provided once"))?;
        let strategy = self.source.strategy(&service).await?;
        let strategy = Strategy::decode(strategy);
        let strategy = strategy.map_err(|error| {
            Status::new(Code::Internal, format_args!("the collector's answer cannot be read: {error}"))
        })?;
        let mut json = strategy.to_json();
        if path == OLDEST {
            json["strategyType"] = strategy.strategy_type.into();
        }
        let mut response = Response::new(json.to_string().into());
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }
}

#[async_trait]
impl web::Service for Answers {
    fn screen(&self, head: &request::Parts) -> Option<Response> {
        let known = PATHS.contains(&head.uri.path());
        (!known).then(|| text(StatusCode::NOT_FOUND, "404 page not found"))
    }

    async fn call(&self, request: web::Request) -> Response {
        let uri = &request.head.uri;
        let answer = self.answer(uri.path(), uri.query().unwrap_or_default()).await;
        answer.unwrap_or_else(|status| match status.code {
            Code::InvalidArgument => text(StatusCode::BAD_REQUEST, status.message),
            _ => text(StatusCode::INTERNAL_SERVER_ERROR, format!("collector error: {}", status.message)),
        })
    }
}

#[async_trait]
impl grpc::Service for Answers {
    fn has(&self, path: &str) -> bool {
        path == METHOD
    }

    async fn call(&self, request: grpc::Request) -> Result<Bytes, Status> {
        let question = Parameters::decode(request.message);
        let question = question.map_err(|error| Status::new(Code::InvalidArgument, error))?;
        if question.service_name.len() > MAX_NAME {
            return Err(Status::new(Code::InvalidArgument, "the name of the service is too long"));
        }
        self.source.strategy(&question.service_name).await
    }
}

/// The one value of `service` in a query; nothing when there are none or several.
fn service(query: &str) -> Option<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == "service").map(|(_, value)| value);
    let (value, None) = (values.next()?, values.next()) else { return None };
    Some(unescape(value)).filter(|name| !name.is_empty() && name.len() <= MAX_NAME)
}

/// Undoes the escapes of a query; what is none stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        let escaped = others.first_chunk::<2>().filter(|_| first == b'%').and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            u8::from_str_radix(digits, 16).ok()
        });
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = others.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if first == b'+' { b' ' } else { first });
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
