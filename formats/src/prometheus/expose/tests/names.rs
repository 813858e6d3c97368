//! Labels as text, and what a client is given.

use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::prometheus::expose::labels::{pairs, render};

#[test]
fn labels_are_sorted_escaped_and_never_empty() {
    let labels = [("z", "1"), ("a.b", "\"\\\n"), ("b", ""), ("a", "ü")];
    let labels = labels.map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)));
    let text = render(labels.to_vec()).unwrap();
    assert_eq!(&*text, "a=\"ü\",\"a.b\"=\"\\\"\\\\\\n\",z=\"1\"");
    let twice = vec![("a".into(), "1".into()), ("b".into(), "2".into()), ("a".into(), "3".into())];
    assert_eq!(render(twice), Err("a".to_owned()));
}

proptest! {
    #[test]
    fn labels_are_read_back_from_their_text(labels in proptest::collection::btree_map(".{1,6}", ".{1,12}", 0..6)) {
        let text = render(labels.iter().map(|(name, value)| (name.into(), value.into())).collect()).unwrap();
        let read: Vec<_> = pairs(&text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        prop_assert_eq!(read, labels.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn no_text_is_read_for_ever(text in "[a=\",\\\\\n]{0,24}") {
        prop_assert!(pairs(&text).count() <= text.len());
    }
}

#[test]
fn a_client_gets_what_it_likes_best_of_what_there_is() {
    let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                        text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                        application/openmetrics-text;version=0.0.1;q=0.5,\
                        text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    let native = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,\
                  application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let (legacy, utf8) = (Escaping::Underscores, Escaping::AllowUtf8);
    let table = [
        ("", true, Format::Text, legacy),
        ("*/*", true, Format::Text, legacy),
        ("text/html", false, Format::Text, legacy),
        (prometheus_2, true, Format::OpenMetrics1, legacy),
        (prometheus_2, false, Format::Text, legacy),
        (prometheus_3, true, Format::OpenMetrics1, utf8),
        (prometheus_3, false, Format::Text1, utf8),
        (native, true, Format::Protobuf, legacy),
        ("application/openmetrics-text", true, Format::OpenMetrics0, legacy),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.2", true, Format::Text, legacy),
        ("application/vnd.google.protobuf;proto=other;encoding=delimited", true, Format::Text, legacy),
        ("text/plain;version=1.0.0;escaping=dots;q=0.9, text/plain", false, Format::Text, legacy),
        ("text/plain;version=1.0.0;escaping=values", false, Format::Text1, Escaping::Values),
        ("text/plain;version=1.0.0;escaping=unheard-of", false, Format::Text1, legacy),
        ("text/plain;version=1.0.0;q=0,text/plain;q=0.1", false, Format::Text, legacy),
        (";;q==,,;", true, Format::Text, legacy),
    ];
    for (accept, open_metrics, format, escaping) in table {
        assert_eq!(negotiate(accept, open_metrics), Negotiated { format, escaping }, "{accept}");
    }
}

#[test]
fn the_content_type_names_format_version_and_escaping() {
    let negotiated = negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8", true);
    let expected = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
    assert_eq!(negotiated.content_type(), expected);
    let expected = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
    assert_eq!(Negotiated::default().content_type(), expected);
}
