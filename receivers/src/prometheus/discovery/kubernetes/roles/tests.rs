//! Tests of the targets that objects become.

mod endpoints;
mod others;
mod pods;

use serde_json::{Value, json};

use super::super::objects::{Item, Object, Resource};
use super::{Attach, Lookup, Role, View};

/// Other objects, by the resource and the key.
struct World(Vec<(Resource, String, Object)>);

impl Lookup for World {
    fn object(&self, resource: Resource, key: &str) -> Option<Object> {
        self.0.iter().find(|(of, name, _)| *of == resource && name == key).map(|(.., object)| object.clone())
    }
}

fn world(objects: &[Value]) -> World {
    World(objects.iter().map(|object| (resource(object), key(object), read(object))).collect())
}

fn resource(object: &Value) -> Resource {
    match object["kind"].as_str().expect("the test names the kind") {
        "Node" => Resource::Nodes,
        "Namespace" => Resource::Namespaces,
        "Pod" => Resource::Pods,
        "Service" => Resource::Services,
        "Endpoints" => Resource::Endpoints,
        "EndpointSlice" => Resource::EndpointSlices,
        "Ingress" => Resource::Ingresses,
        "ReplicaSet" => Resource::ReplicaSets,
        "Job" => Resource::Jobs,
        other => panic!("`{other}` is not discovered"),
    }
}

fn key(object: &Value) -> String {
    let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
    match text("namespace") {
        "" => text("name").to_owned(),
        namespace => format!("{namespace}/{}", text("name")),
    }
}

fn read(object: &Value) -> Object {
    resource(object).read::<Item>(object.to_string().as_bytes()).expect("it can be read")
}

/// What is attached, by name.
fn attach(names: &[&str]) -> Attach {
    let is = |name: &str| names.contains(&name);
    Attach {
        node: is("node"),
        namespace: is("namespace"),
        deployment: is("deployment"),
        job: is("job"),
        cronjob: is("cronjob"),
    }
}

/// The group that `role` makes of `object`: its source, its labels, then each target, a line each. The prefix
/// `__meta_kubernetes_` is left out.
fn group(role: Role, object: &Value, others: &[Value], attach: Attach) -> Vec<String> {
    let others = world(others);
    let view = View::new(&others, attach);
    let group = role.group(&key(object), Some(&read(object)), &view);
    let lines = [group.source, group.labels.to_string()].into_iter();
    let lines = lines.chain(group.targets.iter().map(ToString::to_string));
    lines.map(|line| line.replace("__meta_kubernetes_", "")).collect()
}

/// Checks the group that `role` makes of `object`.
fn check(role: Role, object: &Value, others: &[Value], names: &[&str], expected: &[&str]) {
    let found = group(role, object, others, attach(names));
    assert_eq!(found, expected, "\n{}", found.join("\n"));
}

#[test]
fn a_group_says_which_objects_it_depends_on() {
    let endpoints = tests::kubernetes::endpoints("a", "web", ("http", 80), &[("web-1", "10.0.0.5")]);
    let others = world(&[]);
    let view = View::new(&others, attach(&["node", "namespace"]));
    Role::Endpoints.group("a/web", Some(&read(&endpoints)), &view);
    let asked: Vec<_> = view.asked().into_iter().map(|(of, key)| format!("{} {key}", of.name())).collect();
    assert_eq!(asked, ["nodes node-1", "namespaces a", "pods a/web-1", "services a/web"]);
}

#[test]
fn an_object_that_is_gone_is_an_empty_group() {
    let others = world(&[]);
    for (role, source) in [
        (Role::Node, "node/x"),
        (Role::Pod, "pod/x"),
        (Role::Service, "svc/x"),
        (Role::Endpoints, "endpoints/x"),
        (Role::EndpointSlice, "endpointslice/x"),
        (Role::Ingress, "ingress/x"),
    ] {
        let group = role.group("x", None, &View::new(&others, Attach::default()));
        assert_eq!((group.source.as_str(), group.targets.len(), group.labels.len()), (source, 0, 0));
    }
}

#[test]
fn roles_watch_what_they_need_and_no_more() {
    let all = attach(&["node", "namespace", "deployment", "job", "cronjob"]);
    let names =
        |role: Role, attach| role.needs(attach).iter().map(|it| it.name()).collect::<Vec<_>>().join(" ");
    for (role, without, with) in [
        (Role::Node, "", ""),
        (Role::Pod, "", "nodes namespaces replicasets jobs"),
        (Role::Service, "", "namespaces"),
        (Role::Endpoints, "services pods", "services pods nodes namespaces replicasets jobs"),
        (Role::EndpointSlice, "services pods", "services pods nodes namespaces replicasets jobs"),
        (Role::Ingress, "", "namespaces"),
    ] {
        assert_eq!((names(role, Attach::default()).as_str(), names(role, all).as_str()), (without, with));
    }
    // A job's name stands in the pod.
    assert_eq!(names(Role::Pod, attach(&["job"])), "");
}

/// An object of that kind with that metadata.
fn object(kind: &str, metadata: Value, rest: Value) -> Value {
    let mut object = json!({ "kind": kind, "metadata": metadata });
    if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
        object.extend(rest);
    }
    object
}
