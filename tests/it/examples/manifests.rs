//! Manifests for Kubernetes, and the unit for systemd.

use tests::collector::free_address;
use tests::sdk;
use tests::serde_json::{self, Value};

use super::{files, read, root, said, tool};
use crate::FERROTEL;

/// The version of Kubernetes whose schemas the manifests are held against.
const KUBERNETES: &str = "1.37";

#[tokio::test]
async fn every_manifest_fits_the_schemas_of_kubernetes_and_our_own_rules() {
    let Some(python) = sdk::KUBERNETES.python().await else { return };
    let examples = root().join("examples").display().to_string();
    let outcomes = python.run(KUBERNETES, &examples).await;
    let outcomes: Vec<Value> = serde_json::from_slice(&outcomes).expect("it prints JSON");
    assert!(outcomes.len() > 10, "{outcomes:#?}");
    let mut faults = Vec::new();
    for outcome in &outcomes {
        let (file, resource) = (&outcome["file"], &outcome["resource"]);
        let mut fault = |what: String| faults.push(format!("{file} {}: {what}", resource["kind"]));
        if let Some(wrong) = outcome["wrong"].as_str() {
            fault(wrong.to_owned());
        }
        let pod = &resource["spec"]["template"]["spec"];
        for container in
            ["initContainers", "containers"].iter().filter_map(|key| pod[key].as_array()).flatten()
        {
            container_faults(pod, container)
                .iter()
                .for_each(|what| fault(format!("{}: {what}", container["name"])));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a container lacks that each of ours has.
fn container_faults(pod: &Value, container: &Value) -> Vec<&'static str> {
    let security = &container["securityContext"];
    let rules = [
        (pod["securityContext"]["runAsNonRoot"] == true, "it may run as root"),
        (security["readOnlyRootFilesystem"] == true, "its root file system can be written to"),
        (security["allowPrivilegeEscalation"] == false, "it may gain rights"),
        (security["capabilities"]["drop"][0] == "ALL", "it has capabilities"),
        (container["resources"]["limits"]["memory"].is_string(), "its memory has no limit"),
        (container["resources"]["requests"]["cpu"].is_string(), "it asks for no CPU"),
        (
            container["name"] != "ferrotel" || container["livenessProbe"].is_object(),
            "nobody asks whether it lives",
        ),
        (
            container["name"] != "ferrotel" || container["startupProbe"].is_object(),
            "nobody asks whether it is up",
        ),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, fault)| fault).collect()
}

#[test]
fn a_config_map_holds_the_configuration_of_its_folder() {
    let manifests: Vec<_> = files().into_iter().filter(|path| path.ends_with("manifests.yaml")).collect();
    assert_eq!(manifests.len(), 3);
    for path in manifests {
        let embedded = block(&read(&path), "  config.yaml: |");
        let own = read(&path.with_file_name("config.yaml"));
        assert_eq!(embedded, own, "{} and the config.yaml beside it differ", path.display());
    }
}

/// The literal block below that key, without its indentation.
fn block(text: &str, key: &str) -> String {
    let lines = text.lines().skip_while(|line| *line != key).skip(1);
    let lines = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    lines.map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or_default())).collect()
}

#[test]
fn systemd_takes_the_unit_and_finds_it_well_locked_up() {
    let unit = read(&root().join("examples/systemd/ferrotel.service"));
    let folder = std::env::temp_dir().join(format!("ferrotel-unit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let file = folder.join("ferrotel.service");
    // systemd looks whether the programs are there.
    std::fs::write(&file, unit.replace("/usr/local/bin/ferrotel", FERROTEL.0)).expect("it can be written");
    let path = file.display().to_string();
    for arguments in [vec!["verify", &path], vec!["security", "--offline=true", "--threshold=20", &path]] {
        let Some(output) = tool("systemd-analyze", &arguments) else { break };
        assert!(output.status.success(), "{}", said(&output));
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

#[tokio::test]
async fn the_words_of_the_units_and_manifests_are_a_command_line() {
    let config = "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { nop: }, \
                  service: { pipelines: { traces: { receivers: [otlp], exporters: [nop] } } } }";
    let finished = FERROTEL.run(&["validate", "--config", config, "--shutdown-timeout", "15s"]).await;
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    // Nobody is there, which is a failure and not a wrong command line.
    assert_eq!(FERROTEL.run(&["healthcheck", "--endpoint", &free_address()]).await.code, 1);
}
