// An application with custom spans, metrics and logs. Start it with `npm start`.
'use strict';

const { recentSpans, shutdown } = require('./tracing');

const { randomUUID } = require('node:crypto');
const { setTimeout: sleep } = require('node:timers/promises');
const { SpanStatusCode, metrics, trace } = require('@opentelemetry/api');
const { SeverityNumber, logs } = require('@opentelemetry/api-logs');
const express = require('express');
const prometheus = require('prom-client');
const { report } = require('./trace-analysis');

const tracer = trace.getTracer('myapp-tracer', '1.0.0');
const logger = logs.getLogger('myapp-logger', '1.0.0');

// In seconds. The limits that OpenTelemetry has by default are for milliseconds.
const BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

const meter = metrics.getMeter('myapp-metrics', '1.0.0');
const requestDuration = meter.createHistogram('http_request_duration_seconds', {
  description: 'Duration of HTTP requests in seconds',
  unit: 's',
  advice: { explicitBucketBoundaries: BUCKETS },
});
const requestCounter = meter.createCounter('http_requests_total', { description: 'Total number of HTTP requests' });
// What goes up and down by steps: a gauge takes whole values only.
const activeRequests = meter.createUpDownCounter('http_requests_active', {
  description: 'Number of active HTTP requests',
});
const transactions = meter.createCounter('business_transactions_total', {
  description: 'Total number of business transactions',
});

// The same for Prometheus, which comes and asks for it.
const register = new prometheus.Registry();
prometheus.collectDefaultMetrics({ register });
const labelNames = ['method', 'status', 'route'];
const scrapedDuration = new prometheus.Histogram({
  name: 'http_request_duration_seconds',
  help: 'Duration of HTTP requests in seconds',
  labelNames,
  buckets: BUCKETS,
  registers: [register],
});
const scrapedRequests = new prometheus.Counter({
  name: 'http_requests_total',
  help: 'Total number of HTTP requests',
  labelNames,
  registers: [register],
});

const app = express();
app.use(measure);
app.use(express.json());

app.get('/health', (request, response) => {
  response.json({ status: 'healthy', timestamp: new Date().toISOString() });
});

app.get('/metrics', async (request, response) => {
  response.set('Content-Type', register.contentType);
  response.end(await register.metrics());
});

app.post('/api/orders', async (request, response) => {
  const { customerId, total, paymentMethod } = request.body ?? {};
  if (typeof total !== 'number') {
    transactions.add(1, { type: 'order', status: 'refused' });
    log(SeverityNumber.WARN, 'order refused: it has no total', { 'business.customer_id': customerId });
    response.status(400).json({ error: 'an order needs a total' });
    return;
  }
  const orderId = randomUUID();
  trace.getActiveSpan()?.setAttributes({
    'business.order_id': orderId,
    'business.customer_id': customerId,
    'business.order_value': total,
  });
  await step('validate-order', 50);
  await step('process-payment', 200, { 'payment.method': paymentMethod, 'payment.amount': total });
  await step('update-inventory', 100);
  transactions.add(1, { type: 'order', status: 'created' });
  log(SeverityNumber.INFO, 'order created', { 'business.order_id': orderId });
  response.json({ orderId, status: 'created', message: 'Order processed successfully' });
});

// What the last traces say: where their time went, and what is odd about them.
app.get('/debug/traces', (request, response) => {
  response.json(report(recentSpans.spans()));
});

// Express knows it by its four parameters.
app.use((error, request, response, next) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const status = error.status ?? 500;
  const span = trace.getActiveSpan();
  span?.recordException(error);
  if (status >= 500) {
    span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  }
  log(SeverityNumber.ERROR, `request failed: ${error.message}`);
  response.status(status).json({ error: status < 500 ? error.message : 'Internal server error' });
});

// Counts and times each request. The span around it is made by the instrumentation of HTTP.
function measure(request, response, next) {
  const begin = process.hrtime.bigint();
  activeRequests.add(1);
  // After `close` nothing more comes, whether the answer was sent or the client has gone.
  response.once('close', () => {
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    // Never the path itself: it would make a new series for each address that somebody tries.
    const route = request.route?.path ?? 'none';
    const labels = { method: request.method, status: String(response.statusCode), route };
    requestDuration.record(seconds, labels);
    requestCounter.add(1, labels);
    scrapedDuration.observe(labels, seconds);
    scrapedRequests.inc(labels);
    activeRequests.add(-1);
  });
  next();
}

// A part of the work, as a span of its own.
function step(name, milliseconds, attributes = {}) {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      await sleep(milliseconds);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}

// The record belongs to the span that is active, without being told.
function log(severityNumber, body, attributes = {}) {
  logger.emit({ severityNumber, severityText: SeverityNumber[severityNumber], body, attributes });
}

const server = app.listen(process.env.PORT ?? 3000, (error) => {
  if (error) {
    throw error;
  }
  console.log(`Server running on port ${server.address().port}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close(async () => {
      await shutdown();
      process.exit(0);
    });
  });
}
