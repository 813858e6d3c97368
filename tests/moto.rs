//! moto's X-Ray: somebody else's reading of the API, that keeps traces and gives them back.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use http::Method;
use serde_json::{Value, json};

use crate::patience::within;
use crate::sdk::MOTO;
use crate::web;

/// By this the server knows which service is meant; it does not check signatures.
const AUTHORIZATION: &str =
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-west-2/xray/aws4_request, SignedHeaders=host, Signature=00";

/// A server of moto. Gone when it goes out of scope.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    address: String,
}

impl Moto {
    /// Starts it; `None`, and a word about it, where it cannot be had.
    pub async fn start() -> Option<Moto> {
        let sdk = MOTO.python().await?;
        let mut command = Command::new(&sdk.program);
        command.arg(&sdk.script).current_dir(&sdk.folder);
        // It ends when its input does.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it can be run");
        let output = child.stdout.take().expect("it is piped");
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let line = within("moto says where it listens", line).await.expect("no panic").expect("it says so");
        Some(Moto { child, address: line.trim().to_owned() })
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The documents of a trace that it has (`BatchGetTraces`).
    pub async fn documents(&self, trace_id: &str) -> Vec<Value> {
        let body = json!({ "TraceIds": [trace_id] }).to_string();
        let headers = [("authorization", AUTHORIZATION), ("content-type", "application/json")];
        let reply = web::send(&self.address, Method::POST, "/Traces", &headers, body).await;
        let answer: Value = serde_json::from_slice(&reply.body).expect("moto answers JSON");
        let traces = answer["Traces"].as_array().cloned().unwrap_or_default();
        let segments =
            traces.iter().flat_map(|trace| trace["Segments"].as_array().cloned().unwrap_or_default());
        segments
            .map(|segment| match &segment["Document"] {
                Value::String(text) => serde_json::from_str(text).expect("a document is JSON"),
                other => other.clone(),
            })
            .collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
