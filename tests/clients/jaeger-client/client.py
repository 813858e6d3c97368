"""Sends spans with Jaeger's own client for Python, or asks how to sample.

    python client.py send <host:port of UDP, compact>
    python client.py sample <host:port of HTTP>

The output is one line of JSON: ids and times (in microseconds) of what was sent, or the strategy that is in force.
"""

import json
import sys
import time

import opentracing
from jaeger_client import Config, SpanContext

# With parts of a second that a float holds exactly, so that nothing is rounded.
MOMENT = 1_700_000_000.125
STEP = 1 / 64
PATIENCE = 30


def tracer(**settings):
    config = {"logging": False, "generate_128bit_trace_id": True, "tags": {"deployment": "blue"}, **settings}
    return Config(config=config, service_name="shop", validate=True).initialize_tracer()


def agent(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


def ids(span):
    return {"trace": f"{span.trace_id:032x}", "span": f"{span.span_id:016x}", "parent": f"{span.parent_id or 0:016x}"}


def close(shop):
    closed, until = shop.close(), time.time() + PATIENCE
    while not closed.done():
        if time.time() > until:
            raise TimeoutError("the client does not close")
        time.sleep(0.02)


def send(address):
    host, port = agent(address)
    agents = {"reporting_host": host, "reporting_port": port}
    shop = tracer(sampler={"type": "const", "param": 1}, local_agent=agents)
    elsewhere = SpanContext(0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331, 0, 1)
    server = shop.start_span(
        "GET /cart",
        references=[opentracing.follows_from(elsewhere)],
        tags={"span.kind": "server", "text": "Zürich", "truth": True, "whole": 7, "fraction": 0.5, "error": True},
        start_time=MOMENT,
    )
    server.log_kv({"event": "checked", "items": 3, "empty": False}, timestamp=MOMENT + STEP)
    client = shop.start_span("SELECT", child_of=server, tags={"span.kind": "client"}, start_time=MOMENT + 2 * STEP)
    client.finish(MOMENT + 3 * STEP)
    server.finish(MOMENT + 4 * STEP)
    micros = [int((MOMENT + step * STEP) * 1e6) for step in range(5)]
    sent = {"server": ids(server), "client": ids(client), "times": micros}
    close(shop)
    print(json.dumps(sent))


def sample(address):
    host, port = agent(address)
    shop = tracer(
        sampling_refresh_interval=0.1,
        local_agent={"reporting_host": host, "sampling_port": port},
    )
    first = str(shop.sampler.sampler)
    until = time.time() + PATIENCE
    while str(shop.sampler.sampler) == first and time.time() < until:
        time.sleep(0.02)
    print(json.dumps({"sampler": str(shop.sampler.sampler)}))
    close(shop)


if __name__ == "__main__":
    {"send": send, "sample": sample}[sys.argv[1]](sys.argv[2])
