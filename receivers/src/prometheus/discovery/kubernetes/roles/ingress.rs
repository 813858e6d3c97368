//! Role `ingress`: each path of each rule.

use formats::prometheus::Labels;

use super::labels::{ADDRESS, describe, meta, meta_of, namespace};
use super::{Targets, View};
use crate::prometheus::discovery::kubernetes::objects::Ingress;

pub(super) fn targets(it: &Ingress, view: &View<'_>) -> Targets {
    let mut labels = Labels::new();
    meta(&mut labels, "namespace", it.meta.namespace());
    meta_of(&mut labels, "ingress_class_name", it.spec.ingress_class_name.as_deref());
    describe(&mut labels, "ingress", &it.meta);
    namespace(&mut labels, it.meta.namespace(), view);
    let mut targets = Vec::new();
    for rule in &it.spec.rules {
        let secure = it.spec.tls_hosts().any(|pattern| covers(pattern, &rule.host));
        for path in rule.paths() {
            let mut target = Labels::new();
            target.set(ADDRESS, &*rule.host);
            meta(&mut target, "ingress_scheme", if secure { "https" } else { "http" });
            meta(&mut target, "ingress_host", &*rule.host);
            meta(&mut target, "ingress_path", path);
            targets.push(target);
        }
    }
    (labels, targets)
}

/// Whether a host of a certificate, which may begin with `*.`, is that host. The star stands for one level.
fn covers(pattern: &str, host: &str) -> bool {
    let wild = || Some((pattern.strip_prefix("*.")?, host.split_once('.')?.1));
    pattern == host || wild().is_some_and(|(domain, of_host)| domain == of_host)
}
