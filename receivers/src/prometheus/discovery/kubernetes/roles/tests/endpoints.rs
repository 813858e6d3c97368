//! Roles `endpoints` and `endpointslice`.

use serde_json::{Value, json};

use super::{Role, attach, check, group, object};

/// With a port that the service has, and one that it has not.
fn pod() -> Value {
    object(
        "Pod",
        json!({ "namespace": "shop", "name": "web-1", "uid": "u" }),
        json!({
            "spec": { "nodeName": "n1", "containers": [{ "name": "c", "image": "i", "ports": [
                { "name": "http", "containerPort": 8080, "protocol": "TCP" },
                { "name": "metrics", "containerPort": 9102, "protocol": "TCP" },
            ] }] },
            "status": { "podIP": "10.0.0.5", "phase": "Running" },
        }),
    )
}

fn service() -> Value {
    let annotations = json!({ "prometheus.io/scrape": "true" });
    object("Service", json!({ "namespace": "shop", "name": "web", "annotations": annotations }), json!({}))
}

const OF_POD: &str = "pod_ip=\"10.0.0.5\", pod_name=\"web-1\", pod_node_name=\"n1\", pod_phase=\"Running\", \
    pod_ready=\"unknown\", pod_uid=\"u\"}";

fn endpoints() -> Value {
    object(
        "Endpoints",
        json!({ "namespace": "shop", "name": "web", "labels": { "a": "b" } }),
        json!({
            "subsets": [{
                "addresses": [{
                    "ip": "10.0.0.5", "nodeName": "n1", "hostname": "h",
                    "targetRef": { "kind": "Pod", "namespace": "shop", "name": "web-1" },
                }],
                "notReadyAddresses": [{ "ip": "192.0.2.1" }],
                "ports": [{ "name": "http", "port": 8080, "protocol": "TCP" }],
            }],
        }),
    )
}

#[test]
fn each_address_behind_a_service_is_a_target_and_so_are_other_ports_of_its_pods() {
    let covered = format!(
        "{{__address__=\"10.0.0.5:8080\", endpoint_address_target_kind=\"Pod\", \
         endpoint_address_target_name=\"web-1\", endpoint_hostname=\"h\", endpoint_node_name=\"n1\", \
         endpoint_port_name=\"http\", endpoint_port_protocol=\"TCP\", endpoint_ready=\"true\", \
         pod_container_image=\"i\", pod_container_init=\"false\", pod_container_name=\"c\", \
         pod_container_port_name=\"http\", pod_container_port_number=\"8080\", \
         pod_container_port_protocol=\"TCP\", {OF_POD}"
    );
    let other = format!(
        "{{__address__=\"10.0.0.5:9102\", pod_container_image=\"i\", pod_container_init=\"false\", \
         pod_container_name=\"c\", pod_container_port_name=\"metrics\", pod_container_port_number=\"9102\", \
         pod_container_port_protocol=\"TCP\", {OF_POD}"
    );
    check(
        Role::Endpoints,
        &endpoints(),
        &[pod(), service()],
        &[],
        &[
            "endpoints/shop/web",
            "{endpoints_label_a=\"b\", endpoints_labelpresent_a=\"true\", endpoints_name=\"web\", namespace=\"shop\", \
         service_annotation_prometheus_io_scrape=\"true\", \
         service_annotationpresent_prometheus_io_scrape=\"true\", service_name=\"web\"}",
            &covered,
            "{__address__=\"192.0.2.1:8080\", endpoint_port_name=\"http\", endpoint_port_protocol=\"TCP\", \
         endpoint_ready=\"false\"}",
            &other,
        ],
    );
}

#[test]
fn endpoints_whose_pods_and_service_are_unknown_are_targets_all_the_same() {
    check(
        Role::Endpoints,
        &endpoints(),
        &[],
        &[],
        &[
            "endpoints/shop/web",
            "{endpoints_label_a=\"b\", endpoints_labelpresent_a=\"true\", endpoints_name=\"web\", namespace=\"shop\"}",
            "{__address__=\"10.0.0.5:8080\", endpoint_address_target_kind=\"Pod\", \
         endpoint_address_target_name=\"web-1\", endpoint_hostname=\"h\", endpoint_node_name=\"n1\", \
         endpoint_port_name=\"http\", endpoint_port_protocol=\"TCP\", endpoint_ready=\"true\"}",
            "{__address__=\"192.0.2.1:8080\", endpoint_port_name=\"http\", endpoint_port_protocol=\"TCP\", \
         endpoint_ready=\"false\"}",
        ],
    );
}

#[test]
fn a_node_that_is_the_target_itself_is_attached_when_no_other_is_named() {
    let node = |name: &str| object("Node", json!({ "name": name, "labels": { "zone": name } }), json!({}));
    let endpoints = object(
        "Endpoints",
        json!({ "namespace": "a", "name": "b" }),
        json!({ "subsets": [{
        "addresses": [{ "ip": "10.0.0.1", "targetRef": { "kind": "Node", "name": "n1" } },
            { "ip": "10.0.0.2", "nodeName": "n2", "targetRef": { "kind": "Node", "name": "n1" } }],
        "ports": [{ "port": 1 }],
    }] }),
    );
    let found = group(Role::Endpoints, &endpoints, &[node("n1"), node("n2")], attach(&["node"]));
    assert!(found[2].contains("node_label_zone=\"n1\""), "{}", found[2]);
    assert!(found[3].contains("node_label_zone=\"n2\""), "{}", found[3]);
}

fn slice() -> Value {
    object(
        "EndpointSlice",
        json!({ "namespace": "shop", "name": "web-x", "labels": {
        "kubernetes.io/service-name": "web",
    } }),
        json!({
            "addressType": "IPv4",
            "endpoints": [{
                "addresses": ["10.0.0.5"], "hostname": "h", "nodeName": "n1", "zone": "z",
                "conditions": { "ready": true, "serving": true, "terminating": false },
                "targetRef": { "kind": "Pod", "namespace": "shop", "name": "web-1" },
                "deprecatedTopology": { "topology.kubernetes.io/zone": "z" },
            }, { "addresses": ["192.0.2.1"] }],
            "ports": [{ "name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c" }],
        }),
    )
}

#[test]
fn a_slice_says_what_endpoints_say_and_more() {
    let found = group(Role::EndpointSlice, &slice(), &[pod(), service()], attach(&[]));
    let covered = format!(
        "{{__address__=\"10.0.0.5:8080\", endpointslice_address_target_kind=\"Pod\", \
         endpointslice_address_target_name=\"web-1\", endpointslice_endpoint_conditions_ready=\"true\", \
         endpointslice_endpoint_conditions_serving=\"true\", \
         endpointslice_endpoint_conditions_terminating=\"false\", endpointslice_endpoint_hostname=\"h\", \
         endpointslice_endpoint_node_name=\"n1\", \
         endpointslice_endpoint_topology_present_topology_kubernetes_io_zone=\"true\", \
         endpointslice_endpoint_topology_topology_kubernetes_io_zone=\"z\", endpointslice_endpoint_zone=\"z\", \
         endpointslice_port=\"8080\", endpointslice_port_app_protocol=\"h2c\", endpointslice_port_name=\"http\", \
         endpointslice_port_protocol=\"TCP\", pod_container_image=\"i\", pod_container_init=\"false\", \
         pod_container_name=\"c\", pod_container_port_name=\"http\", pod_container_port_number=\"8080\", \
         pod_container_port_protocol=\"TCP\", {OF_POD}"
    );
    assert_eq!(found[0], "endpointslice/shop/web-x");
    for label in [
        "endpointslice_address_type=\"IPv4\"",
        "endpointslice_name=\"web-x\"",
        "endpointslice_label_kubernetes_io_service_name=\"web\"",
        "service_name=\"web\"",
    ] {
        assert!(found[1].contains(label), "{label} is not in {}", found[1]);
    }
    assert_eq!(found[2], covered);
    assert_eq!(
        found[3],
        "{__address__=\"192.0.2.1:8080\", endpointslice_port=\"8080\", endpointslice_port_app_protocol=\"h2c\", \
         endpointslice_port_name=\"http\", endpointslice_port_protocol=\"TCP\"}"
    );
    assert!(found[4].starts_with("{__address__=\"10.0.0.5:9102\", pod_container_image"), "{}", found[4]);
    assert_eq!(found.len(), 5);
}

#[test]
fn a_slice_port_without_a_number_is_an_address_alone() {
    let mut slice = slice();
    slice["ports"] = json!([{ "name": "any" }]);
    let found = group(Role::EndpointSlice, &slice, &[], attach(&[]));
    assert!(found[2].starts_with("{__address__=\"10.0.0.5\", "), "{}", found[2]);
}

#[test]
fn the_second_family_of_a_service_with_both_has_no_targets() {
    let service = |policy: &str| {
        let spec = json!({ "ipFamilyPolicy": policy, "ipFamilies": ["IPv6", "IPv4"] });
        object("Service", json!({ "namespace": "shop", "name": "web" }), json!({ "spec": spec }))
    };
    for (policy, lines) in [("PreferDualStack", 2), ("RequireDualStack", 2), ("SingleStack", 4)] {
        let found = group(Role::EndpointSlice, &slice(), &[service(policy)], attach(&[]));
        assert_eq!(found.len(), lines, "{policy}: {found:?}");
    }
}
