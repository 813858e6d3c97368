//! Resources and scopes.

use super::{AT, Rendered, Settings, check_points, labels, scrape, text};
use crate::prometheus::translate::{Format, Target, Translator};

fn resource(target: &[&str], discovered: &[&str], page: &str) -> String {
    let target = Target { labels: labels(target), discovered: labels(discovered) };
    let mut translator = Translator::new(Settings::default().into(), target);
    let outcome = scrape(&mut translator, page.as_bytes(), Format::Text, AT);
    Rendered::of(&outcome).resources().remove(0)
}

#[test]
fn a_resource_is_its_job_and_its_instance() {
    let found = resource(&["job=j", "instance=host:9100"], &["__scheme__=https"], "a 1\n");
    let expected = "{service.name=j,service.instance.id=host:9100,server.address=host,server.port=9100,\
        url.scheme=https}";
    assert_eq!(found, expected);
}

#[test]
fn an_instance_is_taken_apart_at_its_last_colon() {
    for (instance, address, port) in [
        ("10.0.0.1:80", Some("10.0.0.1"), "80"),
        ("[fd00::1]:80", Some("fd00::1"), "80"),
        ("fd00::1", Some("fd00::1"), ""),
        ("node-1", Some("node-1"), ""),
        ("localhost:80", None, "80"),
        ("127.0.0.1:80", None, "80"),
        ("0.0.0.0:80", None, "80"),
        ("[::1]:80", None, "80"),
        ("https://api.example.com/health", Some("https"), "//api.example.com/health"),
    ] {
        let found = resource(&["job=j", &format!("instance={instance}")], &[], "a 1\n");
        let address = address.map_or(String::new(), |address| format!("server.address={address},"));
        let expected =
            format!("{{service.name=j,service.instance.id={instance},{address}server.port={port}}}");
        assert_eq!(found, expected);
    }
}

#[test]
fn a_pod_is_told_by_what_discovery_knew() {
    let discovered = [
        "__meta_kubernetes_pod_name=p",
        "__meta_kubernetes_pod_uid=u",
        "__meta_kubernetes_pod_container_name=c",
        "__meta_kubernetes_namespace=n",
        "__meta_kubernetes_pod_node_name=node",
        "__meta_kubernetes_pod_controller_kind=ReplicaSet",
        "__meta_kubernetes_pod_controller_name=r",
        "__meta_kubernetes_pod_label_app=ignored",
    ];
    let found = resource(&["job=j", "instance=h:1"], &discovered, "a 1\n");
    let expected = "k8s.pod.name=p,k8s.pod.uid=u,k8s.container.name=c,k8s.namespace.name=n,k8s.node.name=node,\
        k8s.replicaset.name=r}";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn what_a_target_says_of_itself_describes_its_resource() {
    let page = "# TYPE target_info gauge\ntarget_info{a=\"b\",url_scheme=\"x\"} 1\nm 1\n";
    let found = resource(&["job=j", "instance=h:1"], &["__scheme__=http"], page);
    let expected = "{service.name=j,service.instance.id=h:1,server.address=h,server.port=1,url.scheme=http,\
        a=b,url_scheme=x}";
    assert_eq!(found, expected);
    let outcome = text(Settings::default(), page);
    check_points(&outcome, &["m{} 1"]);
    assert_eq!((outcome.scraped, outcome.after_relabel), (2, 2));
}

#[test]
fn what_a_target_does_not_say_any_more_is_forgotten() {
    let mut translator = super::translator(Settings::default());
    let mut resource = |page: &str| {
        let outcome = scrape(&mut translator, page.as_bytes(), Format::Text, AT);
        Rendered::of(&outcome).resources().remove(0)
    };
    assert!(resource("target_info{a=\"b\"} 1\nm 1\n").ends_with(",a=b}"));
    assert!(resource("target_info{a=\"c\"} 1\nm 1\n").ends_with(",a=c}"));
    assert!(resource("m 1\n").ends_with("url.scheme=http}"));
}

#[test]
fn a_target_may_say_of_itself_nothing_but_its_name() {
    let mut translator = super::translator(Settings { honor_labels: true, ..Settings::default() });
    // The series that go make room for others; what is still on the page stays.
    for others in ["a 1\nb 1\n", "a 1\n", "a 1\nc{job=\"third\"} 1\n", "a 1\n"] {
        let page = format!("target_info{{job=\"other\"}} 1\n{others}");
        let outcome = scrape(&mut translator, page.as_bytes(), Format::Text, AT);
        assert_eq!((outcome.error, outcome.bad_lines), (None, 0));
    }
}

#[test]
fn labels_tell_the_scope() {
    let settings = Settings { version: "1.2.3".into(), ..Settings::default() };
    let page = "a 1\nb{otel_scope_name=\"n\",otel_scope_version=\"v\",otel_scope_schema_url=\"u\",\
        otel_scope_x=\"y\",z=\"1\"} 2\nc 3\n";
    let outcome = text(settings, page);
    let rendered = Rendered::of(&outcome);
    let own =
        "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver 1.2.3{} ";
    assert_eq!(rendered.scopes(), [own, "n v{x=y} u"]);
    check_points(&outcome, &["a{} 1", "c{} 3", "b{z=1} 2"]);
}

#[test]
fn a_sample_of_nobody_is_a_bad_line() {
    let target = Target { labels: labels(&["a=b"]), discovered: labels(&[]) };
    let mut translator = Translator::new(Settings::default().into(), target);
    let outcome = scrape(&mut translator, b"m 1\n", Format::Text, AT);
    assert_eq!(outcome.bad_lines, 1);
}
