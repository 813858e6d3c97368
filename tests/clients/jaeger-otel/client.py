"""Sends spans with OpenTelemetry's exporters for Jaeger.

    python client.py <grpc | http | udp> <host:port>

The output is one line of JSON: ids and times (in microseconds) of what was sent.
"""

import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode

# With parts of a second that a float holds exactly, since the exporter for gRPC makes floats of them.
MOMENT = 1_700_000_000_125_000_000
STEP = 15_625_000


def exporter(protocol, address):
    if protocol == "grpc":
        from opentelemetry.exporter.jaeger.proto.grpc import JaegerExporter

        return JaegerExporter(collector_endpoint=address, insecure=True)
    from opentelemetry.exporter.jaeger.thrift import JaegerExporter

    if protocol == "http":
        return JaegerExporter(collector_endpoint=f"http://{address}/api/traces?format=jaeger.thrift")
    host, port = address.rsplit(":", 1)
    return JaegerExporter(agent_host_name=host, agent_port=int(port))


def ids(span):
    context, parent = span.get_span_context(), span.parent.span_id if span.parent else 0
    return {"trace": f"{context.trace_id:032x}", "span": f"{context.span_id:016x}", "parent": f"{parent:016x}"}


def main(protocol, address):
    provider = TracerProvider(resource=Resource({"service.name": "shop", "deployment": "blue"}))
    provider.add_span_processor(BatchSpanProcessor(exporter(protocol, address)))
    tracer = provider.get_tracer("shop.library", "4.5.6")
    elsewhere = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, True)
    attributes = {"text": "Zürich", "truth": True, "whole": 7, "fraction": 0.5}
    server = tracer.start_span(
        "GET /cart", kind=SpanKind.SERVER, attributes=attributes, links=[Link(elsewhere)], start_time=MOMENT
    )
    server.add_event("checked", {"items": 3, "empty": False}, timestamp=MOMENT + STEP)
    server.set_status(Status(StatusCode.ERROR, "it broke"))
    within = trace.set_span_in_context(server)
    client = tracer.start_span("SELECT", context=within, kind=SpanKind.CLIENT, start_time=MOMENT + 2 * STEP)
    client.end(MOMENT + 3 * STEP)
    server.end(MOMENT + 4 * STEP)
    provider.shutdown()
    micros = [(MOMENT + step * STEP) // 1000 for step in range(5)]
    print(json.dumps({"server": ids(server), "client": ids(client), "times": micros}))


if __name__ == "__main__":
    main(*sys.argv[1:])
