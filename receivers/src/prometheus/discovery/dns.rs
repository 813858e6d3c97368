//! Targets that the domain name system knows.

mod resolver;
mod search;

use std::fmt::Display;

use async_trait::async_trait;
use component::{Context, Problem};
use formats::prometheus::Labels;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{ADDRESS, Discovery, Finder, Group};
use crate::prometheus::PromDuration;
use resolver::{Record, Resolver};

const META_NAME: &str = "__meta_dns_name";
const META_SRV_TARGET: &str = "__meta_dns_srv_record_target";
const META_SRV_PORT: &str = "__meta_dns_srv_record_port";
const META_MX_TARGET: &str = "__meta_dns_mx_record_target";
const META_NS_TARGET: &str = "__meta_dns_ns_record_target";

/// One of `dns_sd_configs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsSdConfig {
    /// What to ask for.
    pub names: Vec<String>,
    /// Which records.
    #[serde(rename = "type")]
    pub record: RecordType,
    /// The port of the targets; records of type `SRV` have their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How often to ask.
    pub refresh_interval: PromDuration,
}

/// The records that name targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are the protocol's")]
pub enum RecordType {
    #[default]
    Srv,
    A,
    Aaaa,
    Mx,
    Ns,
}

impl Default for DnsSdConfig {
    fn default() -> DnsSdConfig {
        DnsSdConfig {
            names: Vec::new(),
            record: RecordType::Srv,
            port: None,
            refresh_interval: PromDuration::from_secs(30),
        }
    }
}

impl TryFrom<String> for RecordType {
    type Error = String;

    fn try_from(name: String) -> Result<RecordType, String> {
        match name.to_ascii_uppercase().as_str() {
            "" | "SRV" => Ok(RecordType::Srv),
            "A" => Ok(RecordType::A),
            "AAAA" => Ok(RecordType::Aaaa),
            "MX" => Ok(RecordType::Mx),
            "NS" => Ok(RecordType::Ns),
            _ => Err(format!("unknown type `{name}`, expected `SRV`, `A`, `AAAA`, `MX` or `NS`")),
        }
    }
}

#[async_trait]
impl Discovery for DnsSdConfig {
    const NAME: &'static str = "dns";

    fn check(&self) -> Vec<Problem> {
        let mut problems = super::check_interval(self.refresh_interval);
        if self.names.is_empty() {
            problems.push(Problem::error("names", "must have at least one name"));
        }
        for (index, name) in self.names.iter().enumerate() {
            if let Err(words) = search::check(name) {
                problems.push(Problem::error(&format!("names::{index}"), words));
            }
        }
        if self.record != RecordType::Srv && self.port.is_none() {
            let words = "must be set: only records of type `SRV` say a port themselves";
            problems.push(Problem::error("port", words));
        }
        problems
    }

    fn describe(&self) -> String {
        self.names.join(", ")
    }

    async fn run(self, _: Context, finder: Finder) -> anyhow::Result<()> {
        self.look_up(Resolver::system(), finder).await
    }
}

impl DnsSdConfig {
    async fn look_up(self, resolver: Resolver, finder: Finder) -> anyhow::Result<()> {
        loop {
            let asked_at = Instant::now();
            let lookups = self.names.iter().map(|name| self.look_up_one(name, &resolver, &finder));
            if futures_util::future::join_all(lookups).await.into_iter().all(|worked| worked) {
                finder.works();
            }
            tokio::time::sleep_until(asked_at + self.refresh_interval.0).await;
        }
    }

    /// Whether that worked.
    async fn look_up_one(&self, name: &str, resolver: &Resolver, finder: &Finder) -> bool {
        match resolver.look_up(name, self.record).await {
            Ok(records) => finder.update([self.group(name, &records)]),
            Err(error) => {
                finder.failed(&format!("`{name}`: {error:#}"));
                return false;
            }
        }
        true
    }

    fn group(&self, name: &str, records: &[Record]) -> Group {
        let targets = records.iter().map(|record| self.target(name, record)).collect();
        Group { source: name.to_owned(), labels: Labels::new(), targets }
    }

    fn target(&self, name: &str, record: &Record) -> Labels {
        let port = self.port.unwrap_or(0);
        // Targets lose the dot at their end, the labels that quote a record keep it.
        let bare = |name: &str| name.trim_end_matches('.').to_owned();
        let mut target = Labels::from_iter([(META_NAME, name)]);
        match record {
            Record::Address(address) if address.is_ipv6() => {
                target.set(ADDRESS, format!("[{address}]:{port}"));
            }
            Record::Address(address) => target.set(ADDRESS, joined(address, port)),
            Record::Srv { target: host, port } => {
                target.set(ADDRESS, joined(&bare(host), *port));
                target.set(META_SRV_TARGET, host);
                target.set(META_SRV_PORT, port.to_string());
            }
            Record::Mx(host) => {
                target.set(ADDRESS, joined(&bare(host), port));
                target.set(META_MX_TARGET, host);
            }
            Record::Ns(host) => {
                target.set(ADDRESS, joined(&bare(host), port));
                target.set(META_NS_TARGET, host);
            }
        }
        target
    }
}

fn joined(host: &dyn Display, port: u16) -> String {
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests;
