"""Sends one span to Zipkin.

    python client.py <py-zipkin | opentelemetry>/<json-v1 | json-v2 | proto-v2> <host:port>

The span is the same for all: what it says is fixed here, so that a test can say what must arrive.
"""

import sys

TRACE, PARENT, SPAN = "5b8efff798038103d269b633813fc60c", "53995c3f42cd8ad8", "eee19b7ec3c1b174"
# Seconds that a double holds exactly.
START, CHECKED, DURATION = 1_700_000_000.25, 1_700_000_000.375, 0.5
TAGS = {"http.path": "/cart", "retries": "3"}


def py_zipkin(form, address):
    from py_zipkin import Encoding, Kind, Tracer
    from py_zipkin.encoding import Span, create_endpoint
    from py_zipkin.transport import SimpleHTTPTransport

    encodings = {"json-v1": Encoding.V1_JSON, "json-v2": Encoding.V2_JSON, "proto-v2": Encoding.V2_PROTO3}
    host, port = address.split(":")
    tracer = Tracer()
    # Its own clock makes the times of the outer span, so the one that the test looks at is added to it. All spans get
    # the address of the outer one.
    with tracer.zipkin_span(
        service_name="frame",
        span_name="frame",
        transport_handler=SimpleHTTPTransport(host, int(port)),
        encoding=encodings[form],
        sample_rate=100.0,
        host="10.0.0.1",
        port=8080,
    ):
        tracer.add_span(
            Span(
                trace_id=TRACE,
                name="get /cart",
                parent_id=PARENT,
                span_id=SPAN,
                kind=Kind.SERVER,
                timestamp=START,
                duration=DURATION,
                local_endpoint=create_endpoint(service_name="shop"),
                remote_endpoint=create_endpoint(9000, "front", "10.0.0.2"),
                annotations={"checked": CHECKED},
                tags=TAGS,
            )
        )


def opentelemetry(form, address):
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    class FixedIds(IdGenerator):
        def generate_span_id(self):
            return int(SPAN, 16)

        def generate_trace_id(self):
            return int(TRACE, 16)

    exporter = otel_exporter(form, address)
    export = exporter.export

    def must_export(batch):
        result = export(batch)
        if result is not SpanExportResult.SUCCESS:
            sys.exit(f"it was not taken: {result}")
        return result

    exporter.export = must_export
    provider = TracerProvider(resource=Resource({"service.name": "shop", "host.name": "h1"}), id_generator=FixedIds())
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.library", "4.5.6")
    flags = TraceFlags(TraceFlags.SAMPLED)
    parent = trace.NonRecordingSpan(SpanContext(int(TRACE, 16), int(PARENT, 16), True, flags))
    span = tracer.start_span(
        "GET /cart",
        context=trace.set_span_in_context(parent),
        # Nothing in Zipkin is internal: JSON says `null` here, and protobuf nothing.
        kind=SpanKind.INTERNAL,
        attributes={**TAGS, "whole": 7},
        start_time=nanos(START),
    )
    span.add_event("checked", {"late": False}, timestamp=nanos(CHECKED))
    span.set_status(Status(StatusCode.ERROR, "it broke"))
    span.end(nanos(START + DURATION))
    provider.shutdown()


def otel_exporter(form, address):
    local = {"local_node_ipv4": "10.0.0.1", "local_node_port": 8080, "max_tag_value_length": 128}
    if form == "proto-v2":
        from opentelemetry.exporter.zipkin.proto.http import ZipkinExporter

        return ZipkinExporter(endpoint=f"http://{address}/api/v2/spans", **local)
    from opentelemetry.exporter.zipkin.encoder import Protocol
    from opentelemetry.exporter.zipkin.json import ZipkinExporter

    version = {"json-v1": Protocol.V1, "json-v2": Protocol.V2}[form]
    return ZipkinExporter(version, endpoint=f"http://{address}/api/{version.value}/spans", **local)


def nanos(seconds):
    return int(seconds * 1000) * 1_000_000


if __name__ == "__main__":
    client, form = sys.argv[1].split("/")
    {"py-zipkin": py_zipkin, "opentelemetry": opentelemetry}[client](form, sys.argv[2])
