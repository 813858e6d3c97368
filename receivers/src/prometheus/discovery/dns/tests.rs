//! Lookups at a little server over loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use component::testing::context;
use component::{Context, Kind};
use parking_lot::Mutex;
use proptest::prelude::*;
use simple_dns::rdata::{A, AAAA, CNAME, MX, NS, RData, SRV};
use simple_dns::{CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

use super::search::Search;
use super::*;
use crate::prometheus::discovery::Found;
use crate::prometheus::loopback::read;

type Answers = Arc<dyn Fn(&str) -> (RCODE, Vec<RData<'static>>) + Send + Sync>;

/// What a server does besides answering.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Plain,
    /// Over UDP it says that its answer does not fit.
    Cut,
    /// It sends an answer to another question first.
    Confused,
}

/// A server for UDP and TCP on one port; and the names it was asked for.
async fn serve(manner: Manner, answers: Answers) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(addr).await.unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (names, over_tcp) = (asked.clone(), answers.clone());
    tokio::spawn(async move {
        let mut buffer = [0; 4096];
        while let Ok((length, peer)) = udp.recv_from(&mut buffer).await {
            if manner == Manner::Confused {
                let mut other = reply(&buffer[..length], &answers, &names, false);
                other[0] ^= 1;
                udp.send_to(&other, peer).await.unwrap();
            }
            let reply = reply(&buffer[..length], &answers, &names, manner == Manner::Cut);
            udp.send_to(&reply, peer).await.unwrap();
        }
    });
    let names = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut question = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut question).await.unwrap();
            let reply = reply(&question, &over_tcp, &names, false);
            stream.write_u16(u16::try_from(reply.len()).unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    });
    (addr, asked)
}

fn reply(question: &[u8], answers: &Answers, asked: &Mutex<Vec<String>>, cut: bool) -> Vec<u8> {
    let question = Packet::parse(question).unwrap();
    let name = question.questions[0].qname.to_string();
    asked.lock().push(name.clone());
    let (code, records) = answers(&name);
    let mut reply = question.clone().into_reply();
    *reply.rcode_mut() = code;
    if cut {
        reply.set_flags(PacketFlag::TRUNCATION);
    } else {
        let record = |data| ResourceRecord::new(Name::new_unchecked("x").into_owned(), CLASS::IN, 60, data);
        reply.answers = records.into_iter().map(record).collect();
    }
    reply.build_bytes_vec_compressed().unwrap()
}

fn name(text: &'static str) -> Name<'static> {
    Name::new_unchecked(text)
}

fn addresses(list: &[[u8; 4]]) -> Vec<RData<'static>> {
    list.iter().map(|octets| RData::A(A { address: Ipv4Addr::from(*octets).into() })).collect()
}

fn resolver(servers: Vec<SocketAddr>, domains: &[&str]) -> Resolver {
    let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
    Resolver::Given(Search { servers, domains, ndots: 1, attempts: 1 })
}

/// Looks up what the settings say, for ever.
fn start(yaml: &str, resolver: Resolver) -> (Context, Found) {
    let cx = context(Kind::Receiver, "prometheus");
    let config: DnsSdConfig = read(yaml);
    assert!(config.check().is_empty());
    let found = Found::new(&cx, "job");
    let finder = found.finder(&cx, "dns", config.describe());
    cx.scope.spawn("test", config.look_up(resolver, finder));
    (cx, found)
}

/// The first targets that are found.
async fn targets(yaml: &str, resolver: Resolver) -> Vec<String> {
    let (_cx, mut found) = start(yaml, resolver);
    tokio::time::timeout(Duration::from_secs(20), found.changed()).await.expect("something is found");
    found
        .groups()
        .iter()
        .flat_map(|group| group.targets().map(|target| target.to_string()).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn each_type_of_record_names_targets_in_its_own_way() {
    let answers: Answers = Arc::new(|asked| {
        let records = match asked {
            "srv.test" => {
                vec![RData::SRV(SRV { priority: 1, weight: 2, port: 9100, target: name("node1.test") })]
            }
            "a.test" => {
                let mut records = vec![RData::CNAME(CNAME(name("b.test")))];
                records.extend(addresses(&[[10, 0, 0, 1], [10, 0, 0, 2]]));
                records
            }
            "aaaa.test" => vec![RData::AAAA(AAAA { address: 1 })],
            "mx.test" => vec![RData::MX(MX { preference: 10, exchange: name("mail.test") })],
            "ns.test" => vec![RData::NS(NS(name("dns.test")))],
            _ => return (RCODE::NameError, Vec::new()),
        };
        (RCODE::NoError, records)
    });
    let (addr, _) = serve(Manner::Plain, answers).await;
    for (yaml, expected) in [
        (
            "{names: [srv.test]}",
            vec![concat!(
                r#"{__address__="node1.test:9100", __meta_dns_name="srv.test", "#,
                r#"__meta_dns_srv_record_port="9100", __meta_dns_srv_record_target="node1.test."}"#
            )],
        ),
        (
            "{names: [a.test], type: A, port: 80}",
            vec![
                r#"{__address__="10.0.0.1:80", __meta_dns_name="a.test"}"#,
                r#"{__address__="10.0.0.2:80", __meta_dns_name="a.test"}"#,
            ],
        ),
        (
            "{names: [aaaa.test], type: AAAA, port: 80}",
            vec![r#"{__address__="[::1]:80", __meta_dns_name="aaaa.test"}"#],
        ),
        (
            "{names: [mx.test], type: MX, port: 25}",
            vec![concat!(
                r#"{__address__="mail.test:25", __meta_dns_mx_record_target="mail.test.", "#,
                r#"__meta_dns_name="mx.test"}"#
            )],
        ),
        (
            "{names: [ns.test], type: NS, port: 53}",
            vec![concat!(
                r#"{__address__="dns.test:53", __meta_dns_name="ns.test", "#,
                r#"__meta_dns_ns_record_target="dns.test."}"#
            )],
        ),
    ] {
        assert_eq!(targets(yaml, resolver(vec![addr], &[])).await, expected, "{yaml}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_asked_for_over_tcp() {
    let answers: Answers = Arc::new(|_| {
        let many: Vec<[u8; 4]> = (0..=255).flat_map(|a| [[10, 0, a, 1], [10, 0, a, 2]]).collect();
        (RCODE::NoError, addresses(&many))
    });
    let (addr, asked) = serve(Manner::Cut, answers).await;
    let found = targets("{names: [many.test], type: A, port: 80}", resolver(vec![addr], &[])).await;
    assert_eq!((found.len(), asked.lock().len()), (512, 2));
}

#[tokio::test]
async fn an_answer_to_another_question_is_passed_over() {
    let answers: Answers = Arc::new(|_| (RCODE::NoError, addresses(&[[10, 0, 0, 1]])));
    let (addr, _) = serve(Manner::Confused, answers).await;
    assert_eq!(targets("{names: [a.test], type: A, port: 80}", resolver(vec![addr], &[])).await.len(), 1);
}

#[tokio::test]
async fn a_short_name_is_completed_and_a_server_that_fails_is_passed_over() {
    let broken: Answers = Arc::new(|_| (RCODE::ServerFailure, Vec::new()));
    let good: Answers = Arc::new(|asked| match asked {
        "node.svc.test" => (RCODE::NoError, addresses(&[[10, 0, 0, 1]])),
        _ => (RCODE::NameError, Vec::new()),
    });
    let (first, _) = serve(Manner::Plain, broken).await;
    let (second, asked) = serve(Manner::Plain, good).await;
    let resolver = resolver(vec![first, second], &["ns.svc.test", "svc.test."]);
    let found = targets("{names: [node], type: A, port: 80}", resolver).await;
    assert_eq!(found, [r#"{__address__="10.0.0.1:80", __meta_dns_name="node"}"#]);
    assert_eq!(*asked.lock(), ["node.ns.svc.test", "node.svc.test"]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_has_no_targets_and_one_that_fails_keeps_them() {
    let code = Arc::new(Mutex::new(RCODE::NoError));
    let answers: Answers = {
        let code = code.clone();
        Arc::new(move |_| (*code.lock(), addresses(&[[10, 0, 0, 1]])))
    };
    let (addr, _) = serve(Manner::Plain, answers).await;
    let yaml = "{names: [a.test], type: A, port: 80, refresh_interval: 10ms}";
    let (_cx, mut found) = start(yaml, resolver(vec![addr], &["search.test"]));
    found.changed().await;
    assert_eq!(found.groups().len(), 1);
    *code.lock() = RCODE::ServerFailure;
    let failing = async {
        while found.standings()[0].failures < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), failing).await.expect("it fails");
    let why = found.standings()[0].last_error.clone().unwrap();
    assert!(why.contains("`a.test`") && why.contains("ServerFailure"), "{why}");
    assert_eq!(found.groups().len(), 1);
    *code.lock() = RCODE::NameError;
    let gone = tokio::time::timeout(Duration::from_secs(20), found.changed());
    gone.await.expect("the targets go");
    assert!(found.groups().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    // Bound, and never read.
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let resolver = resolver(vec![silent.local_addr().unwrap()], &[]);
    let error = resolver.look_up("a.test", RecordType::A).await.unwrap_err();
    assert!(format!("{error:#}").contains("no answer within 2s"), "{error:#}");
}

#[test]
fn resolv_conf_says_whom_to_ask_and_how_names_are_completed() {
    let search = Search::parse(
        "# from Kubernetes\nnameserver 10.96.0.10\nnameserver fd00::10 # second\nnameserver nonsense\n\
         domain ignored.test\nsearch ns.svc.cluster.local svc.cluster.local\noptions ndots:5 attempts:3 rotate\n",
    );
    let servers = vec!["10.96.0.10:53".parse().unwrap(), "[fd00::10]:53".parse().unwrap()];
    let domains = vec!["ns.svc.cluster.local".to_owned(), "svc.cluster.local".to_owned()];
    assert_eq!(search, Search { servers, domains, ndots: 5, attempts: 3 });
    assert_eq!(
        search.candidates("api.ns"),
        ["api.ns.ns.svc.cluster.local", "api.ns.svc.cluster.local", "api.ns"]
    );
    assert_eq!(search.candidates("api.ns."), ["api.ns"]);
    assert_eq!(search.candidates("a.b.c.d.e.f")[0], "a.b.c.d.e.f");
    assert_eq!(Search::parse("").servers, ["127.0.0.1:53".parse().unwrap()]);
}

proptest! {
    #[test]
    fn no_answer_of_a_server_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = resolver::read(&bytes, 1, "a.test", RecordType::Srv);
    }

    #[test]
    fn no_damage_to_an_answer_makes_it_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let question = resolver::question(1, "srv.test", RecordType::Srv).unwrap();
        let answers: Answers = Arc::new(|_| {
            let record = |port| RData::SRV(SRV { priority: 0, weight: 0, port, target: name("node.test") });
            (RCODE::NoError, (0..5).map(record).collect())
        });
        let mut bytes = reply(&question, &answers, &Mutex::default(), false);
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = resolver::read(&bytes, 1, "srv.test", RecordType::Srv);
    }
}
