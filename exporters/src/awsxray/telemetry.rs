//! Records about the sending of segments, once a minute while there is something to say, as the X-Ray daemon sends them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_xray::Client;
use aws_sdk_xray::config::http::HttpResponse;
use aws_sdk_xray::error::SdkError;
use aws_sdk_xray::operation::put_telemetry_records::builders::PutTelemetryRecordsFluentBuilder;
use aws_sdk_xray::types::{BackendConnectionErrors, TelemetryRecord};
use component::Context;
use parking_lot::Mutex;
use tracing::debug;

use super::client::{Connection, quietly};
use super::config::Own;

const PERIOD: Duration = Duration::from_secs(60);

/// What happened since the last record.
#[derive(Default)]
pub(super) struct Records(Mutex<Counts>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    sent: i32,
    rejected: i32,
    http_4xx: i32,
    http_5xx: i32,
    timeouts: i32,
    other: i32,
}

/// Where records come from, as far as they say so.
#[derive(Debug, Clone, Default)]
struct Sender {
    hostname: Option<String>,
    instance_id: Option<String>,
    resource_arn: Option<String>,
}

impl Records {
    /// A request was taken.
    pub(super) fn sent(&self, accepted: usize, rejected: usize) {
        let mut counts = self.0.lock();
        counts.sent = counts.sent.saturating_add_unsigned(accepted as u32);
        counts.rejected = counts.rejected.saturating_add_unsigned(rejected as u32);
    }

    /// A request failed.
    pub(super) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) {
        let mut counts = self.0.lock();
        let counter = match (error, error.raw_response().map(|response| response.status().as_u16())) {
            (SdkError::TimeoutError(_), _) => &mut counts.timeouts,
            (_, Some(400..500)) => &mut counts.http_4xx,
            (_, Some(500..)) => &mut counts.http_5xx,
            _ => &mut counts.other,
        };
        *counter = counter.saturating_add(1);
    }

    fn take(&self) -> Option<Counts> {
        Some(std::mem::take(&mut *self.0.lock())).filter(|counts| *counts != Counts::default())
    }

    /// Puts counts back that could not be sent.
    fn put_back(&self, counts: Counts) {
        let mut now = self.0.lock();
        let sum = |one: i32, other: i32| one.saturating_add(other);
        *now = Counts {
            sent: sum(now.sent, counts.sent),
            rejected: sum(now.rejected, counts.rejected),
            http_4xx: sum(now.http_4xx, counts.http_4xx),
            http_5xx: sum(now.http_5xx, counts.http_5xx),
            timeouts: sum(now.timeouts, counts.timeouts),
            other: sum(now.other, counts.other),
        };
    }
}

/// Begins to send records.
pub(super) fn start(own: &Own, connection: &Arc<Connection>, cx: &Context) -> Arc<Records> {
    let records = Arc::new(Records::default());
    let (own, connection, scope) = (own.clone(), connection.clone(), cx.scope.clone());
    let (counted, id) = (records.clone(), cx.id.clone());
    cx.scope.spawn("telemetry", async move {
        let mut sender = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => (),
                () = scope.stopped() => return Ok(()),
            }
            let Some(counts) = counted.take() else { continue };
            let sender = match &sender {
                Some(known) => known,
                None => sender.insert(Sender::find(&own, &connection).await),
            };
            let sent = match connection.client().await {
                Ok(client) => {
                    let request = sender.describe(client_request(&client, counts));
                    quietly(request.send()).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = sent {
                debug!(component = %id, error, "cannot send a telemetry record to X-Ray");
                counted.put_back(counts);
            }
        }
    });
    records
}

fn client_request(client: &Client, counts: Counts) -> PutTelemetryRecordsFluentBuilder {
    let errors = BackendConnectionErrors::builder()
        .http_code4_xx_count(counts.http_4xx)
        .http_code5_xx_count(counts.http_5xx)
        .timeout_count(counts.timeouts)
        .unknown_host_count(0)
        .connection_refused_count(0)
        .other_count(counts.other)
        .build();
    let record = TelemetryRecord::builder()
        .timestamp(SystemTime::now().into())
        .segments_received_count(counts.sent.saturating_add(counts.rejected))
        .segments_sent_count(counts.sent)
        .segments_rejected_count(counts.rejected)
        .segments_spillover_count(0)
        .backend_connection_errors(errors)
        .build()
        .expect("a record needs a time, and has one");
    client.put_telemetry_records().telemetry_records(record)
}

impl Sender {
    /// What the file says, the environment, and the machine.
    async fn find(own: &Own, connection: &Connection) -> Sender {
        let telemetry = &own.telemetry;
        if !telemetry.include_metadata {
            return Sender::default();
        }
        let said = |texts: [&str; 2]| texts.into_iter().find(|text| !text.is_empty()).map(str::to_owned);
        let var = |name: &str| std::env::var(name).unwrap_or_default();
        let hostname = said([&telemetry.hostname, &var("AWS_HOSTNAME")]);
        let instance_id = said([&telemetry.instance_id, &var("AWS_INSTANCE_ID")]);
        Sender {
            hostname: match hostname {
                None => connection.metadata("/latest/meta-data/hostname").await,
                known => known,
            },
            instance_id: match instance_id {
                None => connection.metadata("/latest/meta-data/instance-id").await,
                known => known,
            },
            resource_arn: said([&telemetry.resource_arn, &own.resource_arn]),
        }
    }

    fn describe(&self, request: PutTelemetryRecordsFluentBuilder) -> PutTelemetryRecordsFluentBuilder {
        request
            .set_hostname(self.hostname.clone())
            .set_ec2_instance_id(self.instance_id.clone())
            .set_resource_arn(self.resource_arn.clone())
    }
}
