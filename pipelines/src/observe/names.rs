//! What is counted, under the Go Collector's names where it has them.

use component::Description;

/// Accepted, failed; by signal.
#[rustfmt::skip]
pub(super) static RECEIVER_METRICS: [[Description; 2]; 3] = [
    [
        describe("otelcol_receiver_accepted_spans", "Number of spans successfully pushed into the pipeline.", "{spans}"),
        describe("otelcol_receiver_failed_spans", "Number of spans that failed to be processed by the receiver due to internal errors.", "{spans}"),
    ],
    [
        describe("otelcol_receiver_accepted_metric_points", "Number of metric points successfully pushed into the pipeline.", "{datapoints}"),
        describe("otelcol_receiver_failed_metric_points", "Number of metric points that failed to be processed by the receiver due to internal errors.", "{datapoints}"),
    ],
    [
        describe("otelcol_receiver_accepted_log_records", "Number of log records successfully pushed into the pipeline.", "{records}"),
        describe("otelcol_receiver_failed_log_records", "Number of log records that failed to be processed by the receiver due to internal errors.", "{records}"),
    ],
];

/// Sent, failed to send, refused by the queue; by signal.
#[rustfmt::skip]
pub(super) static EXPORTER_METRICS: [[Description; 3]; 3] = [
    [
        describe("otelcol_exporter_sent_spans", "Number of spans successfully sent to destination.", "{spans}"),
        describe("otelcol_exporter_send_failed_spans", "Number of spans in failed attempts to send to destination.", "{spans}"),
        describe("otelcol_exporter_enqueue_failed_spans", "Number of spans failed to be added to the sending queue.", "{spans}"),
    ],
    [
        describe("otelcol_exporter_sent_metric_points", "Number of metric points successfully sent to destination.", "{datapoints}"),
        describe("otelcol_exporter_send_failed_metric_points", "Number of metric points in failed attempts to send to destination.", "{datapoints}"),
        describe("otelcol_exporter_enqueue_failed_metric_points", "Number of metric points failed to be added to the sending queue.", "{datapoints}"),
    ],
    [
        describe("otelcol_exporter_sent_log_records", "Number of log records successfully sent to destination.", "{records}"),
        describe("otelcol_exporter_send_failed_log_records", "Number of log records in failed attempts to send to destination.", "{records}"),
        describe("otelcol_exporter_enqueue_failed_log_records", "Number of log records failed to be added to the sending queue.", "{records}"),
    ],
];

pub(super) const INCOMING_ITEMS: Description =
    describe("otelcol_processor_incoming_items", "Number of items passed to the processor.", "{items}");
pub(super) const OUTGOING_ITEMS: Description =
    describe("otelcol_processor_outgoing_items", "Number of items emitted from the processor.", "{items}");
pub(super) const QUEUE_SIZE: Description =
    describe("otelcol_exporter_queue_size", "Current size of the sending queue.", "{batches}");
pub(super) const QUEUE_CAPACITY: Description =
    describe("otelcol_exporter_queue_capacity", "Fixed capacity of the sending queue.", "{batches}");
pub(super) const QUEUE_AGE: Description =
    describe("ferrotel_exporter_queue_age", "How long the oldest batch has been in the sending queue.", "s");
pub(super) const IN_FLIGHT_REQUESTS: Description = describe(
    "otelcol_exporter_in_flight_requests",
    "Requests being sent, with all their attempts.",
    "{requests}",
);

const fn describe(name: &'static str, help: &'static str, unit: &'static str) -> Description {
    Description { name, help, unit }
}
