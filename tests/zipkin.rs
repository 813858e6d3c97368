//! A real Zipkin server, installed by the test itself, pinned; and spans in words.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::OnceCell;

use crate::collector::{Folder, Log};
use crate::proto::common::v1::any_value::Value as Attribute;
use crate::proto::common::v1::{AnyValue, KeyValue};
use crate::proto::trace::v1::Span;
use crate::sdk::{cache, in_background, once, run, said};
use crate::web;

/// The program as one file with all that it needs.
const SERVER: &str = "io.zipkin:zipkin-server:3.4.4:jar:exec";
const FILE: &str = "zipkin-server-3.4.4-exec.jar";

/// A Java program of this size takes its time on a loaded machine.
const START: Duration = Duration::from_secs(90);

/// A running Zipkin. Killed when it goes out of scope.
#[derive(Debug)]
pub struct Zipkin {
    child: Child,
    address: String,
    /// Its working directory.
    _folder: Folder,
}

impl Zipkin {
    /// Starts one that keeps its spans in memory; `None`, and a word about it, where it cannot be had.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start() -> Option<Zipkin> {
        static SERVER: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
        let file = said(SERVER.get_or_init(|| in_background(install)).await, "mvn")?;
        let folder = Folder::new();
        let mut command = Command::new("java");
        // Quick to start rather than quick to run.
        command.args(["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar"]).arg(file);
        command.args(["--armeria.ports[0].address=127.0.0.1", "--armeria.ports[0].port=0"]);
        command.arg("--armeria.ports[0].protocols[0]=http").current_dir(folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("there is a java, or there would be no file");
        let log = Log::read(child.stdout.take().expect("it is piped"));
        let mut zipkin = Zipkin { child, address: String::new(), _folder: folder };
        let line = log.wait_for_within(START, "Serving HTTP at").await;
        let address = line.split("http://").nth(1).expect("it names its address");
        address.trim_end_matches('/').clone_into(&mut zipkin.address);
        Some(zipkin)
    }

    /// Its address: `127.0.0.1:<port>`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The spans of a trace; `None` while it has none of them.
    pub async fn trace(&self, id: &str) -> Option<Vec<Value>> {
        let reply = web::get(&self.address, &format!("/api/v2/trace/{id}")).await;
        (reply.status == 200).then(|| serde_json::from_slice(&reply.body).expect("it answers in JSON"))
    }
}

impl Drop for Zipkin {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn install() -> Result<PathBuf, String> {
    run(Command::new("java").arg("-version"))?;
    let folder = cache(&format!("zipkin-{}", SERVER.replace(':', "-")), &[]);
    once(&folder, || {
        let mut copy = Command::new("mvn");
        copy.args(["--batch-mode", "--quiet", "dependency:copy", "-Dmdep.useBaseVersion=true"]);
        copy.arg(format!("-Dartifact={SERVER}")).arg(format!("-DoutputDirectory={}", folder.display()));
        run(copy.current_dir(&folder))
    })?;
    Ok(folder.join(FILE))
}

/// A span in words, its attributes by name: `server "GET /" 5b8e…/eee1…<5399… 1000..2000 {a="b"} status 2 "no" @1500 "x" {}`.
#[must_use]
pub fn in_words(span: &Span) -> String {
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let kind = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    let mut words = format!(
        "{} {:?} {}/{}<{} {}..{} {}",
        kind.get(usize::try_from(span.kind).unwrap_or(9)).unwrap_or(&"of no kind"),
        span.name,
        hex(&span.trace_id),
        hex(&span.span_id),
        hex(&span.parent_span_id),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes_in_words(&span.attributes),
    );
    if let Some(status) = &span.status {
        words += &format!(" status {} {:?}", status.code, status.message);
    }
    for event in &span.events {
        let attributes = attributes_in_words(&event.attributes);
        words += &format!(" @{} {:?} {attributes}", event.time_unix_nano, event.name);
    }
    words
}

/// Attributes in words, by name.
#[must_use]
pub fn attributes_in_words(attributes: &[KeyValue]) -> String {
    let named: BTreeMap<_, _> = attributes
        .iter()
        .map(|attribute| (&attribute.key, value_in_words(attribute.value.as_ref())))
        .collect();
    let pairs: Vec<_> = named.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn value_in_words(value: Option<&AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Attribute::StringValue(text)) => format!("{text:?}"),
        Some(Attribute::IntValue(number)) => number.to_string(),
        Some(Attribute::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    }
}
