//! The Prometheus text format, with names as the Go Collector gives them.

use std::fmt::Write as _;

use component::{Family, Labels, MetricKind, Value};

use super::config::{MetricsLevel, PrometheusConfig};

/// How metrics are written.
pub(super) struct Exposition {
    without_units: bool,
    without_type_suffix: bool,
    level: MetricsLevel,
    /// Who the collector is: the labels of `target_info`.
    resource: Vec<(String, String)>,
    /// Those of them that every series carries.
    constant: Vec<(String, String)>,
}

/// Metrics that the Go Collector shows at level `detailed` only.
const DETAILED: [&str; 5] = [
    "otelcol_processor_internal_duration",
    "otelcol_exporter_queue_batch_send_size",
    "otelcol_exporter_queue_batch_send_size_bytes",
    "otelcol_exporter_enqueue_size",
    "otelcol_processor_batch_batch_send_size_bytes",
];

impl Exposition {
    pub(super) fn new(
        config: &PrometheusConfig,
        level: MetricsLevel,
        resource: &[(String, String)],
    ) -> Exposition {
        let labels = &config.with_resource_constant_labels;
        let kept =
            |(name, _): &&(String, String)| labels.included.contains(name) && !labels.excluded.contains(name);
        let constant =
            resource.iter().filter(kept).map(|(name, value)| (sanitize(name), value.clone())).collect();
        let resource = resource.iter().map(|(name, value)| (sanitize(name), value.clone())).collect();
        let PrometheusConfig { without_units, without_type_suffix, .. } = *config;
        Exposition { without_units, without_type_suffix, level, resource, constant }
    }

    pub(super) fn write(&self, families: &[Family]) -> String {
        let mut text = String::new();
        for family in families.iter().filter(|family| self.shows(family.name)) {
            self.write_family(&mut text, family);
        }
        text.push_str("# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info");
        write_labels(&mut text, self.resource.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        text.push_str(" 1\n");
        text
    }

    fn shows(&self, name: &str) -> bool {
        match self.level {
            MetricsLevel::None => false,
            MetricsLevel::Basic => !name.starts_with("otelcol_processor_batch_") && !DETAILED.contains(&name),
            MetricsLevel::Normal => !DETAILED.contains(&name),
            MetricsLevel::Detailed => true,
        }
    }

    fn write_family(&self, text: &mut String, family: &Family) {
        let name = self.name(family);
        let kind = match family.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        for sample in &family.samples {
            match &sample.value {
                Value::Number(number) => self.write_sample(text, &name, &sample.labels, None, *number),
                Value::Histogram { bounds, counts, sum } => {
                    self.write_histogram(text, &name, &sample.labels, (bounds, counts), *sum);
                }
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the text format knows doubles only")]
    fn write_histogram(
        &self,
        text: &mut String,
        name: &str,
        labels: &Labels,
        (bounds, counts): (&[f64], &[u64]),
        sum: f64,
    ) {
        let mut total = 0;
        for (index, count) in counts.iter().enumerate() {
            total += count;
            let bound = bounds.get(index).map_or_else(|| "+Inf".to_owned(), f64::to_string);
            self.write_sample(text, &format!("{name}_bucket"), labels, Some(&bound), total as f64);
        }
        self.write_sample(text, &format!("{name}_sum"), labels, None, sum);
        self.write_sample(text, &format!("{name}_count"), labels, None, total as f64);
    }

    fn write_sample(&self, text: &mut String, name: &str, labels: &Labels, le: Option<&str>, value: f64) {
        text.push_str(name);
        let constant = self.constant.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = labels.iter().map(|(name, value)| (*name, value.as_str()));
        write_labels(text, own.chain(constant).chain(le.map(|bound| ("le", bound))));
        let _ = writeln!(text, " {value}");
    }

    fn name(&self, family: &Family) -> String {
        let mut name = family.name.to_owned();
        let unit = match family.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        if !self.without_units && !name.ends_with(unit) {
            name.push_str(unit);
        }
        if !self.without_type_suffix && family.kind == MetricKind::Counter {
            name.push_str("_total");
        }
        name
    }
}

fn write_labels<'a>(text: &mut String, labels: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut opened = false;
    for (name, value) in labels {
        text.push(if opened { ',' } else { '{' });
        opened = true;
        let _ = write!(text, "{name}=\"");
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    if opened {
        text.push('}');
    }
}

/// A label's name: letters, digits and underscores, no digit first.
fn sanitize(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_ascii_digit()) { format!("_{clean}") } else { clean }
}

#[cfg(test)]
mod tests;
