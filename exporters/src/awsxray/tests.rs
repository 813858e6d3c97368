//! In memory: an API that is a script, and time that is paused.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_xray::config::http::{HttpRequest, HttpResponse};
use aws_sdk_xray::config::retry::RetryConfig;
use aws_sdk_xray::config::{BehaviorVersion, Credentials, HttpClient, Region, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use bytes::Bytes;
use component::testing::context;
use component::{Batch, Code, ConsumeError, Consumer, Context, Exporter, Kind, Problem};
use config::{Diagnostics, Path};
use otlp::{Payload, Signal};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::Config;
use super::client::Connection;
use super::send::Segments;
use super::telemetry;
use super::{identity, region};

/// An API that takes a tenth of a second for each request, and answers by a script.
#[derive(Clone, Debug, Default)]
struct Api(Arc<Mutex<Book>>);

/// Status, headers and body.
type Answer = (u16, Headers, Value);
type Headers = Vec<(&'static str, &'static str)>;
/// Status and headers; whether it is retried, and after which delay; the code.
type Case = (u16, &'static [(&'static str, &'static str)], Option<Option<Duration>>, Code);

#[derive(Debug, Default)]
struct Book {
    script: VecDeque<Answer>,
    asked: Vec<(String, Value)>,
    /// The header of the signature of each request.
    signed: Vec<String>,
    under_way: usize,
    most_under_way: usize,
}

impl Api {
    fn answering(status: u16, headers: &[(&'static str, &'static str)], body: Value) -> Api {
        let api = Api::default();
        api.0.lock().script.push_back((status, headers.to_vec(), body));
        api
    }

    fn client(&self) -> aws_sdk_xray::Client {
        let config = aws_sdk_xray::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-west-2"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .http_client(self.clone())
            .build();
        aws_sdk_xray::Client::from_conf(config)
    }

    /// How many documents each request had.
    fn sizes(&self) -> Vec<usize> {
        let book = self.0.lock();
        book.asked.iter().map(|(_, body)| body["TraceSegmentDocuments"].as_array().unwrap().len()).collect()
    }
}

impl HttpClient for Api {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Api {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let book = self.0.clone();
        HttpConnectorFuture::new(async move {
            let path = http::Uri::try_from(request.uri()).unwrap().path().to_owned();
            let signed = request.headers().get("authorization").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap();
            // What is not JSON are the forms of STS.
            let form = || String::from_utf8_lossy(body).into_owned().into();
            let body = serde_json::from_slice(body).unwrap_or_else(|_| form());
            let (status, headers, body) = {
                let mut book = book.lock();
                book.asked.push((path, body));
                book.signed.push(signed);
                book.under_way += 1;
                book.most_under_way = book.most_under_way.max(book.under_way);
                book.script.pop_front().unwrap_or((200, Vec::new(), json!({})))
            };
            tokio::time::sleep(Duration::from_millis(100)).await;
            book.lock().under_way -= 1;
            let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
            let mut response = HttpResponse::new(status.try_into().unwrap(), body.into());
            headers.into_iter().for_each(|(name, value)| {
                response.headers_mut().insert(name, value);
            });
            Ok(response)
        })
    }
}

/// An exporter in front of `api`, with the context that has its books.
fn exporter(api: &Api, workers: usize) -> (Segments, Context) {
    let cx = context(Kind::Exporter, "awsxray");
    let connection = Arc::new(Connection::ready(api.client()));
    (Segments::new(connection, Default::default(), workers, None, cx.clone()), cx)
}

/// Spans with ids, and an attribute of so many bytes.
fn batch(count: u64, bytes: usize) -> Batch {
    let attribute = json!({ "key": "k", "value": { "stringValue": "x".repeat(bytes) } });
    let span = |number: u64| {
        json!({ "traceId": "5f84c7a1e3a0b1c2d3e4f5061728394a", "spanId": format!("{:016x}", number + 1),
            "attributes": [attribute] })
    };
    let spans: Vec<Value> = (0..count).map(span).collect();
    let request = json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": spans }] }] }).to_string();
    let bytes = otlp::json::decode(Signal::Traces, request.as_bytes(), usize::MAX).unwrap();
    Batch::new(Payload::parse(Signal::Traces, Bytes::from(bytes)).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_batch_goes_in_requests_of_fifty_a_few_at_a_time() {
    let api = Api::default();
    let (exporter, _) = exporter(&api, 2);
    let began = tokio::time::Instant::now();
    exporter.consume(batch(220, 1)).await.unwrap();
    assert_eq!(api.sizes(), [50, 50, 50, 50, 20]);
    assert_eq!(api.0.lock().most_under_way, 2);
    assert!(began.elapsed() < Duration::from_millis(350), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn large_documents_go_in_fewer_at_once() {
    let api = Api::default();
    let (exporter, _) = exporter(&api, 1);
    exporter.consume(batch(40, 60_000)).await.unwrap();
    assert_eq!(api.sizes(), [17, 17, 6]);
}

#[tokio::test(start_paused = true)]
async fn what_x_ray_takes_and_does_not_process_is_booked() {
    let unprocessed = |code: &str| {
        json!({ "UnprocessedTraceSegments": [
        { "Id": "0000000000000002", "ErrorCode": code, "Message": "m" }, { "ErrorCode": "ParseError" }] })
    };
    let api = Api::answering(200, &[], unprocessed("InvalidSegment"));
    let (exporter, cx) = exporter(&api, 8);
    exporter.consume(batch(3, 1)).await.unwrap();
    assert_eq!(api.sizes(), [3]);
    assert_eq!(cx.accounts.of(Signal::Traces).totals().dropped.values().sum::<u64>(), 1);

    // Trouble that goes on is not waited for without end.
    let api = Api::default();
    api.0.lock().script.extend((0..3).map(|_| (200, Vec::new(), unprocessed("InternalFailure"))));
    let (exporter, cx) = self::exporter(&api, 8);
    exporter.consume(batch(3, 1)).await.unwrap();
    assert_eq!(api.sizes(), [3, 1, 1]);
    assert_eq!(cx.accounts.of(Signal::Traces).totals().dropped.values().sum::<u64>(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_answer_is_retried_if_that_can_help() {
    let wait = |seconds| Some(Duration::from_secs(seconds));
    let cases: [Case; 11] = [
        (429, &[("x-amzn-errortype", "ThrottledException")], Some(None), Code::ResourceExhausted),
        (429, &[("retry-after", "7")], Some(wait(7)), Code::ResourceExhausted),
        (400, &[("x-amzn-errortype", "ThrottlingException")], Some(None), Code::ResourceExhausted),
        (400, &[("x-amzn-errortype", "ExpiredTokenException")], Some(None), Code::Unauthenticated),
        (500, &[], Some(None), Code::Unavailable),
        (503, &[("x-amz-retry-after", "2000")], Some(wait(2)), Code::Unavailable),
        (408, &[], Some(None), Code::Unavailable),
        (400, &[("x-amzn-errortype", "InvalidRequestException")], None, Code::InvalidArgument),
        (413, &[], None, Code::InvalidArgument),
        (403, &[("x-amzn-errortype", "AccessDeniedException")], None, Code::PermissionDenied),
        (404, &[], None, Code::Unimplemented),
    ];
    for (status, headers, expected, code) in cases {
        let api = Api::answering(status, headers, json!({ "message": "no" }));
        let error = exporter(&api, 8).0.consume(batch(1, 1)).await.unwrap_err();
        let found = match &error {
            ConsumeError::Permanent(_) => None,
            ConsumeError::Retryable { after, .. } => Some(*after),
        };
        assert_eq!((found, error.fault().code), (expected, Some(code)), "{status} {headers:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_is_taken_on_before_calling() {
    let file = std::env::temp_dir().join(format!("ferrotel-role-{}", std::process::id()));
    std::fs::write(&file, "[default]\naws_access_key_id = OWN\naws_secret_access_key = s\n").unwrap();
    let settings = format!(
        "{{ region: us-west-2, role_arn: 'arn:aws:iam::1:role/r', external_id: ext, local_mode: true,
            profile: default, shared_credentials_file: '{}' }}",
        file.display()
    );
    let answer = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId>\
        <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
        <Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";
    let api = Api::answering(200, &[], answer.into());
    let connection = Arc::new(Connection::new(read(&settings).own, api.clone()));
    let exporter = Segments::new(connection, Default::default(), 8, None, context(Kind::Exporter, "awsxray"));
    exporter.consume(batch(1, 1)).await.unwrap();
    std::fs::remove_file(file).unwrap();
    let book = api.0.lock();
    let [(_, asked), (path, _)] = book.asked.as_slice() else { panic!("{:?}", book.asked) };
    let asked = asked.as_str().unwrap();
    assert!(asked.contains("Action=AssumeRole") && asked.contains("ExternalId=ext"), "{asked}");
    assert_eq!(path, "/TraceSegments");
    assert!(book.signed[0].contains("Credential=OWN/"), "{}", book.signed[0]);
    assert!(book.signed[1].contains("Credential=ROLE/"), "{}", book.signed[1]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_one_good_span_is_not_sent() {
    let api = Api::default();
    let (exporter, _) = exporter(&api, 8);
    let error = exporter.consume(component::testing::spans(2)).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("no span that X-Ray can hold"), "{error}");
    assert!(api.sizes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn records_tell_once_a_minute_what_was_sent() {
    let api = Api::default();
    let cx = context(Kind::Exporter, "awsxray");
    let own = read("{ telemetry: { enabled: true, include_metadata: true, hostname: h, instance_id: i }, resource_arn: r }").own;
    let connection = Arc::new(Connection::ready(api.client()));
    let records = telemetry::start(&own, &connection, &cx);
    let exporter = Segments::new(connection, Default::default(), 8, Some(records), cx.clone());
    exporter.consume(batch(60, 1)).await.unwrap();
    api.0.lock().script.push_back((400, Vec::new(), json!({})));
    exporter.consume(batch(1, 1)).await.unwrap_err();
    tokio::time::sleep(Duration::from_secs(200)).await;
    let asked = api.0.lock().asked.clone();
    let [_, _, _, (path, body)] = asked.as_slice() else { panic!("one record: {asked:?}") };
    assert_eq!(path, "/TelemetryRecords");
    assert_eq!(
        (&body["Hostname"], &body["EC2InstanceId"], &body["ResourceARN"]),
        (&json!("h"), &json!("i"), &json!("r"))
    );
    let record = &body["TelemetryRecords"][0];
    assert_eq!(record["SegmentsSentCount"], 60);
    assert_eq!(record["BackendConnectionErrors"]["HTTPCode4XXCount"], 1);
}

#[test]
fn every_key_of_the_go_collector_is_read() {
    let text = "{ region: eu-west-1, endpoint: 'http://a:1', role_arn: r, external_id: e, profile: p,
        shared_credentials_file: f, imds_retries: 3, proxy_address: 'http://p:2', no_verify_ssl: true,
        certificate_file_path: '', local_mode: true, resource_arn: a, request_timeout_seconds: 3, max_retries: 4,
        num_workers: 5, index_all_attributes: true, indexed_attributes: [i], aws_log_groups: [g],
        telemetry: { enabled: true, include_metadata: true, contributors: [c], hostname: h, instance_id: i,
        resource_arn: b }, timeout: 6s, sending_queue: { enabled: false }, retry_on_failure: { enabled: false } }";
    let file = format!("shared_credentials_file: '{}'", env!("CARGO_MANIFEST_PATH"));
    let config = read(&text.replace("shared_credentials_file: f", &file));
    let delivery = config.delivery();
    assert_eq!(delivery.timeout, Some(Duration::from_secs(6)));
    assert!(delivery.queue.is_none() && delivery.retry.is_none());
    assert_eq!((config.own.max_retries, config.own.num_workers), (4, 5));
    assert_eq!(warnings(&config), ["telemetry::contributors"]);
}

#[test]
fn the_limit_of_an_attempt_is_that_of_its_requests() {
    let config = read("{ region: eu-west-1 }");
    assert_eq!(config.delivery().timeout, None);
    assert_eq!(config.own.request_timeout_seconds, 30);
    assert!(config.delivery().queue.is_some() && config.delivery().retry.is_some());
}

#[test]
fn mistakes_are_found() {
    let cases = [
        ("{ region: r, endpoint: 'a:1' }", "endpoint"),
        ("{ region: r, proxy_address: 'socks5://p' }", "proxy_address"),
        ("{ region: r, num_workers: 0 }", "num_workers"),
    ];
    for (text, key) in cases {
        let problems = read(text).check();
        let is_it =
            |problem: &Problem| matches!(problem, Problem::Error { path, .. } if path.join("::") == key);
        assert!(problems.iter().any(is_it), "{text}: {problems:?}");
    }
    // A file of credentials that is there, so that it does not depend on the machine.
    let file = env!("CARGO_MANIFEST_PATH");
    let text = format!("{{ region: r, external_id: e, middleware: m, shared_credentials_file: '{file}' }}");
    assert_eq!(warnings(&read(&text)), ["middleware", "external_id"]);
}

#[test]
fn credentials_are_looked_for_where_aws_tools_keep_them() {
    let here = env!("CARGO_MANIFEST_PATH");
    let is_said = |file: &str, set: &[(&str, &str)]| {
        identity::is_said(file, |name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(!is_said("", &[]));
    assert!(!is_said("", &[("HOME", "/nowhere"), ("AWS_ACCESS_KEY_ID", "")]));
    assert!(!is_said("/nowhere", &[("AWS_SHARED_CREDENTIALS_FILE", here)]));
    assert!(is_said(here, &[]));
    assert!(is_said("", &[("AWS_ACCESS_KEY_ID", "k")]));
    assert!(is_said("", &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")]));
    assert!(is_said("", &[("AWS_SHARED_CREDENTIALS_FILE", here)]));
    assert!(is_said("", &[("AWS_CONFIG_FILE", here)]));
}

#[test]
fn a_region_is_looked_for_where_aws_tools_keep_it() {
    let folder = std::env::temp_dir().join(format!("ferrotel-region-{}", std::process::id()));
    std::fs::create_dir_all(folder.join(".aws")).unwrap();
    let text = "[default]\nregion=\n[profile other]\n  region = eu-west-1\n";
    std::fs::write(folder.join(".aws/config"), text).unwrap();
    let home = folder.display().to_string();
    let is_said = |profile: &str, set: &[(&str, &str)]| {
        region::is_said(profile, |name| {
            let set = set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            set.or_else(|| (name == "HOME").then(|| home.clone()))
        })
    };
    assert!(!is_said("", &[]));
    assert!(is_said("other", &[]));
    assert!(is_said("", &[("AWS_PROFILE", "other")]));
    assert!(is_said("", &[("AWS_REGION", "r")]));
    assert!(is_said("", &[("AWS_DEFAULT_REGION", "r")]));
    assert!(!is_said("other", &[("AWS_CONFIG_FILE", "/nowhere")]));
    std::fs::remove_dir_all(folder).unwrap();
}

fn warnings(config: &Config) -> Vec<String> {
    let problems = config.check().into_iter();
    problems
        .map(|problem| match problem {
            Problem::Warning { path, .. } => path.join("::"),
            error => panic!("{error:?}"),
        })
        .collect()
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}
