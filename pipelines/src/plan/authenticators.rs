//! Whether those who are asked for credentials run.

use super::*;

impl Planner<'_> {
    /// `auth: { authenticator: .. }` names an extension that is started, wherever a component that runs says so.
    pub(super) fn check_authenticators(&mut self, tree: &Node, plan: &Plan) {
        if self.diagnostics.explains(&Path::from(["service", "extensions"])) {
            // Whoever is missing is likely meant by what is wrong there.
            return;
        }
        for (section, kind) in SECTIONS {
            let entries = tree.child(section).into_iter().flat_map(Node::entries);
            for (key, settings) in entries {
                let runs = key.text.parse().is_ok_and(|id: ComponentId| plan.runs(kind, &id));
                if runs {
                    self.find_authenticators(settings, &Path::from([section]).join(&key.text), plan);
                }
            }
        }
    }

    fn find_authenticators(&mut self, node: &Node, path: &Path, plan: &Plan) {
        for (key, inner) in node.entries() {
            let path = path.join(&key.text);
            let named = inner.child("authenticator").filter(|_| &*key.text == "auth");
            if let Some((node, id)) = named.and_then(|node| Some((node, node.as_str()?.parse().ok()?))) {
                self.check_authenticator(node, &id, &path.join("authenticator"), plan);
            }
            self.find_authenticators(inner, &path, plan);
        }
    }

    fn check_authenticator(&mut self, node: &Node, id: &ComponentId, path: &Path, plan: &Plan) {
        if plan.extensions.contains(id) {
            return;
        }
        let running: Vec<_> = plan.extensions.iter().map(ToString::to_string).collect();
        let message = format!("references extension `{id}` which is not listed in `service::extensions`");
        let hint = did_you_mean(&id.to_string(), running.iter().map(String::as_str));
        self.diagnostics.push(Diagnostic::error(path, message).at(&node.at).suggestion(hint));
    }
}
