//! Reading the sections: components with their settings, and the service that connects them.

use std::collections::BTreeMap;

use ::config::nearest;

use super::*;

impl Planner<'_> {
    pub(super) fn read_section(
        &mut self,
        section: &str,
        kind: Kind,
        node: &Node,
        components: &mut BTreeMap<(Kind, ComponentId), Planned>,
    ) {
        let section_path = Path::from([section]);
        if !node.is_map() && !node.is_null() {
            let message = format!("`{section}` must be a map of component ids");
            self.diagnostics.push(Diagnostic::error(&section_path, message).at(&node.at));
        }
        for (key, settings) in node.entries() {
            let path = section_path.join(&key.text);
            let id: ComponentId = match key.text.parse() {
                Ok(id) => id,
                Err(error) => {
                    let known = self.registry.of(kind);
                    let hint = did_you_mean(&key.text, known.iter().map(|entry| entry.name));
                    let diagnostic = Diagnostic::error(&path, format!("{error}")).at(&key.at);
                    self.diagnostics.push(diagnostic.suggestion(hint));
                    continue;
                }
            };
            self.named.push((kind, id.clone()));
            let Some(planned) = self.read_component(kind, &id, key, settings, &path) else { continue };
            if components.insert((kind, id.clone()), planned).is_some() {
                let message = format!("{kind} `{id}` is configured twice");
                self.diagnostics.push(Diagnostic::error(&path, message).at(&key.at));
            }
        }
    }

    /// Reads one component's settings; `None` when they are wrong, which has been reported then.
    fn read_component(
        &mut self,
        kind: Kind,
        id: &ComponentId,
        key: &Key,
        settings: &Node,
        path: &Path,
    ) -> Option<Planned> {
        let Some(entry) = self.registry.find(kind, id.kind()) else {
            self.unknown_type(kind, id, key, settings, path);
            return None;
        };
        if entry.name != id.kind() {
            let message = format!("`{}` is the old name of {kind} `{}`; both work", id.kind(), entry.name);
            self.diagnostics.push(Diagnostic::warning(path, message).at(&key.at));
        }
        let Component { is_whole, problems, listens_on, print, start } =
            (entry.read)(settings, path, self.diagnostics)?;
        let found: Vec<_> = problems.into_iter().map(|problem| found(path, settings, key, problem)).collect();
        // What was said already is not the cause of another finding, it is that finding.
        let news: Vec<_> =
            found.into_iter().filter(|found| !self.diagnostics.explains(&found.path)).collect();
        news.into_iter().for_each(|found| self.diagnostics.push(found));
        is_whole.then(|| Planned {
            start,
            print,
            listens_on,
            routes: entry.routes.clone(),
            at: key.at.clone(),
        })
    }

    fn unknown_type(&mut self, kind: Kind, id: &ComponentId, key: &Key, settings: &Node, path: &Path) {
        let known = self.registry.of(kind);
        let names = known.iter().flat_map(|entry| entry.aliases.iter().copied().chain([entry.name]));
        let valid = known.iter().map(|entry| format!("`{}`", entry.name)).collect::<Vec<_>>().join(", ");
        let meant = nearest(id.kind(), names);
        self.misspelt.extend(meant.map(|name| (kind, id.to_string().replacen(id.kind(), name, 1))));
        let hint = match meant {
            Some(name) => Some(format!("did you mean `{name}`?")),
            // Settings of components are maps.
            None if !settings.is_map() && !settings.is_null() => {
                Some("indent it further if it belongs to the component above".to_owned())
            }
            None => None,
        };
        let diagnostic = Diagnostic::error(path, format!("unknown {kind} type `{}`", id.kind()))
            .at(&key.at)
            .expected(format!("one of {valid}"))
            .suggestion(hint);
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn read_service(&mut self, service: Option<&Node>, plan: &mut Plan) {
        let path = Path::from(["service"]);
        let Some(service) = service else {
            self.diagnostics
                .push(Diagnostic::error(&path, "there is no `service` section, so nothing would run"));
            return;
        };
        for (key, _) in service.entries() {
            if !SERVICE_KEYS.contains(&&*key.text) {
                self.unknown(&path, key, "unknown key", &SERVICE_KEYS);
            }
        }
        if let Some(node) = service.child("acknowledge") {
            let read = ::config::read::<AcknowledgeConfig>(node, &path.join("acknowledge"), self.diagnostics);
            plan.acknowledge = read.unwrap_or_default().into();
        }
        if let Some(node) = service.child("extensions") {
            self.read_extension_list(node, &path.join("extensions"), plan);
        }
        match service.child("pipelines") {
            Some(node) => self.read_pipelines(node, &path.join("pipelines"), plan),
            None => {
                let message = "service must have at least one pipeline";
                self.diagnostics.push(Diagnostic::error(&path.join("pipelines"), message).at(&service.at));
            }
        }
    }

    /// The extensions to start. One that is named here and configured nowhere runs with its defaults, with a warning:
    /// it is what was meant.
    fn read_extension_list(&mut self, node: &Node, path: &Path, plan: &mut Plan) {
        let Some(ids) = ::config::read::<Vec<ComponentId>>(node, path, self.diagnostics) else { return };
        for (index, id) in ids.into_iter().enumerate() {
            let at = place(node, index);
            let path = path.join(&index.to_string());
            if plan.extensions.contains(&id) {
                let message = format!("extension `{id}` is listed twice");
                self.diagnostics.push(Diagnostic::error(&path, message).at(at));
                continue;
            }
            if !plan.components.contains_key(&(Kind::Extension, id.clone()))
                && !self.default_extension(&id, at, &path, plan)
            {
                continue;
            }
            plan.extensions.push(id);
        }
    }

    fn default_extension(&mut self, id: &ComponentId, at: &Position, path: &Path, plan: &mut Plan) -> bool {
        let named = Key { text: id.to_string().into(), at: at.clone() };
        let nothing = Node::new(Value::Null, at.clone());
        if self.named.contains(&(Kind::Extension, id.clone())) {
            // Its settings are wrong, and that has been said.
            return false;
        }
        if self.registry.find(Kind::Extension, id.kind()).is_none() {
            let named =
                self.named.iter().filter(|(kind, _)| *kind == Kind::Extension).map(|(_, id)| id.to_string());
            let known = self.registry.of(Kind::Extension).into_iter().map(|entry| entry.name.to_owned());
            let ids: Vec<_> = named.chain(known).collect();
            let message = format!("references extension `{id}` which is not configured");
            let hint = did_you_mean(&id.to_string(), ids.iter().map(String::as_str));
            self.diagnostics.push(Diagnostic::error(path, message).at(at).suggestion(hint));
            return false;
        }
        let Some(planned) = self.read_component(Kind::Extension, id, &named, &nothing, path) else {
            return false;
        };
        let message = format!(
            "extension `{id}` has no entry in `extensions`; it runs with its defaults. Write `extensions: {{ {id}: }}` \
             to say so"
        );
        self.diagnostics.push(Diagnostic::warning(path, message).at(at));
        plan.components.insert((Kind::Extension, id.clone()), planned);
        true
    }

    fn read_pipelines(&mut self, node: &Node, path: &Path, plan: &mut Plan) {
        if node.entries().next().is_none() {
            let message = "service must have at least one pipeline";
            self.diagnostics.push(Diagnostic::error(path, message).at(&node.at));
        }
        for (key, settings) in node.entries() {
            let path = path.join(&key.text);
            let id = match key.text.parse::<PipelineId>() {
                Ok(id) => id,
                Err(error) => {
                    let diagnostic = Diagnostic::error(&path, error)
                        .at(&key.at)
                        .expected("`traces`, `metrics` or `logs`, or one of them with a name: `traces/slow`")
                        .suggestion(did_you_mean(&key.text, ["traces", "metrics", "logs"]));
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            };
            let Some(config) = ::config::read::<PipelineConfig>(settings, &path, self.diagnostics) else {
                continue;
            };
            self.check_pipeline(&id, &config, &Written { key, node: settings, path: &path }, plan);
            plan.pipelines.push((id, config));
        }
    }

    fn check_pipeline(
        &mut self,
        id: &PipelineId,
        config: &PipelineConfig,
        written: &Written<'_>,
        plan: &Plan,
    ) {
        for (list, ids, what) in
            [("receivers", &config.receivers, "receiver"), ("exporters", &config.exporters, "exporter")]
        {
            if ids.is_empty() {
                let message = format!("must have at least one {what}");
                self.diagnostics
                    .push(Diagnostic::error(&written.path.join(list), message).at(&written.key.at));
            }
        }
        for (list, kind, ids) in [
            ("receivers", Kind::Receiver, &config.receivers),
            ("processors", Kind::Processor, &config.processors),
            ("exporters", Kind::Exporter, &config.exporters),
        ] {
            let list_path = written.path.join(list);
            for (index, reference) in ids.iter().enumerate() {
                let at = written.node.child(list).map_or(&written.key.at, |node| place(node, index));
                let path = &list_path.join(&index.to_string());
                if ids[..index].contains(reference) {
                    let message = format!("references {kind} `{reference}` multiple times");
                    self.diagnostics.push(Diagnostic::error(path, message).at(at));
                }
                self.check_reference(&Reference { pipeline: id, kind, id: reference, at, path }, plan);
            }
        }
    }
}

/// What a component found wrong with itself, at the deepest place that the file has for it.
fn found(path: &Path, settings: &Node, key: &Key, problem: component::Problem) -> Diagnostic {
    let (keys, message, make): (_, _, fn(&Path, String) -> Diagnostic) = match problem {
        component::Problem::Error { path, message } => {
            (path, message, |path, text| Diagnostic::error(path, text))
        }
        component::Problem::Warning { path, message } => {
            (path, message, |path, text| Diagnostic::warning(path, text))
        }
    };
    let (mut found, mut at) = (settings, &key.at);
    let mut full = path.clone();
    for step in &keys {
        full = full.join(step);
        if let Some((inner_key, inner)) = found.entries().find(|(inner, _)| *inner.text == **step) {
            (found, at) = (inner, &inner_key.at);
        } else if let Some(item) = step.parse::<usize>().ok().and_then(|index| found.items().get(index)) {
            (found, at) = (item, &item.at);
        }
    }
    make(&full, message).at(at)
}

/// An entry of a map as it stands in the file.
struct Written<'a> {
    key: &'a Key,
    node: &'a Node,
    path: &'a Path,
}

/// Where the item of that number stands in a list, or the list when it was written as one text.
pub(super) fn place(list: &Node, index: usize) -> &Position {
    list.items().get(index).map_or(&list.at, |item| &item.at)
}
