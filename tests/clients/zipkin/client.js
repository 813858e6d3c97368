// Sends one span with Zipkin's own client for Node.
//
//     node client.js <json-v1 | json-v2> <host:port>
//
// The span is fixed here, so that a test can say what must arrive.
'use strict';

const path = require('node:path');
// The packages are installed into a folder of their own, which is the working directory.
const load = (name) => require(require.resolve(name, { paths: [path.resolve('node_modules'), process.cwd()] }));

const { Annotation, BatchRecorder, InetAddress, TraceId, jsonEncoder, option } = load('zipkin');
const { HttpLogger } = load('zipkin-transport-http');

const START = 1700000000250000;
const CHECKED = 1700000000375000;
const DURATION = 500000;

function main(form, address) {
  const version = form === 'json-v1' ? 'v1' : 'v2';
  const logger = new HttpLogger({
    endpoint: `http://${address}/api/${version}/spans`,
    jsonEncoder: version === 'v1' ? jsonEncoder.JSON_V1 : jsonEncoder.JSON_V2,
  });
  logger.on('error', (error) => {
    console.error(error);
    process.exit(1);
  });
  logger.on('success', () => process.exit(0));
  const recorder = new BatchRecorder({ logger });
  const traceId = new TraceId({
    traceId: '5b8efff798038103d269b633813fc60c',
    parentId: new option.Some('53995c3f42cd8ad8'),
    spanId: 'eee19b7ec3c1b174',
    sampled: new option.Some(true),
  });
  const record = (timestamp, annotation) => recorder.record({ traceId, timestamp, annotation });
  record(START, new Annotation.ServiceName('shop'));
  record(START, new Annotation.Rpc('get /cart'));
  record(START, new Annotation.LocalAddr({ host: new InetAddress('10.0.0.1'), port: 8080 }));
  record(START, new Annotation.ServerRecv());
  record(START, new Annotation.ClientAddr({ serviceName: 'front', host: new InetAddress('10.0.0.2'), port: 9000 }));
  record(START, new Annotation.BinaryAnnotation('http.path', '/cart'));
  record(START, new Annotation.BinaryAnnotation('retries', '3'));
  record(CHECKED, new Annotation.Message('checked'));
  record(START + DURATION, new Annotation.ServerSend());
  logger.processQueue(logger.fetchImplementation);
}

main(...process.argv.slice(2));
