//! Rules about the code itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::serde_json::{self, Value};

use crate::FERROTEL;

/// The layers, lowest first: a crate imports only from layers below its own.
const LAYERS: [&[&str]; 5] = [
    &["otlp", "config"],
    &["component", "formats"],
    &["transport", "pipelines"],
    &["receivers", "processors", "exporters", "connectors", "extensions"],
    &["collector"],
];

/// What is in these folders measures and tests, and nothing that runs imports it.
const BESIDE: [&str; 2] = ["tests", "benches"];

#[test]
fn a_crate_imports_only_what_is_below_it() {
    let crates = crates();
    let mut faults = Vec::new();
    for Crate { name, imports, .. } in crates.iter().filter(|found| !found.is_beside()) {
        let Some(layer) = layer(name) else {
            faults.push(format!(
                "the crate `{name}` has no layer; give it one in this test and in ARCHITECTURE.md"
            ));
            continue;
        };
        faults.extend(imports.iter().filter_map(|other| fault(name, layer, other)));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn an_arrow_that_points_up_or_aside_is_told_in_a_sentence() {
    let told =
        |name: &str, other: &str| fault(name, layer(name).expect("a layer"), other).unwrap_or_default();
    assert!(told("otlp", "component").contains("above"));
    assert!(told("transport", "pipelines").contains("neighbour"));
    assert!(told("processors", "exporters").contains("neighbour"));
    assert!(told("extensions", "pipelines").contains("do not know what wires them"));
    for (name, below) in [("collector", "pipelines"), ("receivers", "transport"), ("component", "config")] {
        assert_eq!(told(name, below), "");
    }
}

#[test]
fn nothing_that_runs_imports_what_only_tests() {
    let crates = crates();
    let beside: Vec<_> = crates.iter().filter(|found| found.is_beside()).map(|found| &found.name).collect();
    for Crate { name, imports, .. } in crates.iter().filter(|found| !found.is_beside()) {
        let found = imports.iter().find(|other| beside.contains(other));
        assert_eq!(found, None, "`{name}` imports what only tests and measures");
    }
}

#[test]
fn every_component_folder_has_its_three_files() {
    let mut folders = 0;
    for folder in component_folders() {
        folders += 1;
        for file in ["README.md", "mod.rs", "config.rs"] {
            assert!(folder.join(file).is_file(), "the component in {} has no {file}", folder.display());
        }
    }
    assert!(folders > 10, "only {folders} components were found");
}

#[tokio::test]
async fn every_example_in_a_readme_is_a_valid_configuration() {
    let frame = "yaml:{ receivers: { otlp: { protocols: { grpc: } } }, exporters: { nop: }, \
                 service: { pipelines: { traces: { receivers: [otlp], exporters: [nop] } } } }";
    let mut faults = Vec::new();
    for folder in component_folders() {
        let readme = folder.join("README.md");
        let examples = examples(&std::fs::read_to_string(&readme).unwrap_or_default());
        if examples.is_empty() {
            faults.push(format!("{} has no example", readme.display()));
        }
        for example in examples {
            let example = with_variables(&example);
            let finished =
                FERROTEL.run(&["validate", "--config", frame, "--config", &format!("yaml:{example}")]).await;
            if finished.code != 0 {
                faults.push(format!("{}:\n{example}\n{}", readme.display(), finished.stderr));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&name))
}

/// What is wrong with the crate `name` of that layer importing `other`, in a sentence.
fn fault(name: &str, own: usize, other: &str) -> Option<String> {
    let theirs = layer(other)?;
    if own == 3 && other == "pipelines" {
        return Some(format!("`{name}` imports `pipelines`: components do not know what wires them"));
    }
    match theirs.cmp(&own) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => {
            Some(format!("`{name}` imports its neighbour `{other}`: move what they share below both"))
        }
        std::cmp::Ordering::Greater => {
            Some(format!("`{name}` imports `{other}`, which is above it: turn the arrow round"))
        }
    }
}

/// A crate of the workspace with all that its `Cargo.toml` names, but for its tests.
struct Crate {
    name: String,
    manifest: PathBuf,
    imports: Vec<String>,
}

impl Crate {
    fn is_beside(&self) -> bool {
        let folder = self.manifest.strip_prefix(root().canonicalize().expect("the workspace is there"));
        let top = folder.ok().and_then(|folder| folder.iter().next()).and_then(|name| name.to_str());
        top.is_some_and(|top| BESIDE.contains(&top))
    }
}

fn crates() -> Vec<Crate> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]).current_dir(root());
    let output = command.output().expect("cargo runs, since it runs this test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let runs = |dependency: &Value| dependency["kind"] != "dev";
    let read = |package: &Value| {
        let imports = list(&package["dependencies"]);
        Crate {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"]).into(),
            imports: imports.iter().filter(|found| runs(found)).map(|found| text(&found["name"])).collect(),
        }
    };
    list(&metadata["packages"]).iter().map(read).collect()
}

/// The folder of each component that the program registers.
fn component_folders() -> Vec<PathBuf> {
    let list = root().join("collector/src/components.rs");
    let list = std::fs::read_to_string(list).expect("the program has a list of its components");
    // `.exporter::<exporters::debug::Config>()`
    let paths = list.lines().filter_map(|line| line.split_once("::<")?.1.split_once(">()"));
    let mut folders: Vec<_> = paths
        .filter_map(|(path, _)| {
            let mut parts = path.split("::");
            Some(root().join(parts.next()?).join("src").join(parts.next()?))
        })
        .collect();
    folders.dedup();
    folders
}

/// The example with something in the place of each `${env:NAME}`.
fn with_variables(example: &str) -> String {
    let mut parts = example.split("${env:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "something" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

/// The blocks that are marked as YAML.
fn examples(readme: &str) -> Vec<String> {
    let blocks = readme.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
