//! Roles `node`, `service` and `ingress`.

use serde_json::{Value, json};

use super::{Role, attach, check, group, object};

fn node(addresses: &[(&str, &str)]) -> Value {
    let addresses: Vec<Value> =
        addresses.iter().map(|(kind, address)| json!({ "type": kind, "address": address })).collect();
    object(
        "Node",
        json!({ "name": "n1", "labels": { "a-b": "c" }, "annotations": { "d/e": "f" } }),
        json!({
            "spec": { "providerID": "aws:///z/i-1" },
            "status": {
                "addresses": addresses,
                "conditions": [{ "type": "Ready", "status": "True" }, { "type": "DiskPressure", "status": "Unknown" }],
                "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            },
        }),
    )
}

#[test]
fn a_node_is_its_kubelet() {
    let node = node(&[("Hostname", "n1.local"), ("InternalIP", "10.0.0.1"), ("InternalIP", "10.0.0.2")]);
    check(
        Role::Node,
        &node,
        &[],
        &[],
        &[
            "node/n1",
            "{node_annotation_d_e=\"f\", node_annotationpresent_d_e=\"true\", \
         node_condition_diskpressure=\"unknown\", node_condition_ready=\"true\", node_label_a_b=\"c\", \
         node_labelpresent_a_b=\"true\", node_name=\"n1\", node_provider_id=\"aws:///z/i-1\"}",
            "{__address__=\"10.0.0.1:10250\", node_address_Hostname=\"n1.local\", \
         node_address_InternalIP=\"10.0.0.1\", instance=\"n1\"}",
        ],
    );
}

#[test]
fn the_best_address_of_a_node_is_used() {
    let order = ["InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname"];
    for first in 0..order.len() {
        let addresses: Vec<_> = order[first..].iter().rev().map(|kind| (*kind, *kind)).collect();
        let found = group(Role::Node, &node(&addresses), &[], attach(&[]));
        assert!(found[2].contains(&format!("__address__=\"{}:10250\"", order[first])), "{}", found[2]);
    }
}

#[test]
fn a_node_without_an_address_has_no_targets() {
    check(Role::Node, &node(&[]), &[], &[], &["node/n1", "{}"]);
}

fn service(spec: Value, status: Value) -> Value {
    let metadata = json!({ "namespace": "shop", "name": "web", "labels": { "a": "b" } });
    object("Service", metadata, json!({ "spec": spec, "status": status }))
}

const SERVICE: &str =
    "{namespace=\"shop\", service_label_a=\"b\", service_labelpresent_a=\"true\", service_name=\"web\"}";

#[test]
fn each_port_of_a_service_is_a_target_under_its_name() {
    let spec = json!({ "type": "ClusterIP", "clusterIP": "10.96.0.7", "ports": [
        { "name": "http", "port": 80, "protocol": "TCP" }, { "port": 53, "protocol": "UDP" },
    ] });
    check(
        Role::Service,
        &service(spec, json!({})),
        &[],
        &[],
        &[
            "svc/shop/web",
            SERVICE,
            "{__address__=\"web.shop.svc:80\", service_cluster_ip=\"10.96.0.7\", service_port_name=\"http\", \
         service_port_number=\"80\", service_port_protocol=\"TCP\", service_type=\"ClusterIP\"}",
            "{__address__=\"web.shop.svc:53\", service_cluster_ip=\"10.96.0.7\", service_port_number=\"53\", \
         service_port_protocol=\"UDP\", service_type=\"ClusterIP\"}",
        ],
    );
}

#[test]
fn a_service_of_another_type_says_what_only_it_has() {
    let port = json!([{ "port": 80, "protocol": "TCP" }]);
    let external = json!({ "type": "ExternalName", "externalName": "db.example.com", "ports": port });
    let found = group(Role::Service, &service(external, json!({})), &[], attach(&[]));
    assert!(found[2].contains("service_external_name=\"db.example.com\""), "{}", found[2]);
    assert!(!found[2].contains("service_cluster_ip"), "{}", found[2]);

    let balanced =
        json!({ "type": "LoadBalancer", "clusterIP": "1.1.1.1", "loadBalancerIP": "8.8.8.8", "ports": port });
    let given = json!({ "loadBalancer": { "ingress": [{ "ip": "9.9.9.1" }, { "hostname": "x" }, { "ip": "9.9.9.2" }] } });
    for (status, ips) in [(json!({}), "8.8.8.8"), (given, "9.9.9.1,9.9.9.2")] {
        let found = group(Role::Service, &service(balanced.clone(), status), &[], attach(&[]));
        assert!(found[2].contains(&format!("service_loadbalancer_ip=\"{ips}\"")), "{}", found[2]);
    }
}

#[test]
fn each_path_of_each_rule_of_an_ingress_is_a_target() {
    let ingress = object(
        "Ingress",
        json!({ "namespace": "shop", "name": "front" }),
        json!({ "spec": {
        "ingressClassName": "nginx",
        "tls": [{ "hosts": ["a.example.com", "*.wild.example.com"] }, { "hosts": null }],
        "rules": [
            { "host": "a.example.com", "http": { "paths": [{ "path": "/x" }, { "path": "" }] } },
            { "host": "b.wild.example.com" },
            { "host": "b.c.wild.example.com", "http": { "paths": [{ "path": "/y" }] } },
            { "host": "wild.example.com", "http": { "paths": [] } },
        ],
    } }),
    );
    let target = |host: &str, path: &str, scheme: &str| {
        format!(
            "{{__address__=\"{host}\", ingress_host=\"{host}\", ingress_path=\"{path}\", ingress_scheme=\"{scheme}\"}}"
        )
    };
    check(
        Role::Ingress,
        &ingress,
        &[],
        &[],
        &[
            "ingress/shop/front",
            "{ingress_class_name=\"nginx\", ingress_name=\"front\", namespace=\"shop\"}",
            &target("a.example.com", "/x", "https"),
            &target("a.example.com", "/", "https"),
            &target("b.wild.example.com", "/", "https"),
            &target("b.c.wild.example.com", "/y", "http"),
        ],
    );
}
