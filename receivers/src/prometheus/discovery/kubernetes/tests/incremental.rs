//! A change costs the groups that it concerns.

use serde_json::{Value, json};
use tests::kubernetes::{Cluster, endpoints, namespace, pod};
use tests::patience::until;

use super::super::objects::{Item, Resource};
use super::super::part::Part;
use super::super::roles::{Attach, Role};
use super::super::watch::{Inbox, Watched};
use super::discover;

/// A watch that has listed these objects.
fn watched(resource: Resource, objects: impl IntoIterator<Item = Value>) -> std::sync::Arc<Watched> {
    let watched = std::sync::Arc::new(Watched::default());
    let mut keys = std::collections::HashSet::new();
    for object in objects {
        let text = |name: &str| object["metadata"][name].as_str().unwrap_or_default();
        let key = format!("{}/{}", text("namespace"), text("name")).trim_start_matches('/').to_owned();
        let read = resource.read::<Item>(object.to_string().as_bytes());
        watched.keep(&key, read.expect("it can be read"));
        keys.insert(key.as_str().into());
    }
    watched.keep_only(&keys);
    watched
}

fn change(watched: &Watched, resource: Resource, key: &str, object: &Value) {
    watched.keep(key, resource.read::<Item>(object.to_string().as_bytes()).expect("it can be read"));
}

#[test]
fn of_ten_thousand_pods_one_that_changes_costs_the_endpoints_that_it_is_behind() {
    let name = |number: usize| format!("p{number:05}");
    let ip = |number: usize| format!("10.0.{}.{}", number / 256, number % 256);
    let pods = watched(Resource::Pods, (0..10_000).map(|n| pod("a", &name(n), &ip(n), &[80, 81])));
    let of_ten = |number: usize| {
        let members: Vec<(String, String)> =
            (0..10).map(|n| (name(10 * number + n), ip(10 * number + n))).collect();
        let members: Vec<(&str, &str)> =
            members.iter().map(|(name, ip)| (name.as_str(), ip.as_str())).collect();
        endpoints("a", &format!("e{number:03}"), ("p80", 80), &members)
    };
    let all = watched(Resource::Endpoints, (0..1_000).map(of_ten));
    let services = watched(Resource::Services, []);
    let inbox = std::sync::Arc::<Inbox>::default();
    for (number, watched) in [&all, &services, &pods].into_iter().enumerate() {
        watched.tell(inbox.clone(), number);
    }
    let others = vec![(Resource::Services, services.clone()), (Resource::Pods, pods.clone())];
    let mut part = Part::new(Role::Endpoints, Attach::default(), all.clone(), others);
    let resources = [Resource::Endpoints, Resource::Services, Resource::Pods];
    let mut made = || {
        inbox.take().into_iter().for_each(|(number, key)| part.note(resources[number], key));
        let mut groups = Vec::new();
        loop {
            let some = part.make_some();
            if some.is_empty() {
                return groups;
            }
            groups.extend(some);
        }
    };
    assert_eq!(made().len(), 1_000);
    assert_eq!(made().len(), 0);
    // A pod behind one of them.
    change(&pods, Resource::Pods, "a/p00042", &pod("a", "p00042", "10.9.9.9", &[80, 82]));
    let groups = made();
    assert_eq!(groups.iter().map(|group| group.source.as_str()).collect::<Vec<_>>(), ["endpoints/a/e004"]);
    // As it was told before.
    change(&pods, Resource::Pods, "a/p00042", &pod("a", "p00042", "10.9.9.9", &[80, 82]));
    assert_eq!(made().len(), 0);
    // One that nothing refers to.
    change(&pods, Resource::Pods, "a/p99999", &pod("a", "p99999", "10.9.9.9", &[80]));
    assert_eq!(made().len(), 0);
    // A service that did not exist, of whose name there are endpoints.
    let service = tests::kubernetes::service("a", "e007", 80, json!({}));
    change(&services, Resource::Services, "a/e007", &service);
    let groups = made();
    assert_eq!(groups.iter().map(|group| group.source.as_str()).collect::<Vec<_>>(), ["endpoints/a/e007"]);
    assert_eq!(groups[0].labels.get("__meta_kubernetes_service_name"), "e007");
    // A pod that is no longer behind them.
    change(&all, Resource::Endpoints, "a/e004", &endpoints("a", "e004", ("p80", 80), &[]));
    assert_eq!(made().len(), 1);
    change(&pods, Resource::Pods, "a/p00042", &pod("a", "p00042", "10.9.9.8", &[80]));
    assert_eq!(made().len(), 0);
}

#[tokio::test]
async fn a_change_of_a_namespace_reaches_what_is_in_it() {
    let cluster = Cluster::start();
    cluster.apply(namespace("a"));
    cluster.apply(namespace("b"));
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    cluster.apply(pod("b", "two", "10.0.0.2", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod\nattach_metadata: { namespace: true }");
    found.show(&["pod/a/one 10.0.0.1:80", "pod/b/two 10.0.0.2:80"]).await;
    let mut labelled = namespace("b");
    labelled["metadata"]["labels"] = json!({ "team": "x" });
    cluster.apply(labelled);
    let label = "__meta_kubernetes_namespace_label_team";
    let with = || {
        let mut groups = found.0.clone();
        let groups = groups.groups();
        groups
            .iter()
            .filter(|group| group.labels().contains(label))
            .map(|group| group.source().to_owned())
            .collect::<Vec<_>>()
    };
    until("the label is there", async || (with() == ["pod/b/two"]).then_some(())).await;
}
