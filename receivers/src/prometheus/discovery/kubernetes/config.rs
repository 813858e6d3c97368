//! What the file says.

use component::Problem;
use config::Inline;
use serde::{Deserialize, Serialize};

use super::objects::Resource;
use super::roles::{Attach, Role};
use crate::prometheus::client::parse_url;
use crate::prometheus::http_config::HttpConfig;

/// One of `kubernetes_sd_configs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Parts", into = "Parts")]
pub struct KubernetesSdConfig {
    /// What to look for, and where.
    pub keys: KubernetesKeys,
    /// How requests are made, with `api_server`.
    pub http: HttpConfig,
}

type Parts = Inline<(KubernetesKeys, HttpConfig)>;

/// The keys of `kubernetes_sd_configs` that other HTTP clients do not have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesKeys {
    /// What becomes a target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// The URL of the API server. Without this and the next, it is that of the cluster we run in.
    pub api_server: String,
    /// A file that says where the API server is and who we are there.
    pub kubeconfig_file: String,
    /// Where to look.
    pub namespaces: Namespaces,
    /// Which objects to look at.
    pub selectors: Vec<Selector>,
    /// What is added to targets from other objects.
    pub attach_metadata: AttachMetadata,
}

/// Where to look; without any, in the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Namespaces {
    /// In the namespace we run in.
    pub own_namespace: bool,
    /// In these.
    pub names: Vec<String>,
}

/// Which objects of a role to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Whose objects.
    pub role: Role,
    /// By their labels.
    #[serde(default)]
    pub label: String,
    /// By their fields.
    #[serde(default)]
    pub field: String,
}

/// What is added to targets from other objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys are the kinds of the objects")]
pub struct AttachMetadata {
    pub node: bool,
    pub namespace: bool,
    pub deployment: bool,
    pub job: bool,
    pub cronjob: bool,
}

impl From<Parts> for KubernetesSdConfig {
    fn from(Inline((keys, http)): Parts) -> KubernetesSdConfig {
        KubernetesSdConfig { keys, http }
    }
}

impl From<KubernetesSdConfig> for Parts {
    fn from(config: KubernetesSdConfig) -> Parts {
        Inline((config.keys, config.http))
    }
}

impl From<AttachMetadata> for Attach {
    fn from(config: AttachMetadata) -> Attach {
        let AttachMetadata { node, namespace, deployment, job, cronjob } = config;
        Attach { node, namespace, deployment, job, cronjob }
    }
}

impl KubernetesSdConfig {
    /// What is wrong with it, with paths from its own block.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.check_server();
        match self.keys.role {
            Some(role) => problems.extend(self.check_selectors(role)),
            None => {
                let words =
                    "must be set, to `node`, `pod`, `service`, `endpoints`, `endpointslice` or `ingress`";
                problems.push(Problem::error("role", words));
            }
        }
        problems.extend(self.http.check());
        problems
    }

    /// Which one it is, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        let role = self.keys.role.map_or("", Role::name);
        let server = match (self.keys.api_server.as_str(), self.keys.kubeconfig_file.as_str()) {
            ("", "") => "this cluster",
            ("", file) => file,
            (url, _) => url,
        };
        match &*self.keys.namespaces.names.join(", ") {
            "" => format!("{role} of {server}"),
            names => format!("{role} of {server} in {names}"),
        }
    }

    /// The selector for that resource: by labels, by fields.
    pub(super) fn selector(&self, resource: Resource) -> (&str, &str) {
        let found = self.keys.selectors.iter().find(|selector| selector.role.resource() == resource);
        found.map_or(("", ""), |selector| (&selector.label, &selector.field))
    }

    fn check_server(&self) -> Vec<Problem> {
        let keys = &self.keys;
        let mut problems = Vec::new();
        if !keys.api_server.is_empty()
            && let Err(words) = parse_url(&keys.api_server)
        {
            problems.push(Problem::error("api_server", words));
        }
        let both = |other: &str| format!("`{other}` and `api_server` must not both be set");
        if !keys.api_server.is_empty() && !keys.kubeconfig_file.is_empty() {
            problems.push(Problem::error("kubeconfig_file", both("kubeconfig_file")));
        }
        let own = keys.namespaces.own_namespace;
        if own && !(keys.api_server.is_empty() && keys.kubeconfig_file.is_empty()) {
            let words = "is that of the pod we run in: it does not go with `api_server` or `kubeconfig_file`";
            problems.push(Problem::error("namespaces::own_namespace", words));
        }
        if self.http != HttpConfig::default() && keys.api_server.is_empty() {
            let words = "settings of the HTTP client need `api_server`: without it they are those of the \
                         service account, or of `kubeconfig_file`";
            problems.push(Problem::error("", words));
        }
        problems
    }

    fn check_selectors(&self, role: Role) -> Vec<Problem> {
        let allowed = allowed_selectors(role);
        let mut problems = Vec::new();
        for (index, selector) in self.keys.selectors.iter().enumerate() {
            let path = |key: &str| format!("selectors::{index}::{key}");
            if !allowed.contains(&selector.role) {
                let names = allowed.iter().map(|role| format!("`{}`", role.name())).collect::<Vec<_>>();
                let words = format!("role `{}` has selectors of {} only", role.name(), names.join(", "));
                problems.push(Problem::error(&path("role"), words));
            }
            let before = &self.keys.selectors[..index];
            if before.iter().any(|other| other.role == selector.role) {
                let words = format!("there is another selector of role `{}`", selector.role.name());
                problems.push(Problem::error(&path("role"), words));
            }
            for term in selector.field.split(',').filter(|term| !term.is_empty() && !term.contains('=')) {
                let words = format!("`{term}` is no condition: expected `field=value` or `field!=value`");
                problems.push(Problem::error(&path("field"), words));
            }
            if selector.label.matches('(').count() != selector.label.matches(')').count() {
                problems.push(Problem::error(&path("label"), "a parenthesis is missing"));
            }
        }
        problems
    }
}

/// Whose objects a role looks at.
fn allowed_selectors(role: Role) -> &'static [Role] {
    match role {
        Role::Node => &[Role::Node],
        Role::Pod => &[Role::Pod, Role::Node],
        Role::Service => &[Role::Service],
        Role::Endpoints => &[Role::Pod, Role::Service, Role::Endpoints],
        Role::EndpointSlice => &[Role::Pod, Role::Service, Role::EndpointSlice],
        Role::Ingress => &[Role::Ingress],
    }
}
