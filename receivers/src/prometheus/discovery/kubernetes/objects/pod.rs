//! Pods.

use serde::Deserialize;

use super::meta::{self, Meta};
use super::nullable;
use crate::prometheus::texts::Texts;

/// A pod.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct Pod {
    pub(crate) meta: Meta,
    /// UID, its IP, its node, the node's IP, phase, and whether it is ready.
    texts: Texts,
    /// Those that run, then those that only begin.
    pub(crate) containers: Box<[Container]>,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Container {
    /// Name, image, id.
    texts: Texts,
    pub(crate) is_init: bool,
    pub(crate) ports: Box<[Port]>,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Port {
    /// Name, protocol.
    texts: Texts,
    pub(crate) number: u32,
}

impl Pod {
    pub(crate) fn uid(&self) -> &str {
        self.texts.get(0)
    }

    /// Empty while it has none.
    pub(crate) fn ip(&self) -> &str {
        self.texts.get(1)
    }

    pub(crate) fn node(&self) -> &str {
        self.texts.get(2)
    }

    pub(crate) fn host_ip(&self) -> &str {
        self.texts.get(3)
    }

    pub(crate) fn phase(&self) -> &str {
        self.texts.get(4)
    }

    /// `true`, `false` or `unknown`.
    pub(crate) fn ready(&self) -> &str {
        self.texts.get(5)
    }

    /// Every port of every container.
    pub(crate) fn ports(&self) -> impl Iterator<Item = (&Container, &Port)> {
        self.containers.iter().flat_map(|of| of.ports.iter().map(move |port| (of, port)))
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let port = |port: &Port| size_of::<Port>() + port.texts.bytes();
        let container = |container: &Container| {
            size_of::<Container>() + container.texts.bytes() + container.ports.iter().map(port).sum::<usize>()
        };
        let containers: usize = self.containers.iter().map(container).sum();
        size_of::<Pod>() + self.meta.bytes() + self.texts.bytes() + containers
    }
}

impl Container {
    pub(crate) fn name(&self) -> &str {
        self.texts.get(0)
    }

    pub(crate) fn image(&self) -> &str {
        self.texts.get(1)
    }

    pub(crate) fn id(&self) -> &str {
        self.texts.get(2)
    }
}

impl Port {
    pub(crate) fn name(&self) -> &str {
        self.texts.get(0)
    }

    pub(crate) fn protocol(&self) -> &str {
        self.texts.get(1)
    }
}

#[derive(Deserialize)]
struct Written {
    metadata: meta::Written,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: String,
    #[serde(deserialize_with = "nullable")]
    containers: Vec<ContainerWritten>,
    #[serde(deserialize_with = "nullable")]
    init_containers: Vec<ContainerWritten>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerWritten {
    name: String,
    image: String,
    #[serde(deserialize_with = "nullable")]
    ports: Vec<PortWritten>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PortWritten {
    name: String,
    container_port: u32,
    protocol: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: String,
    #[serde(rename = "podIP")]
    pod_ip: String,
    #[serde(rename = "hostIP")]
    host_ip: String,
    #[serde(deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "nullable")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "nullable")]
    init_container_statuses: Vec<ContainerStatus>,
}

/// Something that is so or not.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: String,
    #[serde(rename = "containerID")]
    id: String,
}

impl From<Written> for Pod {
    fn from(Written { metadata, spec, status }: Written) -> Pod {
        let ready = status.conditions.iter().find(|condition| condition.kind == "Ready");
        let ready = ready.map_or("unknown".to_owned(), |condition| condition.status.to_lowercase());
        let texts = Texts::new([
            metadata.uid.as_str(),
            &status.pod_ip,
            &spec.node_name,
            &status.host_ip,
            &status.phase,
            &ready,
        ]);
        let running = spec.containers.iter().map(|it| container(it, &status.container_statuses, false));
        let first =
            spec.init_containers.iter().map(|it| container(it, &status.init_container_statuses, true));
        Pod { meta: metadata.into(), texts, containers: running.chain(first).collect() }
    }
}

fn container(written: &ContainerWritten, statuses: &[ContainerStatus], is_init: bool) -> Container {
    let status = statuses.iter().find(|status| status.name == written.name);
    let id = status.map_or("", |status| status.id.as_str());
    let port = |port: &PortWritten| Port {
        texts: Texts::new([port.name.as_str(), &port.protocol]),
        number: port.container_port,
    };
    Container {
        texts: Texts::new([written.name.as_str(), &written.image, id]),
        is_init,
        ports: written.ports.iter().map(port).collect(),
    }
}
