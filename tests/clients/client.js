// Sends spans, points and records with the OpenTelemetry SDK, and prints what it sent.
//
//     node client.js <grpc | http/protobuf | http/json> <host:port>
//
// The output is one line of JSON: for each signal the export request as the SDK encodes it, in base64.
'use strict';

const path = require('node:path');
// The packages are installed into a folder of their own, which is the working directory.
const load = (name) => require(require.resolve(name, { paths: [path.resolve('node_modules'), process.cwd()] }));

const { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } = load('@opentelemetry/api');
const { SeverityNumber } = load('@opentelemetry/api-logs');
const { resourceFromAttributes } = load('@opentelemetry/resources');
const { BasicTracerProvider, BatchSpanProcessor } = load('@opentelemetry/sdk-trace-base');
const { AggregationType, MeterProvider, PeriodicExportingMetricReader } = load('@opentelemetry/sdk-metrics');
const { BatchLogRecordProcessor, LoggerProvider } = load('@opentelemetry/sdk-logs');
const transformer = load('@opentelemetry/otlp-transformer');

const moment = (nanos) => [1700000000, 123456789 + nanos];
const ATTRIBUTES = {
  text: 'Zürich',
  truth: true,
  whole: 2147483647,
  fraction: 0.1,
  texts: ['a', 'b'],
  truths: [true, false],
  wholes: [1, 2, 3],
  fractions: [0.5, 1.5],
};
const SCHEMA = { schemaUrl: 'https://opentelemetry.io/schemas/1.30.0' };
const KINDS = { grpc: 'grpc', 'http/protobuf': 'proto', 'http/json': 'http' };

const sent = {};

// Makes `exporter` write down what it exports.
function noting(exporter, serializer, signal) {
  const send = exporter.export.bind(exporter);
  exporter.export = (batch, done) => {
    sent[signal] = Buffer.from(serializer.serializeRequest(batch)).toString('base64');
    send(batch, (result) => {
      if (result.code !== 0) sent.failed = `${signal}: ${result.error}`;
      done(result);
    });
  };
  return exporter;
}

function exporters(protocol, address) {
  const options = (signal) => ({
    url: protocol === 'grpc' ? `http://${address}` : `http://${address}/v1/${signal}`,
  });
  const kind = KINDS[protocol];
  const { OTLPTraceExporter } = load(`@opentelemetry/exporter-trace-otlp-${kind}`);
  const { OTLPMetricExporter } = load(`@opentelemetry/exporter-metrics-otlp-${kind}`);
  const { OTLPLogExporter } = load(`@opentelemetry/exporter-logs-otlp-${kind}`);
  return {
    spans: noting(new OTLPTraceExporter(options('traces')), transformer.ProtobufTraceSerializer, 'traces'),
    points: noting(new OTLPMetricExporter(options('metrics')), transformer.ProtobufMetricsSerializer, 'metrics'),
    records: noting(new OTLPLogExporter(options('logs')), transformer.ProtobufLogsSerializer, 'logs'),
  };
}

async function sendSpans(exporter, resource) {
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  const tracer = provider.getTracer('shop.library', '4.5.6', SCHEMA);
  const parent = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '5b8efff798038103d269b633813fc60c',
    spanId: 'eee19b7ec3c1b174',
    traceFlags: TraceFlags.SAMPLED,
    traceState: createTraceState('vendor=state'),
    isRemote: true,
  });
  const elsewhere = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 0 };
  const server = tracer.startSpan(
    'GET /cart',
    {
      kind: SpanKind.SERVER,
      attributes: ATTRIBUTES,
      links: [{ context: elsewhere, attributes: ATTRIBUTES }],
      startTime: moment(0),
    },
    parent,
  );
  server.addEvent('checked', ATTRIBUTES, moment(5));
  server.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  const within = trace.setSpan(ROOT_CONTEXT, server);
  const client = tracer.startSpan('SELECT', { kind: SpanKind.CLIENT, startTime: moment(10) }, within);
  client.setStatus({ code: SpanStatusCode.OK });
  client.end(moment(20));
  server.end(moment(1000000));
  await provider.shutdown();
  return within;
}

async function sendPoints(exporter, resource) {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600000 });
  const views = [{ instrumentName: 'sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }];
  const provider = new MeterProvider({ resource, readers: [reader], views });
  const meter = provider.getMeter('shop.library', '4.5.6', SCHEMA);
  meter.createCounter('orders', { unit: '1', description: 'orders so far' }).add(3, ATTRIBUTES);
  meter.createUpDownCounter('open', { unit: '1', description: 'open now' }).add(-2.5, ATTRIBUTES);
  const latency = meter.createHistogram('latency', {
    unit: 'ms',
    description: 'how long',
    advice: { explicitBucketBoundaries: [10, 100] },
  });
  latency.record(5, ATTRIBUTES);
  latency.record(250, ATTRIBUTES);
  meter.createHistogram('sizes', { unit: 'By', description: 'how large' }).record(4.5, ATTRIBUTES);
  meter.createGauge('temperature', { unit: 'Cel', description: 'how warm' }).record(21.5, ATTRIBUTES);
  await provider.shutdown();
}

async function sendRecords(exporter, resource, context) {
  const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop.library', '4.5.6', SCHEMA);
  logger.emit({
    timestamp: moment(0),
    observedTimestamp: moment(1),
    context,
    severityNumber: SeverityNumber.WARN2,
    severityText: 'careful',
    body: 'a line',
    attributes: ATTRIBUTES,
    eventName: 'cart.checked',
  });
  const body = { text: 'a', list: [1, 'two', false], map: { inside: 0.25 }, bytes: new Uint8Array([0, 255]) };
  logger.emit({ timestamp: moment(2), observedTimestamp: moment(3), context, body });
  await provider.shutdown();
}

async function main(protocol, address) {
  const { spans, points, records } = exporters(protocol, address);
  const resource = resourceFromAttributes({ 'service.name': 'shop', ...ATTRIBUTES });
  const context = await sendSpans(spans, resource);
  await sendPoints(points, resource);
  await sendRecords(records, resource, context);
  console.log(JSON.stringify(sent));
}

main(...process.argv.slice(2));
