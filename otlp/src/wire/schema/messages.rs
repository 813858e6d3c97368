//! The tables themselves: one per message, one per enumeration.

use super::{Field, Kind, Label, Message, Shape, message};

/// One export request of traces.
pub static EXPORT_TRACE_SERVICE_REQUEST: Message = message(
    "ExportTraceServiceRequest",
    &[field(1, ["resource_spans", "resourceSpans"], Kind::Message(&RESOURCE_SPANS), Label::Repeated)],
);

/// What one resource sent.
pub static RESOURCE_SPANS: Message = message(
    "ResourceSpans",
    &[
        word(1, "resource", Kind::Message(&RESOURCE), Label::Always),
        field(2, ["scope_spans", "scopeSpans"], Kind::Message(&SCOPE_SPANS), Label::Repeated),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// What one instrumentation scope sent.
pub static SCOPE_SPANS: Message = message(
    "ScopeSpans",
    &[
        word(1, "scope", Kind::Message(&INSTRUMENTATION_SCOPE), Label::Always),
        word(2, "spans", Kind::Message(&SPAN), Label::Items),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// One export request of metrics.
pub static EXPORT_METRICS_SERVICE_REQUEST: Message = message(
    "ExportMetricsServiceRequest",
    &[field(1, ["resource_metrics", "resourceMetrics"], Kind::Message(&RESOURCE_METRICS), Label::Repeated)],
);

/// What one resource sent.
pub static RESOURCE_METRICS: Message = message(
    "ResourceMetrics",
    &[
        word(1, "resource", Kind::Message(&RESOURCE), Label::Always),
        field(2, ["scope_metrics", "scopeMetrics"], Kind::Message(&SCOPE_METRICS), Label::Repeated),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// What one instrumentation scope sent.
pub static SCOPE_METRICS: Message = message(
    "ScopeMetrics",
    &[
        word(1, "scope", Kind::Message(&INSTRUMENTATION_SCOPE), Label::Always),
        word(2, "metrics", Kind::Message(&METRIC), Label::Repeated),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// One export request of logs.
pub static EXPORT_LOGS_SERVICE_REQUEST: Message = message(
    "ExportLogsServiceRequest",
    &[field(1, ["resource_logs", "resourceLogs"], Kind::Message(&RESOURCE_LOGS), Label::Repeated)],
);

/// What one resource sent.
pub static RESOURCE_LOGS: Message = message(
    "ResourceLogs",
    &[
        word(1, "resource", Kind::Message(&RESOURCE), Label::Always),
        field(2, ["scope_logs", "scopeLogs"], Kind::Message(&SCOPE_LOGS), Label::Repeated),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// What one instrumentation scope sent.
pub static SCOPE_LOGS: Message = message(
    "ScopeLogs",
    &[
        word(1, "scope", Kind::Message(&INSTRUMENTATION_SCOPE), Label::Always),
        field(2, ["log_records", "logRecords"], Kind::Message(&LOG_RECORD), Label::Items),
        field(3, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
    ],
);

/// Who sent it.
pub static RESOURCE: Message = message(
    "Resource",
    &[
        key_values(1, ["attributes", "attributes"]),
        field(2, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
        field(3, ["entity_refs", "entityRefs"], Kind::Message(&ENTITY_REF), Label::Repeated),
    ],
);

/// Which attributes of a resource identify an entity.
pub static ENTITY_REF: Message = message(
    "EntityRef",
    &[
        field(1, ["schema_url", "schemaUrl"], Kind::Text, Label::Plain),
        word(2, "type", Kind::Text, Label::Plain),
        field(3, ["id_keys", "idKeys"], Kind::Text, Label::Repeated),
        field(4, ["description_keys", "descriptionKeys"], Kind::Text, Label::Repeated),
    ],
);

/// The library that made the telemetry.
pub static INSTRUMENTATION_SCOPE: Message = message(
    "InstrumentationScope",
    &[
        word(1, "name", Kind::Text, Label::Plain),
        word(2, "version", Kind::Text, Label::Plain),
        key_values(3, ["attributes", "attributes"]),
        field(4, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
    ],
);

/// An attribute.
pub static KEY_VALUE: Message = message(
    "KeyValue",
    &[
        word(1, "key", Kind::Text, Label::Plain),
        any_value(2, "value", Label::Always),
        field(3, ["key_strindex", "keyStrindex"], Kind::Int32, Label::Plain),
    ],
);

/// The value of an attribute, or the body of a log record.
pub static ANY_VALUE: Message = message(
    "AnyValue",
    &[
        field(1, ["string_value", "stringValue"], Kind::Text, Label::OneOf),
        field(2, ["bool_value", "boolValue"], Kind::Bool, Label::OneOf),
        field(3, ["int_value", "intValue"], Kind::Int64, Label::OneOf),
        field(4, ["double_value", "doubleValue"], Kind::Double, Label::OneOf),
        field(5, ["array_value", "arrayValue"], Kind::Message(&ARRAY_VALUE), Label::OneOf),
        field(6, ["kvlist_value", "kvlistValue"], Kind::Message(&KEY_VALUE_LIST), Label::OneOf),
        field(7, ["bytes_value", "bytesValue"], Kind::Bytes, Label::OneOf),
        field(8, ["string_value_strindex", "stringValueStrindex"], Kind::Int32, Label::OneOf),
    ],
);

/// A list of values.
pub static ARRAY_VALUE: Message = message("ArrayValue", &[any_value(1, "values", Label::Repeated)]);

/// A map of values.
pub static KEY_VALUE_LIST: Message = message("KeyValueList", &[key_values(1, ["values", "values"])]);

/// A span.
pub static SPAN: Message = message(
    "Span",
    &[
        field(1, ["trace_id", "traceId"], Kind::TraceId, Label::Plain),
        field(2, ["span_id", "spanId"], Kind::SpanId, Label::Plain),
        field(3, ["trace_state", "traceState"], Kind::Text, Label::Plain),
        field(4, ["parent_span_id", "parentSpanId"], Kind::SpanId, Label::Plain),
        word(5, "name", Kind::Text, Label::Plain),
        word(6, "kind", Kind::Enum(&SPAN_KIND), Label::Plain),
        field(7, ["start_time_unix_nano", "startTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(8, ["end_time_unix_nano", "endTimeUnixNano"], Kind::Fixed64, Label::Plain),
        key_values(9, ["attributes", "attributes"]),
        field(10, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
        word(11, "events", Kind::Message(&EVENT), Label::Repeated),
        field(12, ["dropped_events_count", "droppedEventsCount"], Kind::Uint32, Label::Plain),
        word(13, "links", Kind::Message(&LINK), Label::Repeated),
        field(14, ["dropped_links_count", "droppedLinksCount"], Kind::Uint32, Label::Plain),
        word(15, "status", Kind::Message(&STATUS), Label::Always),
        word(16, "flags", Kind::Fixed32, Label::Plain),
    ],
);

/// Something that happened in a span.
pub static EVENT: Message = message(
    "Event",
    &[
        field(1, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        word(2, "name", Kind::Text, Label::Plain),
        key_values(3, ["attributes", "attributes"]),
        field(4, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
    ],
);

/// A reference to another span.
pub static LINK: Message = message(
    "Link",
    &[
        field(1, ["trace_id", "traceId"], Kind::TraceId, Label::Plain),
        field(2, ["span_id", "spanId"], Kind::SpanId, Label::Plain),
        field(3, ["trace_state", "traceState"], Kind::Text, Label::Plain),
        key_values(4, ["attributes", "attributes"]),
        field(5, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
        word(6, "flags", Kind::Fixed32, Label::Plain),
    ],
);

/// How a span ended.
pub static STATUS: Message = message(
    "Status",
    &[word(2, "message", Kind::Text, Label::Plain), word(3, "code", Kind::Enum(&STATUS_CODE), Label::Plain)],
);

/// A metric: a name and data points of one type.
pub static METRIC: Message = message(
    "Metric",
    &[
        word(1, "name", Kind::Text, Label::Plain),
        word(2, "description", Kind::Text, Label::Plain),
        word(3, "unit", Kind::Text, Label::Plain),
        word(5, "gauge", Kind::Message(&GAUGE), Label::OneOf),
        word(7, "sum", Kind::Message(&SUM), Label::OneOf),
        word(9, "histogram", Kind::Message(&HISTOGRAM), Label::OneOf),
        field(
            10,
            ["exponential_histogram", "exponentialHistogram"],
            Kind::Message(&EXPONENTIAL_HISTOGRAM),
            Label::OneOf,
        ),
        word(11, "summary", Kind::Message(&SUMMARY), Label::OneOf),
        key_values(12, ["metadata", "metadata"]),
    ],
);

/// Points that stand for themselves.
pub static GAUGE: Message = message(
    "Gauge",
    &[field(1, ["data_points", "dataPoints"], Kind::Message(&NUMBER_DATA_POINT), Label::Items)],
);

/// Points that add up.
pub static SUM: Message = message(
    "Sum",
    &[
        field(1, ["data_points", "dataPoints"], Kind::Message(&NUMBER_DATA_POINT), Label::Items),
        field(
            2,
            ["aggregation_temporality", "aggregationTemporality"],
            Kind::Enum(&TEMPORALITY),
            Label::Plain,
        ),
        field(3, ["is_monotonic", "isMonotonic"], Kind::Bool, Label::Plain),
    ],
);

/// Distributions with given borders.
pub static HISTOGRAM: Message = message(
    "Histogram",
    &[
        field(1, ["data_points", "dataPoints"], Kind::Message(&HISTOGRAM_DATA_POINT), Label::Items),
        field(
            2,
            ["aggregation_temporality", "aggregationTemporality"],
            Kind::Enum(&TEMPORALITY),
            Label::Plain,
        ),
    ],
);

/// Distributions with exponential borders.
pub static EXPONENTIAL_HISTOGRAM: Message = message(
    "ExponentialHistogram",
    &[
        field(
            1,
            ["data_points", "dataPoints"],
            Kind::Message(&EXPONENTIAL_HISTOGRAM_DATA_POINT),
            Label::Items,
        ),
        field(
            2,
            ["aggregation_temporality", "aggregationTemporality"],
            Kind::Enum(&TEMPORALITY),
            Label::Plain,
        ),
    ],
);

/// Distributions by quantiles.
pub static SUMMARY: Message = message(
    "Summary",
    &[field(1, ["data_points", "dataPoints"], Kind::Message(&SUMMARY_DATA_POINT), Label::Items)],
);

/// One number.
pub static NUMBER_DATA_POINT: Message = message(
    "NumberDataPoint",
    &[
        field(2, ["start_time_unix_nano", "startTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(3, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        field(4, ["as_double", "asDouble"], Kind::Double, Label::OneOf),
        word(5, "exemplars", Kind::Message(&EXEMPLAR), Label::Repeated),
        field(6, ["as_int", "asInt"], Kind::Sfixed64, Label::OneOf),
        key_values(7, ["attributes", "attributes"]),
        word(8, "flags", Kind::Uint32, Label::Plain),
    ],
);

/// One distribution with given borders.
pub static HISTOGRAM_DATA_POINT: Message = message(
    "HistogramDataPoint",
    &[
        field(2, ["start_time_unix_nano", "startTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(3, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        word(4, "count", Kind::Fixed64, Label::Plain),
        word(5, "sum", Kind::Double, Label::Optional),
        field(6, ["bucket_counts", "bucketCounts"], Kind::Fixed64, Label::Repeated),
        field(7, ["explicit_bounds", "explicitBounds"], Kind::Double, Label::Repeated),
        word(8, "exemplars", Kind::Message(&EXEMPLAR), Label::Repeated),
        key_values(9, ["attributes", "attributes"]),
        word(10, "flags", Kind::Uint32, Label::Plain),
        word(11, "min", Kind::Double, Label::Optional),
        word(12, "max", Kind::Double, Label::Optional),
    ],
);

/// One distribution with exponential borders.
pub static EXPONENTIAL_HISTOGRAM_DATA_POINT: Message = message(
    "ExponentialHistogramDataPoint",
    &[
        key_values(1, ["attributes", "attributes"]),
        field(2, ["start_time_unix_nano", "startTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(3, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        word(4, "count", Kind::Fixed64, Label::Plain),
        word(5, "sum", Kind::Double, Label::Optional),
        word(6, "scale", Kind::Sint32, Label::Plain),
        field(7, ["zero_count", "zeroCount"], Kind::Fixed64, Label::Plain),
        word(8, "positive", Kind::Message(&BUCKETS), Label::Plain),
        word(9, "negative", Kind::Message(&BUCKETS), Label::Plain),
        word(10, "flags", Kind::Uint32, Label::Plain),
        word(11, "exemplars", Kind::Message(&EXEMPLAR), Label::Repeated),
        word(12, "min", Kind::Double, Label::Optional),
        word(13, "max", Kind::Double, Label::Optional),
        field(14, ["zero_threshold", "zeroThreshold"], Kind::Double, Label::Plain),
    ],
);

/// Counts from an offset on.
pub static BUCKETS: Message = message(
    "Buckets",
    &[
        word(1, "offset", Kind::Sint32, Label::Plain),
        field(2, ["bucket_counts", "bucketCounts"], Kind::Uint64, Label::Repeated),
    ],
);

/// One distribution by quantiles.
pub static SUMMARY_DATA_POINT: Message = message(
    "SummaryDataPoint",
    &[
        field(2, ["start_time_unix_nano", "startTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(3, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        word(4, "count", Kind::Fixed64, Label::Plain),
        word(5, "sum", Kind::Double, Label::Plain),
        field(6, ["quantile_values", "quantileValues"], Kind::Message(&VALUE_AT_QUANTILE), Label::Repeated),
        key_values(7, ["attributes", "attributes"]),
        word(8, "flags", Kind::Uint32, Label::Plain),
    ],
);

/// One quantile.
pub static VALUE_AT_QUANTILE: Message = message(
    "ValueAtQuantile",
    &[word(1, "quantile", Kind::Double, Label::Plain), word(2, "value", Kind::Double, Label::Plain)],
);

/// A measurement with the span it was made in.
pub static EXEMPLAR: Message = message(
    "Exemplar",
    &[
        field(2, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        field(3, ["as_double", "asDouble"], Kind::Double, Label::OneOf),
        field(4, ["span_id", "spanId"], Kind::SpanId, Label::Plain),
        field(5, ["trace_id", "traceId"], Kind::TraceId, Label::Plain),
        field(6, ["as_int", "asInt"], Kind::Sfixed64, Label::OneOf),
        key_values(7, ["filtered_attributes", "filteredAttributes"]),
    ],
);

/// A log record.
pub static LOG_RECORD: Message = message(
    "LogRecord",
    &[
        field(1, ["time_unix_nano", "timeUnixNano"], Kind::Fixed64, Label::Plain),
        field(2, ["severity_number", "severityNumber"], Kind::Enum(&SEVERITY_NUMBER), Label::Plain),
        field(3, ["severity_text", "severityText"], Kind::Text, Label::Plain),
        any_value(5, "body", Label::Always),
        key_values(6, ["attributes", "attributes"]),
        field(7, ["dropped_attributes_count", "droppedAttributesCount"], Kind::Uint32, Label::Plain),
        word(8, "flags", Kind::Fixed32, Label::Plain),
        field(9, ["trace_id", "traceId"], Kind::TraceId, Label::Plain),
        field(10, ["span_id", "spanId"], Kind::SpanId, Label::Plain),
        field(11, ["observed_time_unix_nano", "observedTimeUnixNano"], Kind::Fixed64, Label::Plain),
        field(12, ["event_name", "eventName"], Kind::Text, Label::Plain),
    ],
);

/// `SpanKind`.
pub static SPAN_KIND: [(&str, i32); 6] = [
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
];

/// `StatusCode`.
pub static STATUS_CODE: [(&str, i32); 3] =
    [("STATUS_CODE_UNSET", 0), ("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", 2)];

/// `AggregationTemporality`.
pub static TEMPORALITY: [(&str, i32); 3] = [
    ("AGGREGATION_TEMPORALITY_UNSPECIFIED", 0),
    ("AGGREGATION_TEMPORALITY_DELTA", 1),
    ("AGGREGATION_TEMPORALITY_CUMULATIVE", 2),
];

/// `SeverityNumber`.
pub static SEVERITY_NUMBER: [(&str, i32); 25] = [
    ("SEVERITY_NUMBER_UNSPECIFIED", 0),
    ("SEVERITY_NUMBER_TRACE", 1),
    ("SEVERITY_NUMBER_TRACE2", 2),
    ("SEVERITY_NUMBER_TRACE3", 3),
    ("SEVERITY_NUMBER_TRACE4", 4),
    ("SEVERITY_NUMBER_DEBUG", 5),
    ("SEVERITY_NUMBER_DEBUG2", 6),
    ("SEVERITY_NUMBER_DEBUG3", 7),
    ("SEVERITY_NUMBER_DEBUG4", 8),
    ("SEVERITY_NUMBER_INFO", 9),
    ("SEVERITY_NUMBER_INFO2", 10),
    ("SEVERITY_NUMBER_INFO3", 11),
    ("SEVERITY_NUMBER_INFO4", 12),
    ("SEVERITY_NUMBER_WARN", 13),
    ("SEVERITY_NUMBER_WARN2", 14),
    ("SEVERITY_NUMBER_WARN3", 15),
    ("SEVERITY_NUMBER_WARN4", 16),
    ("SEVERITY_NUMBER_ERROR", 17),
    ("SEVERITY_NUMBER_ERROR2", 18),
    ("SEVERITY_NUMBER_ERROR3", 19),
    ("SEVERITY_NUMBER_ERROR4", 20),
    ("SEVERITY_NUMBER_FATAL", 21),
    ("SEVERITY_NUMBER_FATAL2", 22),
    ("SEVERITY_NUMBER_FATAL3", 23),
    ("SEVERITY_NUMBER_FATAL4", 24),
];

const fn field(number: u32, names: [&'static str; 2], kind: Kind, label: Label) -> Field {
    Field { number, name: names[0], json: names[1], kind, label, shape: Shape::Other }
}

/// A field whose name is the same in both spellings.
const fn word(number: u32, name: &'static str, kind: Kind, label: Label) -> Field {
    field(number, [name, name], kind, label)
}

const fn key_values(number: u32, names: [&'static str; 2]) -> Field {
    let kind = Kind::Message(&KEY_VALUE);
    Field { number, name: names[0], json: names[1], kind, label: Label::Repeated, shape: Shape::KeyValue }
}

const fn any_value(number: u32, name: &'static str, label: Label) -> Field {
    let kind = Kind::Message(&ANY_VALUE);
    Field { number, name, json: name, kind, label, shape: Shape::AnyValue }
}
