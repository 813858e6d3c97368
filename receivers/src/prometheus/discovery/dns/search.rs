//! What `/etc/resolv.conf` says: whom to ask, and what a short name may stand for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where every Unix keeps it.
const PATH: &str = "/etc/resolv.conf";

/// More servers or domains are not looked at; the C library stops at 3 and 6.
const MAX_SERVERS: usize = 8;
const MAX_DOMAINS: usize = 32;

/// The longest name there can be (RFC 1035, section 2.3.4), without the dot at its end.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Whom to ask, and how names are completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) servers: Vec<SocketAddr>,
    pub(super) domains: Vec<String>,
    /// A name with that many dots is tried as it is first.
    pub(super) ndots: usize,
    /// How often a server is asked that does not answer.
    pub(super) attempts: usize,
}

impl Search {
    /// The system's, as it is now. Without the file, the server is this machine.
    pub(super) async fn system() -> Search {
        Search::parse(&tokio::fs::read_to_string(PATH).await.unwrap_or_default())
    }

    pub(super) fn parse(text: &str) -> Search {
        let mut search = Search { servers: Vec::new(), domains: Vec::new(), ndots: 1, attempts: 2 };
        for line in text.lines() {
            let line = line.split(['#', ';']).next().unwrap_or("");
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => {
                    let address = words.next().and_then(|word| word.parse::<IpAddr>().ok());
                    search.servers.extend(address.map(|address| SocketAddr::new(address, 53)));
                }
                // The last of them counts.
                Some("domain") => search.domains = words.take(1).map(str::to_owned).collect(),
                Some("search") => search.domains = words.map(str::to_owned).collect(),
                Some("options") => words.for_each(|option| search.option(option)),
                _ => {}
            }
        }
        search.servers.truncate(MAX_SERVERS);
        search.domains.truncate(MAX_DOMAINS);
        if search.servers.is_empty() {
            search.servers.push(SocketAddr::from((Ipv4Addr::LOCALHOST, 53)));
        }
        search
    }

    fn option(&mut self, option: &str) {
        let Some((name, value)) = option.split_once(':') else { return };
        let Ok(value) = value.parse::<usize>() else { return };
        match name {
            "ndots" => self.ndots = value.min(15),
            "attempts" => self.attempts = value.clamp(1, 5),
            _ => {}
        }
    }

    /// What `name` may stand for, in the order in which that is tried; without dots at the end.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(whole) = name.strip_suffix('.') {
            return vec![whole.to_owned()];
        }
        let dots = name.matches('.').count();
        let completed = self.domains.iter().map(|domain| format!("{name}.{}", domain.trim_matches('.')));
        let mut candidates: Vec<String> =
            completed.map(|candidate| candidate.trim_end_matches('.').to_owned()).collect();
        let place = if dots >= self.ndots { 0 } else { candidates.len() };
        candidates.insert(place, name.to_owned());
        candidates.retain(|candidate| check(candidate).is_ok());
        candidates
    }
}

/// Whether that can be a name.
pub(super) fn check(name: &str) -> Result<(), String> {
    let bare = name.strip_suffix('.').unwrap_or(name);
    let is_name = bare.len() <= MAX_NAME
        && bare.split('.').all(|label| !label.is_empty() && label.len() <= MAX_LABEL)
        && bare.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name { Ok(()) } else { Err(format!("`{name}` is not a domain name")) }
}
