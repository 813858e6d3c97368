//! Lists, watches, and what goes wrong with them.

use std::time::Duration;

use serde_json::json;
use tests::kubernetes::{Cluster, Faults, endpoints, pod, pod_with, service};
use tests::patience::until;

use super::{Jobs, Pace, Surroundings, discover, lists, outside};

#[tokio::test]
async fn pods_come_change_and_go() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    cluster.apply(pod("a", "two", "10.0.0.2", &[80, 81]));
    cluster.apply(pod("a", "one", "10.0.0.9", &[80]));
    found.show(&["pod/a/one 10.0.0.9:80", "pod/a/two 10.0.0.2:80 10.0.0.2:81"]).await;
    cluster.delete("pods", "a", "one");
    found.show(&["pod/a/two 10.0.0.2:80 10.0.0.2:81"]).await;
    assert_eq!((lists(&cluster, "pods"), found.standing().failures), (1, 0));
}

#[tokio::test]
async fn long_lists_are_read_in_pages() {
    let cluster = Cluster::start();
    for number in 0..1_234 {
        cluster.apply(pod("a", &format!("p{number:04}"), "10.0.0.1", &[80]));
    }
    let (_jobs, found) = discover(&cluster, "role: pod");
    until("all are found", async || (found.groups().len() == 1_234).then_some(())).await;
    let pages = cluster.seen().iter().filter(|seen| seen.query.contains_key("continue")).count();
    assert_eq!((pages, lists(&cluster, "pods")), (2, 1));
}

#[tokio::test]
async fn a_watch_that_breaks_goes_on_where_it_was() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    cluster.apply(pod("a", "gone", "10.0.0.3", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/gone 10.0.0.3:80", "pod/a/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 1).await;
    // While nobody watches, things happen.
    cluster.misbehave(Faults { status: Some(503), ..Faults::default() });
    cluster.cut();
    found.fails_with("cannot watch pods: the test wants it so (503").await;
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    cluster.delete("pods", "a", "gone");
    // What is known stays meanwhile.
    assert_eq!(found.groups(), ["pod/a/gone 10.0.0.3:80", "pod/a/one 10.0.0.1:80"]);
    cluster.misbehave(Faults::default());
    found.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
    found.works().await;
    assert_eq!(lists(&cluster, "pods"), 1);
}

#[tokio::test]
async fn a_watch_that_ends_in_time_or_breaks_is_no_trouble() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    for number in 0..6 {
        cluster.wait_for_watches("pods", 1).await;
        if number % 2 == 0 {
            cluster.end_watches()
        } else {
            cluster.cut()
        }
        cluster.apply(pod("a", "one", &format!("10.0.0.{number}"), &[80]));
        found.show(&[&format!("pod/a/one 10.0.0.{number}:80")]).await;
    }
    assert_eq!((lists(&cluster, "pods"), found.standing().failures), (1, 0));
}

#[tokio::test]
async fn when_the_server_has_forgotten_all_is_listed_again_and_what_vanished_is_gone() {
    for gone_as_status in [false, true] {
        let cluster = Cluster::start();
        for name in ["one", "two", "three"] {
            cluster.apply(pod("a", name, "10.0.0.1", &[80]));
        }
        let (_jobs, found) = discover(&cluster, "role: pod");
        found.show(&["pod/a/one 10.0.0.1:80", "pod/a/three 10.0.0.1:80", "pod/a/two 10.0.0.1:80"]).await;
        cluster.wait_for_watches("pods", 1).await;
        cluster.misbehave(Faults { status: Some(500), ..Faults::default() });
        cluster.cut();
        found.fails_with("500").await;
        cluster.delete("pods", "a", "two");
        cluster.apply(pod("a", "three", "10.0.0.3", &[80]));
        cluster.compact();
        cluster.misbehave(Faults { gone_as_status, ..Faults::default() });
        found.show(&["pod/a/one 10.0.0.1:80", "pod/a/three 10.0.0.3:80"]).await;
        found.works().await;
        assert_eq!(lists(&cluster, "pods"), 2);
    }
}

#[tokio::test]
async fn a_bookmark_says_how_far_we_are() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 1).await;
    // Other objects move the version on, beyond what is remembered.
    cluster.apply(service("a", "s", 80, json!({})));
    cluster.bookmark();
    cluster.compact();
    cluster.end_watches();
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    found.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
    assert_eq!(lists(&cluster, "pods"), 1);
}

#[tokio::test]
async fn answers_that_trickle_are_read_all_the_same() {
    let cluster = Cluster::start();
    cluster.misbehave(Faults {
        delay: Duration::from_millis(5),
        trickle: Some(97),
        endless: true,
        ..Faults::default()
    });
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 1).await;
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    found.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_costs_a_list_and_no_target() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 1).await;
    cluster.say("pods", "{\"type\":\"MODIFIED\",\"obj\n");
    until("it is listed again", async || (lists(&cluster, "pods") == 2).then_some(())).await;
    assert_eq!(found.standing().failures, 1);
    assert_eq!(found.groups(), ["pod/a/one 10.0.0.1:80"]);
    cluster.wait_for_watches("pods", 1).await;
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    found.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
}

#[tokio::test]
async fn a_server_that_forgets_at_once_is_asked_at_growing_intervals() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let pace = Pace { first: Duration::from_millis(100), longest: Duration::from_millis(400) };
    let jobs = Jobs::new(Surroundings { pace, ..outside() });
    let found = jobs.discover(&format!("{{ role: pod, api_server: '{}' }}", cluster.url()));
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    let began = tokio::time::Instant::now();
    let gone = "{\"type\":\"ERROR\",\"object\":{\"code\":410,\"message\":\"too old\"}}\n";
    until("it is listed for the fourth time", async || {
        cluster.say("pods", gone);
        (lists(&cluster, "pods") >= 4).then_some(())
    })
    .await;
    // 100, 200 and 400 ms, at least.
    assert!(began.elapsed() >= Duration::from_millis(690), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_object_of_another_shape_costs_itself_alone() {
    let cluster = Cluster::start();
    let odd = json!({ "kind": "Pod", "metadata": { "namespace": "a", "name": "odd" }, "spec": { "containers": 7 } });
    cluster.apply(odd);
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let (_jobs, found) = discover(&cluster, "role: pod");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
    // The list as a whole was a success, but not without a word of what was left out.
    assert_eq!(found.standing().failures, 1);
    cluster.wait_for_watches("pods", 1).await;
    let mut odd = pod("a", "one", "10.0.0.7", &[80]);
    odd["status"]["conditions"] = json!("none");
    cluster.apply(odd);
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    found.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
    found.fails_with("`a/one` cannot be read").await;
    assert_eq!(lists(&cluster, "pods"), 1);
}

#[tokio::test]
async fn what_is_forbidden_is_told_and_everything_else_goes_on() {
    let cluster = Cluster::start();
    cluster.forbid("services");
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    cluster.apply(endpoints("a", "web", ("p80", 80), &[("one", "10.0.0.1")]));
    let jobs = Jobs::new(outside());
    let at = |role: &str| jobs.discover(&format!("{{ role: {role}, api_server: '{}' }}", cluster.url()));
    let (pods, behind) = (at("pod"), at("endpoints"));
    pods.show(&["pod/a/one 10.0.0.1:80"]).await;
    let standing = behind.fails_with("cannot list services: services is forbidden: User").await;
    assert!(standing.last_error.is_some_and(|error| error.contains("(403 Forbidden)")));
    assert_eq!((behind.groups().len(), pods.standing().failures), (0, 0));
    cluster.permit("services");
    behind.show(&["endpoints/a/web 10.0.0.1:80"]).await;
    behind.works().await;
    // What was found before it is forbidden stays.
    cluster.forbid("endpoints");
    cluster.cut();
    behind.fails_with("cannot watch endpoints").await;
    cluster.apply(pod("a", "two", "10.0.0.2", &[80]));
    pods.show(&["pod/a/one 10.0.0.1:80", "pod/a/two 10.0.0.2:80"]).await;
    assert_eq!(behind.groups(), ["endpoints/a/web 10.0.0.1:80"]);
}

#[tokio::test]
async fn jobs_share_the_watches_they_have_in_common() {
    let cluster = Cluster::start();
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    cluster.apply(endpoints("a", "web", ("p80", 80), &[("one", "10.0.0.1")]));
    let jobs = Jobs::new(outside());
    let at = |rest: &str| jobs.discover(&format!("{{ api_server: '{}', {rest} }}", cluster.url()));
    let first = [at("role: endpoints"), at("role: endpoints"), at("role: pod")];
    for found in &first[..2] {
        found.show(&["endpoints/a/web 10.0.0.1:80"]).await;
    }
    for resource in ["pods", "endpoints", "services"] {
        cluster.wait_for_watches(resource, 1).await;
        assert_eq!(lists(&cluster, resource), 1, "{resource}");
    }
    // One that comes later is told what is known.
    let later = at("role: pod");
    later.show(&["pod/a/one 10.0.0.1:80"]).await;
    // Another namespace or selector is another watch.
    let other = at("role: pod, namespaces: { names: [a] }");
    other.show(&["pod/a/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 2).await;
    assert_eq!(lists(&cluster, "pods"), 2);
}

#[tokio::test]
async fn namespaces_and_selectors_are_asked_for() {
    let cluster = Cluster::start();
    for (namespace, name, tier) in
        [("a", "one", "web"), ("b", "two", "web"), ("b", "three", "db"), ("c", "four", "web")]
    {
        cluster.apply(pod_with(namespace, name, "10.0.0.1", &[80], json!({ "tier": tier }), json!({})));
    }
    let settings = "role: pod\nnamespaces: { names: [b, c] }\n\
                    selectors: [{ role: pod, label: 'tier in (web, x)', field: metadata.name!=four }]";
    let (_jobs, found) = discover(&cluster, settings);
    found.show(&["pod/b/two 10.0.0.1:80"]).await;
    // What leaves the selection is gone.
    cluster.wait_for_watches("pods", 2).await;
    cluster.apply(pod_with("b", "two", "10.0.0.1", &[80], json!({ "tier": "db" }), json!({})));
    cluster.apply(pod_with("b", "three", "10.0.0.3", &[80], json!({ "tier": "web" }), json!({})));
    found.show(&["pod/b/three 10.0.0.3:80"]).await;
}

#[tokio::test]
async fn everything_ends_with_the_component() {
    let cluster = Cluster::start();
    let (jobs, _found) = discover(&cluster, "role: endpoints");
    cluster.wait_for_watches("pods", 1).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    assert_eq!(jobs.cx.scope.stop(deadline).await, Ok(()));
    for resource in ["pods", "services", "endpoints"] {
        cluster.wait_for_watches(resource, 0).await;
    }
}
