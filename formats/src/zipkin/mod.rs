//! Zipkin: JSON, protobuf and Thrift, to and from OTLP.
