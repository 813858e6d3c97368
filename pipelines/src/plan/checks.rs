//! What can only be judged with the whole plan in view.

use std::collections::BTreeMap;

use component::Listens;

use super::*;

impl Planner<'_> {
    /// A pipeline names a component: is there one, and does it speak the pipeline's signal?
    pub(super) fn check_reference(&mut self, reference: &Reference<'_>, plan: &Plan) {
        let Reference { pipeline, kind, id, at, path } = reference;
        let connector =
            plan.components.get(&(Kind::Connector, (*id).clone())).filter(|_| *kind != Kind::Processor);
        let takes = |planned: &Planned| planned.routes.iter().any(|(from, _)| *from == pipeline.signal);
        let gives = |planned: &Planned| planned.routes.iter().any(|(_, to)| *to == pipeline.signal);
        let (found, speaks) = match (plan.components.get(&(*kind, (*id).clone())), connector) {
            (Some(planned), None) => (*kind, takes(planned)),
            (None, Some(planned)) if *kind == Kind::Receiver => (Kind::Connector, gives(planned)),
            (None, Some(planned)) => (Kind::Connector, takes(planned)),
            (Some(_), Some(_)) => {
                let message = format!("ambiguous id: `{id}` is both a {kind} and a connector");
                self.diagnostics.push(Diagnostic::error(path, message).at(at));
                return;
            }
            (None, None) => return self.undefined(reference),
        };
        if !speaks {
            let signal = pipeline.signal;
            let message =
                format!("{found} `{id}` does not support {signal}: pipeline `{pipeline}` cannot use it");
            self.diagnostics.push(Diagnostic::error(path, message).at(at));
        }
    }

    fn undefined(&mut self, reference: &Reference<'_>) {
        let Reference { kind, id, at, path, .. } = *reference;
        let connector = kind != Kind::Processor && self.named.contains(&(Kind::Connector, id.clone()));
        if connector || self.named.contains(&(kind, id.clone())) {
            // Its settings are wrong, and that has been said.
            return;
        }
        if self.misspelt.contains(&(kind, id.to_string())) {
            // Here it is spelt right; where it is not, that has been said.
            return;
        }
        let of_kind = self.named.iter().filter(|(found, _)| *found == kind || *found == Kind::Connector);
        let ids: Vec<_> = of_kind.map(|(_, id)| id.to_string()).collect();
        let valid = ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let diagnostic = Diagnostic::error(path, format!("references {kind} `{id}` which is not configured"))
            .at(at)
            .expected(format!("one of {valid}"))
            .suggestion(did_you_mean(&id.to_string(), ids.iter().map(String::as_str)));
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn check_whole(&mut self, tree: &Node, plan: &Plan) {
        self.check_unused(plan);
        self.check_connectors(plan);
        self.check_cycles(plan);
        self.check_listeners(tree, plan);
        self.check_authenticators(tree, plan);
    }

    fn check_unused(&mut self, plan: &Plan) {
        if self.diagnostics.explains(&Path::from(["service", "pipelines"])) {
            // Whoever is not used is likely meant by what is wrong there.
            return;
        }
        for ((kind, id), planned) in &plan.components {
            let used = match kind {
                Kind::Receiver => plan.pipelines.iter().any(|(_, pipeline)| pipeline.receivers.contains(id)),
                Kind::Processor => {
                    plan.pipelines.iter().any(|(_, pipeline)| pipeline.processors.contains(id))
                }
                Kind::Exporter => plan.pipelines.iter().any(|(_, pipeline)| pipeline.exporters.contains(id)),
                Kind::Extension => plan.extensions.contains(id),
                // Reported by `check_connectors`.
                Kind::Connector => true,
            };
            if !used {
                let place = if *kind == Kind::Extension { "`service::extensions`" } else { "any pipeline" };
                let path = section_path(*kind, id);
                let message = format!("{kind} `{id}` is configured and not used in {place}; it does not run");
                self.diagnostics.push(Diagnostic::warning(&path, message).at(&planned.at));
            }
        }
    }

    /// A connector must be used on both sides, with signals that it can turn into each other.
    fn check_connectors(&mut self, plan: &Plan) {
        for ((kind, id), planned) in &plan.components {
            if *kind != Kind::Connector {
                continue;
            }
            let path = section_path(*kind, id);
            let (sources, targets) = (plan.sources(id), plan.targets(id));
            let message = match (sources.is_empty(), targets.is_empty()) {
                (true, true) => {
                    let message = format!("connector `{id}` is configured and not used in any pipeline");
                    self.diagnostics.push(Diagnostic::warning(&path, message).at(&planned.at));
                    continue;
                }
                (false, true) => {
                    format!("connector `{id}` is used as exporter but not as receiver in any pipeline")
                }
                (true, false) => {
                    format!("connector `{id}` is used as receiver but not as exporter in any pipeline")
                }
                (false, false) => {
                    let routed = |(from, to): &(otlp::Signal, otlp::Signal)| {
                        sources.iter().any(|id| id.signal == *from)
                            && targets.iter().any(|id| id.signal == *to)
                    };
                    if planned.routes.iter().any(routed) {
                        continue;
                    }
                    format!("connector `{id}` cannot turn the signal of its sources into that of its targets")
                }
            };
            self.diagnostics.push(Diagnostic::error(&path, message).at(&planned.at));
        }
    }

    fn check_cycles(&mut self, plan: &Plan) {
        if let Some(cycle) = plan.find_cycle() {
            let way = cycle.join(" -> ");
            let path = Path::from(["service", "pipelines"]);
            self.diagnostics.push(Diagnostic::error(&path, format!("cycle detected: {way}")));
        }
    }

    /// Two components that run cannot listen on one address.
    fn check_listeners(&mut self, tree: &Node, plan: &Plan) {
        let mut taken: BTreeMap<String, (Kind, &ComponentId)> = BTreeMap::new();
        let mut listeners: Vec<_> =
            plan.components.iter().filter(|((kind, id), _)| plan.runs(*kind, id)).collect();
        // In the file's order, so that the second one is to blame.
        listeners.sort_by(|a, b| a.1.at.cmp(&b.1.at));
        for ((kind, id), planned) in listeners {
            for Listens { address, setting } in &planned.listens_on {
                let Some(clash) = taken.iter().find(|(other, _)| same_port(other, address)) else {
                    taken.insert(address.clone(), (*kind, id));
                    continue;
                };
                let (other_kind, other) = clash.1;
                let path = setting.split("::").fold(section_path(*kind, id), |path, key| path.join(key));
                let at = tree.get(&path.to_string()).map_or(&planned.at, |node| &node.at);
                let message =
                    format!("{kind} `{id}` listens on `{address}`, and so does {other_kind} `{other}`");
                self.diagnostics.push(Diagnostic::error(&path, message).at(at).value(address));
            }
        }
    }
}

fn section_path(kind: Kind, id: &ComponentId) -> Path {
    let section = SECTIONS.iter().find(|(_, found)| *found == kind).map_or("", |(section, _)| *section);
    Path::from([section]).join(&id.to_string())
}

/// Whether both addresses name one port of one host, as far as that can be told by looking. Port 0 is never the same.
fn same_port(a: &str, b: &str) -> bool {
    let (Some((host_a, port_a)), Some((host_b, port_b))) = (a.rsplit_once(':'), b.rsplit_once(':')) else {
        return a == b;
    };
    port_a == port_b && port_a != "0" && (host_a == host_b || any_host(host_a) || any_host(host_b))
}

fn any_host(host: &str) -> bool {
    matches!(host, "" | "0.0.0.0" | "[::]")
}

impl Plan {
    /// Pipelines that send to this connector.
    pub(crate) fn sources(&self, connector: &ComponentId) -> Vec<&PipelineId> {
        let sends = self.pipelines.iter().filter(|(_, pipeline)| pipeline.exporters.contains(connector));
        sends.map(|(id, _)| id).collect()
    }

    /// Pipelines that receive from this connector.
    pub(crate) fn targets(&self, connector: &ComponentId) -> Vec<&PipelineId> {
        let receives = self.pipelines.iter().filter(|(_, pipeline)| pipeline.receivers.contains(connector));
        receives.map(|(id, _)| id).collect()
    }

    pub(super) fn runs(&self, kind: Kind, id: &ComponentId) -> bool {
        match kind {
            Kind::Extension => self.extensions.contains(id),
            Kind::Receiver => self.pipelines.iter().any(|(_, pipeline)| pipeline.receivers.contains(id)),
            Kind::Exporter => self.pipelines.iter().any(|(_, pipeline)| pipeline.exporters.contains(id)),
            Kind::Processor | Kind::Connector => true,
        }
    }

    /// Pipelines, by name, that lead back to the first of them.
    fn find_cycle(&self) -> Option<Vec<String>> {
        let mut done = Vec::new();
        self.pipelines.iter().find_map(|(id, _)| self.walk(id, &mut Vec::new(), &mut done))
    }

    fn walk<'a>(
        &'a self,
        id: &'a PipelineId,
        way: &mut Vec<&'a PipelineId>,
        done: &mut Vec<&'a PipelineId>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|passed| *passed == id) {
            return Some(way[start..].iter().chain([&id]).map(|id| format!("pipeline `{id}`")).collect());
        }
        if done.contains(&id) {
            return None;
        }
        way.push(id);
        let (_, pipeline) = self.pipelines.iter().find(|(known, _)| known == id)?;
        for connector in pipeline.exporters.iter().filter(|id| self.is_connector(id)) {
            for target in self.targets(connector) {
                if let Some(cycle) = self.walk(target, way, done) {
                    return Some(cycle);
                }
            }
        }
        way.pop();
        done.push(id);
        None
    }

    pub(crate) fn is_connector(&self, id: &ComponentId) -> bool {
        self.components.contains_key(&(Kind::Connector, id.clone()))
    }
}
