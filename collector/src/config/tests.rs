//! From sources to a plan.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_configuration_has_no_findings() {
    let Loaded { diagnostics, .. } = load(&Sources::default()).await;
    assert!(diagnostics.is_empty(), "{diagnostics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn later_sources_go_over_earlier_ones_and_settings_over_all() {
    let sources = Sources {
        config: vec![
            "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { debug: { sampling_initial: 1 } } }".to_owned(),
            "yaml:{ exporters: { debug: { sampling_initial: 2 } }, service: { pipelines: { traces: { receivers: [otlp], exporters: [debug] } } } }".to_owned(),
        ],
        set: vec!["exporters.debug.sampling_thereafter=9".to_owned()],
        feature_gates: Vec::new(),
    };
    let Loaded { plan, diagnostics, .. } = load(&sources).await;
    assert!(diagnostics.is_empty(), "{diagnostics}");
    let printed = ::config::to_yaml(&plan.effective(::config::Secrets::Redact));
    assert!(
        printed.contains("sampling_initial: 2") && printed.contains("sampling_thereafter: 9"),
        "{printed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_an_error_beside_the_others() {
    let sources = Sources {
        config: vec![
            "/nowhere/at/all.yaml".to_owned(),
            "gopher://x".to_owned(),
            "env:FERROTEL_TEST_UNSET".to_owned(),
        ],
        set: vec!["nonsense".to_owned()],
        feature_gates: vec!["a,-b".to_owned()],
    };
    let Loaded { diagnostics, .. } = load(&sources).await;
    let text = diagnostics.to_string();
    for part in [
        "/nowhere/at/all.yaml",
        "unsupported scheme `gopher`",
        "FERROTEL_TEST_UNSET",
        "missing equal sign",
        "gate `b`",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}
