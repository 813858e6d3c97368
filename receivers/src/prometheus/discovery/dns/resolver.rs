//! Asking servers (RFC 1035), as Prometheus does it: UDP first, TCP when the answer does not fit.
//!
//! 1. Each of the names that a name may stand for is asked for, in order; the first one that exists is the answer, even
//!    if it has no records of the type.
//! 2. When none exists and every server said so, there are no records. When one could not be asked about, that is an
//!    error: it might have been the one.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::RecordType;
use super::search::Search;

/// How long a server may take for one answer, as in Prometheus.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest answer over UDP that we ask for: what fits into a packet everywhere (RFC 9715).
const MAX_DATAGRAM: u16 = 1232;

/// The shortest record: the name as a pointer, type, class, time to live, length.
const MIN_RECORD: usize = 11;

/// The header of a message.
const HEADER: usize = 12;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Address(IpAddr),
    /// Host names here and below have a dot at the end.
    Srv {
        target: String,
        port: u16,
    },
    Mx(String),
    Ns(String),
}

/// Who answers questions.
#[derive(Clone, Debug)]
pub(super) enum Resolver {
    /// The system's servers, as they are when it is asked.
    System,
    /// These servers.
    #[cfg(test)]
    Given(Search),
}

/// What a server knows of a name.
enum Known {
    Records(Vec<Record>),
    NoSuchName,
}

impl Resolver {
    /// The system's.
    pub(super) fn system() -> Resolver {
        Resolver::System
    }

    /// The records of that type that `name` has.
    pub(super) async fn look_up(&self, name: &str, record: RecordType) -> anyhow::Result<Vec<Record>> {
        let search = match self {
            Resolver::System => Search::system().await,
            #[cfg(test)]
            Resolver::Given(search) => search.clone(),
        };
        let mut failure = None;
        for candidate in search.candidates(name) {
            match ask_any(&search, &candidate, record).await {
                Ok(Known::Records(records)) => return Ok(records),
                Ok(Known::NoSuchName) => {}
                Err(error) => failure = Some(error.context(format!("cannot look up `{candidate}`"))),
            }
        }
        failure.map_or(Ok(Vec::new()), Err)
    }
}

/// What the first server that knows says of `name`.
async fn ask_any(search: &Search, name: &str, record: RecordType) -> anyhow::Result<Known> {
    let mut failure = anyhow::anyhow!("there is no server to ask");
    for _ in 0..search.attempts {
        for server in &search.servers {
            match ask(*server, name, record).await {
                Ok(known) => return Ok(known),
                Err(error) => failure = error.context(format!("server {server}")),
            }
        }
    }
    Err(failure)
}

async fn ask(server: SocketAddr, name: &str, record: RecordType) -> anyhow::Result<Known> {
    let id = fastrand::u16(..);
    let question = question(id, name, record)?;
    let late = |_| anyhow::anyhow!("no answer within {PATIENCE:?}");
    let answer = tokio::time::timeout(PATIENCE, over_udp(server, &question, id)).await.map_err(late)??;
    let is_cut = simple_dns::header_buffer::has_flags(&answer, PacketFlag::TRUNCATION)?;
    let answer = if is_cut {
        tokio::time::timeout(PATIENCE, over_tcp(server, &question)).await.map_err(late)??
    } else {
        answer
    };
    read(&answer, id, name, record)
}

fn question(id: u16, name: &str, record: RecordType) -> anyhow::Result<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let kind = QTYPE::TYPE(kind(record));
    packet.questions.push(Question::new(Name::new(name)?, kind, QCLASS::CLASS(CLASS::IN), false));
    *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: MAX_DATAGRAM, version: 0 });
    Ok(packet.build_bytes_vec()?)
}

fn kind(record: RecordType) -> TYPE {
    match record {
        RecordType::Srv => TYPE::SRV,
        RecordType::A => TYPE::A,
        RecordType::Aaaa => TYPE::AAAA,
        RecordType::Mx => TYPE::MX,
        RecordType::Ns => TYPE::NS,
    }
}

/// The server's answer. What comes from elsewhere the kernel leaves out, what answers another question we do.
async fn over_udp(server: SocketAddr, question: &[u8], id: u16) -> anyhow::Result<Vec<u8>> {
    let any: SocketAddr = if server.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut buffer = vec![0; usize::from(MAX_DATAGRAM).max(4096)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if length >= HEADER && buffer[..2] == id.to_be_bytes() {
            buffer.truncate(length);
            return Ok(buffer);
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await.context("its answer does not fit into UDP")?;
    let length = u16::try_from(question.len())?;
    stream.write_all(&[&length.to_be_bytes(), question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut answer).await?;
    ensure!(answer.len() == usize::from(length), "the server broke off");
    Ok(answer)
}

fn read(answer: &[u8], id: u16, name: &str, record: RecordType) -> anyhow::Result<Known> {
    check_counts(answer)?;
    let packet = Packet::parse(answer).context("the answer cannot be read")?;
    let asked = Name::new(name)?;
    let is_ours = packet.id() == id
        && packet.has_flags(PacketFlag::RESPONSE)
        && packet.questions.iter().all(|question| question.qname == asked);
    ensure!(is_ours, "the answer is to another question");
    match packet.rcode() {
        RCODE::NoError => {}
        RCODE::NameError => return Ok(Known::NoSuchName),
        code => bail!("it answered {code:?}"),
    }
    let records = packet.answers.iter().filter(|answer| answer.rdata.type_code() == kind(record));
    Ok(Known::Records(records.filter_map(|answer| read_record(&answer.rdata)).collect()))
}

/// The parser reserves room for as many records as are announced, so they must fit into the message first.
fn check_counts(answer: &[u8]) -> anyhow::Result<()> {
    use simple_dns::header_buffer::{additional_records, answers, name_servers, questions};
    let announced =
        [questions(answer)?, answers(answer)?, name_servers(answer)?, additional_records(answer)?];
    let records: usize = announced[1..].iter().map(|count| usize::from(*count)).sum();
    let is_possible = announced[0] <= 1 && records <= answer.len() / MIN_RECORD;
    ensure!(is_possible, "the answer announces more than is in it");
    Ok(())
}

fn read_record(data: &RData<'_>) -> Option<Record> {
    match data {
        RData::A(a) => Some(Record::Address(IpAddr::V4(a.address.into()))),
        RData::AAAA(a) => Some(Record::Address(IpAddr::V6(a.address.into()))),
        RData::SRV(srv) => Some(Record::Srv { target: rooted(&srv.target), port: srv.port }),
        RData::MX(mx) => Some(Record::Mx(rooted(&mx.exchange))),
        RData::NS(ns) => Some(Record::Ns(rooted(&ns.0))),
        // An alias on the way to an address, for one.
        _ => None,
    }
}

fn rooted(name: &Name<'_>) -> String {
    format!("{name}.")
}
