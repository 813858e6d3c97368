"""Serves known values with Prometheus' own client on a port of its own; says which, and ends with its standard input."""

import sys
from http.server import ThreadingHTTPServer, BaseHTTPRequestHandler

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

registry = CollectorRegistry()
orders = Counter("orders", "Orders taken.", ["method"], registry=registry)
orders.labels("post").inc(7, exemplar={"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"})
orders.labels("quo\"te\\d\n").inc(2)
Gauge("stock", "Things in stock.", registry=registry).set(-1.5)
seconds = Histogram("work_seconds", "Time at work.", buckets=(0.1, 1.0), registry=registry)
for value in (0.05, 0.5, 0.5, 3.0):
    seconds.observe(value)
size = Summary("size_bytes", "Sizes.", registry=registry)
size.observe(10)
size.observe(32)
Info("build", "The build.", registry=registry).info({"version": "1.2.3"})
Enum("mode", "The mode.", states=["on", "off"], registry=registry).state("off")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if sys.argv[1] == "openmetrics":
            page, kind = openmetrics.generate_latest(registry), openmetrics.CONTENT_TYPE_LATEST
        else:
            page, kind = exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("listens", server.server_port, flush=True)
import threading

threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
