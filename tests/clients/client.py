"""Sends spans, points and records with the OpenTelemetry SDK, and prints what it sent.

    python client.py <grpc | http/protobuf> <host:port>

The output is one line of JSON: for each signal the export request as the SDK encoded it, in base64.
"""

import base64
import json
import sys

from opentelemetry import trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

MOMENT = 1_700_000_000_123_456_789
ATTRIBUTES = {
    "text": "Zürich",
    "truth": True,
    "whole": 9_007_199_254_740_991,
    "fraction": 0.1,
    "texts": ["a", "b"],
    "truths": [True, False],
    "wholes": [1, 2, 3],
    "fractions": [0.5, 1.5],
}
SCHEMA = "https://opentelemetry.io/schemas/1.30.0"


def noting(exporter, encode, signal, sent):
    """Makes `exporter` write down what it exports, and end the program when it is not taken."""
    export = exporter.export

    def export_and_note(batch, *args, **kwargs):
        sent[signal] = base64.b64encode(encode(batch).SerializeToString()).decode()
        result = export(batch, *args, **kwargs)
        if result.name != "SUCCESS":
            sent["failed"] = f"{signal}: {result}"
        return result

    exporter.export = export_and_note
    return exporter


def exporters(protocol, address):
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        options = {"endpoint": f"http://{address}", "insecure": True}
        return OTLPSpanExporter(**options), OTLPMetricExporter(**options), OTLPLogExporter(**options)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return (
        OTLPSpanExporter(endpoint=f"http://{address}/v1/traces"),
        OTLPMetricExporter(endpoint=f"http://{address}/v1/metrics"),
        OTLPLogExporter(endpoint=f"http://{address}/v1/logs"),
    )


def remote_parent():
    state = TraceState([("vendor", "state")])
    context = SpanContext(
        0x5B8EFFF798038103D269B633813FC60C, 0xEEE19B7EC3C1B174, True, TraceFlags(TraceFlags.SAMPLED), state
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(context))


def send_spans(exporter, resource):
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.library", "4.5.6", SCHEMA, {"scope.attribute": "yes"})
    elsewhere = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True)
    server = tracer.start_span(
        "GET /cart",
        context=remote_parent(),
        kind=SpanKind.SERVER,
        attributes=ATTRIBUTES,
        links=[Link(elsewhere, ATTRIBUTES)],
        start_time=MOMENT,
    )
    server.add_event("checked", ATTRIBUTES, timestamp=MOMENT + 5)
    server.set_status(Status(StatusCode.ERROR, "it broke"))
    within = trace.set_span_in_context(server)
    client = tracer.start_span("SELECT", context=within, kind=SpanKind.CLIENT, start_time=MOMENT + 10)
    client.set_status(Status(StatusCode.OK))
    client.end(MOMENT + 20)
    server.end(MOMENT + 1_000_000)
    provider.shutdown()
    return within


def send_points(exporter, resource):
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    view = View(instrument_name="sizes", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider(resource=resource, metric_readers=[reader], views=[view])
    meter = provider.get_meter("shop.library", "4.5.6", SCHEMA, {"scope.attribute": "yes"})
    meter.create_counter("orders", "1", "orders so far").add(3, ATTRIBUTES)
    meter.create_up_down_counter("open", "1", "open now").add(-2.5, ATTRIBUTES)
    latency = meter.create_histogram("latency", "ms", "how long", explicit_bucket_boundaries_advisory=[10, 100])
    latency.record(5, ATTRIBUTES)
    latency.record(250, ATTRIBUTES)
    meter.create_histogram("sizes", "By", "how large").record(4.5, ATTRIBUTES)
    meter.create_gauge("temperature", "Cel", "how warm").set(21.5, ATTRIBUTES)
    provider.shutdown()


def send_records(exporter, resource, context):
    provider = LoggerProvider(resource=resource)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("shop.library", "4.5.6", SCHEMA, {"scope.attribute": "yes"})
    logger.emit(
        timestamp=MOMENT,
        observed_timestamp=MOMENT + 1,
        context=context,
        severity_number=SeverityNumber.WARN2,
        severity_text="careful",
        body="a line",
        attributes=ATTRIBUTES,
        event_name="cart.checked",
    )
    body = {"text": "a", "list": [1, "two", False], "map": {"inside": 0.25}, "bytes": b"\x00\xff"}
    logger.emit(timestamp=MOMENT + 2, observed_timestamp=MOMENT + 3, context=context, body=body)
    provider.shutdown()


def main(protocol, address):
    sent = {}
    spans, points, records = exporters(protocol, address)
    resource = Resource({"service.name": "shop", **ATTRIBUTES}, SCHEMA)
    context = send_spans(noting(spans, encode_spans, "traces", sent), resource)
    send_points(noting(points, encode_metrics, "metrics", sent), resource)
    send_records(noting(records, encode_logs, "logs", sent), resource, context)
    print(json.dumps(sent))


if __name__ == "__main__":
    main(*sys.argv[1:])
