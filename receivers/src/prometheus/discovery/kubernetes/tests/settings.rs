//! What is refused, and where.

use component::Problem;

use super::settings;

fn check(yaml: &str, expected: &[&str]) {
    let problems = settings(yaml).check();
    let line = |problem: &Problem| match problem {
        Problem::Error { path, message } => format!("{}: {message}", path.join("::")),
        Problem::Warning { path, message } => format!("warning {}: {message}", path.join("::")),
    };
    let found: Vec<String> = problems.iter().map(line).collect();
    let told = expected.iter().zip(&found).all(|(expected, found)| found.starts_with(expected));
    assert!(told && expected.len() == found.len(), "{yaml}\nexpected {expected:#?}\nfound {found:#?}");
}

#[test]
fn what_prometheus_takes_is_taken() {
    for yaml in [
        "role: pod",
        "{ role: node, selectors: [{ role: node, label: 'a in (b, c),!d', field: 'metadata.name=x' }] }",
        "{ role: endpoints, api_server: 'https://10.0.0.1:6443', tls_config: { ca_file: /x }, bearer_token: t, \
           namespaces: { names: [a, b] } }",
        "{ role: endpointslice, kubeconfig_file: /nowhere, attach_metadata: { node: true, cronjob: true } }",
        "{ role: ingress, namespaces: { own_namespace: true } }",
        "{ role: pod, selectors: [{ role: pod, label: a }, { role: node, label: b }] }",
        "{ role: service, follow_redirects: true, enable_http2: true }",
    ] {
        let problems = settings(yaml).check();
        assert!(
            !problems.iter().any(|problem| matches!(problem, Problem::Error { .. })),
            "{yaml}: {problems:?}"
        );
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    check("{}", &["role: must be set, to `node`, `pod`"]);
    check("{ role: pod, api_server: '10.0.0.1:6443' }", &["api_server: `10.0.0.1:6443`"]);
    check(
        "{ role: pod, api_server: 'http://a', kubeconfig_file: b }",
        &["kubeconfig_file: `kubeconfig_file` and `api_server` must not both be set"],
    );
    for server in ["api_server: 'http://a'", "kubeconfig_file: b"] {
        check(
            &format!("{{ role: pod, {server}, namespaces: {{ own_namespace: true }} }}"),
            &["namespaces::own_namespace: is that of the pod we run in"],
        );
    }
    for server in ["role: pod", "role: pod, kubeconfig_file: b"] {
        check(
            &format!("{{ {server}, tls_config: {{ ca_file: x }} }}"),
            &[": settings of the HTTP client need `api_server`"],
        );
    }
    check(
        "{ role: node, selectors: [{ role: pod, label: a }] }",
        &["selectors::0::role: role `node` has selectors of `node` only"],
    );
    check(
        "{ role: endpoints, selectors: [{ role: pod }, { role: node }, { role: pod, field: a, label: 'b in (c' }] }",
        &[
            "selectors::1::role: role `endpoints` has selectors of `pod`, `service`, `endpoints` only",
            "selectors::2::role: there is another selector of role `pod`",
            "selectors::2::field: `a` is no condition",
            "selectors::2::label: a parenthesis is missing",
        ],
    );
}

#[test]
fn unknown_keys_and_roles_are_refused() {
    for yaml in [
        "rolle: pod",
        "role: pods",
        "{ role: pod, namespaces: { name: a } }",
        "{ role: pod, attach_metadata: { pod: true } }",
        "{ role: pod, selectors: [{ label: a }] }",
    ] {
        let mut diagnostics = config::Diagnostics::new();
        let node = config::parse_value("test", yaml, &mut diagnostics).expect("it is YAML");
        let read: Option<super::KubernetesSdConfig> =
            config::read(&node, &config::Path::root(), &mut diagnostics);
        assert!(read.is_none(), "{yaml}");
    }
}
