// Sends spans with Jaeger's own client for Node, or asks how to sample.
//
//     node client.js <udp | http> <host:port>
//     node client.js sample <host:port of HTTP>
//
// The output is one line of JSON: ids and times (in microseconds) of what was sent, or the strategy that is in force.
'use strict';

const path = require('node:path');
// The packages are installed into a folder of their own, which is the working directory.
const load = (name) => require(require.resolve(name, { paths: [path.resolve('node_modules'), process.cwd()] }));

const { SpanContext, initTracer } = load('jaeger-client');
const opentracing = load('opentracing');

const MOMENT = 1700000000123;
const STEP = 5;

const hex = (id, length) => (id ? id.toString('hex') : '').padStart(length, '0');
const ids = (span) => {
  const context = span.context();
  return { trace: hex(context.traceId, 32), span: hex(context.spanId, 16), parent: hex(context.parentId, 16) };
};

async function send(reporter) {
  const settings = {
    serviceName: 'shop',
    sampler: { type: 'const', param: 1 },
    traceId128bit: true,
    reporter: { flushIntervalMs: 50, ...reporter },
  };
  const complaints = [];
  const logger = { info: () => {}, error: (text) => complaints.push(text) };
  const tracer = initTracer(settings, { tags: { deployment: 'blue' }, logger });
  const elsewhere = SpanContext.fromString('0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1');
  const server = tracer.startSpan('GET /cart', {
    references: [opentracing.followsFrom(elsewhere)],
    tags: { 'span.kind': 'server', text: 'Zürich', truth: true, whole: 7, fraction: 0.5, error: true },
    startTime: MOMENT,
  });
  server.log({ event: 'checked', items: 3, empty: false }, MOMENT + STEP);
  const tags = { 'span.kind': 'client' };
  const client = tracer.startSpan('SELECT', { childOf: server, tags, startTime: MOMENT + 2 * STEP });
  client.finish(MOMENT + 3 * STEP);
  server.finish(MOMENT + 4 * STEP);
  const times = [0, 1, 2, 3, 4].map((step) => (MOMENT + step * STEP) * 1000);
  const sent = { server: ids(server), client: ids(client), times };
  await new Promise((done) => tracer.close(done));
  if (complaints.length > 0) throw new Error(complaints.join('; '));
  console.log(JSON.stringify(sent));
}

async function sample(host, port) {
  const sampler = { type: 'remote', param: 0, host, port, refreshIntervalMs: 50 };
  const tracer = initTracer({ serviceName: 'shop', sampler }, {});
  const now = () => tracer._sampler._sampler.toString();
  const first = now();
  const until = Date.now() + 30000;
  while (now() === first && Date.now() < until) await new Promise((done) => setTimeout(done, 20));
  console.log(JSON.stringify({ sampler: now() }));
  await new Promise((done) => tracer.close(done));
}

function main(what, address) {
  const border = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, border), Number(address.slice(border + 1))];
  if (what === 'sample') return sample(host, port);
  if (what === 'udp') return send({ agentHost: host, agentPort: port });
  return send({ collectorEndpoint: `http://${address}/api/traces` });
}

main(...process.argv.slice(2));
