//! Files that must stay as they are, configurations that must be right, and pages that must lead somewhere.

use tests::sha2::{Digest, Sha256};

use super::{configurations, ferrotel, files, read, root, said};

/// Files of the Go Collector and of Prometheus as people have them. They run as they are, so they are not touched.
const AS_THEY_CAME: [(&str, &str); 2] = [
    ("otel-collector.yaml", "3a5af29e6b4ee22191b5a83b964ed26868cab9e9cbec1ae59e7766a130977392"),
    ("prometheus.yml", "255f31a95f329e7839b9c8db304cd1c39c6c4a0cc5d3f44ad233ea28baf067e6"),
];

#[test]
fn the_files_that_people_have_are_kept_byte_for_byte() {
    for (name, digest) in AS_THEY_CAME {
        let bytes = std::fs::read(root().join("examples").join(name)).expect("it is there");
        let found: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(found, digest, "{name} was changed");
    }
}

#[test]
fn every_example_is_a_valid_configuration() {
    let found = configurations();
    assert!(found.len() > 6, "{found:?}");
    let faults: Vec<_> = found
        .iter()
        .map(|path| ferrotel(&["validate", "--config", &path.display().to_string()]))
        .filter(|output| !output.status.success())
        .map(|output| said(&output))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let pages = files().into_iter().filter(|path| path.ends_with("README.md"));
    let mut faults = Vec::new();
    for page in pages.chain([root().join("README.md")]) {
        let folder = page.parent().expect("a page is in a folder");
        let text = read(&page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let links = links.filter(|link| !link.contains("://")).map(|link| folder.join(link));
        let words = text.split(|c: char| c.is_whitespace() || "`()".contains(c));
        let paths = words.filter(|word| word.starts_with("examples/")).map(|word| root().join(word));
        for path in links.chain(paths).filter(|path| !path.exists()) {
            faults.push(format!("{} names {}, which is not there", page.display(), path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
