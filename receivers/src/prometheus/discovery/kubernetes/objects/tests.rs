//! Tests of what is read of objects.

use serde_json::{Value, json};

use super::{Event, Item, Object, Pod, Resource};

fn read(resource: Resource, json: &Value) -> Object {
    resource.read::<Item>(json.to_string().as_bytes()).expect("it can be read")
}

fn pod(json: &Value) -> std::sync::Arc<Pod> {
    match read(Resource::Pods, json) {
        Object::Pod(pod) => pod,
        other => panic!("no pod: {other:?}"),
    }
}

/// A pod as a cluster has it, with what discovery does not need.
fn large_pod() -> Value {
    let mut pod = tests::kubernetes::pod_with(
        "production",
        "checkout-6d4cf56db6-x2x7p",
        "10.244.13.207",
        &[8080, 9102],
        json!({
            "app.kubernetes.io/name": "checkout",
            "app.kubernetes.io/instance": "checkout-production",
            "pod-template-hash": "6d4cf56db6",
        }),
        json!({ "prometheus.io/scrape": "true", "prometheus.io/port": "9102" }),
    );
    let variables: Vec<Value> = (0..60)
        .map(|number| json!({ "name": format!("VARIABLE_{number}"), "value": "a value that is as long as usual" }))
        .collect();
    pod["spec"]["containers"][0]["env"] = json!(variables);
    pod["metadata"]["managedFields"] = json!([{ "fieldsV1": { "f:spec": "x".repeat(4000) } }]);
    pod["metadata"]["ownerReferences"] =
        json!([{ "kind": "ReplicaSet", "name": "checkout-6d4cf56db6", "controller": true }]);
    pod
}

#[test]
fn a_pod_of_ten_kilobytes_keeps_less_than_one() {
    let written = large_pod();
    assert!(written.to_string().len() > 8_000, "{}", written.to_string().len());
    let kept = pod(&written).bytes();
    assert!(kept < 1_000, "{kept} bytes are kept");
}

#[test]
fn empty_lists_may_be_null_or_absent() {
    let nothing = json!({ "metadata": { "name": "a", "labels": null, "ownerReferences": null } });
    for resource in [Resource::Nodes, Resource::Pods, Resource::Services, Resource::Ingresses, Resource::Jobs]
    {
        read(resource, &nothing);
    }
    let slice =
        json!({ "metadata": { "name": "a" }, "addressType": "IPv4", "endpoints": null, "ports": null });
    read(Resource::EndpointSlices, &slice);
    let endpoints = json!({ "metadata": { "name": "a" }, "subsets": [{ "addresses": null, "ports": null }] });
    read(Resource::Endpoints, &endpoints);
}

#[test]
fn the_object_of_an_event_is_that_of_a_list() {
    let written = large_pod();
    let event = json!({ "type": "ADDED", "object": written }).to_string();
    let of_event = Resource::Pods.read::<Event>(event.as_bytes()).expect("it can be read");
    assert_eq!(of_event, read(Resource::Pods, &written));
}

#[test]
fn what_discovery_does_not_need_is_no_change() {
    let before = large_pod();
    let mut after = before.clone();
    after["metadata"]["resourceVersion"] = json!("17");
    after["metadata"]["managedFields"] = json!([]);
    after["status"]["startTime"] = json!("2026-01-02T03:04:05Z");
    assert_eq!(pod(&before), pod(&after));
    after["status"]["conditions"] = json!([{ "type": "Ready", "status": "False" }]);
    assert_ne!(pod(&before), pod(&after));
}

#[test]
fn an_object_of_another_shape_is_an_error() {
    for written in ["", "null", "[]", "{}", r#"{"metadata":7}"#, r#"{"metadata":{"name":1}}"#] {
        assert!(Resource::Pods.read::<Item>(written.as_bytes()).is_err(), "{written}");
    }
}
