// Looks at the app's own last spans: the way on which a trace spends its time, and what is odd.
'use strict';

const { SpanStatusCode } = require('@opentelemetry/api');

const MAX_SPANS = 1000;

// A span processor that keeps the last spans that have ended.
class RecentSpans {
  #spans = [];

  onStart() {}

  onEnd(span) {
    this.#spans.push({
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      parentSpanId: span.parentSpanContext?.spanId,
      name: span.name,
      failed: span.status.code === SpanStatusCode.ERROR,
      // Milliseconds.
      start: span.startTime[0] * 1e3 + span.startTime[1] / 1e6,
      duration: span.duration[0] * 1e3 + span.duration[1] / 1e6,
    });
    if (this.#spans.length > MAX_SPANS) {
      this.#spans.shift();
    }
  }

  spans() {
    return [...this.#spans];
  }

  async forceFlush() {}

  async shutdown() {}
}

// From the longest root down, always to the child that took longest: what would have to be faster.
function criticalPath(spans) {
  const ids = new Set(spans.map((span) => span.spanId));
  const children = Map.groupBy
    ? Map.groupBy(spans, (span) => span.parentSpanId)
    : spans.reduce((map, span) => map.set(span.parentSpanId, [...(map.get(span.parentSpanId) ?? []), span]), new Map());
  const greatest = (list, value) => list.reduce((best, span) => (best && value(best) >= value(span) ? best : span), undefined);
  // The parent of a request's first span is in another process.
  let span = greatest(spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)), ({ duration }) => duration);
  const path = [];
  while (span) {
    path.push({ name: span.name, spanId: span.spanId, duration: span.duration });
    span = greatest(children.get(span.spanId) ?? [], ({ duration }) => duration);
  }
  return path;
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

// What is odd about the spans of one name.
function anomalies(name, spans, { slow = 1000, errorRate = 0.05 } = {}) {
  const slowSpans = spans.filter((span) => span.duration > slow);
  const rate = spans.filter((span) => span.failed).length / spans.length;
  const found = [];
  if (slowSpans.length > 0) {
    found.push({ type: 'slow_spans', name, count: slowSpans.length, spans: slowSpans.map((span) => span.spanId) });
  }
  if (rate > errorRate) {
    found.push({ type: 'high_error_rate', name, errorRate: rate });
  }
  return found;
}

function report(spans, thresholds) {
  const groups = {};
  for (const span of spans) {
    (groups[span.name] ??= []).push(span);
  }
  const operations = Object.entries(groups).map(([name, group]) => {
    const sorted = group.map((span) => span.duration).sort((a, b) => a - b);
    return {
      name,
      spans: group.length,
      errors: group.filter((span) => span.failed).length,
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99: quantile(sorted, 0.99),
    };
  });
  return {
    spans: spans.length,
    operations,
    criticalPath: criticalPath(spans),
    anomalies: Object.entries(groups).flatMap(([name, group]) => anomalies(name, group, thresholds)),
  };
}

module.exports = { RecentSpans, criticalPath, report };
