//! Strategies out of files, as JSON.

use prost::Message;

use crate::jaegerremotesampling::message::Strategy;
use crate::jaegerremotesampling::strategies::Strategies;

#[test]
fn nothing_said_is_one_in_a_thousand() {
    let default = r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.001}}"#;
    for file in ["null", "{}", r#"{"service_strategies": [], "unknown": 7}"#] {
        assert_eq!(said(file, "any"), default, "{file}");
    }
    assert_eq!(Strategies::default().of_service("any")[..], *b"\x12\x09\x09\xfc\xa9\xf1\xd2\x4d\x62\x50\x3f");
}

#[test]
fn a_service_has_its_own_strategy_and_others_the_default() {
    let file = r#"{
        "default_strategy": {"type": "probabilistic", "param": 1},
        "service_strategies": [
            {"service": "limited", "type": "ratelimiting", "param": 5.9},
            {"service": "odd", "type": "adaptive", "param": 7}
        ]}"#;
    assert_eq!(
        said(file, "limited"),
        r#"{"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":5}}"#
    );
    assert_eq!(
        Strategies::parse(file.as_bytes()).unwrap().of_service("limited")[..],
        *b"\x08\x01\x1a\x02\x08\x05"
    );
    let rate = |rate: &str| {
        format!(r#"{{"strategyType":"PROBABILISTIC","probabilisticSampling":{{"samplingRate":{rate}}}}}"#)
    };
    assert_eq!(said(file, "odd"), rate("0.001"));
    assert_eq!(said(file, "other"), rate("1"));
}

#[test]
fn operations_have_rates_of_their_own() {
    let file = r#"{"service_strategies": [
        {"service": "s", "type": "probabilistic", "param": 0.8, "operation_strategies": [
            {"operation": "op1", "type": "probabilistic", "param": 0},
            {"operation": "op2", "type": "ratelimiting", "param": 7}]}]}"#;
    let expected = concat!(
        r#"{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.8},"operationSampling":{"#,
        r#""defaultSamplingProbability":0.8,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":["#,
        r#"{"operation":"op1","probabilisticSampling":{"samplingRate":0}}],"#,
        r#""defaultUpperBoundTracesPerSecond":0}}"#,
    );
    assert_eq!(said(file, "s"), expected);
}

#[test]
fn operations_of_the_default_count_for_services_that_do_not_name_them() {
    let file = r#"{
        "default_strategy": {"type": "probabilistic", "param": 0.5, "operation_strategies": [
            {"operation": "/health", "type": "probabilistic", "param": 0},
            {"operation": "/metrics", "type": "probabilistic", "param": 0.1}]},
        "service_strategies": [
            {"service": "bare", "type": "probabilistic", "param": 0.8},
            {"service": "limited", "type": "ratelimiting", "param": 3},
            {"service": "own", "type": "probabilistic", "param": 0.2, "operation_strategies": [
                {"operation": "/metrics", "type": "probabilistic", "param": 1}]}]}"#;
    assert_eq!(
        operations(file, "bare"),
        (0.8, vec![("/health".to_owned(), 0.0), ("/metrics".to_owned(), 0.1)])
    );
    assert_eq!(operations(file, "limited").0, 0.5);
    assert_eq!(
        operations(file, "own"),
        (0.2, vec![("/metrics".to_owned(), 1.0), ("/health".to_owned(), 0.0)])
    );
    assert_eq!(operations(file, "other").0, 0.5);
}

#[test]
fn what_is_not_such_a_file_is_an_error() {
    for file in ["", "7", "{", r#"{"service_strategies": 7}"#, r#"{"default_strategy": {"param": "x"}}"#] {
        assert!(Strategies::parse(file.as_bytes()).is_err(), "{file}");
    }
}

fn strategy(file: &str, service: &str) -> Strategy {
    Strategy::decode(Strategies::parse(file.as_bytes()).unwrap().of_service(service)).unwrap()
}

fn said(file: &str, service: &str) -> String {
    strategy(file, service).to_json().to_string()
}

/// The default rate and those of operations.
fn operations(file: &str, service: &str) -> (f64, Vec<(String, f64)>) {
    let operations = strategy(file, service).operations.unwrap();
    let rate = |one: &crate::jaegerremotesampling::message::Operation| {
        (one.operation.clone(), one.probabilistic.unwrap().sampling_rate)
    };
    (operations.default_probability, operations.operations.iter().map(rate).collect())
}
