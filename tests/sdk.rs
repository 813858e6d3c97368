//! Real SDKs in their own languages, installed by the test itself from their registries, pinned.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use tokio::sync::OnceCell;

use crate::backend::Export;
use crate::patience::{until, within};
use crate::server::Server;

/// Where the scripts, and the lists of what they need, are.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// An SDK that is ready to run its script.
#[derive(Clone, Debug)]
pub struct Sdk {
    pub(crate) program: PathBuf,
    pub(crate) script: PathBuf,
    pub(crate) folder: PathBuf,
}

/// What a script says it has sent, as the SDK itself encodes it.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are the signals")]
pub struct Sent {
    pub traces: Export,
    pub metrics: Export,
    pub logs: Export,
}

/// A folder of scripts with the lists of what they need: `client.py` with `requirements.txt`, `client.js` with
/// `package.json`. Clients that cannot live with each other's packages have a folder each.
#[derive(Debug)]
pub struct Clients {
    folder: &'static str,
    python: OnceCell<Result<Sdk, String>>,
    node: OnceCell<Result<Sdk, String>>,
}

static OPENTELEMETRY: Clients = Clients::new("");

/// Zipkin's own clients, and the exporters for Zipkin of OpenTelemetry's SDK.
pub static ZIPKIN: Clients = Clients::new("zipkin");

/// Prometheus' own clients.
pub static PROMETHEUS: Clients = Clients::new("prometheus");

/// Jaeger's own clients.
pub static JAEGER: Clients = Clients::new("jaeger-client");

/// The last exporters for Jaeger of OpenTelemetry's SDK.
pub static OPENTELEMETRY_TO_JAEGER: Clients = Clients::new("jaeger-otel");

/// The schemas of Kubernetes, and what holds manifests against them.
pub static KUBERNETES: Clients = Clients::new("kubernetes");

/// A server that is somebody else's X-Ray.
pub static MOTO: Clients = Clients::new("moto");

/// The SDK for Python; `None`, and a word about it, where it cannot be had.
pub async fn python() -> Option<Sdk> {
    OPENTELEMETRY.python().await
}

/// The SDK for Node; `None`, and a word about it, where it cannot be had.
pub async fn node() -> Option<Sdk> {
    OPENTELEMETRY.node().await
}

impl Clients {
    pub(crate) const fn new(folder: &'static str) -> Clients {
        Clients { folder, python: OnceCell::const_new(), node: OnceCell::const_new() }
    }

    /// The clients for Python; `None`, and a word about it, where they cannot be had.
    pub async fn python(&self) -> Option<Sdk> {
        let folder = self.folder;
        said(self.python.get_or_init(|| in_background(move || install_python(folder))).await, "python3")
    }

    /// The clients for Node; `None`, and a word about it, where they cannot be had.
    pub async fn node(&self) -> Option<Sdk> {
        let folder = self.folder;
        said(self.node.get_or_init(|| in_background(move || install_node(folder))).await, "node")
    }
}

/// Installs what the `package.json` of `folder` names, and copies the folder's own files beside it; `None`, and a word
/// about it, where that cannot be had.
pub async fn node_application(folder: &'static str) -> Option<PathBuf> {
    static INSTALLED: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    said(INSTALLED.get_or_init(|| in_background(move || install_application(folder))).await, "node")
}

impl Sdk {
    /// Lets the script send over `protocol` to `address`, and gives what it sent.
    ///
    /// # Panics
    /// When it could not send.
    pub async fn send(&self, protocol: &str, address: &str) -> Sent {
        let output = self.run(protocol, address).await;
        let sent: BTreeMap<String, String> = serde_json::from_slice(&output).expect("it prints JSON");
        assert_eq!(sent.get("failed"), None, "the script could not send");
        Sent {
            traces: Export::Traces(decode(&sent["traces"])),
            metrics: Export::Metrics(decode(&sent["metrics"])),
            logs: Export::Logs(decode(&sent["logs"])),
        }
    }

    /// Starts the script as a server; it says on which port it listens.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn serve(&self, argument: &str) -> Server {
        let mut command = Command::new(&self.program);
        command.arg(&self.script).arg(argument).current_dir(&self.folder);
        Server::start(command, |line| line.strip_prefix("listens ").map(|port| format!("127.0.0.1:{port}")))
    }

    /// Runs the script and gives what it prints.
    ///
    /// # Panics
    /// When it fails.
    pub async fn run(&self, protocol: &str, address: &str) -> Vec<u8> {
        let mut command = Command::new(&self.program);
        command.arg(&self.script).arg(protocol).arg(address).current_dir(&self.folder);
        // Nothing of the machine's own settings for SDKs and proxies.
        let foreign = |name: &str| name.starts_with("OTEL_") || name.to_ascii_lowercase().ends_with("_proxy");
        for (name, _) in std::env::vars().filter(|(name, _)| foreign(name)) {
            command.env_remove(name);
        }
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = within("the script ends", output).await.expect("no panic").expect("it can be run");
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the script failed:\n{complaints}");
        output.stdout
    }
}

fn decode<T: Message + Default>(text: &str) -> T {
    let bytes = BASE64_STANDARD.decode(text).expect("it prints base64");
    T::decode(&*bytes).expect("the SDK encodes what prost can read")
}

/// What was installed; or nothing, and a word about it, unless `tool` is there and must work.
pub fn said<T: Clone>(outcome: &Result<T, String>, tool: &str) -> Option<T> {
    match outcome {
        Ok(installed) => Some(installed.clone()),
        Err(why) => {
            let must = std::env::var("CI").is_ok_and(|ci| ci == "true")
                && run(Command::new(tool).arg("--version")).is_ok();
            assert!(!must, "{tool} is here, but what it needs is not: {why}");
            // Past the capturing of the test harness: a test that did nothing must not look like one that passed.
            let _ = writeln!(std::io::stderr(), "SKIPPED: a story that needs {tool} was not told: {why}");
            None
        }
    }
}

pub(crate) async fn in_background<T, F>(install: F) -> Result<T, String>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, String> + Send + 'static,
{
    let installing = tokio::task::spawn_blocking(install);
    installing.await.expect("no panic")
}

fn install_python(clients: &str) -> Result<Sdk, String> {
    let list = Path::new(CLIENTS).join(clients).join("requirements.txt");
    let folder = cache("python", &[&list]);
    let program = folder.join("venv/bin/python");
    once(&folder, || {
        run(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(&folder))?;
        let mut install = Command::new(&program);
        install
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&list);
        run(install.current_dir(&folder))
    })?;
    Ok(Sdk { program, script: Path::new(CLIENTS).join(clients).join("client.py"), folder })
}

fn install_node(clients: &str) -> Result<Sdk, String> {
    let home = Path::new(CLIENTS).join(clients);
    let folder = install_packages(&home)?;
    Ok(Sdk { program: "node".into(), script: home.join("client.js"), folder })
}

/// The files are copied each time, as they may have changed since the packages were installed.
fn install_application(home: &str) -> Result<PathBuf, String> {
    let home = Path::new(home);
    // Node looks for packages in the folders above, too.
    let folder = install_packages(home)?.join("application");
    let cannot = |error: std::io::Error| format!("cannot copy {home:?}: {error}");
    std::fs::create_dir_all(&folder).map_err(cannot)?;
    for entry in std::fs::read_dir(home).map_err(cannot)? {
        let entry = entry.map_err(cannot)?;
        if entry.file_type().map_err(cannot)?.is_file() {
            std::fs::copy(entry.path(), folder.join(entry.file_name())).map_err(cannot)?;
        }
    }
    Ok(folder)
}

/// The folder that has the packages which the lists in `home` name.
fn install_packages(home: &Path) -> Result<PathBuf, String> {
    let lists = ["package.json", "package-lock.json"].map(|name| home.join(name));
    let folder = cache("node", &[&lists[0], &lists[1]]);
    once(&folder, || {
        for list in &lists {
            let name = list.file_name().expect("it is a file");
            std::fs::copy(list, folder.join(name))
                .map_err(|error| format!("cannot copy {list:?}: {error}"))?;
        }
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder))
    })?;
    Ok(folder)
}

/// A folder below the target folder, named after what `lists` say, so that another list gets another folder.
pub(crate) fn cache(name: &str, lists: &[&Path]) -> PathBuf {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for list in lists {
        std::fs::read(list).unwrap_or_default().hash(&mut hasher);
    }
    let test = std::env::current_exe().expect("the test has a path");
    // <target>/<profile>/deps/<test>
    let target = test.ancestors().nth(3).expect("the test is built below the target folder");
    target.join("sdk-clients").join(format!("{name}-{:016x}", hasher.finish()))
}

/// Runs `install` unless it has been run to its end in that folder before.
pub(crate) fn once(folder: &Path, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let done = folder.join("complete");
    if done.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot make {folder:?}: {error}"))?;
    install()?;
    std::fs::write(&done, "").map_err(|error| format!("cannot write {done:?}: {error}"))
}

pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let complaints = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?} failed: {}", complaints.trim().lines().last().unwrap_or_default()))
}

/// Waits until the backend has taken one request of each signal, and gives them in the order traces, metrics, logs.
pub async fn one_of_each(backend: &crate::Backend) -> Sent {
    until("one request of each signal arrives", async || {
        let taken = backend.taken();
        let find = |wanted: fn(&Export) -> bool| taken.iter().find(|export| wanted(export)).cloned();
        Some(Sent {
            traces: find(|export| matches!(export, Export::Traces(_)))?,
            metrics: find(|export| matches!(export, Export::Metrics(_)))?,
            logs: find(|export| matches!(export, Export::Logs(_)))?,
        })
    })
    .await
}
