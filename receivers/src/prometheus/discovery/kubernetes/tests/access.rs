//! Who we are at the API server, and where it is.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tests::certificates::Certificates;
use tests::kubernetes::{Cluster, Faults, pod};
use tests::patience::until;

use super::super::access::Surroundings;
use super::super::kubeconfig;
use super::{Jobs, PACE, outside};

/// A folder of a test, gone at its end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ferrotel-kubernetes-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder can be made");
        Folder(path)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("the folder is ours");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The surroundings of a pod whose account is in that folder.
fn in_cluster(cluster: &Cluster, account: &Folder) -> Surroundings {
    let address = cluster.address();
    let server = Some((address.ip().to_string(), address.port().to_string()));
    Surroundings { account: account.0.clone(), server, pace: PACE }
}

#[tokio::test]
async fn in_a_cluster_the_account_of_the_pod_is_used_and_its_token_may_rotate() {
    let certificates = Certificates::make();
    let cluster = Cluster::start_with_tls(certificates.server_of_all());
    cluster.apply(pod("mine", "one", "10.0.0.1", &[80]));
    cluster.apply(pod("other", "two", "10.0.0.2", &[80]));
    cluster.require_token("first");
    let account = Folder::new("account");
    account.write("token", "first\n");
    account.write("ca.crt", std::fs::read(certificates.path("ca.pem")).expect("it was written"));
    account.write("namespace", "mine");
    let jobs = Jobs::new(in_cluster(&cluster, &account));
    let found = jobs.discover("{ role: pod, namespaces: { own_namespace: true } }");
    found.show(&["pod/mine/one 10.0.0.1:80"]).await;
    cluster.wait_for_watches("pods", 1).await;

    // The old token is no longer good before the new one is there: what is known stays.
    cluster.require_token("second");
    cluster.end_watches();
    found.fails_with("Unauthorized (401 Unauthorized): the token or certificate is not accepted").await;
    assert_eq!(found.groups(), ["pod/mine/one 10.0.0.1:80"]);
    account.write("token", "second\n");
    cluster.apply(pod("mine", "three", "10.0.0.3", &[80]));
    found.show(&["pod/mine/one 10.0.0.1:80", "pod/mine/three 10.0.0.3:80"]).await;
    found.works().await;
    let paths: Vec<String> = cluster.seen().into_iter().map(|seen| seen.path).collect();
    assert!(paths.iter().all(|path| path == "/api/v1/namespaces/mine/pods"), "{paths:?}");
}

#[tokio::test]
async fn outside_a_cluster_it_is_said_so_and_tried_again() {
    let jobs = Jobs::new(outside());
    let found = jobs.discover("role: pod");
    let first = found.fails_with("not in a cluster: KUBERNETES_SERVICE_HOST").await;
    until("it is tried again", async || (found.standing().failures > first.failures).then_some(())).await;
}

#[tokio::test]
async fn an_account_without_a_token_is_trouble_until_there_is_one() {
    let certificates = Certificates::make();
    let cluster = Cluster::start_with_tls(certificates.server_of_all());
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    let account = Folder::new("late");
    let jobs = Jobs::new(in_cluster(&cluster, &account));
    let found = jobs.discover("role: pod");
    found.fails_with("cannot list pods: ").await;
    account.write("ca.crt", std::fs::read(certificates.path("ca.pem")).expect("it was written"));
    account.write("token", "t");
    found.show(&["pod/a/one 10.0.0.1:80"]).await;
}

#[tokio::test]
async fn a_kubeconfig_says_where_the_server_is_and_who_we_are() {
    let certificates = Certificates::make();
    let cluster = Cluster::start_with_tls(certificates.server_of_all());
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    cluster.require_token("secret");
    let folder = Folder::new("kubeconfig");
    let ca = STANDARD.encode(std::fs::read(certificates.path("ca.pem")).expect("it was written"));
    folder.write("token", "secret");
    for user in ["token: secret", "tokenFile: token"] {
        let file = folder.write(
            "config",
            format!(
                "{{ apiVersion: v1, kind: Config, preferences: {{}}, current-context: here,\n\
                 contexts: [{{ name: other, context: {{ cluster: x, user: y }} }},\n\
                   {{ name: here, context: {{ cluster: c, user: u, namespace: a }} }}],\n\
                 clusters: [{{ name: c, cluster: {{ server: '{}/', certificate-authority-data: {ca} }} }}],\n\
                 users: [{{ name: u, user: {{ {user} }} }}] }}",
                cluster.url()
            ),
        );
        let jobs = Jobs::new(outside());
        let found = jobs.discover(&format!("{{ role: pod, kubeconfig_file: '{file}' }}"));
        found.show(&["pod/a/one 10.0.0.1:80"]).await;
    }
}

#[tokio::test]
async fn a_server_that_asks_to_be_left_alone_or_is_not_there_is_tried_again() {
    let cluster = Cluster::start();
    cluster.misbehave(Faults { status: Some(429), ..Faults::default() });
    let jobs = Jobs::new(outside());
    let found = jobs.discover(&format!("{{ role: pod, api_server: '{}' }}", cluster.url()));
    found.fails_with("(429 Too Many Requests)").await;
    cluster.misbehave(Faults::default());
    cluster.apply(pod("a", "one", "10.0.0.1", &[80]));
    found.show(&["pod/a/one 10.0.0.1:80"]).await;

    let nowhere = jobs.discover("{ role: pod, api_server: 'http://127.0.0.1:1' }");
    nowhere.fails_with("cannot list pods: ").await;
}

/// The error of a kubeconfig whose user is that.
fn refusal(config: &str) -> String {
    kubeconfig::parse(config, Path::new("/folder"))
        .map_or_else(|error| format!("{error:#}"), |_| String::new())
}

#[test]
fn a_kubeconfig_that_is_of_no_use_is_refused_with_words() {
    let with = |user: &str| {
        format!(
            "{{ current-context: a, contexts: [{{ name: a, context: {{ cluster: b, user: c }} }}], \
             clusters: [{{ name: b, cluster: {{ server: 'https://x' }} }}], users: [{{ name: c, user: {{ {user} }} }}] }}"
        )
    };
    for user in ["exec: { command: aws, args: [eks] }", "auth-provider: { name: gcp }"] {
        let words = refusal(&with(user));
        assert!(words.starts_with("the user `c` gets credentials from a program"), "{words}");
    }
    let words = refusal(&with("client-key-data: '-----BEGIN SECRET'"));
    assert!(words.contains("`client-key-data` is not base64") && !words.contains("SECRET"), "{words}");
    let words = refusal("{ users: SECRET }");
    assert!(words.starts_with("invalid type: string ...") && !words.contains("SECRET"), "{words}");
    for (config, words) in [
        ("{ clusters: [] }", "it has no `current-context`"),
        ("{ current-context: a }", "there is no context `a`"),
        (
            "{ current-context: a, contexts: [{ name: a, context: { cluster: b } }] }",
            "there is no cluster `b`",
        ),
        ("{ current-context: ", "it is not YAML"),
    ] {
        let found = refusal(config);
        assert!(found.starts_with(words), "{found}");
    }
}

#[test]
fn what_a_kubeconfig_says_becomes_settings_of_the_client() {
    let data = STANDARD.encode("PEM");
    let config = format!(
        "{{ current-context: a, contexts: [{{ name: a, context: {{ cluster: b, user: c }} }}],\n\
         clusters: [{{ name: b, cluster: {{ server: 'https://x:6443', certificate-authority: ca.crt, \
           tls-server-name: api, insecure-skip-tls-verify: true, proxy-url: 'http://proxy:1' }} }}],\n\
         users: [{{ name: c, user: {{ client-certificate-data: {data}, client-certificate: lost.crt, \
           client-key: /keys/c.key, username: u, password: p }} }}] }}"
    );
    let access = kubeconfig::parse(&config, Path::new("/folder")).expect("it is of use");
    let (tls, keys) = (&access.http.keys.tls_config, &access.http.keys);
    assert_eq!(access.server, "https://x:6443");
    assert_eq!((tls.ca_file.as_str(), tls.server_name.as_str()), ("/folder/ca.crt", "api"));
    assert_eq!(
        (tls.cert.as_str(), tls.cert_file.as_str(), tls.key_file.as_str()),
        ("PEM", "", "/keys/c.key")
    );
    assert!(tls.insecure_skip_verify);
    assert_eq!(keys.basic_auth.as_ref().map(|basic| basic.username.to_string()), Some("u".to_owned()));
    assert_eq!(access.http.proxy.proxy_url.expose(), "http://proxy:1");
    assert!(!access.http.proxy.proxy_from_environment);
}
