//! Jaeger: protobuf and Thrift, to and from OTLP.
