//! Labels, and who sends.

use opentelemetry_proto::tonic::common::v1::ArrayValue;

use super::*;

const CART: [(&str, &str); 4] = [
    ("service.namespace", "shop"),
    ("service.name", "cart"),
    ("service.instance.id", "i1"),
    ("host.name", "h"),
];

fn one() -> Vec<Metric> {
    vec![gauge("g", vec![point(&[], 1, 1.0)])]
}

#[tokio::test(start_paused = true)]
async fn a_resource_becomes_job_and_instance_and_the_rest_target_info() {
    let exporter = exporter("const_labels: { environment: production }");
    exporter.send_from(&CART, one()).await;
    let expected = "\
# HELP g help
# TYPE g gauge
g{environment=\"production\",instance=\"i1\",job=\"shop/cart\"} 1
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{host_name=\"h\",instance=\"i1\",job=\"shop/cart\"} 1
";
    assert_eq!(exporter.page(), expected);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_target_info_for_a_job_and_instance_and_it_is_the_last() {
    let exporter = exporter("namespace: my");
    exporter.send_from(&CART, one()).await;
    let moved = [CART[0], CART[1], CART[2], ("host.name", "other"), ("host-name", "joined"), ("job", "lost")];
    exporter.send_from(&moved, one()).await;
    let info: Vec<_> = exporter.samples().into_iter().filter(|line| line.contains("info")).collect();
    assert_eq!(info, [r#"my_target_info{host_name="joined;other",instance="i1",job="shop/cart"} 1"#]);
    exporter.send_from(&[("service.name", "without instance")], one()).await;
    assert_eq!(exporter.samples().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn attributes_of_the_resource_become_labels_when_the_file_says_so() {
    let table = [
        ("", r#"g{instance="i1",job="shop/cart"} 1"#),
        (
            "resource_to_telemetry_conversion: { enabled: true }",
            r#"g{host_name="h",instance="i1",job="shop/cart",service_instance_id="i1",service_name="cart",service_namespace="shop"} 1"#,
        ),
        (
            "resource_to_telemetry_conversion: { enabled: true, exclude_service_attributes: true }",
            r#"g{host_name="h",instance="i1",job="shop/cart"} 1"#,
        ),
        (
            "resource_constant_labels: { included: ['service.*', host.name], excluded: ['*.instance.*'] }",
            r#"g{host_name="h",instance="i1",job="shop/cart",service_name="cart",service_namespace="shop"} 1"#,
        ),
    ];
    for (settings, expected) in table {
        let exporter = exporter(settings);
        exporter.send_from(&CART, one()).await;
        assert_eq!(exporter.samples()[0], expected, "{settings}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attribute_of_the_resource_wins_over_one_of_the_point() {
    let exporter = exporter("resource_constant_labels: { included: ['host.*'] }");
    exporter
        .send_from(
            &[("host.name", "of resource")],
            vec![gauge("g", vec![point(&[("host.name", "of point")], 1, 1.0)])],
        )
        .await;
    assert_eq!(exporter.samples(), [r#"g{host_name="of resource"} 1"#]);
}

#[tokio::test(start_paused = true)]
async fn scopes_are_told_apart_unless_the_file_says_otherwise() {
    let scope = |version: &str| InstrumentationScope {
        name: "lib".to_owned(),
        version: version.to_owned(),
        attributes: attributes(&[("short.name", "l")]),
        ..InstrumentationScope::default()
    };
    let with = exporter("");
    let without = exporter("without_scope_info: true");
    for version in ["1", "2"] {
        with.send_scoped(&[], scope(version), one()).await;
        without.send_scoped(&[], scope(version), one()).await;
    }
    let expected = ["1", "2"].map(|version| {
        format!(r#"g{{otel_scope_name="lib",otel_scope_short_name="l",otel_scope_version="{version}"}} 1"#)
    });
    assert_eq!(with.samples(), expected);
    // A new version of a library goes on with the same series.
    assert_eq!(without.samples(), ["g 1"]);
    assert_eq!(without.dropped(), []);
}

#[tokio::test(start_paused = true)]
async fn values_of_all_kinds_are_text_and_empty_ones_are_none() {
    let exporter = exporter("");
    let any = |kind: AnyKind| AnyValue { value: Some(kind) };
    let list = ArrayValue { values: vec![any(AnyKind::IntValue(1)), any(AnyKind::BoolValue(true))] };
    let kinds = [
        ("a", AnyKind::IntValue(-7)),
        ("b", AnyKind::BoolValue(true)),
        ("c", AnyKind::DoubleValue(0.5)),
        ("d", AnyKind::ArrayValue(list)),
        ("e", AnyKind::StringValue(String::new())),
        ("f", AnyKind::StringValue("\"\\\n".to_owned())),
    ];
    let pair = |(key, kind): (&str, AnyKind)| KeyValue {
        key: key.to_owned(),
        value: Some(any(kind)),
        ..KeyValue::default()
    };
    let mut odd = point(&[], 1, f64::NAN);
    odd.attributes = kinds.map(pair).to_vec();
    exporter.send(vec![gauge("g", vec![odd])]).await;
    assert_eq!(exporter.samples(), [r#"g{a="-7",b="true",c="0.5",d="[1,true]",f="\"\\\n"} NaN"#]);
}
