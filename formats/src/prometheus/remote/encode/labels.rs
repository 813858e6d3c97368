//! The labels of a series.

use std::borrow::Cow;

use otlp::write::Writer;
use otlp::{Attributes, Resource, Scope};

use super::EncodeOptions;
use crate::prometheus::remote::answer::Reason;

/// A name and a value.
pub(super) type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// The attributes that say which target it is, and so are no part of what is known of it.
const IDENTIFYING: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];

/// What all points of one resource and scope have in common.
#[derive(Debug, Default)]
pub(super) struct Common<'a> {
    /// Attributes of the resource that are labels, by their own keys.
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Labels that nothing else overrides.
    fixed: Vec<Label<'a>>,
}

impl<'a> Common<'a> {
    pub(super) fn new(
        resource: Resource<'a>,
        scope: Scope<'a>,
        options: &EncodeOptions,
    ) -> Result<Common<'a>, Reason> {
        let mut common = Common { attributes: Vec::new(), fixed: target(resource) };
        if !options.resource_labels.is_empty() {
            let chosen = texts(resource.attributes()).filter(|(key, _)| options.resource_labels.takes(key));
            common.attributes.extend(chosen);
        }
        if options.scope_labels && !scope.name().is_empty() {
            let fixed = [
                ("otel_scope_name", scope.name()),
                ("otel_scope_version", scope.version()),
                ("otel_scope_schema_url", scope.schema_url()),
            ];
            let mut labels: Vec<Label<'a>> =
                fixed.into_iter().map(|(name, value)| (name.into(), value.to_str())).collect();
            for (key, value) in texts(scope.attributes()) {
                let name = options.names.label(&format!("otel_scope_{key}"))?.into_owned();
                set_if_absent(&mut labels, name.into(), value);
            }
            common.fixed.extend(labels);
        }
        Ok(common)
    }

    /// The labels of a point, sorted by name, but for those that say which of its series it is.
    pub(super) fn labels(
        &self,
        attributes: Attributes<'a>,
        options: &'a EncodeOptions,
        out: &mut Vec<Label<'a>>,
    ) -> Result<(), Reason> {
        out.clear();
        let is_replaced = |key: &str| self.attributes.iter().any(|(other, _)| *other == key);
        out.extend(texts(attributes).filter(|(key, _)| !is_replaced(key)));
        out.extend(self.attributes.iter().cloned());
        rename(out, options)?;
        for (name, value) in &self.fixed {
            set(out, name.clone(), value.clone());
        }
        finish(out, options);
        Ok(())
    }
}

/// The labels of `target_info`: what is known of a resource beside its name; `None` when that is nothing, or when it
/// has no name.
pub(super) fn target_info<'a>(
    resource: Resource<'a>,
    options: &'a EncodeOptions,
) -> Result<Option<Vec<Label<'a>>>, Reason> {
    let own = target(resource);
    let mut labels: Vec<Label<'a>> =
        texts(resource.attributes()).filter(|(key, _)| !IDENTIFYING.contains(&&**key)).collect();
    if own.is_empty() || labels.is_empty() {
        return Ok(None);
    }
    rename(&mut labels, options)?;
    for (name, value) in own {
        set(&mut labels, name, value);
    }
    finish(&mut labels, options);
    Ok(Some(labels))
}

/// `job` and `instance`.
fn target(resource: Resource<'_>) -> Vec<Label<'_>> {
    let text = |key: &str| resource.attributes().get(key).map(|value| value.to_text()).unwrap_or_default();
    let (name, namespace, instance) =
        (text("service.name"), text("service.namespace"), text("service.instance.id"));
    let job =
        if namespace.is_empty() || name.is_empty() { name } else { format!("{namespace}/{name}").into() };
    let labels = [("job".into(), job), ("instance".into(), instance)];
    labels.into_iter().filter(|(_, value): &Label<'_>| !value.is_empty()).collect()
}

fn texts<'a>(attributes: Attributes<'a>) -> impl Iterator<Item = Label<'a>> {
    attributes.iter().map(|(key, value)| (key.to_str(), value.to_text()))
}

/// Makes keys into names of labels. Values of keys that become one name are joined, in the order of the keys.
fn rename(labels: &mut Vec<Label<'_>>, options: &EncodeOptions) -> Result<(), Reason> {
    labels.sort_by(|one, other| one.0.cmp(&other.0));
    // A key that occurs twice has the value it has first.
    labels.dedup_by(|later, first| later.0 == first.0);
    for (key, _) in labels.iter_mut() {
        let made = match options.names.label(key)? {
            Cow::Borrowed(_) => None,
            Cow::Owned(made) => Some(made),
        };
        if let Some(made) = made {
            *key = made.into();
        }
    }
    labels.sort_by(|one, other| one.0.cmp(&other.0));
    labels.dedup_by(|later, first| {
        let is_same = later.0 == first.0;
        if is_same {
            let joined = first.1.to_mut();
            joined.push(';');
            joined.push_str(&later.1);
        }
        is_same
    });
    Ok(())
}

/// Adds what is set for all series, and takes out what is empty, which is the same as absent.
fn finish<'a>(labels: &mut Vec<Label<'a>>, options: &'a EncodeOptions) {
    labels.retain(|(_, value)| !value.is_empty());
    for (name, value) in &options.external_labels {
        if let Err(at) = find(labels, name) {
            labels.insert(at, (name.as_str().into(), value.as_str().into()));
        }
    }
}

fn set<'a>(labels: &mut Vec<Label<'a>>, name: Cow<'a, str>, value: Cow<'a, str>) {
    match find(labels, &name) {
        Ok(at) => labels[at].1 = value,
        Err(at) => labels.insert(at, (name, value)),
    }
}

/// In a list that need not be sorted.
fn set_if_absent<'a>(labels: &mut Vec<Label<'a>>, name: Cow<'a, str>, value: Cow<'a, str>) {
    if !labels.iter().any(|(other, _)| *other == name) {
        labels.push((name, value));
    }
}

fn find(labels: &[Label<'_>], name: &str) -> Result<usize, usize> {
    labels.binary_search_by(|(other, _)| (**other).cmp(name))
}

/// Writes labels as `labels` fields, with the name of the series and perhaps one more at their places.
pub(super) fn write(labels: &[Label<'_>], name: &str, more: Option<(&str, &str)>, out: &mut Writer) {
    // `__name__` sorts before `le` and `quantile`.
    let own = [Some(("__name__", name)), more];
    let mut own = own.into_iter().flatten().peekable();
    for (label, value) in labels {
        let mut is_replaced = false;
        while let Some((own_name, own_value)) = own.next_if(|(own, _)| *own <= &**label) {
            is_replaced |= own_name == label;
            write_label(out, own_name, own_value);
        }
        if !is_replaced {
            write_label(out, label, value);
        }
    }
    own.for_each(|(name, value)| write_label(out, name, value));
}

pub(super) fn write_label(out: &mut Writer, name: &str, value: &str) {
    out.message(1, |out| {
        out.text(1, name);
        out.text(2, value);
    });
}
