//! Kinds, and small objects of each.

use serde_json::{Value, json};

/// Kind, resource, and the root of its paths.
pub(super) const KINDS: [(&str, &str, &str); 13] = [
    ("Node", "nodes", "/api/v1"),
    ("Namespace", "namespaces", "/api/v1"),
    ("Pod", "pods", "/api/v1"),
    ("Service", "services", "/api/v1"),
    ("Endpoints", "endpoints", "/api/v1"),
    ("EndpointSlice", "endpointslices", "/apis/discovery.k8s.io/v1"),
    ("Ingress", "ingresses", "/apis/networking.k8s.io/v1"),
    ("ReplicaSet", "replicasets", "/apis/apps/v1"),
    ("Deployment", "deployments", "/apis/apps/v1"),
    ("StatefulSet", "statefulsets", "/apis/apps/v1"),
    ("DaemonSet", "daemonsets", "/apis/apps/v1"),
    ("Job", "jobs", "/apis/batch/v1"),
    ("CronJob", "cronjobs", "/apis/batch/v1"),
];

/// The resource that an object belongs to.
///
/// # Panics
/// When the test names a kind that is not simulated.
pub(super) fn resource_of(object: &Value) -> &'static str {
    let kind = object["kind"].as_str().unwrap_or_default();
    let found = KINDS.iter().find(|(name, ..)| *name == kind);
    found.unwrap_or_else(|| panic!("`{kind}` is not simulated")).1
}

/// A node with that address, whose kubelet listens on 10250.
#[must_use]
pub fn node(name: &str, ip: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "uid": format!("uid-{name}"), "labels": { "kubernetes.io/os": "linux" } },
        "spec": { "providerID": format!("sim://{name}") },
        "status": {
            "addresses": [{ "type": "InternalIP", "address": ip }, { "type": "Hostname", "address": name }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "conditions": [{ "type": "Ready", "status": "True" }],
        },
    })
}

/// A namespace.
#[must_use]
pub fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "uid": format!("uid-{name}") } })
}

/// A running pod with one container and its ports.
#[must_use]
pub fn pod(namespace: &str, name: &str, ip: &str, ports: &[u16]) -> Value {
    pod_with(namespace, name, ip, ports, json!({}), json!({}))
}

/// The same with labels and annotations.
#[must_use]
pub fn pod_with(
    namespace: &str,
    name: &str,
    ip: &str,
    ports: &[u16],
    labels: Value,
    annotations: Value,
) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|port| json!({ "name": format!("p{port}"), "containerPort": port, "protocol": "TCP" }))
        .collect();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": format!("uid-{namespace}-{name}"),
            "labels": labels,
            "annotations": annotations,
            "managedFields": [{ "manager": "kubelet", "fieldsV1": { "f:status": {} } }],
        },
        "spec": {
            "nodeName": "node-1",
            "containers": [{ "name": "main", "image": "example.com/main:1", "ports": ports }],
        },
        "status": {
            "phase": "Running",
            "podIP": ip,
            "hostIP": "10.0.0.1",
            "conditions": [{ "type": "Ready", "status": "True" }],
            "containerStatuses": [{ "name": "main", "containerID": format!("containerd://{name}") }],
        },
    })
}

/// A service with one port.
#[must_use]
pub fn service(namespace: &str, name: &str, port: u16, annotations: Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "namespace": namespace, "name": name, "annotations": annotations },
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "ports": [{ "name": "main", "port": port, "protocol": "TCP" }],
        },
    })
}

/// Endpoints with one port and one ready address for each pod: its name and its IP.
#[must_use]
pub fn endpoints(namespace: &str, name: &str, port: (&str, u16), pods: &[(&str, &str)]) -> Value {
    let address = |(pod, ip): &(&str, &str)| {
        json!({
            "ip": ip,
            "nodeName": "node-1",
            "targetRef": { "kind": "Pod", "namespace": namespace, "name": pod },
        })
    };
    let addresses: Vec<Value> = pods.iter().map(address).collect();
    json!({
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": { "namespace": namespace, "name": name },
        "subsets": [{
            "addresses": addresses,
            "ports": [{ "name": port.0, "port": port.1, "protocol": "TCP" }],
        }],
    })
}
