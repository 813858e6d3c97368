//! Role `pod`.

use serde_json::{Value, json};

use super::{Role, check, object};

/// Two containers, one with two ports, and one that only begins.
fn pod() -> Value {
    object(
        "Pod",
        json!({
            "namespace": "shop", "name": "web-1", "uid": "u-1",
            "labels": { "app.kubernetes.io/name": "web" },
            "annotations": { "prometheus.io/scrape": "true" },
            "ownerReferences": [
                { "kind": "Other", "name": "not-the-controller" },
                { "kind": "ReplicaSet", "name": "web-6d4cf", "controller": true },
            ],
        }),
        json!({
            "spec": {
                "nodeName": "n1",
                "containers": [
                    { "name": "a", "image": "img/a:1", "ports": [
                        { "name": "http", "containerPort": 80, "protocol": "TCP" },
                        { "containerPort": 443, "protocol": "TCP" },
                    ] },
                    { "name": "b", "image": "img/b:1" },
                ],
                "initContainers": [{ "name": "i", "image": "img/i:1" }],
            },
            "status": {
                "phase": "Running", "podIP": "10.0.0.5", "hostIP": "10.1.0.1",
                "conditions": [{ "type": "PodScheduled", "status": "True" }, { "type": "Ready", "status": "False" }],
                "containerStatuses": [{ "name": "a", "containerID": "containerd://ca" }],
            },
        }),
    )
}

const POD: &str = "{namespace=\"shop\", pod_annotation_prometheus_io_scrape=\"true\", \
    pod_annotationpresent_prometheus_io_scrape=\"true\", pod_controller_kind=\"ReplicaSet\", \
    pod_controller_name=\"web-6d4cf\", pod_host_ip=\"10.1.0.1\", pod_ip=\"10.0.0.5\", \
    pod_label_app_kubernetes_io_name=\"web\", pod_labelpresent_app_kubernetes_io_name=\"true\", pod_name=\"web-1\", \
    pod_node_name=\"n1\", pod_phase=\"Running\", pod_ready=\"false\", pod_uid=\"u-1\"}";

const TARGETS: [&str; 4] = [
    "{__address__=\"10.0.0.5:80\", pod_container_id=\"containerd://ca\", pod_container_image=\"img/a:1\", \
     pod_container_init=\"false\", pod_container_name=\"a\", pod_container_port_name=\"http\", \
     pod_container_port_number=\"80\", pod_container_port_protocol=\"TCP\"}",
    "{__address__=\"10.0.0.5:443\", pod_container_id=\"containerd://ca\", pod_container_image=\"img/a:1\", \
     pod_container_init=\"false\", pod_container_name=\"a\", pod_container_port_number=\"443\", \
     pod_container_port_protocol=\"TCP\"}",
    "{__address__=\"10.0.0.5\", pod_container_image=\"img/b:1\", pod_container_init=\"false\", \
     pod_container_name=\"b\"}",
    "{__address__=\"10.0.0.5\", pod_container_image=\"img/i:1\", pod_container_init=\"true\", \
     pod_container_name=\"i\"}",
];

#[test]
fn each_port_of_each_container_is_a_target_and_a_container_without_ports_one() {
    let expected: Vec<&str> = ["pod/shop/web-1", POD].into_iter().chain(TARGETS).collect();
    check(Role::Pod, &pod(), &[], &[], &expected);
}

#[test]
fn a_pod_without_an_address_has_no_targets() {
    let mut pod = pod();
    pod["status"]["podIP"] = json!("");
    check(Role::Pod, &pod, &[], &[], &["pod/shop/web-1", "{}"]);
}

#[test]
fn an_address_of_ipv6_has_brackets_only_with_a_port() {
    let mut pod = tests::kubernetes::pod("a", "b", "fd00::1", &[80]);
    let with = super::group(Role::Pod, &pod, &[], super::attach(&[]));
    assert!(with[2].contains("__address__=\"[fd00::1]:80\""), "{}", with[2]);
    pod["spec"]["containers"][0]["ports"] = json!(null);
    let without = super::group(Role::Pod, &pod, &[], super::attach(&[]));
    assert!(without[2].contains("__address__=\"fd00::1\""), "{}", without[2]);
}

#[test]
fn a_pod_that_says_nothing_of_itself_is_not_known_to_be_ready() {
    let bare = object(
        "Pod",
        json!({ "namespace": "a", "name": "b" }),
        json!({
            "spec": { "containers": [{ "name": "c" }] }, "status": { "podIP": "10.0.0.1" },
        }),
    );
    check(
        Role::Pod,
        &bare,
        &[],
        &[],
        &[
            "pod/a/b",
            "{namespace=\"a\", pod_ip=\"10.0.0.1\", pod_name=\"b\", pod_ready=\"unknown\"}",
            "{__address__=\"10.0.0.1\", pod_container_init=\"false\", pod_container_name=\"c\"}",
        ],
    );
}

#[test]
fn what_is_asked_for_is_attached() {
    let node = object(
        "Node",
        json!({ "name": "n1", "labels": { "topology/zone": "z1" }, "annotations": { "not": "these" } }),
        json!({}),
    );
    let labels = json!({ "name": "shop", "labels": { "team": "a" }, "annotations": { "cost-center": "7" } });
    let namespace = object("Namespace", labels, json!({}));
    let owner = |kind: &str, name: &str| json!([{ "kind": kind, "name": name, "controller": true }]);
    let of = |kind: &str, name: &str, above: Value| {
        object(kind, json!({ "namespace": "shop", "name": name, "ownerReferences": above }), json!({}))
    };
    let others = [node, namespace, of("ReplicaSet", "web-6d4cf", owner("Deployment", "web"))];
    let found = super::group(Role::Pod, &pod(), &others, super::attach(&["node", "namespace", "deployment"]));
    for label in [
        "node_name=\"n1\"",
        "node_label_topology_zone=\"z1\"",
        "node_labelpresent_topology_zone=\"true\"",
        "namespace_label_team=\"a\"",
        "namespace_labelpresent_team=\"true\"",
        "namespace_annotation_cost_center=\"7\"",
        "namespace_annotationpresent_cost_center=\"true\"",
        "pod_deployment_name=\"web\"",
    ] {
        assert!(found[1].contains(label), "{label} is not in {}", found[1]);
    }
    assert!(!found[1].contains("node_annotation"), "{}", found[1]);

    let mut pod = pod();
    pod["metadata"]["ownerReferences"] = owner("Job", "backup-29001234");
    let others = [of("Job", "backup-29001234", owner("CronJob", "backup"))];
    let found = super::group(Role::Pod, &pod, &others, super::attach(&["job", "cronjob"]));
    for label in ["pod_job_name=\"backup-29001234\"", "pod_cronjob_name=\"backup\""] {
        assert!(found[1].contains(label), "{label} is not in {}", found[1]);
    }
    let found = super::group(Role::Pod, &pod, &others, super::attach(&["job"]));
    assert!(!found[1].contains("pod_cronjob_name"), "{}", found[1]);
}

#[test]
fn with_nodes_attached_a_pod_on_an_unknown_node_has_no_targets() {
    check(Role::Pod, &pod(), &[], &["node"], &["pod/shop/web-1", "{}"]);
}
