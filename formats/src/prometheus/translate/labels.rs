//! The labels of a sample: those of the page, those of the target, and what the rules make of them.

use std::borrow::Cow;

use super::Context;
use crate::prometheus::Labels;
use crate::prometheus::names::{Validation, is_legacy_label, is_legacy_metric};
use crate::prometheus::parse::{Kind, Reason, Series, number};
use crate::prometheus::relabel::relabel;

pub(super) const NAME: &str = "__name__";

/// What is wrong with a sample, and what that costs.
#[derive(Debug)]
pub(super) enum Fault {
    Line(Reason),
    Page(Reason),
}

impl<R: Into<Reason>> From<R> for Fault {
    fn from(reason: R) -> Fault {
        Fault::Line(reason.into())
    }
}

/// The labels that a sample gets, its name among them; none when it is dropped.
pub(super) fn labels(series: &Series<'_>, current: Kind, cx: &Context) -> Result<Option<Labels>, Fault> {
    let mut labels = exposed(series, current)?;
    add_target(&mut labels, series, cx);
    if !relabel(&cx.settings.metric_relabel, &mut labels) || labels.is_empty() {
        return Ok(None);
    }
    check(&labels, cx)?;
    for (name, value) in cx.settings.external_labels.iter() {
        labels.set(name, value);
    }
    Ok(Some(labels))
}

/// Those of the page. Bounds and quantiles are written in one way.
fn exposed(series: &Series<'_>, current: Kind) -> Result<Labels, Fault> {
    let number = match current {
        Kind::Histogram => "le",
        Kind::Summary => "quantile",
        _ => "",
    };
    // Sorted first, so that each goes to the end.
    let mut pairs: Vec<_> =
        series.labels.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    pairs.push((NAME, &series.name));
    pairs.sort_unstable_by_key(|(name, _)| *name);
    if let Some([(twice, _), _]) = pairs.array_windows().find(|[one, next]| one.0 == next.0) {
        return Err(format!("label `{twice}` is there twice").into());
    }
    let value = |name: &str, value| if name == number { canonical(value) } else { Cow::Borrowed(value) };
    Ok(pairs.into_iter().map(|(name, text)| (name, value(name, text))).collect())
}

fn canonical(value: &str) -> Cow<'_, str> {
    number::parse(value.as_bytes()).map_or(value.into(), |value| number::canonical(value).into())
}

fn add_target(labels: &mut Labels, series: &Series<'_>, cx: &Context) {
    if cx.settings.honor_labels {
        // A label without a value keeps that of the target away.
        let is_exposed = |name: &str| series.labels.iter().any(|(exposed, _)| exposed == name);
        for (name, value) in cx.target.labels.iter().filter(|(name, _)| !is_exposed(name)) {
            labels.set(name, value);
        }
        return;
    }
    let mut conflicts = Vec::new();
    for (name, value) in cx.target.labels.iter() {
        let exposed = labels.get(name);
        if !exposed.is_empty() {
            conflicts.push((name, exposed.to_owned()));
        }
        labels.set(name, value);
    }
    conflicts.sort_by_key(|(name, _)| name.len());
    for (name, value) in conflicts {
        let mut exported = format!("exported_{name}");
        while labels.contains(&exported) {
            exported.insert_str(0, "exported_");
        }
        labels.set(exported, value);
    }
}

fn check(labels: &Labels, cx: &Context) -> Result<(), Fault> {
    let settings = &cx.settings;
    let name = labels.get(NAME);
    if name.is_empty() {
        return Err("relabelling leaves no metric name".into());
    }
    if settings.validation == Validation::Legacy {
        let bad = labels.iter().find(|(name, _)| !is_legacy_label(name));
        if let Some((bad, _)) = bad {
            return Err(format!("`{bad}` is not a legal name of a label").into());
        }
        if !is_legacy_metric(name) {
            return Err(format!("`{name}` is not a legal name of a metric").into());
        }
    }
    let exceeds = |size: usize, limit: usize| limit > 0 && size > limit;
    if exceeds(labels.len(), settings.label_limit) {
        let (found, limit) = (labels.len(), settings.label_limit);
        return Err(Fault::Page(
            format!("`{name}` has {found} labels, more than label_limit {limit}").into(),
        ));
    }
    for (label, value) in labels.iter() {
        if exceeds(label.len(), settings.label_name_length_limit) {
            let limit = settings.label_name_length_limit;
            return Err(Fault::Page(
                format!("a label of `{name}` has a name longer than label_name_length_limit {limit}").into(),
            ));
        }
        if exceeds(value.len(), settings.label_value_length_limit) {
            let limit = settings.label_value_length_limit;
            return Err(Fault::Page(
                format!("label `{label}` of `{name}` is longer than label_value_length_limit {limit}").into(),
            ));
        }
    }
    Ok(())
}
