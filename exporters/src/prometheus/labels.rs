//! What the labels of a series are made of.

use std::borrow::Cow;

use formats::prometheus::Selection;
use formats::prometheus::expose::{Kind, labels};
use formats::prometheus::names::Names;
use otlp::{Attributes, Point, Resource, Scope};

use super::refused::Reason;
use super::source::Source;

/// The attributes that `job` and `instance` are made of.
pub(super) const SERVICE: [&str; 3] = ["service.namespace", "service.name", "service.instance.id"];

/// Makes labels.
#[derive(Debug)]
pub(super) struct Labelling {
    pub(super) names: Names,
    /// Labels of every series.
    pub(super) constant: Vec<(String, String)>,
    pub(super) conversion: Conversion,
    /// Whether series say which scope they come from.
    pub(super) with_scope: bool,
}

/// Which attributes of the resource become labels.
#[derive(Debug)]
pub(super) enum Conversion {
    All,
    AllButService,
    Chosen(Selection),
}

type Refusal = (Reason, Cow<'static, str>);

impl Labelling {
    /// The labels of a series, rendered.
    ///
    /// # Errors
    /// When they are no labels.
    pub(super) fn series(
        &self,
        kind: Kind,
        source: &Source,
        scope: &Scope<'_>,
        point: &Point<'_>,
    ) -> Result<Box<str>, Refusal> {
        let mut all = Vec::new();
        // An attribute of the resource wins over the point's own of the same name.
        let own = point.attributes();
        let own = own.iter().filter(|(key, _)| !source.copied.iter().any(|copied| *key == copied.as_str()));
        for (key, value) in own {
            all.push((self.name("", &key.to_str())?, value.to_text()));
        }
        if self.with_scope {
            self.scope(&mut all, scope)?;
        }
        let constant = self.constant.iter().chain(&source.labels);
        all.extend(
            constant.map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_str()))),
        );
        let is_foreign = |name: &str| name.starts_with("__") || kind.reserved_label() == Some(name);
        if let Some((name, _)) = all.iter().find(|(name, _)| is_foreign(name)) {
            return Err((Reason::LabelTaken, format!("`{name}` has a meaning of its own").into()));
        }
        labels::render(all).map_err(|name| (Reason::LabelTaken, format!("`{name}`").into()))
    }

    /// The attributes of a resource that become labels of its series: key, label and value.
    pub(super) fn copied(&self, resource: &Resource<'_>) -> Vec<(String, String, String)> {
        let attributes = resource.attributes();
        let copied = attributes.iter().map(|(key, value)| (key.to_str(), value));
        let copied = copied.filter(|(key, _)| self.conversion.takes(key));
        // One whose name is no name is left out of the labels; `target_info` has the others too.
        copied
            .filter_map(|(key, value)| {
                let label = self.names.label(&key).ok()?.into_owned();
                Some((key.clone().into_owned(), label, value.to_text().into_owned()))
            })
            .collect()
    }

    /// The labels of a resource's `target_info`, where what becomes one name is joined.
    pub(super) fn target(&self, attributes: &Attributes<'_>, own: [(&str, &str); 2]) -> Option<Box<str>> {
        let mut all: Vec<(String, String)> = Vec::new();
        let mut sorted: Vec<_> = attributes.iter().map(|(key, value)| (key.to_str(), value)).collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (key, value) in sorted.into_iter().filter(|(key, _)| !SERVICE.contains(&&**key)) {
            let Ok(label) = self.names.label(&key) else { continue };
            if label.starts_with("__") || own.iter().any(|(name, _)| *name == label) {
                continue;
            }
            match all.iter_mut().find(|(name, _)| *name == label) {
                Some((_, joined)) => *joined = format!("{joined};{}", value.to_text()),
                None => all.push((label.into_owned(), value.to_text().into_owned())),
            }
        }
        all.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        labels::render(all.into_iter().map(|(name, value)| (name.into(), value.into())).collect()).ok()
    }

    fn scope<'a>(&self, all: &mut Vec<labels::Label<'a>>, scope: &Scope<'a>) -> Result<(), Refusal> {
        for (key, value) in scope.attributes().iter() {
            all.push((self.name("otel_scope_", &key.to_str())?, value.to_text()));
        }
        all.push(("otel_scope_name".into(), scope.name().to_str()));
        all.push(("otel_scope_version".into(), scope.version().to_str()));
        all.push(("otel_scope_schema_url".into(), scope.schema_url().to_str()));
        Ok(())
    }

    fn name(&self, prefix: &str, key: &str) -> Result<Cow<'static, str>, Refusal> {
        let name = self.names.label(key).map_err(|words| (Reason::Name, Cow::Owned(words)))?;
        Ok(Cow::Owned(format!("{prefix}{name}")))
    }
}

impl Conversion {
    fn takes(&self, key: &str) -> bool {
        match self {
            Conversion::All => true,
            Conversion::AllButService => !SERVICE.contains(&key),
            Conversion::Chosen(selection) => selection.takes(key),
        }
    }
}
