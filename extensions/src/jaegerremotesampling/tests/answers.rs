//! Over loopback: HTTP and gRPC, from a file and from another collector.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use component::testing::context;
use component::{Code, Context, Kind, Origin};
use prost::Message;
use transport::grpc;

use crate::jaegerremotesampling::config::SourceConfig;
use crate::jaegerremotesampling::file::File;
use crate::jaegerremotesampling::message::{Parameters, Strategy};
use crate::jaegerremotesampling::remote::{METHOD, Remote};
use crate::jaegerremotesampling::serve::Answers;
use crate::jaegerremotesampling::{Config, Source};
use crate::loopback::{get, read};

const FILE: &str = r#"{"service_strategies": [{"service": "a b&c", "type": "probabilistic", "param": 0.25},
    {"service": "plain", "type": "ratelimiting", "param": 2}]}"#;

#[tokio::test]
async fn clients_of_all_ages_are_answered() {
    let (cx, file) = (context(Kind::Extension, "jaegerremotesampling"), Temporary::new(FILE));
    let (http, _) = serve(&cx, File::open(&file.path(), Duration::ZERO, &cx).await.unwrap()).await;
    for path in ["/sampling?service=plain", "/api/sampling?x=1&service=plain"] {
        let answer = get(&http, path).await;
        let expected = r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":2}}"#;
        assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{path}");
        assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    }
    let oldest = r#"{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":2}}"#;
    assert_eq!(get(&http, "/?service=plain").await.text(), oldest);
    assert!(get(&http, "/sampling?service=a+b%26c").await.text().contains("0.25"));
    for path in ["/sampling", "/sampling?service=", "/sampling?service=a&service=b", "/?other=a"] {
        let answer = get(&http, path).await;
        let expected = (400, "'service' parameter must be provided once".to_owned());
        assert_eq!((answer.status, answer.text()), expected, "{path}");
    }
    assert_eq!(get(&http, "/baggageRestrictions?service=a").await.status, 404);
}

#[tokio::test]
async fn another_collector_is_asked_and_its_answers_are_kept() {
    let (cx, file) = (context(Kind::Extension, "jaegerremotesampling"), Temporary::new(FILE));
    let upstream = context(Kind::Extension, "upstream");
    let (_, jaeger) =
        serve(&upstream, File::open(&file.path(), Duration::ZERO, &upstream).await.unwrap()).await;
    let kept = Arc::new(Remote::new(client(&jaeger, &cx), Duration::from_secs(3600)));
    let asked = Arc::new(Remote::new(client(&jaeger, &cx), Duration::ZERO));
    let rate =
        |bytes: bytes::Bytes| Strategy::decode(bytes).unwrap().rate_limiting.unwrap().max_traces_per_second;
    assert_eq!(rate(kept.strategy("plain").await.unwrap()), 2);
    assert_eq!(rate(asked.strategy("plain").await.unwrap()), 2);
    upstream.scope.stop(tokio::time::Instant::now() + Duration::from_secs(5)).await.unwrap();
    assert_eq!(rate(kept.strategy("plain").await.unwrap()), 2);
    assert!(asked.strategy("plain").await.is_err());
    let (http, grpc) = serve(&cx, asked).await;
    assert_eq!(get(&http, "/sampling?service=plain").await.status, 500);
    let question = Parameters { service_name: "plain".to_owned() }.encode_to_vec();
    let status =
        client(&grpc, &cx).unary(METHOD, vec![question.into()], &Origin::default()).await.unwrap_err();
    assert_eq!(status.code, Code::Unavailable);
}

#[tokio::test]
async fn a_file_that_changes_is_read_anew_and_one_that_breaks_is_not() {
    let (cx, file) = (context(Kind::Extension, "jaegerremotesampling"), Temporary::new(FILE));
    let source = File::open(&file.path(), Duration::from_millis(10), &cx).await.unwrap();
    let rate = async |wanted: f64| {
        loop {
            let strategy = Strategy::decode(source.strategy("a b&c").await.unwrap()).unwrap();
            if strategy.probabilistic.unwrap().sampling_rate == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    rate(0.25).await;
    file.write(&FILE.replace("0.25", "0.75"));
    rate(0.75).await;
    file.write("{");
    tokio::time::sleep(Duration::from_millis(50)).await;
    rate(0.75).await;
    file.write(&FILE.replace("0.25", "0.5"));
    rate(0.5).await;
}

#[tokio::test]
async fn a_file_may_lie_on_a_web_server() {
    let cx = context(Kind::Extension, "jaegerremotesampling");
    // Our own answers are JSON without strategies.
    let (http, _) =
        serve(&cx, File::open(&Temporary::new(FILE).path(), Duration::ZERO, &cx).await.unwrap()).await;
    let url = format!("http://{http}/sampling?service=x");
    let source = File::open(&url, Duration::ZERO, &cx).await.unwrap();
    assert!(source.strategy("any").await.is_ok());
    let away = format!("http://{http}/nowhere");
    assert!(File::open(&away, Duration::ZERO, &cx).await.is_err());
    assert!(File::open(&away, Duration::from_secs(60), &cx).await.is_ok());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let cx = context(Kind::Extension, "jaegerremotesampling");
    let error = File::open("/nowhere/at/all.json", Duration::from_secs(1), &cx).await.err().unwrap();
    assert!(format!("{error:#}").contains("/nowhere/at/all.json"), "{error:#}");
}

/// Serves at ports of its own: HTTP, gRPC.
async fn serve(cx: &Context, source: Arc<dyn Source>) -> (String, String) {
    let text =
        "{ http: { endpoint: '127.0.0.1:0' }, grpc: { endpoint: '127.0.0.1:0' }, source: { file: x } }";
    let config: Config = read(text).unwrap();
    let http = config.http.as_ref().unwrap().0.bind(cx).await.unwrap();
    let grpc = config.grpc.as_ref().unwrap().0.bind(cx).await.unwrap();
    let addresses = (http.local_addr(), grpc.local_addr());
    let answers = Arc::new(Answers::new(source));
    http.serve(cx, answers.clone());
    grpc.serve(cx, answers);
    addresses
}

fn client(address: &str, cx: &Context) -> grpc::Client {
    let text = format!("{{ remote: {{ endpoint: '{address}', tls: {{ insecure: true }} }} }}");
    let config: SourceConfig = read(&text).unwrap();
    config.remote.as_ref().unwrap().connect(cx).unwrap()
}

/// A file of our own, removed at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(text: &str) -> Temporary {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ferrotel-strategies-{}-{number}", std::process::id()));
        let file = Temporary(path);
        file.write(text);
        file
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
