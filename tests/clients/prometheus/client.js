// Serves known values with Prometheus' client for Node on a port of its own; says which, and ends with its standard input.

'use strict';

const http = require('http');
const path = require('path');
const client = require(path.join(process.cwd(), 'node_modules', 'prom-client'));

const registry = new client.Registry();
if (process.argv[2] === 'openmetrics') {
  registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
}
const registers = [registry];
const orders = new client.Counter({ name: 'orders_total', help: 'Orders taken.', labelNames: ['method'], registers });
orders.inc({ method: 'post' }, 7);
orders.inc({ method: 'quo"te\\d\n' }, 2);
new client.Gauge({ name: 'stock', help: 'Things in stock.', registers }).set(-1.5);
const seconds = new client.Histogram({ name: 'work_seconds', help: 'Time at work.', buckets: [0.1, 1], registers });
[0.05, 0.5, 0.5, 3].forEach((value) => seconds.observe(value));
const size = new client.Summary({ name: 'size_bytes', help: 'Sizes.', percentiles: [0.5], registers });
size.observe(10);
size.observe(32);

const server = http.createServer(async (_, response) => {
  response.setHeader('Content-Type', registry.contentType);
  response.end(await registry.metrics());
});
server.listen(0, '127.0.0.1', () => console.log('listens', server.address().port));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
