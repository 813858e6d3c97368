//! The containers of a laptop: without an engine, what can be said is that the pieces are there and fit.

use super::{read, root, said, tool};

#[test]
fn every_file_that_a_container_is_given_is_there() {
    let text = read(&root().join("examples/compose.yaml"));
    let mounts: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("- ./")).collect();
    assert!(mounts.len() > 4, "{mounts:?}");
    for mount in mounts {
        let [host, inside, mode] = mount.split(':').collect::<Vec<_>>()[..] else { panic!("{mount}") };
        assert!(root().join("examples").join(host).exists(), "{host} is not there");
        assert!(inside.starts_with('/') && mode == "ro", "{mount}");
    }
}

#[test]
fn nothing_is_open_to_the_outside() {
    let text = read(&root().join("examples/compose.yaml"));
    let ports =
        text.lines().map(str::trim).filter(|line| line.starts_with("- ") && line.matches(':').count() == 2);
    let ports: Vec<_> = ports.filter(|line| !line.contains('/')).collect();
    assert!(ports.len() > 4 && ports.iter().all(|line| line.starts_with("- 127.0.0.1:")), "{ports:?}");
}

#[test]
fn prometheus_takes_its_configuration() {
    // Files that only exist in a container are not asked for.
    let arguments = ["check", "config", "--syntax-only", "examples/compose/prometheus.yml"];
    let Some(output) = tool("/usr/bin/promtool", &arguments) else { return };
    assert!(output.status.success(), "{}", said(&output));
}
