//! Every target over its corpus: seeds, and what broke a promise once.

use super::*;

#[test]
fn every_input_of_the_corpus_is_taken_by_its_target() {
    for (name, target) in TARGETS {
        let inputs = read_folder(&corpus(name)).unwrap();
        assert!(!inputs.is_empty(), "`{name}` has no corpus");
        for (path, input) in inputs {
            println!("{}", path.display());
            target(&input);
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let files = TARGETS.iter().flat_map(|(name, _)| read_folder(&corpus(name)).unwrap());
    let bytes: usize = files.map(|(_, input)| input.len()).sum();
    assert!(bytes < 1 << 20, "{bytes} bytes");
}

#[test]
fn a_folder_of_the_corpus_has_its_target() {
    for entry in std::fs::read_dir(corpus("")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{name:?}");
    }
}

#[test]
fn what_is_changed_is_the_same_for_the_same_seed() {
    let corpus = [b"t0123456789".to_vec(), b"l".to_vec(), Vec::new()];
    let change = |seed| {
        let mut mutator = mutate::Mutator::new(seed);
        (0..1000).map(|_| mutator.change(&corpus)).collect::<Vec<_>>()
    };
    assert_eq!(change(7), change(7));
    assert_ne!(change(7), change(8));
    assert!(change(7).iter().all(|input| input.len() <= mutate::MAX_BYTES));
}

#[test]
fn the_seeds_are_those_that_the_generator_writes() {
    for seed in seeds::all() {
        let path = corpus(seed.target).join(&seed.name);
        assert!(std::fs::read(&path).is_ok_and(|bytes| bytes == seed.bytes), "{}", path.display());
    }
}

#[test]
fn the_configuration_with_everything_is_read_to_its_end() {
    let settings = configuration::settings(include_str!("seeds/settings.yaml"));
    assert!(settings.is_ok(), "{}", settings.unwrap_err());
}

#[test]
fn seeds_of_zipkin_have_spans() {
    use formats::zipkin::{DecodeOptions, json, json_v1, proto, thrift};
    for seed in seeds::all().into_iter().filter(|seed| seed.target.starts_with("zipkin")) {
        let (bytes, options) = (&seed.bytes, DecodeOptions::default());
        let decoded = match (seed.target, bytes[0]) {
            ("zipkin_json", _) => json::decode(&bytes[1..], options),
            ("zipkin_proto", _) => proto::decode(&bytes[1..], options),
            (_, b'j') => json_v1::decode(&bytes[2..], options),
            (_, b'b') => thrift::decode_list(&bytes[2..], thrift::Protocol::Binary, options),
            (_, _) => thrift::decode_list(&bytes[2..], thrift::Protocol::Compact, options),
        };
        assert!(decoded.as_ref().is_ok_and(|decoded| decoded.spans > 0), "{}: {decoded:?}", seed.name);
    }
}

#[test]
fn seeds_of_prometheus_have_samples() {
    use formats::prometheus::translate::{Format, Scrape, Settings, Target, Translator};
    for seed in seeds::all().into_iter().filter(|seed| seed.target.starts_with("prometheus")) {
        let format = match seed.target {
            "prometheus_text" => Format::Text,
            "prometheus_openmetrics" => Format::OpenMetrics,
            _ => Format::Protobuf,
        };
        let target = Target { labels: [("job", "j")].into_iter().collect(), ..Target::default() };
        let settings = Settings { native_histograms: true, ..Settings::default() };
        let mut translator = Translator::new(settings.into(), target);
        let outcome = translator.page(&seed.bytes[1..], format, Scrape::default(), Default::default);
        assert!(outcome.error.is_none() && outcome.scraped > 5, "{}: {outcome:?}", seed.name);
        assert_eq!(outcome.bad_lines, usize::from(format == Format::Text), "{:?}", outcome.described);
    }
}

#[test]
fn seeds_of_requests_are_requests() {
    for seed in seeds::all().into_iter().filter(|seed| seed.target == "scan") {
        let input = input::Input::<0>::read(&seed.bytes).unwrap();
        let verdict = otlp::wire::scan::scan(input.signal, input.body);
        assert!(verdict.is_ok(), "{}: {verdict:?}", seed.name);
    }
}
