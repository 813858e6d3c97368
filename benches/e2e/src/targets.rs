//! Targets to scrape: a port for each, and a page of metrics that changes its numbers from scrape to scrape.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::cli::Exposed;
use crate::control;

/// Series of one family; the families are as many as it takes.
const SERIES: usize = 10;

/// How many pages there are: each scrape gets the next one.
const VERSIONS: u64 = 4;

/// Serves until the bench has gone. Says its ports first; answers any line with the pages served.
pub(crate) async fn run(exposed: Exposed) -> anyhow::Result<()> {
    raise_file_limit()?;
    let pages: Arc<Vec<Vec<u8>>> =
        Arc::new((0..VERSIONS).map(|version| answer(exposed.samples, version)).collect());
    let served = Arc::new(AtomicU64::new(0));
    let mut servers = JoinSet::new();
    let mut ports = Vec::with_capacity(exposed.count);
    for _ in 0..exposed.count {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        ports.push(listener.local_addr()?.port().to_string());
        servers.spawn(listen(listener, pages.clone(), served.clone()));
    }
    control::serve(&ports.join(" "), async |_| control::line([served.load(Ordering::Relaxed)]))
        .await
        .context("cannot talk with the bench")
}

/// A listener and a connection for each target are more files than a shell's usual limit.
fn raise_file_limit() -> anyhow::Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

async fn listen(listener: TcpListener, pages: Arc<Vec<Vec<u8>>>, served: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, pages.clone(), served.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut stream: TcpStream,
    pages: Arc<Vec<Vec<u8>>>,
    served: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let (mut head, mut version) = (Vec::new(), 0);
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        stream.write_all(&pages[version % pages.len()]).await?;
        version += 1;
        served.fetch_add(1, Ordering::Relaxed);
    }
}

/// A whole answer: as many counters as samples are asked for, in the text format.
fn answer(samples: usize, version: u64) -> Vec<u8> {
    let mut page = String::new();
    for number in 0..samples {
        let (family, series) = (number / SERIES, number % SERIES);
        // Writing to a String does not fail.
        if series == 0 {
            let _ = writeln!(
                page,
                "# HELP shop_requests_{family}_total Requests taken by part {family} of the shop.\n\
                 # TYPE shop_requests_{family}_total counter"
            );
        }
        let value = 1_000 * number as u64 + version * 17;
        let _ = writeln!(
            page,
            "shop_requests_{family}_total{{method=\"GET\",path=\"/api/v1/orders/{series}\",code=\"200\"}} {value}.5"
        );
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: {}\r\n\r\n",
        page.len()
    );
    [head.into_bytes(), page.into_bytes()].concat()
}
