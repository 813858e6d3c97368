//! A batch as requests of at most fifty documents, several at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_xray::Client;
use aws_sdk_xray::config::http::HttpRequest;
use component::{Batch, ConsumeError, Consumer, Context, Counter, Description};
use formats::xray::{Document, Documents, Options, Refusals};
use futures_util::stream::{FuturesUnordered, StreamExt};
use otlp::Signal;
use tracing::{info, warn};

use super::client::{Connection, quietly};
use super::telemetry::Records;
use super::unprocessed::Unprocessed;
use super::verdict::{self, Verdict};

/// As many as the service takes in one request.
const MAX_DOCUMENTS: usize = 50;
/// Fifty documents of the usual size have a tenth of it; large ones go in fewer at once.
const MAX_REQUEST_BYTES: usize = 1 << 20;
/// How often documents are sent that the service could not process for a reason that passes.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

const CUT: Description = Description {
    name: "ferrotel_awsxray_cut_segments",
    help: "Segments of which something was left out, as they were too large.",
    unit: "{segments}",
};

/// Sends each batch to X-Ray.
pub(super) struct Segments {
    connection: Arc<Connection>,
    options: Options,
    workers: usize,
    records: Option<Arc<Records>>,
    unprocessed: Unprocessed,
    cut: Counter,
    /// Whether the last batch could not be sent.
    is_in_trouble: AtomicBool,
    cx: Context,
}

/// What became of one request.
enum Answer {
    /// It was taken, but for the documents of these spans.
    Taken { lost: Vec<usize> },
    /// Its documents, of these spans, were not.
    Refused { spans: Vec<usize>, error: ConsumeError },
    /// It does not make sense to go on.
    Failed(ConsumeError),
}

/// What became of a batch so far.
#[derive(Default)]
struct Outcome {
    taken: bool,
    /// The spans of which something did not arrive.
    lost: BTreeSet<usize>,
    refused: Option<ConsumeError>,
    failed: Option<ConsumeError>,
}

impl Segments {
    pub(super) fn new(
        connection: Arc<Connection>,
        options: Options,
        workers: usize,
        records: Option<Arc<Records>>,
        cx: Context,
    ) -> Segments {
        let cut = cx.metrics.counter(CUT, vec![("exporter", cx.id.to_string())]);
        let unprocessed = Unprocessed::new(cx.clone());
        Segments {
            connection,
            options,
            workers,
            records,
            unprocessed,
            cut,
            is_in_trouble: AtomicBool::new(false),
            cx,
        }
    }

    /// Sends documents, and those among them again that were not processed for a reason that passes.
    async fn send(&self, client: &Client, mut documents: Vec<Document>) -> Answer {
        let mut lost = Vec::new();
        for attempt in 1..=ATTEMPTS {
            let texts = documents.iter().map(|document| document.text.clone()).collect();
            let call = client.put_trace_segments().set_trace_segment_documents(Some(texts));
            let output = match quietly(call.customize().mutate_request(stamp).send()).await {
                Ok(output) => output,
                Err(error) => {
                    self.record(|records| records.failed(&error));
                    return self.failed(verdict::of(&error), &documents).await;
                }
            };
            let sorted = self.unprocessed.sort(&documents, output.unprocessed_trace_segments());
            let accepted = documents.len() - sorted.again.len() - sorted.lost.len();
            self.record(|records| records.sent(accepted, sorted.lost.len()));
            lost.extend(sorted.lost.iter().map(|position| documents[*position].span));
            let again = sorted.again.into_iter().collect::<BTreeSet<_>>();
            if again.is_empty() {
                break;
            }
            if attempt == ATTEMPTS {
                lost.extend(again.iter().map(|position| documents[*position].span));
                break;
            }
            let mut position = 0;
            documents.retain(|_| {
                position += 1;
                again.contains(&(position - 1))
            });
            tokio::time::sleep(PAUSE * attempt).await;
        }
        Answer::Taken { lost }
    }

    async fn failed(&self, verdict: Verdict, documents: &[Document]) -> Answer {
        match verdict {
            Verdict::Documents(error) => {
                Answer::Refused { spans: documents.iter().map(|document| document.span).collect(), error }
            }
            Verdict::Everything(error) => Answer::Failed(error),
            Verdict::Credentials(error) => {
                self.connection.forget().await;
                Answer::Failed(error)
            }
        }
    }

    fn record(&self, record: impl FnOnce(&Records)) {
        if let Some(records) = &self.records {
            record(records);
        }
    }

    /// Answers for the batch, and books what the others went without.
    fn settle(&self, outcome: Outcome, refused: &Refusals) -> Result<(), ConsumeError> {
        if let Some(error) = outcome.failed {
            return Err(error);
        }
        match (outcome.taken, outcome.refused, &refused.first) {
            (false, Some(error), _) => return Err(error),
            (false, None, Some(first)) => {
                return Err(ConsumeError::permanent(format!("no span that X-Ray can hold: {first}")));
            }
            (true, Some(error), _) => {
                let dropped = outcome.lost.len();
                warn!(component = %self.cx.id, %error, dropped, "X-Ray refused some requests of a batch");
            }
            (_, None, _) => (),
        }
        if let Some(first) = &refused.first {
            let dropped = refused.count;
            warn!(component = %self.cx.id, dropped, first, "spans that X-Ray cannot hold were left out");
            self.cx.left_out(Signal::Traces, dropped, "X-Ray cannot hold it");
        }
        self.cx.rejected(Signal::Traces, outcome.lost.len());
        Ok(())
    }
}

#[async_trait]
impl Consumer for Segments {
    async fn consume(&self, batch: Batch) -> Result<(), ConsumeError> {
        let answer = self.send_batch(batch).await;
        match &answer {
            Ok(()) if self.is_in_trouble.swap(false, Ordering::Relaxed) => {
                info!(component = %self.cx.id, "spans go to X-Ray again");
            }
            Err(error) if !error.is_permanent() && !self.is_in_trouble.swap(true, Ordering::Relaxed) => {
                warn!(component = %self.cx.id, %error, "cannot send spans to X-Ray, and will try again");
            }
            Ok(()) | Err(_) => (),
        }
        answer
    }
}

impl Segments {
    async fn send_batch(&self, batch: Batch) -> Result<(), ConsumeError> {
        let Some(traces) = batch.payload.as_traces() else {
            return Err(ConsumeError::permanent("X-Ray takes spans only"));
        };
        let client = self.connection.client().await?;
        let mut requests = Requests::new(Documents::new(traces, &self.options));
        let mut under_way = FuturesUnordered::new();
        let mut outcome = Outcome::default();
        loop {
            // After a failure those under way are waited for, so that it is known what they did.
            while under_way.len() < self.workers && outcome.failed.is_none() {
                let Some(documents) = requests.next() else { break };
                self.cut.add(documents.iter().filter(|document| document.is_cut).count() as u64);
                under_way.push(self.send(&client, documents));
            }
            match under_way.next().await {
                Some(answer) => outcome.add(answer),
                None => break,
            }
        }
        self.settle(outcome, requests.documents.refused())
    }
}

/// Says when the documents were sent, as the X-Ray daemon does.
fn stamp(request: &mut HttpRequest) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
    request.headers_mut().insert("x-amzn-xray-timestamp", seconds);
}

impl Outcome {
    fn add(&mut self, answer: Answer) {
        match answer {
            Answer::Taken { lost } => {
                self.taken = true;
                self.lost.extend(lost);
            }
            Answer::Refused { spans, error } => {
                self.lost.extend(spans);
                self.refused = Some(error);
            }
            Answer::Failed(error) => {
                self.failed = Some(match self.failed.take() {
                    Some(first) => first.join(error),
                    None => error,
                });
            }
        }
    }
}

/// Documents in groups, each for one request.
struct Requests<'a> {
    documents: Documents<'a>,
    /// The one that did not fit the last request.
    left_over: Option<Document>,
}

impl<'a> Requests<'a> {
    fn new(documents: Documents<'a>) -> Requests<'a> {
        Requests { documents, left_over: None }
    }
}

impl Iterator for Requests<'_> {
    type Item = Vec<Document>;

    fn next(&mut self) -> Option<Vec<Document>> {
        let mut request: Vec<Document> = self.left_over.take().into_iter().collect();
        let mut bytes: usize = request.iter().map(|document| document.text.len()).sum();
        while request.len() < MAX_DOCUMENTS {
            let Some(document) = self.documents.next() else { break };
            bytes += document.text.len();
            if bytes > MAX_REQUEST_BYTES {
                self.left_over = Some(document);
                break;
            }
            request.push(document);
        }
        (!request.is_empty()).then_some(request)
    }
}
