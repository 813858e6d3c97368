//! Names as dashboards know them.

use proptest::prelude::*;

use super::{Escaping, Kind, Names, Strategy, escape, is_legacy_label, is_legacy_metric, ucum};

fn names(namespace: &str, strategy: Strategy) -> Names {
    Names { namespace: namespace.to_owned(), strategy }
}

/// What the default strategy makes of names.
#[test]
fn metrics_are_named_as_prometheus_names_them() {
    use Kind::{Counter, Gauge, Other};
    let table = [
        ("myapp", "http.server.duration", "ms", Other, "myapp_http_server_duration_milliseconds"),
        ("", "system.io", "By/s", Counter, "system_io_bytes_per_second_total"),
        ("", "cpu.utilization", "1", Gauge, "cpu_utilization_ratio"),
        ("", "a.b", "{thing}", Gauge, "a_b"),
        ("", "requests_total", "", Counter, "requests_total"),
        ("", "total.requests", "1", Counter, "requests_total"),
        ("", "ratio.of.things", "1", Gauge, "of_things_ratio"),
        ("", "http_request_duration_seconds", "seconds", Other, "http_request_duration_seconds"),
        ("", "duration_seconds", "s", Other, "duration_seconds"),
        ("", "seconds.spent", "s", Other, "seconds_spent"),
        ("", "disk.usage", "%", Gauge, "disk_usage_percent"),
        ("", "speed", "km/h", Gauge, "speed_km_per_hour"),
        ("", "errors", "{error}/s", Gauge, "errors_per_second"),
        ("", "a__b..c", "", Gauge, "a_b_c"),
        ("", "2xx.count", "", Gauge, "_2xx_count"),
        ("ns", "2xx.count", "", Gauge, "ns_2xx_count"),
        ("my-app", "x", "", Gauge, "my_app_x"),
        ("1st", "x", "", Gauge, "_1st_x"),
        ("", "température", "Cel", Gauge, "temp_rature_celsius"),
        ("", "job:rate:sum", "", Gauge, "job:rate:sum"),
        ("", "x", " By ", Gauge, "x_bytes"),
        ("", "x", "a.b", Gauge, "x_a_b"),
    ];
    for (namespace, name, unit, kind, expected) in table {
        let made = names(namespace, Strategy::default()).metric(name, unit, kind);
        assert_eq!(made.as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn without_suffixes_only_foreign_letters_change() {
    let names = |namespace| names(namespace, Strategy::UnderscoreEscapingWithoutSuffixes);
    let table = [
        ("", "http.server.duration", "http_server_duration"),
        ("", "a__b", "a__b"),
        ("", "a..b", "a_b"),
        ("", "2xx", "_2xx"),
        ("my.ns", "x", "my_ns_x"),
        ("1st", "x", "_1st_x"),
    ];
    for (namespace, name, expected) in table {
        assert_eq!(names(namespace).metric(name, "s", Kind::Counter).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn utf8_names_stay_and_suffixes_stand_at_the_end() {
    let names = |namespace| names(namespace, Strategy::NoUtf8EscapingWithSuffixes);
    let table = [
        ("", "http.server.duration", "ms", Kind::Other, "http.server.duration_milliseconds"),
        ("ns", "system.io", "By/s", Kind::Counter, "ns_system.io_bytes_per_second_total"),
        ("", "requests_total", "s", Kind::Counter, "requests_seconds_total"),
        ("", "wait.seconds", "s", Kind::Other, "wait.seconds"),
        ("", "cpu_ratio", "1", Kind::Gauge, "cpu_ratio"),
        ("", "total", "", Kind::Counter, "total_total"),
    ];
    for (namespace, name, unit, kind, expected) in table {
        assert_eq!(names(namespace).metric(name, unit, kind).as_deref(), Ok(expected), "{name}");
    }
}

#[test]
fn without_translation_nothing_changes_but_the_namespace() {
    let made = names("ns", Strategy::NoTranslation).metric("ä.b", "s", Kind::Counter);
    assert_eq!(made.as_deref(), Ok("ns_ä.b"));
}

#[test]
fn a_name_without_letters_is_refused() {
    for name in ["", "...", "äöü"] {
        assert!(Names::default().metric(name, "", Kind::Gauge).is_err(), "{name}");
    }
    assert!(names("", Strategy::NoTranslation).metric("", "", Kind::Gauge).is_err());
}

#[test]
fn labels_are_named_as_prometheus_names_them() {
    let table = [
        ("http.method", "http_method"),
        ("already_fine", "already_fine"),
        ("a..b", "a_b"),
        ("a__b", "a_b"),
        ("2xx", "key_2xx"),
        ("_hidden", "_hidden"),
        ("__reserved.name__", "__reserved_name__"),
        ("größe", "gr_e"),
        ("a:b", "a_b"),
    ];
    for (name, expected) in table {
        assert_eq!(Names::default().label(name).as_deref(), Ok(expected), "{name}");
    }
    for name in ["", ".", "äö"] {
        assert!(Names::default().label(name).is_err(), "{name}");
    }
    assert_eq!(names("", Strategy::NoTranslation).label("http.method").as_deref(), Ok("http.method"));
}

#[test]
fn names_are_escaped_by_every_scheme() {
    let table = [
        (Escaping::AllowUtf8, "http.status:sum_x", "http.status:sum_x"),
        (Escaping::Underscores, "http.status:sum_x", "http_status:sum_x"),
        (Escaping::Dots, "http.status:sum_x", "http_dot_status:sum__x"),
        (Escaping::Values, "http.status:sum_x", "U__http_2e_status:sum__x"),
        (Escaping::Values, "legal_name", "legal_name"),
        (Escaping::Dots, "legal_name", "legal__name"),
        (Escaping::Underscores, "2é", "__"),
        (Escaping::Values, "花火", "U___82b1__706b_"),
    ];
    for (escaping, name, expected) in table {
        assert_eq!(escape(escaping, name), expected, "{escaping:?} {name}");
    }
}

#[test]
fn units_in_words_have_a_ucum_form() {
    let table = [
        ("seconds", "s"),
        ("bytes", "By"),
        ("bytes_per_second", "By/s"),
        ("ratio", "1"),
        ("percent", "%"),
        ("widgets", "widgets"),
        ("widgets_per_month", "widgets/mo"),
        ("", ""),
    ];
    for (words, expected) in table {
        assert_eq!(ucum(words), expected);
    }
}

proptest! {
    #[test]
    fn what_is_made_is_legal(name in ".{0,20}", unit in "[a-zA-Z%/{} .]{0,8}", namespace in ".{0,4}") {
        for strategy in [Strategy::UnderscoreEscapingWithSuffixes, Strategy::UnderscoreEscapingWithoutSuffixes] {
            let names = names(&namespace, strategy);
            for kind in [Kind::Counter, Kind::Gauge, Kind::Other] {
                if let Ok(made) = names.metric(&name, &unit, kind) {
                    prop_assert!(is_legacy_metric(&made), "{made}");
                }
            }
            if let Ok(made) = names.label(&name) {
                prop_assert!(is_legacy_label(&made), "{made}");
            }
        }
    }

    /// The name of a metric that was named already is kept: a second translation changes nothing.
    #[test]
    fn naming_twice_changes_nothing(name in "[a-z.]{1,12}", counter in any::<bool>()) {
        let kind = if counter { Kind::Counter } else { Kind::Other };
        let names = Names::default();
        if let Ok(once) = names.metric(&name, "s", kind) {
            prop_assert_eq!(names.metric(&once, "s", kind), Ok(once));
        }
    }
}
