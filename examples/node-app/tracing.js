// Sets up OpenTelemetry before anything else is loaded: node --require ./tracing.js app.js
//
// Everything goes by OTLP over HTTP to OTEL_EXPORTER_OTLP_ENDPOINT, which is http://localhost:4318 if nothing says
// otherwise: a Ferrotel beside the app.
'use strict';

const os = require('node:os');
const { metrics } = require('@opentelemetry/api');
const { logs } = require('@opentelemetry/api-logs');
const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-proto');
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-proto');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
const { registerInstrumentations } = require('@opentelemetry/instrumentation');
const { ExpressInstrumentation, ExpressLayerType } = require('@opentelemetry/instrumentation-express');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { defaultResource, resourceFromAttributes } = require('@opentelemetry/resources');
const { BatchLogRecordProcessor, LoggerProvider } = require('@opentelemetry/sdk-logs');
const { MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { BatchSpanProcessor, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
const { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } = require('@opentelemetry/semantic-conventions');
const {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_SERVICE_INSTANCE_ID,
} = require('@opentelemetry/semantic-conventions/incubating');
const { RecentSpans } = require('./trace-analysis');

// The names of HTTP attributes that are stable; without this the instrumentations still use the old ones.
process.env.OTEL_SEMCONV_STABILITY_OPT_IN ??= 'http';

const resource = defaultResource().merge(
  resourceFromAttributes({
    [ATTR_SERVICE_NAME]: process.env.OTEL_SERVICE_NAME || 'myapp',
    [ATTR_SERVICE_VERSION]: process.env.APP_VERSION || '1.0.0',
    [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: process.env.NODE_ENV || 'development',
    [ATTR_SERVICE_INSTANCE_ID]: process.env.HOSTNAME || os.hostname(),
  }),
);

const recentSpans = new RecentSpans();
const tracerProvider = new NodeTracerProvider({
  resource,
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter()), recentSpans],
});
tracerProvider.register();

const meterProvider = new MeterProvider({
  resource,
  readers: [
    new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(),
      exportIntervalMillis: Number(process.env.OTEL_METRIC_EXPORT_INTERVAL) || 10_000,
    }),
  ],
});
metrics.setGlobalMeterProvider(meterProvider);

const loggerProvider = new LoggerProvider({
  resource,
  processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
});
logs.setGlobalLoggerProvider(loggerProvider);

registerInstrumentations({
  tracerProvider,
  meterProvider,
  instrumentations: [
    new HttpInstrumentation({
      // Probes and scrapes are no work of the app's.
      ignoreIncomingRequestHook: (request) => ['/health', '/metrics'].includes(request.url.split('?')[0]),
    }),
    // Only the route for the name of the server's span: a span for each layer of Express says little.
    new ExpressInstrumentation({ ignoreLayersType: Object.values(ExpressLayerType) }),
  ],
});

// Sends what is left, each signal for itself, so that one that fails does not keep the others.
async function shutdown() {
  const providers = [tracerProvider, meterProvider, loggerProvider];
  const outcomes = await Promise.allSettled(providers.map((provider) => provider.shutdown()));
  for (const { reason } of outcomes.filter(({ status }) => status === 'rejected')) {
    console.error('cannot send what is left:', reason);
  }
}

module.exports = { recentSpans, shutdown };
