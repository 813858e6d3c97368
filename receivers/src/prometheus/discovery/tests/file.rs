//! Files that come, change, break and go. Time is paused: it passes when nobody has anything else to do.

use super::*;
use crate::prometheus::loopback::Folder;

fn start(folder: &Folder, yaml: &str) -> (Context, Found) {
    let cx = receiver();
    let config: FileSdConfig = read(&yaml.replace("DIR", &folder.0.display().to_string()));
    assert_eq!(words(config.check()), [""; 0]);
    let found = Found::new(&cx, "job");
    found.start(&cx, &config);
    (cx, found)
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_when_it_has_been_replaced() {
    let folder = Folder::new("replaced");
    folder.write("t.json", r#"[{"targets":["a:1"],"labels":{"env":"prod"}},{"targets":["b:1"]}]"#);
    let (_cx, mut found) = start(&folder, "{files: [DIR/t.json], refresh_interval: 1h}");
    let path = folder.path("t.json");
    let (first, second) = (
        format!(r#"{{__meta_filepath="{path}", env="prod"}}: a:1"#),
        format!(r#"{{__meta_filepath="{path}"}}: b:1"#),
    );
    until(&mut found, &[&first, &second]).await;
    let before = tokio::time::Instant::now();
    folder.write("t.json", r#"[{"targets":["c:1"]}]"#);
    until(&mut found, &[&format!(r#"{{__meta_filepath="{path}"}}: c:1"#)]).await;
    assert!(before.elapsed() <= Duration::from_secs(5), "{:?}", before.elapsed());
    std::fs::remove_file(&path).unwrap();
    until(&mut found, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_that_breaks_keeps_its_targets_until_it_is_mended() {
    let folder = Folder::new("broken");
    folder.write("t.yml", "- targets: ['a:1']\n  labels: {shard: 7}\n");
    folder.write("u.yaml", "- targets: ['b:1']\n");
    let (_cx, mut found) = start(&folder, "{files: [DIR/*.yml, DIR/*.yaml]}");
    let labels = |name: &str| format!(r#"__meta_filepath="{}""#, folder.path(name));
    let good =
        [format!(r#"{{{}, shard="7"}}: a:1"#, labels("t.yml")), format!("{{{}}}: b:1", labels("u.yaml"))];
    until(&mut found, &[&good[0], &good[1]]).await;
    for (text, expected) in [
        ("- targets: [", "t.yml"),
        ("- targets: ['x:1']\n  label: {}\n", "unknown key `label`"),
        ("targets: ['x:1']", "expected a list"),
        ("- targets: {}", "expected a list"),
    ] {
        let failures = found.standings()[0].failures;
        folder.write("t.yml", text);
        until_failed(&found, failures + 1, expected).await;
        assert_eq!(summary(&mut found), good, "{text}");
    }
    // The other file goes on being read.
    folder.write("u.yaml", "- targets: ['b:2']\n");
    until(&mut found, &[&good[0], &format!("{{{}}}: b:2", labels("u.yaml"))]).await;
    assert!(found.standings()[0].last_error.is_some());
    folder.write("t.yml", "- targets: ['a:2']\n");
    let mended = format!("{{{}}}: a:2", labels("t.yml"));
    until(&mut found, &[&mended, &format!("{{{}}}: b:2", labels("u.yaml"))]).await;
    until_works(&found).await;
}

#[tokio::test(start_paused = true)]
async fn files_that_match_later_are_found() {
    let folder = Folder::new("later");
    let (_cx, mut found) = start(&folder, "{files: [DIR/tg_*.json], refresh_interval: 30s}");
    until_failed(&found, 1, "there is no file").await;
    folder.write("other.json", r#"[{"targets":["x:1"]}]"#);
    folder.write("tg_1.json", r#"[{"targets":["a:1"]}]"#);
    until(&mut found, &[&format!(r#"{{__meta_filepath="{}"}}: a:1"#, folder.path("tg_1.json"))]).await;
}

#[tokio::test(start_paused = true)]
async fn hostile_files_are_refused_in_bounds() {
    let folder = Folder::new("hostile");
    let (_cx, mut found) = start(&folder, "{files: [DIR/t.json], refresh_interval: 1s}");
    let many = vec![r#""a:1""#; 1_000_000].join(",");
    for (text, expected) in [
        (format!(r#"[{{"targets":[{many}]}}]"#), "1000000 targets are too many"),
        ("[".repeat(100_000), "expected a map with"),
        (format!(r#"[{{"targets":["{}"]}}]"#, "x".repeat(17 << 20)), "has more than 16777216 bytes"),
        (r#"[{"targets":["a"],"extra":1}]"#.to_owned(), "unknown field `extra`"),
        (r#"[["a:1"]]"#.to_owned(), "expected a map with"),
        (r#"{"targets":["a"]}"#.to_owned(), "expected a sequence"),
        (String::new(), "EOF"),
    ] {
        folder.write("t.json", &text);
        until_failed(&found, 1, expected).await;
    }
    assert!(found.groups().is_empty());
}
