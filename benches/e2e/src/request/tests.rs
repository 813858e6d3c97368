use crate::sink::count_spans;

use super::*;

#[test]
fn a_span_has_ten_attributes_and_about_330_bytes() {
    let spans: Vec<Span> = (0..1000).map(a_span).collect();
    assert!(spans.iter().all(|span| span.attributes.len() == 10));
    let mean = spans.iter().map(Message::encoded_len).sum::<usize>() / spans.len();
    assert!((320..=340).contains(&mean), "{mean}");
}

#[test]
fn a_request_has_as_many_spans_as_its_shape_says() {
    for spans in [1, 10, 256, 257, 512] {
        let shape = Shape { protocol: Protocol::Http, spans, gzip: false };
        assert_eq!(count_spans(&body(shape, 0)).unwrap(), spans as u64);
    }
}

#[test]
fn zipkin_has_as_many_spans() {
    let shape = Shape { protocol: Protocol::Zipkin, spans: 512, gzip: false };
    let decoded = formats::zipkin::json::decode(&body(shape, 0), Default::default()).unwrap();
    assert_eq!((decoded.spans, decoded.refused.total), (512, 0));
}

#[test]
fn no_two_requests_of_a_pool_are_the_same() {
    let mut pool = pool(Shape { protocol: Protocol::Grpc, spans: 512, gzip: true });
    pool.sort();
    pool.dedup();
    assert_eq!(pool.len(), 64);
}
