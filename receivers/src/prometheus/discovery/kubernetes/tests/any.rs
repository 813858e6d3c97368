//! Whatever happens, in the end all is known as it is.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tests::kubernetes::{Cluster, Faults, endpoints, node, pod_with, service};
use tests::patience::until;

use super::{Jobs, outside};

/// Something that happens in a cluster. Numbers choose among a few names.
#[derive(Clone, Debug)]
enum Happening {
    Pod(u8, u8),
    NoPod(u8),
    Service(u8, u8),
    NoService(u8),
    Endpoints(u8, Vec<u8>),
    NoEndpoints(u8),
    Node(u8),
    Cut,
    End,
    Compact,
    Bookmark,
    Garbage,
    Down,
    Up { gone_as_status: bool },
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => (0..6_u8, 0..4_u8).prop_map(|(name, ip)| Happening::Pod(name, ip)),
        2 => (0..6_u8).prop_map(Happening::NoPod),
        2 => (0..3_u8, 0..3_u8).prop_map(|(name, note)| Happening::Service(name, note)),
        1 => (0..3_u8).prop_map(Happening::NoService),
        3 => (0..3_u8, proptest::collection::vec(0..6_u8, 0..4)).prop_map(|(name, pods)| Happening::Endpoints(name, pods)),
        1 => (0..3_u8).prop_map(Happening::NoEndpoints),
        1 => (0..3_u8).prop_map(Happening::Node),
        2 => Just(Happening::Cut),
        1 => Just(Happening::End),
        1 => Just(Happening::Compact),
        1 => Just(Happening::Bookmark),
        1 => Just(Happening::Garbage),
        1 => Just(Happening::Down),
        2 => any::<bool>().prop_map(|gone_as_status| Happening::Up { gone_as_status }),
    ]
}

fn happen(cluster: &Cluster, happening: &Happening) {
    let ip = |number: u8| format!("10.0.0.{number}");
    match happening {
        Happening::Pod(name, number) => {
            let labels = json!({ "version": number.to_string() });
            let ports: &[u16] = if number % 2 == 0 { &[80] } else { &[80, 81] };
            cluster.apply(pod_with("a", &format!("p{name}"), &ip(*number), ports, labels, json!({})));
        }
        Happening::NoPod(name) => cluster.delete("pods", "a", &format!("p{name}")),
        Happening::Service(name, note) => {
            cluster.apply(service("a", &format!("s{name}"), 80, json!({ "note": note.to_string() })));
        }
        Happening::NoService(name) => cluster.delete("services", "a", &format!("s{name}")),
        Happening::Endpoints(name, pods) => {
            let pods: Vec<_> = pods.iter().map(|pod| (format!("p{pod}"), ip(*pod))).collect();
            let pods: Vec<_> = pods.iter().map(|(name, ip)| (name.as_str(), ip.as_str())).collect();
            cluster.apply(endpoints("a", &format!("s{name}"), ("p80", 80), &pods));
        }
        Happening::NoEndpoints(name) => cluster.delete("endpoints", "a", &format!("s{name}")),
        Happening::Node(number) => {
            let mut node = node("node-1", "10.1.0.1");
            node["metadata"]["labels"] = json!({ "zone": number.to_string() });
            cluster.apply(node);
        }
        Happening::Cut => cluster.cut(),
        Happening::End => cluster.end_watches(),
        Happening::Compact => cluster.compact(),
        Happening::Bookmark => cluster.bookmark(),
        Happening::Garbage => cluster.say("pods", "]\n"),
        Happening::Down => cluster.misbehave(Faults { status: Some(500), ..Faults::default() }),
        Happening::Up { gone_as_status } => {
            cluster.misbehave(Faults { gone_as_status: *gone_as_status, ..Faults::default() });
        }
    }
}

const ROLES: [&str; 3] =
    ["{ role: endpoints, attach_metadata: { node: true }, ", "{ role: pod, ", "{ role: service, "];

/// Lets it all happen, some of it while the others are told; then compares with who comes new.
async fn check(happenings: &[(Happening, bool)]) -> Result<(), TestCaseError> {
    let cluster = Cluster::start();
    cluster.apply(node("node-1", "10.1.0.1"));
    let jobs = Jobs::new(outside());
    let all =
        |jobs: &Jobs| ROLES.map(|role| jobs.discover(&format!("{role}api_server: '{}' }}", cluster.url())));
    let found = all(&jobs);
    for (happening, pause) in happenings {
        happen(&cluster, happening);
        if *pause {
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
    }
    cluster.misbehave(Faults::default());
    let newcomers = Jobs::new(outside());
    let fresh = all(&newcomers);
    let everything =
        |all: &[super::Finds; 3]| all.iter().flat_map(super::Finds::everything).collect::<Vec<_>>();
    // A group for each object that has targets, as the lists say.
    let expected: usize = expected(&cluster);
    let same = until("all is known as it is", async || {
        let (old, new) = (everything(&found), everything(&fresh));
        (old == new && new.len() == expected).then_some(())
    });
    same.await;
    Ok(())
}

/// How many objects have targets.
fn expected(cluster: &Cluster) -> usize {
    let behind = cluster.objects("endpoints");
    let behind =
        behind.iter().filter(|it| it["subsets"][0]["addresses"].as_array().is_some_and(|it| !it.is_empty()));
    cluster.objects("pods").len() + cluster.objects("services").len() + behind.count()
}

#[test]
fn after_any_changes_cuts_and_compactions_the_groups_are_those_of_a_fresh_list() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    });
    let any = proptest::collection::vec((happening(), any::<bool>()), 0..40);
    let outcome = runner.run(&any, |happenings| runtime.block_on(check(&happenings)));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
