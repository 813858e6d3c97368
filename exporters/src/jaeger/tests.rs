//! What the file may say, and what becomes of a batch whose requests are answered differently.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use component::testing::{context, payload};
use component::{Batch, Code, ConsumeError, Consumer, Context, Exporter, Kind};
use config::{Diagnostics, Path, Secrets};
use formats::jaeger::decode_proto;
use otlp::{Payload, Signal};
use parking_lot::Mutex;
use transport::grpc::{Request, ServerConfig, Service, Status};

use super::Config;
use super::send::verdict;

#[test]
fn the_defaults_are_those_of_the_go_collector() {
    let config = read("{ endpoint: 'jaeger:14250', tls: { insecure: true } }");
    assert!(config.check().is_empty());
    let delivery = config.delivery();
    assert_eq!(delivery.timeout, Some(Duration::from_secs(5)));
    assert_eq!(delivery.retry.unwrap().initial_interval.0, Duration::from_secs(5));
    assert_eq!(delivery.queue.unwrap().queue_size, 1000);
    let printed = config::to_yaml(&config::to_node(&config, Secrets::Redact).unwrap());
    assert!(!printed.contains("gzip"), "{printed}");
}

#[test]
fn an_endpoint_is_required() {
    assert_eq!(read("{}").check().len(), 1);
}

#[test]
fn metrics_carry_the_server() {
    let labels = read("{ endpoint: 'jaeger:14250' }").labels(Signal::Traces);
    assert_eq!(labels, [("server_address", "jaeger".to_owned()), ("server_port", "14250".to_owned())]);
}

#[test]
fn all_is_sent_again_but_what_speaks_of_the_request() {
    for number in 1..=16 {
        let code = Code::from_number(number);
        let refused = [3, 5, 6, 7, 9, 12, 13, 16].contains(&number);
        let error = verdict(&Status::new(code, "no"));
        assert_eq!((error.is_permanent(), error.fault().code), (refused, Some(code)), "{code}");
    }
}

#[tokio::test]
async fn each_resource_is_a_request() {
    let jaeger = Jaeger::start([]).await;
    let exporter = jaeger.exporter().await;
    exporter.consume(resources(3)).await.unwrap();
    assert_eq!(jaeger.taken(), [2, 2, 2]);
}

#[tokio::test]
async fn a_failure_that_may_pass_ends_the_attempt_and_the_next_one_sends_all() {
    let jaeger = Jaeger::start([Code::Ok, Code::ResourceExhausted]).await;
    let exporter = jaeger.exporter().await;
    let error = exporter.consume(resources(3)).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert_eq!(jaeger.asked(), 2);
    exporter.consume(resources(3)).await.unwrap();
    assert_eq!(jaeger.taken(), [2, 2, 2, 2]);
    assert_eq!(jaeger.rejected(), 0);
}

#[tokio::test]
async fn a_request_that_is_refused_for_good_costs_its_own_spans() {
    let jaeger = Jaeger::start([Code::Ok, Code::InvalidArgument, Code::Ok]).await;
    jaeger.exporter().await.consume(resources(3)).await.unwrap();
    assert_eq!(jaeger.taken(), [2, 2]);
    assert_eq!(jaeger.rejected(), 2);
}

#[tokio::test]
async fn what_is_to_be_sent_again_is_not_booked_as_refused() {
    let jaeger = Jaeger::start([Code::InvalidArgument, Code::Unavailable]).await;
    let error = jaeger.exporter().await.consume(resources(3)).await.unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    assert_eq!(jaeger.rejected(), 0);
}

#[tokio::test]
async fn a_batch_of_which_all_is_refused_is_refused() {
    let jaeger = Jaeger::start([Code::PermissionDenied; 3]).await;
    let error = jaeger.exporter().await.consume(resources(3)).await.unwrap_err();
    assert!(matches!(error, ConsumeError::Permanent(_)), "{error}");
    assert_eq!((jaeger.asked(), jaeger.rejected()), (3, 0));
}

fn read(text: &str) -> Config {
    let mut diagnostics = Diagnostics::new();
    let node = config::parse("test", text, &mut diagnostics).unwrap();
    config::read(&node, &Path::root(), &mut diagnostics).unwrap_or_else(|| panic!("{diagnostics}"))
}

/// A batch of so many resources with two spans each.
fn resources(count: usize) -> Batch {
    let one = payload(Signal::Traces, 2).to_rope().to_contiguous();
    // Put end to end they are one request.
    let all = Payload::parse(Signal::Traces, Bytes::from(one.repeat(count))).unwrap();
    Batch::new(all)
}

/// A collector on a port of its own that gives prepared answers, then takes everything.
struct Jaeger {
    cx: Context,
    address: String,
    book: Arc<Book>,
}

#[derive(Default)]
struct Book {
    answers: Mutex<Vec<Code>>,
    asked: Mutex<usize>,
    taken: Mutex<Vec<usize>>,
}

impl Jaeger {
    async fn start(answers: impl IntoIterator<Item = Code>) -> Jaeger {
        let cx = context(Kind::Exporter, "jaeger");
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        let book = Arc::new(Book { answers: Mutex::new(answers), ..Book::default() });
        let server = ServerConfig::with_endpoint("127.0.0.1:0").bind(&cx).await.unwrap();
        let address = server.local_addr();
        server.serve(&cx, book.clone());
        Jaeger { cx, address, book }
    }

    async fn exporter(&self) -> Arc<dyn Consumer> {
        let config = read(&format!("{{ endpoint: '{}', tls: {{ insecure: true }} }}", self.address));
        config.start(self.cx.clone()).await.unwrap()
    }

    fn asked(&self) -> usize {
        *self.book.asked.lock()
    }

    /// How many spans each request had that was taken.
    fn taken(&self) -> Vec<usize> {
        self.book.taken.lock().clone()
    }

    fn rejected(&self) -> u64 {
        let totals = self.cx.accounts.of(Signal::Traces).totals();
        totals.dropped.values().sum()
    }
}

#[async_trait]
impl Service for Book {
    fn has(&self, path: &str) -> bool {
        path == "/jaeger.api_v2.CollectorService/PostSpans"
    }

    async fn call(&self, request: Request) -> Result<Bytes, Status> {
        *self.asked.lock() += 1;
        match self.answers.lock().pop().unwrap_or(Code::Ok) {
            Code::Ok => {
                self.taken.lock().push(decode_proto(&request.message).unwrap().spans);
                Ok(Bytes::new())
            }
            code => Err(Status::new(code, "as the test wants it")),
        }
    }
}
